"""Pages about a branch, and about a vouch that was taken back. The chain itself is never drawn."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.identity import queries as identity
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.web import present_actor
from app.membership.actions import branches as actions
from app.membership.forms import ReasonForm
from app.membership.queries import branches as queries
from app.membership.queries import doors
from app.membership.views.entrance import door
from app.moderation import actions as moderation


@door.page("/people/<id>/branch", access=Permission.MEASURES_TAKE, methods=("GET", "POST"))
def branch(id: str) -> ResponseReturnValue:
    """Explain what a freeze does; once a reason is given, say whom it would touch."""
    actor, form, touched = present_actor(), ReasonForm(), None
    found = queries.get_person(id)
    if form.validate_on_submit():
        touched = actions.preview(actor, id, reason=form.reason.data or "")
    page = render_template(
        "membership/branch.html", form=form, touched=touched, person=id, name=identity.name_of(found)
    )
    return form.answer(page)


@door.page("/people/<id>/branch/freeze", access=Permission.MEASURES_TAKE, methods=("POST",))
def propose_freeze(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    found = queries.get_person(id)
    if form.validate_on_submit():
        moderation.propose(actor, "branch.freeze", id, reason=form.reason.data or "")
        flash(gettext("It is proposed. A second person decides; nothing is paused until then."))
        return redirect(url_for("membership.branch", id=id), 303)
    page = render_template("membership/branch.html", form=form, touched=None, person=id, name=identity.name_of(found))
    return form.answer(page)


@door.page("/branch-reviews/<id>", access=Permission.MEASURES_TAKE, methods=("GET", "POST"))
def branch_review(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    found = doors.get_review(actor, id)
    if found.person_id == actor.id:
        raise NotFound
    if form.validate_on_submit():
        actions.lift(actor, found, reason=form.reason.data or "")
        flash(gettext("The pause is lifted, and the member is told."))
        return redirect(url_for("membership.branch_review", id=id), 303)
    person, name = identity.names_of([found.person_id])[found.person_id]
    page = render_template(
        "membership/branch_review.html",
        form=form,
        review=found,
        person=person,
        name=name,
        may_lift=doors.can_lift(actor, found),
    )
    return form.answer(page)


@door.page("/vouch-reviews/<id>", access=Permission.MEASURES_TAKE, methods=("GET", "POST"))
def vouch_review(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ReasonForm()
    vouch, application = queries.get_taken_back(actor, id)
    if form.validate_on_submit():
        actions.close_vouch_review(actor, vouch, application, reason=form.reason.data or "")
        flash(gettext("It is noted."))
        return redirect(url_for("membership.vouch_review", id=id), 303)
    seen = queries.taken_back_seen(vouch, application)
    return form.answer(render_template("membership/vouch_review.html", form=form, seen=seen))
