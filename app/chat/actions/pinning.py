"""Keeping messages at hand for everybody in a room."""

from sqlalchemy import delete, func, select

from app.chat import policy, queries
from app.chat.actions.private import check_beside
from app.chat.models import MessageState, Pin, Room
from app.chat.queries.here import present_address
from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.live import publish
from app.kernel.work import action

ENOUGH = N_("20 messages are pinned here already. Take one down first.")


@action
def pin_message(actor: Actor, room: queries.Here, seq: int) -> None:
    """Keep a message at hand, and tell the room. Twice is as good as once.

    Raises NotFound, Forbidden, Conflict when its words are gone, Invalid when there are too many.
    """
    queries.get_row(actor, room, seq)
    ensure(policy.can_pin(actor, room))
    check_beside(actor, room)
    session = work.session()
    # The room's row first, as when a message is stored; two who pin at once do not pin more than there may be.
    session.execute(policy.visible_rooms(actor).where(Room.id == room.id).with_for_update(of=Room))
    message = queries.get_row(actor, room, seq, hold=True)
    if message.state is not MessageState.SHOWN:
        raise Conflict
    others = select(func.count()).select_from(Pin).where(Pin.room_id == room.id, Pin.seq != seq)
    if (session.scalar(others) or 0) >= policy.MOST_PINS:
        raise Invalid(ENOUGH)
    session.execute(insert_once(session, Pin).values(room_id=room.id, seq=seq, pinned_on=now().date()))
    _tell(actor, room, seq)


@action
def unpin_message(actor: Actor, room: queries.Here, seq: int) -> None:
    """Keep it at hand no more, and tell the room. Raises NotFound, Forbidden."""
    queries.get_row(actor, room, seq)
    ensure(policy.can_pin(actor, room))
    check_beside(actor, room)
    work.session().execute(delete(Pin).where(Pin.room_id == room.id, Pin.seq == seq))
    _tell(actor, room, seq)


def _tell(actor: Actor, room: queries.Here, seq: int) -> None:
    words = queries.get_message(actor, room, seq)
    publish(present_address(room), "room.changed", {"room": room.public_id, "message": words.frame()})
