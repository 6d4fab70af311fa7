"""Messages that members report: what they enclose, and what whoever works on the report sees around it."""

import re
from collections.abc import Collection

from sqlalchemy import select

from app.chat import policy
from app.chat.models import PRIVATE, Message, MessageState, Room
from app.chat.queries.naming import names_here
from app.chat.queries.opening import body_of, content_of, opened, versions_of
from app.chat.queries.rooms import get_room
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.feature import ContextLine, Reported
from app.kernel.vault import Shredded

#: Messages either side of a reported one that a moderator sees with it.
AROUND = 5
#: Messages that one report on a conversation encloses at most, and how far they may be from one another.
MOST_PICKED, WINDOW = 20, 128
_MASK = re.compile(r"[1-9a-f][0-9a-f]{0,31}")


def reference(room: str, seq: int) -> str:
    """How a message is named outside its room, as in a report."""
    return f"{room}.{seq}"


def find_reported(actor: Actor, ref: str) -> Reported:
    """The message that a member wants to report. Raises NotFound when they do not see it, or it is their own."""
    public_id, seq = _split(ref)
    room = get_room(actor, public_id)
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq == seq)
    message = work.session().scalars(query).one_or_none()
    if message is None or message.author_id in (None, actor.id) or message.state is not MessageState.SHOWN:
        raise NotFound
    content = content_of(message)
    assert message.author_id is not None
    return Reported(message.author_id, "\n".join([content.body, *content.described.values()]).strip())


def picked_reference(room: str, seqs: Collection[int]) -> str:
    """How several messages of a conversation, near one another, are named in a report."""
    first = min(seqs)
    return f"{room}.{first}.{sum(1 << (seq - first) for seq in set(seqs)):x}"


def find_picked(actor: Actor, ref: str) -> Reported:
    """The messages of a conversation that a member picked, each as they read it, to report whoever wrote them.

    Raises NotFound for what they do not see, for rooms that are no conversations, for their own, and unless one person
    wrote all of them.
    """
    public_id, seqs = _split_picked(ref)
    room = get_room(actor, public_id)
    if room.kind not in PRIVATE:
        raise NotFound
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq.in_(seqs))
    messages = list(work.session().scalars(query.order_by(Message.seq)))
    authors = {message.author_id for message in messages}
    words = [one for one in opened(room, messages) if not one.gone]
    if len(words) < len(seqs) or len(authors) != 1 or authors & {None, actor.id}:
        raise NotFound
    contents = {message.seq: content_of(message) for message in messages}
    lines = []
    for one in words:
        said = contents[one.seq]
        whole = "\n".join(filter(None, (said.note, said.body, *said.described.values())))
        lines.append(f"{one.author.name} · {one.at:%Y-%m-%d %H:%M} UTC\n{whole}")
    (author,) = authors
    assert author is not None
    return Reported(author, "\n\n".join(lines))


def picked_for_removal(ref: str) -> list[tuple[Message, Room]]:
    """The messages that a report on a conversation encloses, for taking them away on it."""
    public_id, seqs = _split_picked(ref)
    query = select(Message, Room).join(Room, Room.id == Message.room_id).where(Room.kind.in_(PRIVATE))
    found = work.session().execute(
        query.where(Room.public_id == public_id, Message.seq.in_(seqs)).order_by(Message.seq)
    )
    return [(message, room) for message, room in found]


def around_reported(ref: str) -> list[ContextLine]:
    """A reported message with five either side, for the moderator who works on the report and has said so there.

    Of a conversation of a few they see nothing but what the reporter enclosed.
    """
    public_id, seq = _split(ref)
    room = work.session().scalars(select(Room).where(Room.public_id == public_id)).one_or_none()
    if room is None or room.kind in PRIVATE:
        return []
    near = select(Message).where(Message.room_id == room.id, Message.seq.between(seq - AROUND, seq + AROUND))
    messages = list(work.session().scalars(near.order_by(Message.seq)))
    names = names_here(room, {message.author_id for message in messages if message.author_id is not None})
    lines = []
    for message in messages:
        try:
            body, at = body_of(message)
        except Shredded:
            continue
        name = names[message.author_id][1] if message.author_id in names else ""
        is_reported = message.seq == seq
        lines.append(ContextLine(name, body, at, is_reported, versions_of(message) if is_reported else ()))
    return lines


def find_for_removal(ref: str) -> tuple[Message, Room]:
    """A message and its room, for taking it away on a report. Raises NotFound."""
    public_id, seq = _split(ref)
    query = select(Message, Room).join(Room, Room.id == Message.room_id)
    found = work.session().execute(query.where(Room.public_id == public_id, Message.seq == seq)).one_or_none()
    if found is None:
        raise NotFound
    message, room = found
    return message, room


def named_in(ref: str) -> tuple[str, list[int]]:
    """Room and numbers of what a report of either kind is about. Raises NotFound for what is none."""
    if ref.count(".") > 1:
        return _split_picked(ref)
    public_id, seq = _split(ref)
    return public_id, [seq]


def _split_picked(ref: str) -> tuple[str, list[int]]:
    """Room and numbers of a reference to several messages. Raises NotFound for what is none."""
    start, _, mask = ref.rpartition(".")
    public_id, first = _split(start)
    if not _MASK.fullmatch(mask):
        raise NotFound
    bits = int(mask, 16)
    seqs = [first + place for place in range(WINDOW) if bits >> place & 1]
    if not bits & 1 or len(seqs) > MOST_PICKED:
        raise NotFound
    return public_id, seqs


def _split(ref: str) -> tuple[str, int]:
    """Room and number of a reference. Raises NotFound for what is none, or is written in another way than ours.

    Else one message could be reported again and again, and each time stand in the queue as something new.
    """
    public_id, _, seq = ref.partition(".")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 16) or seq.startswith("0"):
        raise NotFound
    return public_id, int(seq)
