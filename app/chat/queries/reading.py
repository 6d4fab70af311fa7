"""Reads of messages, page by page. Fetching is authorising: what is not visible is NotFound."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_

from app.chat import policy
from app.chat.models import Message, MessageState, Room, RoomMember
from app.chat.queries.here import RoomRef
from app.chat.queries.opening import Words, opened
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound

PAGE = 50
CATCH_UP = 100


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages in order, and whether there are others before and after them."""

    words: Sequence[Words]
    before: bool
    after: bool


def newest(actor: Actor, room: RoomRef, *, topic: int | None = None, limit: int = PAGE) -> Stretch:
    """The last messages of the room, or of one of its topics."""
    return older(actor, room, before=room.last_seq + 1, topic=topic, limit=limit)


def older(actor: Actor, room: RoomRef, *, before: int, topic: int | None = None, limit: int = PAGE) -> Stretch:
    """The messages just before a sequence number."""
    found = list(work.session().scalars(*_descending(actor, room.id, topic, before, limit + 1)))
    return _stretch(room, found[:limit], before=len(found) > limit, after=_is_more(actor, room, topic, before - 1))


def newer(actor: Actor, room: RoomRef, *, after: int, topic: int | None = None, limit: int = PAGE) -> Stretch:
    """The messages just after a sequence number."""
    found = list(work.session().scalars(*_ascending(actor, room.id, topic, after, limit + 1)))
    return _stretch(room, found[:limit], before=_is_earlier(actor, room, topic, after), after=len(found) > limit)


def around(actor: Actor, room: RoomRef, *, seq: int, topic: int | None = None) -> Stretch:
    """A page with the message of this number in its middle, whatever is missing around it."""
    half = PAGE // 2
    earlier = list(work.session().scalars(*_descending(actor, room.id, topic, seq + 1, half + 1)))
    rest = PAGE - min(half, len(earlier))
    later = list(work.session().scalars(*_ascending(actor, room.id, topic, seq, rest + 1)))
    kept = [*earlier[:half], *later[:rest]]
    return _stretch(room, kept, before=len(earlier) > half, after=len(later) > rest)


def since(actor: Actor, room: RoomRef, *, after: int, limit: int = CATCH_UP) -> Stretch:
    """The messages that somebody who knows `after` has missed, oldest first."""
    found = list(work.session().scalars(*_ascending(actor, room.id, None, after, limit + 1)))
    return _stretch(room, found[:limit], before=after > 0, after=len(found) > limit)


def first_unread(actor: Actor, room: Room, member: RoomMember) -> Message | None:
    """The first message of somebody else that the actor has not read and whose words are there."""
    known = max(member.read_seq, room.first_seq - 1)
    found: Message | None = work.session().scalars(*_unread(actor, room.id, known)).one_or_none()
    return found


def find_sent(actor: Actor, room: RoomRef, client_id: str) -> Words | None:
    """What the actor already sent under this id, when a retry comes."""
    found = work.session().scalars(*_sent(actor, room.id, client_id)).one_or_none()
    words = opened(room, [found]) if found else []
    return words[0] if words else None


def get_message(actor: Actor, room: RoomRef, seq: int) -> Words:
    """One message of a room. Raises NotFound."""
    words = opened(room, [get_row(actor, room, seq)])
    if not words:
        raise NotFound
    return words[0]


def get_row(actor: Actor, room: RoomRef, seq: int, *, hold: bool = False) -> Message:
    """The row of a message that the actor reads, for the verbs that change it. Raises NotFound.

    `hold` keeps everybody else from changing it until the action is over.
    """
    found: Message | None = work.session().scalars(*_row(actor, room.id, seq, hold=hold)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _is_more(actor: Actor, room: RoomRef, topic: int | None, after: int) -> bool:
    return after < room.last_seq and work.session().scalar(*_any(actor, room.id, topic, after, behind=True)) is not None


def _is_earlier(actor: Actor, room: RoomRef, topic: int | None, until: int) -> bool:
    return work.session().scalar(*_any(actor, room.id, topic, until, behind=False)) is not None


def _stretch(room: RoomRef, messages: Sequence[Message], *, before: bool, after: bool) -> Stretch:
    words = opened(room, sorted(messages, key=lambda message: message.seq))
    return Stretch(words, before=before, after=after)


def _of(actor: Actor, room: int, topic: int | None) -> Select[Message]:
    query = policy.visible_messages(actor).where(Message.room_id == room)
    return query if topic is None else query.where(Message.topic_id == topic)


@built_once
def _descending(actor: Actor, room: int, topic: int | None, below: int, most: int) -> Select[Message]:
    return _of(actor, room, topic).where(Message.seq < below).order_by(Message.seq.desc()).limit(most)


@built_once
def _ascending(actor: Actor, room: int, topic: int | None, above: int, most: int) -> Select[Message]:
    return _of(actor, room, topic).where(Message.seq > above).order_by(Message.seq).limit(most)


@built_once
def _any(actor: Actor, room: int, topic: int | None, seq: int, *, behind: bool) -> Select[int]:
    where = Message.seq > seq if behind else Message.seq <= seq
    return _of(actor, room, topic).where(where).with_only_columns(Message.id).limit(1)


@built_once
def _unread(actor: Actor, room: int, known: int) -> Select[Message]:
    theirs = or_(Message.author_id.is_(None), Message.author_id != actor.person_id)
    shown = (Message.seq > known) & (Message.state == MessageState.SHOWN)
    return _of(actor, room, None).where(shown, theirs).order_by(Message.seq).limit(1)


@built_once
def _sent(actor: Actor, room: int, client_id: str) -> Select[Message]:
    return _of(actor, room, None).where(Message.author_id == actor.person_id, Message.client_id == client_id)


@built_once
def _row(actor: Actor, room: int, seq: int, *, hold: bool) -> Select[Message]:
    query = _of(actor, room, None).where(Message.seq == seq)
    return query.with_for_update().execution_options(populate_existing=True) if hold else query
