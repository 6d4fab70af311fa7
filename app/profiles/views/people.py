"""Pages of the people one knows: requests, connections, mentors and mentees."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Invalid, TooMany
from app.kernel.web import present_actor, present_house
from app.profiles.actions import companions as pairing
from app.profiles.actions import people as actions
from app.profiles.actions import sweeps
from app.profiles.forms.people import AskForm, ButtonForm, PartForm
from app.profiles.models import ConnectionState
from app.profiles.queries import companions, connections
from app.profiles.queries import people as queries
from app.profiles.queries.companions import Part
from app.profiles.queries.known import Known, get_somebody, known
from app.profiles.queries.people import Way
from app.profiles.views.door import door

KEEP = Permission.PROFILE_KEEP


@door.page("/me/people", access=KEEP)
def people() -> ResponseReturnValue:
    actor, features = present_actor(), present_house().features
    found = queries.people_of(actor)
    more = {
        line.person.public_id: [
            way for f in features if f.with_member for way in f.with_member(actor, line.person.public_id, True)
        ]
        for line in found.people
    }
    return render_template("profiles/people.html", people=found, more=more)


@door.page("/members/<person>/ask", access=KEEP, methods=("GET", "POST"))
def ask(person: str) -> ResponseReturnValue:
    actor, form = present_actor(), AskForm()
    other = somebody(actor, person)
    if form.validate_on_submit():
        try:
            state = actions.ask(actor, person, note=form.note.data or "")
            joined = state is ConnectionState.ACCEPTED
            flash(
                gettext("You had both asked: you are connected.") if joined else gettext("Asked. Nothing else is sent.")
            )
            return redirect(url_for("profiles.people"), 303)
        except (Invalid, Conflict, TooMany) as refusal:
            form.refuse(refusal, at=form.note if isinstance(refusal, Invalid) else None)
    elif not form.is_submitted() and queries.standing_between(actor, other.person_id).way is not Way.ASK:
        return _to(other)
    return form.answer(render_template("profiles/people_ask.html", form=form, person=other))


@door.page("/me/people/<id>/accept", access=KEEP, methods=("POST",))
def accept_request(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.accept(actor, connections.get_connection(actor, id))
    return _said(gettext("You are connected. They are told that you accepted."))


@door.page("/me/people/<id>/decline", access=KEEP, methods=("POST",))
def decline_request(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.decline(actor, connections.get_connection(actor, id))
    return _said(gettext("Declined. They are not told, and further requests of theirs do not reach you."))


@door.page("/me/people/<id>/withdraw", access=KEEP, methods=("POST",))
def withdraw_request(id: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.withdraw(actor, connections.get_connection(actor, id))
    return _said(gettext("Your request is taken back."))


@door.page("/me/people/<id>/remove", access=KEEP, methods=("GET", "POST"))
def remove_person(id: str) -> ResponseReturnValue:
    actor, form = present_actor(), ButtonForm()
    connection = connections.get_connection(actor, id)
    if form.validate_on_submit():
        actions.remove(actor, connection)
        return _said(gettext("Removed. Nobody is told."))
    other = connection.asked_id if connection.asker_id == actor.id else connection.asker_id
    page = render_template("profiles/people_remove.html", form=form, id=id, person=_met(actor, other))
    return form.answer(page)


@door.page("/members/<person>/mentor", access=KEEP, methods=("GET", "POST"))
def ask_companion(person: str) -> ResponseReturnValue:
    actor, form = present_actor(), PartForm()
    other = somebody(actor, person)
    if form.validate_on_submit():
        try:
            state = pairing.ask(actor, other.person_id, part=Part(form.part.data))
            agreed = state is ConnectionState.ACCEPTED
            flash(gettext("You had both asked: it is agreed.") if agreed else gettext("Asked. They decide."))
            return redirect(url_for("profiles.people"), 303)
        except (Invalid, Conflict, TooMany) as refusal:
            form.refuse(refusal)
    elif not form.is_submitted() and queries.standing_between(actor, other.person_id).companion_way is not Way.ASK:
        return _to(other)
    return form.answer(render_template("profiles/people_mentor.html", form=form, person=other))


@door.page("/me/companions/<id>/accept", access=KEEP, methods=("POST",))
def accept_companion(id: str) -> ResponseReturnValue:
    actor = present_actor()
    pairing.accept(actor, companions.get_companionship(actor, id))
    return _said(gettext("It is agreed. They are told that you accepted."))


@door.page("/me/companions/<id>/decline", access=KEEP, methods=("POST",))
def decline_companion(id: str) -> ResponseReturnValue:
    actor = present_actor()
    pairing.decline(actor, companions.get_companionship(actor, id))
    return _said(gettext("Declined. They are not told."))


@door.page("/me/companions/<id>/withdraw", access=KEEP, methods=("POST",))
def withdraw_companion(id: str) -> ResponseReturnValue:
    actor = present_actor()
    pairing.withdraw(actor, companions.get_companionship(actor, id))
    return _said(gettext("Your request is taken back."))


@door.page("/me/companions/<id>/end", access=KEEP, methods=("POST",))
def end_companion(id: str) -> ResponseReturnValue:
    actor = present_actor()
    pairing.end(actor, companions.get_companionship(actor, id))
    return _said(gettext("Ended. Nobody is told, and what you showed each other as mentor and mentee is hidden."))


def somebody(actor: Actor, person: str) -> Known:
    """Somebody else whose page the actor sees; their name counts like that page. Raises NotFound, TooMany."""
    found = get_somebody(actor, person)
    sweeps.read_profile(actor, found.person_id, found.public_id)
    return found


def _met(actor: Actor, person_id: int) -> Known:
    return known(actor, [person_id], also_without_page=True)[person_id]


def _to(person: Known) -> ResponseReturnValue:
    return redirect(url_for("profiles.member", person=person.public_id))


def _said(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("profiles.people"), 303)
