"""Mentors and mentees: one asks, the other agrees, and either ends it quietly. Mentoring uses the same verbs."""

from datetime import timedelta

from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import now
from app.kernel.errors import N_, Conflict, Invalid, NotFound
from app.kernel.states import move
from app.kernel.work import action
from app.notifications.actions import notify
from app.profiles import policy
from app.profiles.actions import held
from app.profiles.models import Companionship, ConnectionState
from app.profiles.queries import companions, connections
from app.profiles.queries.companions import Part, other_in, part_of_other
from app.profiles.queries.connections import DAYS_BETWEEN

WAITS = N_("You have asked already. It waits.")
JOINED = N_("You are mentor and mentee already.")
THEY_ASKED = N_("They have asked you something else. Answer that first; it stands among your people.")
LATER = N_("You asked not long ago. One can ask the same person once in thirty days.")


@action
def ask(actor: Actor, person_id: int, *, part: Part) -> ConnectionState:
    """Ask somebody with whom the actor is connected to be their mentor, or their mentee: `part` is what the other is to be.

    Two who ask each other the same are a pair: returns how it stands then. Raises NotFound for whoever is not among the
    actor's people, Conflict when there is a pair or it waits, Invalid for asking again too soon, TooMany.
    """
    ensure(policy.shows_people(actor))
    work.house().budgets.spend(held.ASKING, actor.public_id)
    held.hold(actor.person_id, person_id)
    if not connections.is_connected(actor, person_id):
        raise NotFound
    rows = held.pairs_between(actor.person_id, person_id)
    present = _present(rows)
    if present is not None:
        return _meet(actor, present, part)
    mine = [row for row in rows if row.asked_by_id == actor.id and row.state is not ConnectionState.ENDED]
    today = now().date()
    if any(row.waits_until is not None and row.waits_until > today for row in mine):
        raise Conflict(WAITS)
    if any(row.since + timedelta(days=DAYS_BETWEEN) > today for row in mine):
        raise Invalid(LATER)
    mentor, mentee = (person_id, actor.person_id) if part is Part.MENTOR else (actor.person_id, person_id)
    made = Companionship(
        pair=held.pair_key(mentor, mentee),
        mentor_id=mentor,
        mentee_id=mentee,
        asked_by_id=actor.person_id,
        state=ConnectionState.ASKED,
        since=today,
        waits_until=today + timedelta(days=DAYS_BETWEEN),
    )
    work.session().add(made)
    work.session().flush()
    if held.sees(person_id, actor.person_id):
        notify([person_id], "profiles.companion-asked", made.public_id)
    return ConnectionState.ASKED


@action
def accept(actor: Actor, pair: Companionship) -> None:
    """Agree to be what the actor was asked to be; whoever asked is told. Raises Conflict when it was taken back."""
    _accept(actor, _held(actor, pair))


@action
def decline(actor: Actor, pair: Companionship) -> None:
    """Do not agree. Whoever asked sees it wait until its time is over."""
    found = _held(actor, pair)
    ensure(found.asked_by_id != actor.person_id)
    held.close(found, ConnectionState.DECLINED)


@action
def withdraw(actor: Actor, pair: Companionship) -> None:
    """Take back what the actor asked. It looks the same whether it had been declined or not."""
    found = _held(actor, pair)
    ensure(found.asked_by_id == actor.person_id)
    if found.state is ConnectionState.DECLINED:
        held.hide_from_asker(found)
    else:
        held.close(found, ConnectionState.WITHDRAWN)


@action
def end(actor: Actor, pair: Companionship) -> None:
    """Be mentor and mentee no more. What was shown to each other as such is hidden at once, and nobody is told."""
    found = _held(actor, pair)
    if found.state is not ConnectionState.ACCEPTED:
        raise Conflict
    held.close(found, ConnectionState.ENDED)


def _held(actor: Actor, pair: Companionship) -> Companionship:
    """The row as it is once nobody else can change it. Raises NotFound when the actor sees it no more."""
    ensure(policy.can_keep(actor))
    held.hold(pair.mentor_id, pair.mentee_id)
    return companions.get_companionship(actor, pair.public_id)


def _present(rows: list[Companionship]) -> Companionship | None:
    for row in rows:
        if held.is_over(row):
            held.close(row, ConnectionState.WITHDRAWN)
    return next((row for row in rows if row.state in held.PRESENT), None)


def _meet(actor: Actor, present: Companionship, part: Part) -> ConnectionState:
    """The actor asks where something is asked or agreed already."""
    if present.state is ConnectionState.ACCEPTED:
        raise Conflict(JOINED)
    if present.asked_by_id == actor.id:
        raise Conflict(WAITS)
    if part_of_other(actor, present) is not part:
        raise Conflict(THEY_ASKED)
    _accept(actor, present)
    return ConnectionState.ACCEPTED


def _accept(actor: Actor, pair: Companionship) -> None:
    ensure(pair.asked_by_id != actor.person_id)
    other = other_in(actor, pair)
    if not connections.is_connected(actor, other):
        raise NotFound
    move(work.session(), pair, ConnectionState.ACCEPTED, since=now().date())
    held.hide_from_asker(pair)
    if held.sees(other, actor.person_id):
        notify([other], "profiles.companion-accepted", pair.public_id)
