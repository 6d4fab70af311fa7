"""Who opens rooms, chooses their settings, asks others in, leads a circle, opens a topic, and pauses whom."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, false, select

from app.chat.models import PRIVATE, Membership, Room, RoomKind, RoomRole, RoomState, Topic
from app.chat.policy.rooms import (
    FOUND,
    Circumstances,
    can_host,
    can_post,
    is_paused,
    is_present,
    keeps_order,
    visible_rooms,
    why_not_writing,
)
from app.kernel.access import Permission
from app.kernel.actor import Actor

#: A circle can be begun so long before its time.
EARLY = timedelta(hours=1)
#: Whoever declined to come into a room is not asked again for so long.
NOT_AGAIN = timedelta(days=30)


def kinds_to_open(actor: Actor) -> Sequence[RoomKind]:
    """The kinds of rooms that the actor may open: none for newcomers, nor for whoever may not write."""
    if not can_post(actor) or not actor.holds(Permission.ROOMS_ALL):
        return ()
    if actor.holds(Permission.ROOMS_OPEN):
        return RoomKind.INVITED, RoomKind.CIRCLE, RoomKind.OPEN, RoomKind.BROADCAST
    return (RoomKind.INVITED, RoomKind.CIRCLE) if actor.holds(Permission.CONTACT_FIRST) else ()


def can_settle(actor: Actor, here: Circumstances) -> bool:
    """Choosing a room's settings and its hosts: the hosts, and in rooms that everybody finds those who open such rooms.

    Not while their own writing is paused, there or everywhere.
    """
    if not can_post(actor) or here.kind in PRIVATE or is_paused(here):
        return False
    opens = here.kind in FOUND and actor.holds(Permission.ROOMS_OPEN)
    return can_host(here) or (here.membership is Membership.IN and opens)


def can_ask_in(actor: Actor, here: Circumstances) -> bool:
    """Asking others into a room by invitation: its hosts."""
    return here.kind is RoomKind.INVITED and can_host(here) and can_settle(actor, here)


def can_lead(actor: Actor, here: Circumstances) -> bool:
    """Planning, beginning and ending a circle: its hosts."""
    return here.kind is RoomKind.CIRCLE and can_host(here) and can_settle(actor, here)


def can_pause(actor: Actor, here: Circumstances, *, host: bool, moderates: bool) -> bool:
    """Whether whoever keeps order in a room may pause somebody there who hosts it, or moderates, or neither.

    Nobody pauses a moderator, who answers to the others of the staff. A host is paused by a moderator alone.
    """
    if moderates or not keeps_order(actor, here):
        return False
    return not host or actor.holds(Permission.MEASURES_TAKE)


def can_put_out(actor: Actor, here: Circumstances, *, host: bool, moderates: bool) -> bool:
    """Whether whoever keeps order in a room may put somebody out of it: those whom they may pause, and no others."""
    return can_pause(actor, here, host=host, moderates=moderates)


def can_open_topic(actor: Actor, here: Circumstances, moment: datetime) -> bool:
    """Whoever writes in a room, but no newcomer, and none in a conversation of a few."""
    if here.kind in PRIVATE or here.membership is not Membership.IN or not actor.holds(Permission.ROOMS_ALL):
        return False
    return why_not_writing(actor, here, moment) is None


def can_answer(room: Room) -> bool:
    """Whether one is asked into a room of this kind through its door; conversations have doors of their own."""
    return room.kind is RoomKind.INVITED and room.state is not RoomState.ENDED


def visible_topics(actor: Actor) -> Select[Topic]:
    """Topics of the rooms that the actor is in and may know of."""
    if actor.id is None:
        return select(Topic).where(false())
    rooms = visible_rooms(actor).with_only_columns(Room.id)
    return select(Topic).where(Topic.room_id.in_(rooms), is_present(actor.id, Topic.room_id))


def needs_a_host(room: Room, role: RoomRole) -> bool:
    """Whether somebody in this role may leave only when another host stays, or nobody writes there any more."""
    return role is RoomRole.HOST and room.kind not in PRIVATE and room.state in (RoomState.OPEN, RoomState.PLANNED)
