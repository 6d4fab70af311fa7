"""What became of messages that somebody read a while ago: for pages that stay open over a break."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from app.chat import policy
from app.chat.models import Message, MessageState, Reaction
from app.chat.queries.hanging import pinned_in
from app.chat.queries.here import RoomRef
from app.chat.queries.opening import Words, opened
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once

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
    found = list(work.session().scalars(*_between(actor, room.id, first, last, MOST_RECHECKED)))
    reached = found[-1].seq if len(found) == MOST_RECHECKED else last
    seqs = [one.seq for one in found]
    hung = {*odd, *work.session().scalars(*_reacted(room.id, seqs)), *pinned_in(room, seqs)}
    changed = [one for one in found if one.edits or one.seq in hung or one.state is not MessageState.SHOWN]
    return Standing(reached, seqs, opened(room, changed))


@built_once
def _between(actor: Actor, room: int, first: int, last: int, most: int) -> Select[Message]:
    within = policy.visible_messages(actor).where(Message.room_id == room, Message.seq.between(first, last))
    return within.order_by(Message.seq).limit(most)


@built_once
def _reacted(room: int, seqs: Collection[int]) -> Select[int]:
    return select(Reaction.seq).where(Reaction.room_id == room, Reaction.seq.in_(seqs)).distinct()
