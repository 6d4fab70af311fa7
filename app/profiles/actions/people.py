"""Connecting: asking with a note, answering, taking back, removing. Whoever is told no is not told at all."""

import re
from datetime import timedelta

from sqlalchemy import and_, or_

from app.kernel import text, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.notifications.actions import notify
from app.profiles import policy
from app.profiles.actions import held
from app.profiles.actions.editing import ensure_profile
from app.profiles.models import Companionship, Connection, ConnectionState
from app.profiles.queries import connections
from app.profiles.queries.connections import DAYS_BETWEEN
from app.profiles.queries.known import get_somebody

#: So many requests that nobody answered reach somebody in a year; further ones do not.
UNANSWERED, REMEMBERED = 2, timedelta(days=365)
NO_LINKS = N_("A first note holds no links, mail addresses or telephone numbers. Take them out; nothing else is lost.")
WAITS = N_("You have asked already. It waits.")
LEADING = frozenset({text.Kind.EMAIL, text.Kind.PHONE, text.Kind.MAP})
#: Addresses that no page makes a link of, and that people type into their telephone all the same: t.me/somebody.
BARE_ADDRESS = re.compile(r"[\w-]\.[^\W\d_]{2,24}/\w")
JOINED = N_("You are connected already.")
LATER = N_("You asked not long ago. One can ask the same person once in thirty days.")


@action
def ask(actor: Actor, person: str, *, note: str = "") -> ConnectionState:
    """Ask somebody, by public id, to connect. Two who ask each other are connected: returns how it stands then.

    It waits for 30 days, as far as the actor is told. It reaches nobody who declined before, nor who did not answer two
    such requests in a year: they can ask themselves. Raises Forbidden for whoever may not be the first to write,
    NotFound for whoever does not exist for the actor, Invalid for a note with a link and for asking again too soon,
    Conflict when they are connected or it waits, TooMany.
    """
    ensure(policy.can_ask(actor))
    check_note(note)
    other = get_somebody(actor, person).person_id
    work.house().budgets.spend(held.ASKING, actor.public_id)
    ensure_profile(actor.person_id)
    held.hold(actor.person_id, other)
    get_somebody(actor, person)  # a block may have come first
    rows = held.connections_between(actor.person_id, other)
    present = _present(rows)
    if present is not None:
        return _meet(actor, present)
    mine = [row for row in rows if row.asker_id == actor.id]
    if any(row.waits_until is not None and row.waits_until > now().date() for row in mine):
        raise Conflict(WAITS)
    if connections.may_ask_from(actor, other) is not None:
        raise Invalid(LATER)
    return _ask(actor, other, note, reaches=_reaches(mine))


@action
def accept(actor: Actor, connection: Connection) -> None:
    """Connect with whoever asked; they are told. Raises Conflict when it was answered or taken back meanwhile."""
    _accept(actor, _held(actor, connection))


@action
def decline(actor: Actor, connection: Connection) -> None:
    """Do not connect. Whoever asked sees it wait until its time is over, and further requests of theirs reach nobody."""
    found = _held(actor, connection)
    ensure(found.asked_id == actor.person_id)
    held.close(found, ConnectionState.DECLINED)


@action
def withdraw(actor: Actor, connection: Connection) -> None:
    """Take back what the actor asked. It looks the same whether it had been declined or not."""
    found = _held(actor, connection)
    ensure(found.asker_id == actor.person_id)
    if found.state is ConnectionState.DECLINED:
        held.hide_from_asker(found)
    else:
        held.close(found, ConnectionState.WITHDRAWN)


@action
def remove(actor: Actor, connection: Connection) -> None:
    """Be connected no more: nor mentor and mentee, nor on each other's lists. Nobody is told. Raises Conflict."""
    found = _held(actor, connection)
    if found.state is not ConnectionState.ACCEPTED:
        raise Conflict
    held.part(found.asker_id, found.asked_id)


@action
def forget_requests(actor: Actor) -> None:
    """The hourly task: requests that nobody answered in their time end, their notes go, and what is over is forgotten.

    That somebody declined is remembered, so that the same person cannot ask them again and again.
    """
    ensure(actor.kind is Kind.SYSTEM)
    today, asked = now().date(), ConnectionState.ASKED
    for row in held.rows_over(today):
        if row.state is asked:
            held.close(row, ConnectionState.WITHDRAWN)
        else:
            held.hide_from_asker(row)
    for table, on in ((Connection, Connection.asked_on), (Companionship, Companionship.since)):
        old = and_(table.state == ConnectionState.WITHDRAWN, on < today - REMEMBERED)
        held.forget(or_(table.state == ConnectionState.ENDED, old), table)


def check_note(note: str) -> None:
    """Raise Invalid for a note that would lead elsewhere."""
    leads = any(found.kind in LEADING for found in text.gives_away(note))
    if leads or text.has_link(note) or BARE_ADDRESS.search(note):
        raise Invalid(NO_LINKS)


def _held(actor: Actor, connection: Connection) -> Connection:
    """The row as it is once nobody else can change it. Raises NotFound when the actor sees it no more."""
    ensure(policy.can_keep(actor))
    held.hold(connection.asker_id, connection.asked_id)
    return connections.get_connection(actor, connection.public_id)


def _present(rows: list[Connection]) -> Connection | None:
    """What is asked or accepted now. A request whose time is over ends here, if the hourly task was not there yet."""
    for row in rows:
        if held.is_over(row):
            held.close(row, ConnectionState.WITHDRAWN)
    return next((row for row in rows if row.state in held.PRESENT), None)


def _meet(actor: Actor, present: Connection) -> ConnectionState:
    """The actor asks where something is asked or accepted already."""
    if present.state is ConnectionState.ACCEPTED:
        raise Conflict(JOINED)
    if present.asker_id == actor.id:
        raise Conflict(WAITS)
    _accept(actor, present)
    return ConnectionState.ACCEPTED


def _reaches(mine: list[Connection]) -> bool:
    """Whether the other one is to learn of a request, after what became of those before it."""
    since = now().date() - REMEMBERED
    unanswered = [row for row in mine if row.state is ConnectionState.WITHDRAWN and row.asked_on > since]
    return len(unanswered) < UNANSWERED and not any(row.state is ConnectionState.DECLINED for row in mine)


def _ask(actor: Actor, other: int, note: str, *, reaches: bool) -> ConnectionState:
    vault, public_id = work.house().vault, new_public_id()
    # Kept in memory for some seconds like the keys of persons, so that a page of requests opens them at once.
    key_id, today = vault.create_key(Purpose.PERSON), now().date()
    work.session().add(
        Connection(
            public_id=public_id,
            pair=held.pair_key(actor.person_id, other) if reaches else None,
            asker_id=actor.person_id,
            asked_id=other,
            state=ConnectionState.ASKED if reaches else ConnectionState.DECLINED,
            key_id=key_id,
            note=vault.seal(key_id, connections.note_place(public_id), note.encode()),
            asked_on=today,
            waits_until=today + timedelta(days=DAYS_BETWEEN),
        )
    )
    work.session().flush()
    if reaches and held.sees(other, actor.person_id):
        notify([other], "profiles.asked", public_id)
    return ConnectionState.ASKED


def _accept(actor: Actor, connection: Connection) -> None:
    ensure(connection.asked_id == actor.person_id)
    move(work.session(), connection, ConnectionState.ACCEPTED)
    held.hide_from_asker(connection)
    asker = connection.asker_id
    for row in held.connections_between(asker, actor.person_id):
        if row.id != connection.id:  # they are connected now: nobody need remember who declined whom
            held.shred_note(row)
            work.session().delete(row)
    ensure_profile(actor.person_id)
    if held.sees(asker, actor.person_id):
        notify([asker], "profiles.accepted", connection.public_id)
