"""The messages that a room keeps at hand."""

from sqlalchemy import select

from app.chat import policy
from app.chat.models import Message, Pin
from app.chat.queries.here import RoomRef
from app.chat.queries.opening import Words, opened
from app.kernel import work
from app.kernel.actor import Actor


def pinned(actor: Actor, room: RoomRef) -> list[Words]:
    """Pinned messages that the actor reads, the one pinned last first."""
    query = policy.visible_messages(actor).join(Pin, (Pin.room_id == Message.room_id) & (Pin.seq == Message.seq))
    found = work.session().scalars(query.where(Message.room_id == room.id).order_by(Pin.id.desc()))
    return opened(room, list(found))


def has_pins(room: RoomRef) -> bool:
    """Whether a room keeps any message at hand."""
    return work.session().scalar(select(Pin.id).where(Pin.room_id == room.id).limit(1)) is not None
