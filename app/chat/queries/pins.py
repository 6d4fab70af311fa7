"""The messages that a room keeps at hand."""

from sqlalchemy import Select, select

from app.chat import policy
from app.chat.models import Message, Pin
from app.chat.queries.here import RoomRef
from app.chat.queries.opening import Words, opened
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once


def pinned(actor: Actor, room: RoomRef) -> list[Words]:
    """Pinned messages that the actor reads, the one pinned last first."""
    return opened(room, list(work.session().scalars(*_pinned(actor, room.id))))


def has_pins(room: RoomRef) -> bool:
    """Whether a room keeps any message at hand."""
    return work.session().scalar(*_any(room.id)) is not None


@built_once
def _pinned(actor: Actor, room: int) -> Select[Message]:
    query = policy.visible_messages(actor).join(Pin, (Pin.room_id == Message.room_id) & (Pin.seq == Message.seq))
    return query.where(Message.room_id == room).order_by(Pin.id.desc())


@built_once
def _any(room: int) -> Select[int]:
    return select(Pin.id).where(Pin.room_id == room).limit(1)
