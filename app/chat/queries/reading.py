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
    query = _of(actor, room, topic).where(Message.seq < before)
    found = list(work.session().scalars(query.order_by(Message.seq.desc()).limit(limit + 1)))
    return _stretch(room, found[:limit], before=len(found) > limit, after=_is_more(actor, room, topic, before - 1))


def newer(actor: Actor, room: RoomRef, *, after: int, topic: int | None = None, limit: int = PAGE) -> Stretch:
    """The messages just after a sequence number."""
    found = _ascending(actor, room, after, topic, limit)
    return _stretch(room, found[:limit], before=_is_earlier(actor, room, topic, after), after=len(found) > limit)


def around(actor: Actor, room: RoomRef, *, seq: int, topic: int | None = None) -> Stretch:
    """A page with the message of this number in its middle, whatever is missing around it."""
    half = PAGE // 2
    query = _of(actor, room, topic).where(Message.seq <= seq)
    earlier = list(work.session().scalars(query.order_by(Message.seq.desc()).limit(half + 1)))
    later = _ascending(actor, room, seq, topic, PAGE - min(half, len(earlier)))
    kept = [*earlier[:half], *later[: PAGE - min(half, len(earlier))]]
    return _stretch(room, kept, before=len(earlier) > half, after=len(later) > PAGE - min(half, len(earlier)))


def since(actor: Actor, room: RoomRef, *, after: int, limit: int = CATCH_UP) -> Stretch:
    """The messages that somebody who knows `after` has missed, oldest first."""
    found = _ascending(actor, room, after, None, limit)
    return _stretch(room, found[:limit], before=after > 0, after=len(found) > limit)


def first_unread(actor: Actor, room: Room, member: RoomMember) -> Message | None:
    """The first message of somebody else that the actor has not read and whose words are there."""
    known = max(member.read_seq, room.first_seq - 1)
    theirs = or_(Message.author_id.is_(None), Message.author_id != actor.person_id)
    query = _of(actor, room, None).where(Message.seq > known, Message.state == MessageState.SHOWN, theirs)
    return work.session().scalars(query.order_by(Message.seq).limit(1)).one_or_none()


def find_sent(actor: Actor, room: RoomRef, client_id: str) -> Words | None:
    """What the actor already sent under this id, when a retry comes."""
    query = policy.visible_messages(actor).where(
        Message.room_id == room.id, Message.author_id == actor.person_id, Message.client_id == client_id
    )
    found = work.session().scalars(query).one_or_none()
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
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq == seq)
    if hold:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session().scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def _of(actor: Actor, room: RoomRef, topic: int | None) -> Select[Message]:
    query = policy.visible_messages(actor).where(Message.room_id == room.id)
    return query if topic is None else query.where(Message.topic_id == topic)


def _ascending(actor: Actor, room: RoomRef, after: int, topic: int | None, limit: int) -> list[Message]:
    query = _of(actor, room, topic).where(Message.seq > after)
    return list(work.session().scalars(query.order_by(Message.seq).limit(limit + 1)))


def _is_more(actor: Actor, room: RoomRef, topic: int | None, after: int) -> bool:
    if after >= room.last_seq:
        return False
    query = _of(actor, room, topic).where(Message.seq > after).with_only_columns(Message.id)
    return work.session().execute(query.limit(1)).first() is not None


def _is_earlier(actor: Actor, room: RoomRef, topic: int | None, until: int) -> bool:
    query = _of(actor, room, topic).where(Message.seq <= until).with_only_columns(Message.id)
    return work.session().execute(query.limit(1)).first() is not None


def _stretch(room: RoomRef, messages: Sequence[Message], *, before: bool, after: bool) -> Stretch:
    words = opened(room, sorted(messages, key=lambda message: message.seq))
    return Stretch(words, before=before, after=after)
