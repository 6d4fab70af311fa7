"""Pages of acts of two persons, and of emergencies."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission, Role
from app.kernel.errors import Conflict
from app.kernel.web import present_actor
from app.moderation import actions, queries
from app.moderation.forms import ROLES, ReasonForm
from app.moderation.views.door import door, labels, page_number


@door.page("/proposals", access=Permission.PEOPLE_SEE)
def proposals() -> ResponseReturnValue:
    page, decided = page_number(), request.args.get("state") == "decided"
    found, more = queries.proposals(present_actor(), page, decided=decided)
    chosen: dict[str, Any] = {"state": "decided"} if decided else {}
    return render_template(
        "moderation/proposals.html",
        proposals=found,
        decided=decided,
        labels=labels(),
        older=url_for("moderation.proposals", **chosen, page=page + 1) if more else None,
        newer=url_for("moderation.proposals", **chosen, page=page - 1) if page > 1 else None,
    )


@door.page("/proposals/<id>", access=Permission.PEOPLE_SEE)
def proposal(id: str) -> ResponseReturnValue:
    return _page(id, ReasonForm(formdata=None))


@door.page("/proposals/<id>/consent", access=Permission.PEOPLE_SEE, methods=("POST",), step_up=True)
def consent(id: str) -> ResponseReturnValue:
    """What is shown once stands in this answer and never again, so there is no redirect."""
    actor = present_actor()
    shown = actions.consent(actor, queries.get_proposal(actor, id))
    if shown is None:
        flash(gettext("Done."))
        return redirect(url_for("moderation.proposal", id=id), 303)
    flash(gettext("Done. You pass on the second half of the code; whoever proposed it has the first."))
    return _page(id, ReasonForm(formdata=None), shown=shown)


@door.page("/proposals/<id>/decline", access=Permission.PEOPLE_SEE, methods=("POST",))
def decline(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    if form.validate_on_submit():
        actions.decline(actor, queries.get_proposal(actor, id), reason=form.reason.data or "")
        flash(gettext("Declined. Whoever proposed it was told."))
        return redirect(url_for("moderation.proposals"), 303)
    return form.answer(_page(id, form))


@door.page("/proposals/<id>/withdraw", access=Permission.PEOPLE_SEE, methods=("POST",))
def withdraw_proposal(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.withdraw(actor, queries.get_proposal(actor, id))
    flash(gettext("Your proposal is withdrawn."))
    return redirect(url_for("moderation.proposals"), 303)


@door.page("/emergency", access=Permission.ROLES_PROPOSE, methods=("GET", "POST"), step_up=True)
def emergency() -> ResponseReturnValue:
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            actions.break_glass(present_actor(), reason=form.reason.data or "")
            flash(gettext("For one hour you can act alone. Everybody on the staff was told."))
            return redirect(url_for("moderation.people"), 303)
        except Conflict as refusal:
            form.refuse(refusal)
    return form.answer(render_template("moderation/emergency.html", form=form))


def _page(id: str, form: ReasonForm, shown: str | None = None) -> str:
    actor = present_actor()
    read = queries.read_proposal(actor, queries.get_proposal(actor, id))
    return render_template(
        "moderation/proposal.html",
        proposal=read,
        form=form,
        shown=shown,
        change=_change(read.details),
        labels=labels(),
    )


def _change(details: dict[str, str]) -> str:
    """What a change of role would give or take, in words."""
    if "role" not in details:
        return ""
    name = str(ROLES[Role(details["role"])])
    if details["change"] == "give":
        return str(gettext("Give: %(name)s", name=name))
    return str(gettext("Take: %(name)s", name=name))
