"""Asking somebody to talk, and answering. Whoever asked is never told whether it was declined, read or waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from app.chat import queries
from app.chat.actions.ending import forget_room, hold, member
from app.chat.actions.hosting import keep_promise
from app.chat.actions.posting import post_message
from app.chat.actions.private import ACCEPTED, ASKED, TELL
from app.chat.actions.rooms import new_address, put_in
from app.chat.models import PRIVATE, Membership, Room, RoomKind, RoomMember
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.chat.queries.conversations import Standing
from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid, NotFound
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.work import action
from app.notifications.actions import notify
from app.profiles.actions.held import hold as hold_people
from app.profiles.queries.connections import is_connected

#: New requests, for those who may be the first to write and for those who may not.
ASKING, ASKING_NEW = Budget("talk-ask", "10 per day"), Budget("talk-ask-new", "2 per day")
NOT_ONESELF = N_("This is you.")
THERE_ALREADY = N_("You have a conversation with them already.")
MANY_WAIT = N_("Several of your requests wait for an answer. You can ask others once some are answered or over.")
LATER = N_("You asked not long ago. One can ask the same person once in thirty days.")
OVER = N_("This request is over. You can ask them yourself.")
FULL = N_("This group is full.")


@action
def ask_to_talk(actor: Actor, person_id: int, *, met_in: Space | None, body: str, client_id: str) -> str:
    """Ask somebody to talk, with a first message. Returns the public id of the conversation.

    `met_in` is the space in which the actor meets them, None for the usual names; the caller has made sure that they
    meet. Somebody who asked the actor themselves is accepted with it. It reaches nobody who declined in the last 90
    days, nor across a block; the actor is told that it waits. Raises Forbidden for whoever may not be the first to write,
    Conflict where they talk already or it waits, Invalid for what a first message must not hold and for asking again
    too soon, TooMany.
    """
    connected = met_in is None and is_connected(actor, person_id)
    ensure(rules.can_ask(actor, connected=connected))
    if person_id == actor.id:
        raise Invalid(NOT_ONESELF)
    new = not actor.holds(Permission.CONTACT_FIRST)
    work.house().budgets.spend(ASKING_NEW if new else ASKING, actor.public_id)
    hold_people(actor.person_id, person_id)
    space = talking.space_with(actor, person_id, met_in)
    room, quiet_until = _present(actor, person_id, space)
    if room is None:
        if talking.unanswered(actor) >= (rules.UNANSWERED_NEW if new else rules.UNANSWERED):
            raise Invalid(MANY_WAIT)
        room = _begin(actor, person_id, space, quiet_until)
    else:
        put_in(actor.person_id, room)  # they are told by the message that follows
    work.session().flush()
    post_message(actor, queries.get_here(actor, room.public_id), client_id=client_id, body=body)
    return room.public_id


@action
def tell_asked(actor: Actor, *, room: int, people: Sequence[int]) -> None:
    """Give a notice to those of these people who are asked into a conversation: the job that follows asking.

    A job, so that asking takes as long for whoever is not reached as for others.
    """
    ensure(actor.kind is Kind.SYSTEM)
    wanted = (RoomMember.room_id == room) & RoomMember.person_id.in_(people) & (RoomMember.state == Membership.ASKED)
    found = work.session().execute(
        select(RoomMember.person_id, Room.public_id).join(Room, Room.id == RoomMember.room_id).where(wanted)
    )
    for person, public_id in found.all():
        notify([person], ASKED, public_id)


@action
def accept(actor: Actor, room: Room) -> None:
    """Come into a conversation into which the actor was asked; whoever asked is told.

    Raises NotFound when they were not asked, Conflict when it is over by now or the group is full.
    """
    mine = _asked(actor, room)
    if now().date() >= rules.waits_until(mine.joined_on):
        raise Conflict(OVER)
    asker = mine.asked_by_id
    if room.kind is RoomKind.GROUP and room.members >= rules.MOST_IN_GROUP:
        raise Conflict(FULL)
    put_in(actor.person_id, room)
    if asker is not None:
        notify([asker], ACCEPTED, room.public_id)


@action
def decline(actor: Actor, room: Room) -> None:
    """Do not come in. Nobody is told, and the same person does not reach the actor so for 90 days. Raises NotFound."""
    mine = _asked(actor, room)
    move(work.session(), mine, Membership.DECLINED, muted_until=now() + timedelta(days=rules.QUIET_DAYS))


@action
def choose_keep(actor: Actor, room: Room, *, days: int) -> None:
    """Say for how long the actor wants a conversation kept. The shorter of two wishes holds; in a group the host's.

    A longer time than before holds only for what is written from tomorrow on. Raises Forbidden, Invalid for another
    number of days.
    """
    hold(room)
    ensure(talking.may_choose_keep(actor, room))
    if days not in rules.KEEPS:
        raise Invalid
    mine = member(room, actor.person_id)
    assert mine is not None
    mine.keep_days = days
    work.session().flush()
    if room.kind is RoomKind.DIRECT:
        days = min(wish or max(rules.KEEPS) for wish in talking.wishes(room).values())
    if days > room.keep_days:
        keep_promise(room)
    room.keep_days = days


def _asked(actor: Actor, room: Room) -> RoomMember:
    hold(room)
    mine = member(room, actor.person_id)
    if mine is None or mine.state is not Membership.ASKED or room.kind not in PRIVATE:
        raise NotFound
    return mine


def _present(actor: Actor, person_id: int, space: Space | None) -> tuple[Room | None, datetime | None]:
    """The conversation into which the other one asked the actor, if there is one; what is over is taken out of the way.

    Besides: until when the actor does not reach them. Raises Conflict, Invalid where the actor asked or they talk already.
    """
    index = talking.pair_index(actor.person_id, person_id, space)
    room = work.session().scalars(select(Room).where(Room.pair == index).with_for_update()).one_or_none()
    if room is None:
        return None, None
    mine, theirs = member(room, actor.person_id), member(room, person_id)
    standing = talking.talk_in(actor, room).standing
    if standing in (Standing.ON, Standing.AWAY, Standing.WAITS) and mine is not None and mine.state is Membership.IN:
        raise Conflict(THERE_ALREADY)
    if mine is not None and theirs is not None and theirs.state is Membership.IN and mine.asked_by_id == person_id:
        return room, None
    took_back = mine is not None and mine.state is Membership.DECLINED and mine.asked_by_id is None
    if took_back and mine is not None and now().date() < rules.waits_until(mine.joined_on):
        raise Invalid(LATER)
    quiet_until = theirs.muted_until if theirs is not None and theirs.state is Membership.DECLINED else None
    forget_room(room)
    return None, quiet_until


def _begin(actor: Actor, person_id: int, space: Space | None, quiet_until: datetime | None) -> Room:
    session, today = work.session(), now().date()
    room = Room(
        public_id=new_public_id(),
        kind=RoomKind.DIRECT,
        space=space,
        pair=talking.pair_index(actor.person_id, person_id, space),
        address=new_address(),
        members=1,
        # Whoever came lately may be asked, and answer.
        for_newcomers=True,
    )
    session.add(room)
    session.flush()
    away = talking.keep_each_other_away(actor.person_id, person_id)  # asked in any case: so long it takes for everybody
    reaches = not away and (quiet_until is None or quiet_until <= now())
    session.add_all(
        [
            RoomMember(room_id=room.id, person_id=actor.person_id, joined_on=today),
            RoomMember(
                room_id=room.id,
                person_id=person_id,
                state=Membership.ASKED if reaches else Membership.DECLINED,
                asked_by_id=actor.person_id,
                joined_on=today,
                muted_until=None if reaches else quiet_until,
            ),
        ]
    )
    session.flush()
    enqueue(TELL, room=room.id, people=[person_id])
    return room
