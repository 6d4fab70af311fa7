"""One's own words go before the room's time is over, where whoever wrote them wants that."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from app.chat import queries
from app.chat.actions.taking_away import emptied, strip
from app.chat.models import PRIVATE, Epoch, Message, MessageState, Room, RoomMember
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.limits import Budget
from app.kernel.live import publish
from app.kernel.states import move
from app.kernel.work import action

CHOOSING = Budget("own-time", "20 per hour")
#: Messages whose words go in one transaction.
BATCH = 200
#: Open pages hold no message that is further from the newest than this: nobody needs to be told of those.
NEAR = 300
THERE = (MessageState.SHOWN, MessageState.HIDDEN)


@action
def keep_own_words(actor: Actor, room: queries.Here, *, days: int | None) -> None:
    """Let the actor's words in a room go after so many days, earlier ones too; None for the room's own time.

    When an earlier message was written is known to the week alone, so it may stay for up to six days more. Raises
    NotFound, Invalid, TooMany.
    """
    if not room.reads or room.kind in PRIVATE:
        raise NotFound  # in a conversation one chooses for all of it
    if days is not None and not 1 <= days < room.keep_days:
        raise Invalid
    work.house().budgets.spend(CHOOSING, actor.public_id)
    session = work.session()
    mine = (RoomMember.room_id == room.id) & (RoomMember.person_id == actor.person_id)
    session.execute(update(RoomMember).where(mine).values(keep_days=days))
    theirs = (Message.room_id == room.id) & (Message.author_id == actor.person_id) & Message.state.in_(THERE)
    if days is None:
        session.execute(update(Message).where(theirs, Message.expires_on.is_not(None)).values(expires_on=None))
        return
    for epoch_id, last_on in session.execute(select(Epoch.id, Epoch.last_on).where(Epoch.room_id == room.id)).all():
        day = min(last_on, now().date()) + timedelta(days=days + 1)
        session.execute(update(Message).where(theirs, Message.epoch_id == epoch_id).values(expires_on=day))


def expire_due(actor: Actor) -> int:
    """Take away the words whose authors' time for them is over. Returns how many messages that were."""
    ensure(actor.kind is Kind.SYSTEM)
    gone = 0
    while done := _expire_some(actor):
        gone += done
    return gone


@action
def _expire_some(_actor: Actor) -> int:
    due = (
        select(Message, Room)
        .join(Room, Room.id == Message.room_id)
        .where(Message.expires_on.is_not(None), Message.expires_on <= now().date(), Message.state.in_(THERE))
        .order_by(Message.id)
        .limit(BATCH)
    )
    rows: Sequence[tuple[Message, Room]] = [(message, room) for message, room in work.session().execute(due)]
    return sum(_expired(message, room) for message, room in rows)


def _expired(message: Message, room: Room) -> int:
    try:
        move(work.session(), message, MessageState.EXPIRED, sealed=emptied(message), terms=b"", expires_on=None)
    except Conflict:
        return 0  # taken away meanwhile by somebody
    strip(message)
    if room.last_seq - message.seq < NEAR:
        told = {"room": room.public_id, "seq": message.seq, "by": MessageState.EXPIRED.value}
        publish(room.address, "room.gone", told)
    return 1
