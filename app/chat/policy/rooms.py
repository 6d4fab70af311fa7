"""Rooms: who may know of them, come in, write, and keep them in order."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    exists,
    false,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from app.chat.models import PRIVATE, Membership, Room, RoomKind, RoomMember, RoomRole, RoomState
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import N_
from app.safety.policy import hidden

#: What rooms are called among the things that people hide when they travel.
ROOM = "room"
#: Rooms that members find by themselves.
FOUND = (RoomKind.OPEN, RoomKind.CIRCLE, RoomKind.BROADCAST)
#: "Until I say otherwise", where a moment is stored.
FAR = datetime(9000, 1, 1, tzinfo=UTC)
#: A circle waits when no host was seen in it for so long.
ATTENDED = timedelta(minutes=10)

PAUSED = N_("Writing is paused for you at present. Your standing, under Me, says why and until when. Reading goes on.")
PAUSED_HERE = N_("Writing in this room is paused for you at present. Reading goes on.")
CLOSED = N_("Nobody writes in this room at present. Reading goes on.")
HOSTS_WRITE = N_("In this room its hosts write, and the others read.")
NOT_BEGUN = N_("This circle has not begun. Writing opens when its host begins it.")
OVER = N_("This circle is over.")
HOST_AWAY = N_("The host of this circle is away. Writing goes on when they are back; what you wrote stays here.")


class Mute(StrEnum):
    """For how long a room does not ask for attention."""

    HOUR = "hour"
    EIGHT_HOURS = "eight-hours"
    #: Until they turn it on again.
    ON = "on"
    OFF = "off"


class Circumstances(Protocol):
    """What decides whether somebody writes in a room: of the room, and of them in it (`queries.Here`)."""

    @property
    def kind(self) -> RoomKind: ...
    @property
    def state(self) -> RoomState: ...
    @property
    def membership(self) -> Membership | None: ...
    @property
    def role(self) -> RoomRole | None: ...
    @property
    def paused_until(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def attended_at(self) -> datetime | None: ...


def visible_rooms(actor: Actor) -> Select[Room]:
    """Rooms that the actor may know of: those that members find, those they are in or asked into; for newcomers only theirs."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Room).where(false())
    rooms = select(Room).where(room_opens_to(actor.id, everywhere=actor.holds(Permission.ROOMS_ALL)))
    return rooms if actor.holds(Permission.HIDDEN_SEE) else rooms.where(~hidden(actor, ROOM, Room.public_id))


def room_opens_to(person: int | BindParameter[int], *, everywhere: bool | BindParameter[bool]) -> ColumnElement[bool]:
    """The rule behind `visible_rooms`, for statements that are prepared once for everybody."""
    own = aliased(RoomMember)
    mine = exists().where(own.room_id == Room.id, own.person_id == person, own.state != Membership.DECLINED)
    return (Room.kind.in_(FOUND) | mine) & or_(
        literal(everywhere) if isinstance(everywhere, bool) else everywhere, Room.for_newcomers
    )


def is_present(person: int | BindParameter[int], room_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether a person reads in a room: they are in, or were asked into a conversation of two.

    Whoever is asked to talk reads what they are asked with.
    """
    own, there = aliased(RoomMember), aliased(Room)
    direct = exists().where(there.id == own.room_id, there.kind == RoomKind.DIRECT)
    reads = or_(own.state == Membership.IN, and_(own.state == Membership.ASKED, direct))
    return exists().where(own.room_id == room_id, own.person_id == person, reads)


def can_join(actor: Actor, room: Room) -> bool:
    """Rooms that members find, unless they are over; for newcomers only theirs. Into others one is asked."""
    if not actor.holds(Permission.ROOMS_USE) or room.kind not in FOUND or room.state is RoomState.ENDED:
        return False
    return room.for_newcomers or actor.holds(Permission.ROOMS_ALL)


def can_post(actor: Actor) -> bool:
    """Whoever may write at all does so in the rooms they are in; being in one is checked as the message is stored."""
    return actor.holds(Permission.ROOMS_USE) and actor.holds(Permission.ROOMS_POST)


def can_host(here: Circumstances) -> bool:
    """Choosing the settings of a room: its hosts."""
    return here.membership is Membership.IN and here.role is RoomRole.HOST


def keeps_order(actor: Actor, here: Circumstances) -> bool:
    """Removing messages, pausing people, closing and slowing: hosts, and moderators who are in the room.

    In a conversation of a few nobody does: each of them can leave, block and report. Nor does a host whose own writing
    is paused, there or everywhere.
    """
    if here.membership is not Membership.IN or here.kind in PRIVATE:
        return False
    if actor.holds(Permission.MEASURES_TAKE):
        return True
    return here.role is RoomRole.HOST and can_post(actor) and not is_paused(here)


def is_paused(here: Circumstances) -> bool:
    """Whether somebody's writing in this room is paused at this moment."""
    return here.paused_until is not None and here.paused_until > now()


def why_not_writing(actor: Actor, here: Circumstances, moment: datetime) -> str | None:
    """Why the actor cannot write in a room that they are in at this moment, as a message id; None when they can."""
    if not can_post(actor):
        return PAUSED
    if here.state is not RoomState.OPEN:
        return {RoomState.PLANNED: NOT_BEGUN, RoomState.ENDED: OVER}.get(here.state, CLOSED)
    if here.paused_until is not None and here.paused_until > moment:
        return PAUSED_HERE
    if here.kind is RoomKind.BROADCAST and here.role is not RoomRole.HOST:
        return HOSTS_WRITE
    if here.kind is RoomKind.CIRCLE:
        return _why_circle_waits(here, moment)
    return None


def is_attended(here: Circumstances, moment: datetime) -> bool:
    """Whether a host was in a circle lately. What hosts do there says so, nothing else does."""
    return here.attended_at is not None and here.attended_at + ATTENDED > moment


def muted_until(how: Mute, moment: datetime) -> datetime | None:
    """Until when a room that is muted at this moment does not ask for attention; None when it does."""
    if how is Mute.OFF:
        return None
    return {Mute.HOUR: moment + timedelta(hours=1), Mute.EIGHT_HOURS: moment + timedelta(hours=8)}.get(how, FAR)


def draft_place(room: str) -> str:
    """Where what somebody types in the room of this public id is kept until it is sent."""
    return f"{ROOM}:{room}"


def _why_circle_waits(here: Circumstances, moment: datetime) -> str | None:
    if here.ends_at is not None and here.ends_at <= moment:
        return OVER
    if here.role is not RoomRole.HOST and not is_attended(here, moment):
        return HOST_AWAY
    return None
