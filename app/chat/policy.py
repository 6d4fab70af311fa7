"""Who sees which rooms and messages, and who may write."""

from sqlalchemy import ColumnElement, Select, exists, false, select
from sqlalchemy.orm import aliased

from app.chat.models import Message, Room, RoomKind, RoomMember
from app.kernel.access import Permission
from app.kernel.actor import Actor


def visible_rooms(actor: Actor) -> Select[Room]:
    """Rooms that the actor may know of: those open to members, and those they are in."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Room).where(false())
    return select(Room).where((Room.kind == RoomKind.OPEN) | _is_in(actor))


def visible_messages(actor: Actor) -> Select[Message]:
    """Messages of the rooms that the actor is in. Knowing of a room does not open its messages."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Message).where(false())
    own = aliased(RoomMember)
    return select(Message).where(exists().where(own.room_id == Message.room_id, own.person_id == actor.id))


def can_join(actor: Actor, room: Room) -> bool:
    return actor.holds(Permission.ROOMS_USE) and room.kind is RoomKind.OPEN


def can_post(actor: Actor, membership: RoomMember | None) -> bool:
    """Whoever is in the room may write there."""
    return actor.holds(Permission.ROOMS_USE) and membership is not None


def _is_in(actor: Actor) -> ColumnElement[bool]:
    own = aliased(RoomMember)
    return exists().where(own.room_id == Room.id, own.person_id == actor.id)
