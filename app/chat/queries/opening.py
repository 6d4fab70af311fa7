"""Messages, opened: what a page or a frame shows of each, with a constant number of queries for any number of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from markupsafe import Markup
from sqlalchemy import select

from app.chat.models import (
    Attachment,
    AttachmentKind,
    Epoch,
    Mention,
    Message,
    MessageState,
    Pin,
    Reaction,
    ReactionKind,
)
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import GONE, Author, names_here
from app.kernel import text, work
from app.kernel.vault import Place, Shredded

#: Characters of a message that another one quotes.
QUOTED = 140


@dataclass(frozen=True, slots=True)
class Content:
    """What is sealed in a message: the words, when they were sent, a note above them, and what is said of each file."""

    body: str
    at: datetime
    note: str = ""
    #: Public id of an attachment, and a description of it for whoever does not see or hear it.
    described: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """A message that another one answers, in short. Without words when it is gone, or stands behind a content note."""

    seq: int
    author: Author
    words: str


@dataclass(frozen=True, slots=True)
class File:
    """An attachment, as it stands in a message. `length` is seconds of sound or pages of a document."""

    id: str
    kind: AttachmentKind
    size: int
    width: int
    height: int
    length: int
    described: str


@dataclass(frozen=True, slots=True)
class Said:
    """Who said one of the five things to a message, in the order in which they said it."""

    kind: ReactionKind
    by: Sequence[Author]


@dataclass(frozen=True, slots=True)
class Words:
    """A message, opened: what a page or a frame may show of it. `gone` says by whom or what its words were taken away."""

    room: str
    seq: int
    id: str
    client_id: str
    author: Author
    html: Markup
    at: datetime
    gone: str = ""
    note: str = ""
    reply: Quote | None = None
    topic: int | None = None
    edited: bool = False
    pinned: bool = False
    #: Public ids, in this room, of those who are named.
    mentions: Sequence[str] = ()
    files: Sequence[File] = ()
    reactions: Sequence[Said] = ()

    def frame(self) -> dict[str, Any]:
        """As it travels to browsers. The same for everybody in the room, so that one frame serves all."""
        frame: dict[str, Any] = {
            "room": self.room,
            "seq": self.seq,
            "id": self.id,
            "client_id": self.client_id,
            "author": {"id": self.author.id, "name": self.author.name},
            "html": str(self.html),
            "at": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        for name in ("gone", "note", "edited", "pinned"):
            if value := getattr(self, name):
                frame[name] = value
        if self.reply:
            frame["reply"] = {
                "seq": self.reply.seq,
                "author": {"id": self.reply.author.id, "name": self.reply.author.name},
                "words": self.reply.words,
            }
        if self.mentions:
            frame["mentions"] = list(self.mentions)
        if self.files:
            frame["files"] = [_file_frame(one) for one in self.files]
        if self.reactions:
            frame["reactions"] = reactions_frame(self.reactions)
        return frame


def reactions_frame(reactions: Sequence[Said]) -> list[dict[str, Any]]:
    """Who said what to a message, as it travels."""
    return [
        {"kind": said.kind.value, "by": [{"id": one.id, "name": one.name} for one in said.by]} for said in reactions
    ]


def _file_frame(one: File) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "size": one.size,
        "width": one.width,
        "height": one.height,
        "length": one.length,
        "described": one.described,
    }


def sealed_place(public_id: str) -> Place:
    return Place("message", public_id, "sealed")


def version_place(public_id: str, number: int) -> Place:
    return Place("message_version", public_id, str(number))


def packed(content: Content) -> bytes:
    """What is sealed together. What a plain message does not have takes no room."""
    parts: list[Any] = [content.body, content.at.timestamp()]
    if content.note or content.described:
        parts.append({"note": content.note, "described": dict(content.described)})
    return orjson.dumps(parts)


def unpacked(plain: bytes) -> Content:
    body, stamp, *more = orjson.loads(plain)
    extra = more[0] if more else {}
    return Content(body, datetime.fromtimestamp(stamp, UTC), extra.get("note", ""), extra.get("described", {}))


def shown(room: RoomRef, message: Message, author: Author, content: Content, **hangs: Any) -> Words:
    """A message ready to be shown, with what hangs on it."""
    is_shown = message.state is MessageState.SHOWN
    return Words(
        room.public_id,
        message.seq,
        message.public_id,
        message.client_id,
        author,
        text.render(content.body) if is_shown and content.body else Markup(""),
        content.at,
        gone="" if is_shown else message.state.value,
        topic=message.topic_id,
        **({"note": content.note, "edited": bool(message.edits), **hangs} if is_shown else {}),
    )


def opened(room: RoomRef, messages: Sequence[Message]) -> list[Words]:
    """Open messages of one room. Those whose epoch was shredded meanwhile are left out."""
    if not messages:
        return []
    quoted = _quoted(room, {message.reply_to for message in messages if message.reply_to is not None})
    contents = contents_of([*messages, *quoted.values()])
    seqs = [message.seq for message in messages]
    reactions, mentions = _reactions(room, seqs), _mentions(room, seqs)
    files, pins = _files(room, seqs), _pins(room, seqs)
    people = {message.author_id for message in (*messages, *quoted.values())}
    people |= {person for by in reactions.values() for _kind, person in by}
    people |= {person for named in mentions.values() for person in named}
    names = names_here(room, {person for person in people if person is not None})
    lines = []
    for message in messages:
        content = contents.get(message.public_id)
        if content is None:
            continue
        reply = quoted.get(message.reply_to) if message.reply_to is not None else None
        hangs = {
            "reply": quote(reply, contents, names) if reply else _lost(message.reply_to),
            "mentions": [names[person][0] for person in mentions.get(message.seq, ()) if person in names],
            "files": [_file(one, content) for one in files.get(message.seq, ())],
            "reactions": _said(reactions.get(message.seq, ()), names),
            "pinned": message.seq in pins,
        }
        lines.append(shown(room, message, _author(message.author_id, names), content, **hangs))
    return lines


def contents_of(messages: Collection[Message]) -> dict[str, Content]:
    """What is sealed in messages, by their public id; without those whose epoch is over."""
    vault = work.house().vault
    wanted = {message.epoch_id for message in messages}
    keys = dict(work.session().execute(select(Epoch.id, Epoch.key_id).where(Epoch.id.in_(wanted))).all())
    vault.prefetch(keys.values())
    contents = {}
    for message in messages:
        try:
            plain = vault.open(keys[message.epoch_id], sealed_place(message.public_id), message.sealed)
        except (Shredded, KeyError):
            continue
        contents[message.public_id] = unpacked(plain)
    return contents


def quote(message: Message, contents: Mapping[str, Content], names: Mapping[int, tuple[str, str]]) -> Quote:
    """A message in short, for one that answers it."""
    content = contents.get(message.public_id)
    author = _author(message.author_id, names)
    if content is None or message.state is not MessageState.SHOWN or content.note:
        return Quote(message.seq, author, "")
    return Quote(message.seq, author, text.plain(content.body, QUOTED))


def reactions_to(room: RoomRef, seq: int) -> list[Said]:
    """Who said what to one message."""
    rows = _reactions(room, [seq]).get(seq, [])
    return _said(rows, names_here(room, {person for _kind, person in rows}))


def files_of(room: RoomRef, seq: int, content: Content) -> list[File]:
    """The attachments of one message."""
    return [_file(one, content) for one in _files(room, [seq]).get(seq, ())]


def body_of(message: Message) -> tuple[str, datetime]:
    """What somebody wrote, and when. Raises Shredded once its epoch is over."""
    content = content_of(message)
    return content.body, content.at


def content_of(message: Message) -> Content:
    """All that is sealed in a message. Raises Shredded once its epoch is over."""
    plain = work.house().vault.open(key_of(message), sealed_place(message.public_id), message.sealed)
    return unpacked(plain)


def key_of(message: Message) -> str:
    """The key of the epoch that a message belongs to. Raises Shredded once that is over."""
    key_id = work.session().scalars(select(Epoch.key_id).where(Epoch.id == message.epoch_id)).one_or_none()
    if key_id is None:
        raise Shredded
    return key_id


def _author(person: int | None, names: Mapping[int, tuple[str, str]]) -> Author:
    return Author(*names[person]) if person is not None and person in names else GONE


def _lost(seq: int | None) -> Quote | None:
    return None if seq is None else Quote(seq, GONE, "")


def _quoted(room: RoomRef, seqs: Collection[int]) -> dict[int, Message]:
    if not seqs:
        return {}
    query = select(Message).where(Message.room_id == room.id, Message.seq.in_(seqs))
    return {message.seq: message for message in work.session().scalars(query)}


def _reactions(room: RoomRef, seqs: Sequence[int]) -> dict[int, list[tuple[ReactionKind, int]]]:
    query = select(Reaction.seq, Reaction.kind, Reaction.person_id).where(
        Reaction.room_id == room.id, Reaction.seq.in_(seqs)
    )
    found: dict[int, list[tuple[ReactionKind, int]]] = {}
    for seq, kind, person in work.session().execute(query.order_by(Reaction.id)):
        found.setdefault(seq, []).append((kind, person))
    return found


def _said(rows: Sequence[tuple[ReactionKind, int]], names: Mapping[int, tuple[str, str]]) -> list[Said]:
    by: dict[ReactionKind, list[Author]] = {}
    for kind, person in rows:
        if person in names:
            by.setdefault(kind, []).append(Author(*names[person]))
    return [Said(kind, by[kind]) for kind in ReactionKind if kind in by]


def _mentions(room: RoomRef, seqs: Sequence[int]) -> dict[int, list[int]]:
    query = select(Mention.seq, Mention.person_id).where(Mention.room_id == room.id, Mention.seq.in_(seqs))
    found: dict[int, list[int]] = {}
    for seq, person in work.session().execute(query.order_by(Mention.id)):
        found.setdefault(seq, []).append(person)
    return found


def _files(room: RoomRef, seqs: Sequence[int]) -> dict[int, list[Attachment]]:
    query = select(Attachment).where(Attachment.room_id == room.id, Attachment.seq.in_(seqs)).order_by(Attachment.id)
    found: dict[int, list[Attachment]] = {}
    for one in work.session().scalars(query):
        assert one.seq is not None
        found.setdefault(one.seq, []).append(one)
    return found


def _file(one: Attachment, content: Content) -> File:
    described = content.described.get(one.public_id, "")
    return File(one.public_id, one.kind, one.size, one.width, one.height, one.length, described)


def _pins(room: RoomRef, seqs: Sequence[int]) -> set[int]:
    return set(work.session().scalars(select(Pin.seq).where(Pin.room_id == room.id, Pin.seq.in_(seqs))))
