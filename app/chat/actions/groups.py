"""Small groups: opened by one of them, who asks the others in, and who hands it over or leaves it."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from sqlalchemy import select

from app.chat import queries
from app.chat.actions.ending import hold, member, move_out
from app.chat.actions.private import TELL
from app.chat.actions.rooms import new_address
from app.chat.models import Membership, Room, RoomKind, RoomMember, RoomRole
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.identity.models import Space
from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Invalid, NotFound
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action

OPENING = Budget("group-open", "5 per day")
ASKING_IN = Budget("group-ask", "20 per day")
TOO_MANY_PEOPLE = N_("A small group has at most twelve people, with those who are asked.")
CHOOSE = N_("Choose people from this list.")
NOT_ONESELF = N_("This is you. To go, leave the group.")


@action
def open_group(actor: Actor, *, space: Space | None, title: str, people: Sequence[str]) -> Room:
    """Open a small group and ask people into it, by the ids that they have in this space. The actor is its host.

    Raises Forbidden for whoever may not be the first to write, Invalid for anybody whom they are neither connected with
    nor talk with by these names, TooMany.
    """
    ensure(rules.can_open_group(actor))
    work.house().budgets.spend(OPENING, actor.public_id)
    session = work.session()
    room = Room(
        public_id=new_public_id(),
        kind=RoomKind.GROUP,
        space=space,
        address=new_address(),
        members=1,
        for_newcomers=True,
    )
    session.add(room)
    session.flush()
    session.add(RoomMember(room_id=room.id, person_id=actor.person_id, role=RoomRole.HOST, joined_on=now().date()))
    if title:
        call_group(room, title)
    session.flush()
    _ask_in(actor, room, people)
    return room


@action
def ask_into(actor: Actor, room: Room, *, people: Sequence[str]) -> None:
    """Ask more people into a group. Raises Forbidden for whoever does not host it, Invalid, TooMany."""
    hold(room)
    ensure(rules.keeps_group(queries.get_here(actor, room.public_id)) and rules.can_open_group(actor))
    _ask_in(actor, room, people)


@action
def remove_from(actor: Actor, room: Room, person: str) -> None:
    """Take somebody out of a group, or ask them no more. They hear nothing of it from then on.

    Raises Forbidden for whoever does not host it, NotFound, Invalid for oneself.
    """
    hold(room)
    here = queries.get_here(actor, room.public_id)
    ensure(rules.keeps_group(here))
    found = member(room, talking.person_in(here, person))
    if found is None:
        raise NotFound
    if found.person_id == actor.id:
        raise Invalid(NOT_ONESELF)
    if found.state is Membership.DECLINED:
        # That they said no is remembered, so that they are not asked again at once. It does not show any more.
        found.joined_on = now().date() - timedelta(days=rules.WAITS_DAYS)
        return
    work.session().delete(found)
    if found.state is Membership.IN:
        move_out(room)


@action
def rename_group(actor: Actor, room: Room, *, title: str) -> None:
    """Give a group a name, or none. Raises Forbidden for whoever does not host it."""
    hold(room)
    ensure(rules.keeps_group(queries.get_here(actor, room.public_id)))
    call_group(room, title)


@action
def hand_over(actor: Actor, room: Room, person: str) -> None:
    """Make somebody who is in a group its host in one's own place. Raises Forbidden, NotFound."""
    hold(room)
    here = queries.get_here(actor, room.public_id)
    ensure(rules.keeps_group(here))
    mine, theirs = member(room, actor.person_id), member(room, talking.person_in(here, person))
    if mine is None or theirs is None or theirs.state is not Membership.IN:
        raise NotFound
    mine.role = RoomRole.MEMBER
    theirs.role = RoomRole.HOST


def _ask_in(actor: Actor, room: Room, people: Collection[str]) -> None:
    if not people:
        return
    work.house().budgets.spend(ASKING_IN, actor.public_id)
    known = {one.id: one.person_id for one in talking.candidates(actor, room.space)}
    if not set(people) <= set(known):
        raise Invalid(CHOOSE)
    session, today = work.session(), now().date()
    inside = select(RoomMember).where(RoomMember.room_id == room.id).order_by(RoomMember.id)
    there = {one.person_id: one for one in session.scalars(inside)}
    shown = {number for number, one in there.items() if one.state is Membership.IN or _still_waits(one, today)}
    wanted = {known[one] for one in people} - shown
    if len(shown | wanted) > rules.MOST_IN_GROUP:
        raise Invalid(TOO_MANY_PEOPLE)
    for number in sorted(wanted):
        one = there.get(number) or RoomMember(room_id=room.id, person_id=number, state=Membership.ASKED)
        one.asked_by_id, one.joined_on = actor.person_id, today
        if one.state is Membership.DECLINED and (one.muted_until is None or one.muted_until <= now()):
            move(session, one, Membership.ASKED, muted_until=None)
        session.add(one)
    session.flush()
    # Whoever said no a short time ago is not reached, and nobody is told.
    enqueue(TELL, room=room.id, people=sorted(wanted))


def _still_waits(one: RoomMember, today: date) -> bool:
    return today < rules.waits_until(one.joined_on)


def call_group(room: Room, title: str) -> None:
    """Give a group a name, or none, sealed with a key of its own. For use inside an action."""
    if not title:
        room.title = None
        return
    vault = work.house().vault
    if room.key_id is None:
        room.key_id = vault.create_key(Purpose.RECORD)
    room.title = vault.seal(room.key_id, queries.title_place(room.public_id), title.encode())
