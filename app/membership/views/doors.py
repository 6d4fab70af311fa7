"""A member's own doors, and the pages on which moderators decide about them."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.errors import Invalid, NotFound
from app.kernel.web import present_actor
from app.membership import policy
from app.membership.actions import probation as actions
from app.membership.forms import ProbationForm
from app.membership.models import ProbationState
from app.membership.queries import doors as queries
from app.membership.views.entrance import door


@door.page("/me/doors", access=Permission.STANDING_SEE)
def my_doors() -> ResponseReturnValue:
    found = queries.my_doors(present_actor())
    lines = [{"label": gettext(line.label), "open": line.open, "on": line.on} for line in found.lines] if found else []
    return render_template("membership/doors.html", doors=found, lines=lines)


@door.page("/probations/<id>", access=Permission.MEASURES_TAKE, methods=("GET", "POST"))
def probation(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ProbationForm()
    found = queries.get_probation(actor, id)
    lineage = queries.lineage_of_number(found.person_id)
    may_decide = policy.can_end_probation(actor, found, lineage=lineage) and found.state is ProbationState.OPEN
    if not may_decide and found.person_id == actor.id:
        raise NotFound
    if form.validate_on_submit():
        try:
            verb = actions.end_probation if form.choice.data == "end" else actions.extend_probation
            verb(actor, found, reason=form.reason.data or "")
            flash(gettext("It is decided, and the member is told."))
            return redirect(url_for("membership.probation", id=id), 303)
        except Invalid as refusal:
            form.refuse(refusal)
    seen = queries.probation_seen(found)
    page = render_template("membership/probation.html", form=form, probation=seen, may_decide=may_decide)
    return form.answer(page)
