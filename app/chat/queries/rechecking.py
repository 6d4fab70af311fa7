"""What became of messages that somebody read a while ago: for pages that stay open over a break."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.chat import policy
from app.chat.models import Message, MessageState, Pin, Reaction
from app.chat.queries.here import RoomRef
from app.chat.queries.opening import Words, opened
from app.kernel import work
from app.kernel.actor import Actor

#: More messages than this no page shows at once.
MOST_RECHECKED = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """As far as `last`, the numbers that are still there, and those messages of them that are not as they were first sent."""

    last: int
    kept: Sequence[int]
    changed: Sequence[Words]


def standing(actor: Actor, room: RoomRef, *, first: int, last: int, odd: Collection[int] = ()) -> Standing:
    """How the messages between two numbers stand now. What is plain and whole costs its number only.

    `odd` are those that the asker shows with something beside their words: of these it is said also that it is gone.
    """
    within = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq.between(first, last))
    found = list(work.session().scalars(within.order_by(Message.seq).limit(MOST_RECHECKED)))
    reached = found[-1].seq if len(found) == MOST_RECHECKED else last
    hung = set(odd)
    for hanging in (Reaction, Pin):
        here = (hanging.room_id == room.id) & hanging.seq.in_([one.seq for one in found])
        hung |= set(work.session().scalars(select(hanging.seq).where(here)))
    changed = [one for one in found if one.edits or one.seq in hung or one.state is not MessageState.SHOWN]
    return Standing(reached, [one.seq for one in found], opened(room, changed))
