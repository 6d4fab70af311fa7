"""Who sees which rooms and messages, and who may write."""

from sqlalchemy import BindParameter, ColumnElement, Select, exists, false, select
from sqlalchemy.orm import aliased

from app.chat.models import Message, Room, RoomKind, RoomMember
from app.kernel.access import Permission
from app.kernel.actor import Actor


def visible_rooms(actor: Actor) -> Select[Room]:
    """Rooms that the actor may know of: those open to members, and those they are in."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Room).where(false())
    return select(Room).where(room_opens_to(actor.id))


def visible_messages(actor: Actor) -> Select[Message]:
    """Messages of the rooms that the actor is in. Knowing of a room does not open its messages."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Message).where(false())
    own = aliased(RoomMember)
    return select(Message).where(exists().where(own.room_id == Message.room_id, own.person_id == actor.id))


def can_join(actor: Actor, room: Room) -> bool:
    return actor.holds(Permission.ROOMS_USE) and room.kind is RoomKind.OPEN


def can_post(actor: Actor) -> bool:
    """Whoever may use rooms writes in those they are in; being in one is checked as the message is stored."""
    return actor.holds(Permission.ROOMS_USE)


def room_opens_to(person: int | BindParameter[int]) -> ColumnElement[bool]:
    """The rule behind `visible_rooms`, for statements that are prepared once for everybody."""
    own = aliased(RoomMember)
    return (Room.kind == RoomKind.OPEN) | exists().where(own.room_id == Room.id, own.person_id == person)
