"""Who sees which rooms and messages, and who may write."""

from sqlalchemy import BindParameter, ColumnElement, Select, exists, false, literal, or_, select
from sqlalchemy.orm import aliased

from app.chat.models import Message, Room, RoomKind, RoomMember
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.safety.policy import hidden

#: What rooms are called among the things that people hide when they travel.
ROOM = "room"


def visible_rooms(actor: Actor) -> Select[Room]:
    """Rooms that the actor may know of: those open to members, and those they are in; for newcomers only theirs."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Room).where(false())
    rooms = select(Room).where(room_opens_to(actor.id, everywhere=actor.holds(Permission.ROOMS_ALL)))
    return rooms if actor.holds(Permission.HIDDEN_SEE) else rooms.where(~hidden(actor, ROOM, Room.public_id))


def visible_messages(actor: Actor) -> Select[Message]:
    """Messages of the rooms that the actor is in and may know of. Knowing of a room does not open its messages."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Message).where(false())
    own, there = aliased(RoomMember), aliased(Room)
    messages = select(Message).where(exists().where(own.room_id == Message.room_id, own.person_id == actor.id))
    if not actor.holds(Permission.HIDDEN_SEE):
        here = aliased(Room)
        seen = exists().where(here.id == Message.room_id, ~hidden(actor, ROOM, here.public_id))
        messages = messages.where(seen)
    if actor.holds(Permission.ROOMS_ALL):
        return messages
    return messages.where(exists().where(there.id == Message.room_id, there.for_newcomers))


def can_join(actor: Actor, room: Room) -> bool:
    """Rooms that are open, and for newcomers only theirs. Every room is open so far (see RoomKind)."""
    return actor.holds(Permission.ROOMS_USE) and (room.for_newcomers or actor.holds(Permission.ROOMS_ALL))


def can_post(actor: Actor) -> bool:
    """Whoever may write does so in the rooms they are in; being in one is checked as the message is stored."""
    return actor.holds(Permission.ROOMS_USE) and actor.holds(Permission.ROOMS_POST)


def can_remove(actor: Actor) -> bool:
    """Moderators, on a report."""
    return actor.holds(Permission.MEASURES_TAKE)


def draft_place(room: str) -> str:
    """Where what somebody types in the room of this public id is kept until it is sent."""
    return f"{ROOM}:{room}"


def room_opens_to(person: int | BindParameter[int], *, everywhere: bool | BindParameter[bool]) -> ColumnElement[bool]:
    """The rule behind `visible_rooms`, for statements that are prepared once for everybody."""
    own = aliased(RoomMember)
    known = (Room.kind == RoomKind.OPEN) | exists().where(own.room_id == Room.id, own.person_id == person)
    return known & or_(literal(everywhere) if isinstance(everywhere, bool) else everywhere, Room.for_newcomers)
