"""Messages, opened: what a page or a frame shows of each, with a constant number of queries for any number of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from markupsafe import Markup
from sqlalchemy import Select, select

from app.chat.models import Epoch, Message, MessageState, Topic, Version
from app.chat.queries.hanging import (
    File,
    Said,
    file_frame,
    file_shown,
    files_in,
    pinned_in,
    reactions_frame,
    reactions_in,
    said_by,
)
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import GONE, Author, names_here
from app.kernel import text, work
from app.kernel.built import built_once
from app.kernel.vault import Place, Shredded

#: Characters of a message that another one quotes.
QUOTED = 140


@dataclass(frozen=True, slots=True)
class Content:
    """What is sealed in a message: the words, when they were sent, a note above them, and what is said of each file.

    Whom it names is kept as it was then, public id and name as typed: somebody may choose another name later, and what
    was said under the old one must not lead to the new one. `reason` is left in place of words that hosts or moderators
    took away, for whoever wrote them.
    """

    body: str
    at: datetime
    note: str = ""
    named: Sequence[tuple[str, str]] = ()
    reason: str = ""
    #: Public id of an attachment, and a description of it for whoever does not see or hear it.
    described: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quote:
    """A message that another one answers, in short. Without words when it is gone, or stands behind a content note."""

    seq: int
    author: Author
    words: str


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
    #: The public id of the topic that it stands under.
    topic: str = ""
    edited: bool = False
    pinned: bool = False
    #: Public ids, in this room, of those who are named.
    mentions: Sequence[str] = ()
    files: Sequence[File] = ()
    reactions: Sequence[Said] = ()
    _frame: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def frame(self) -> dict[str, Any]:
        """As it travels to browsers. The same for everybody in the room and for its writer, so that one frame serves all."""
        if not self._frame:
            self._frame.update(self._framed())
        return self._frame

    def _framed(self) -> dict[str, Any]:
        frame: dict[str, Any] = {
            "room": self.room,
            "seq": self.seq,
            "id": self.id,
            "client_id": self.client_id,
            "author": {"id": self.author.id, "name": self.author.name},
            "html": str(self.html),
            "at": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        for name in ("gone", "note", "topic", "edited", "pinned"):
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
            frame["files"] = [file_frame(one) for one in self.files]
        if self.reactions:
            frame["reactions"] = reactions_frame(self.reactions)
        return frame


def sealed_place(public_id: str) -> Place:
    return Place("message", public_id, "sealed")


def version_place(public_id: str, number: int) -> Place:
    return Place("message_version", public_id, str(number))


def packed(content: Content) -> bytes:
    """What is sealed together. What a plain message does not have takes no room."""
    parts: list[Any] = [content.body, content.at.timestamp()]
    if content.note or content.named or content.reason or content.described:
        more = {"note": content.note, "named": content.named, "reason": content.reason}
        parts.append({**more, "described": dict(content.described)})
    return orjson.dumps(parts)


def unpacked(plain: bytes) -> Content:
    body, stamp, *more = orjson.loads(plain)
    extra = more[0] if more else {}
    named = tuple((public_id, name) for public_id, name in extra.get("named", ()))
    at = datetime.fromtimestamp(stamp, UTC)
    return Content(body, at, extra.get("note", ""), named, extra.get("reason", ""), extra.get("described", {}))


class Shown(Protocol):
    """What is asked of a message to show it: stored already, or about to be."""

    @property
    def public_id(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def state(self) -> MessageState: ...
    @property
    def topic_id(self) -> int | None: ...
    @property
    def edits(self) -> int: ...


def shown(room: RoomRef, message: Shown, author: Author, content: Content, *, topic: str = "", **hangs: Any) -> Words:
    """A message ready to be shown, with what hangs on it. `topic` is a public id."""
    is_shown = message.state is MessageState.SHOWN
    return Words(
        room.public_id,
        message.seq,
        message.public_id,
        message.client_id,
        author,
        text.render(content.body if is_shown else "", [name for _id, name in content.named]),
        content.at,
        gone="" if is_shown else message.state.value,
        topic=topic,
        **(_beside(message, content) | hangs if is_shown else {}),
    )


def _beside(message: Shown, content: Content) -> dict[str, Any]:
    """What stands beside the words, out of the message itself."""
    return {
        "note": content.note,
        "edited": bool(message.edits),
        "mentions": [public_id for public_id, _name in content.named],
    }


def opened(room: RoomRef, messages: Sequence[Message]) -> list[Words]:
    """Open messages of one room. Those whose epoch was shredded meanwhile are left out."""
    if not messages:
        return []
    quoted = _quotes(room, {message.reply_to for message in messages if message.reply_to is not None})
    contents = contents_of([*messages, *quoted.values()])
    seqs = [message.seq for message in messages]
    reactions, files, pins = reactions_in(room, seqs), files_in(room, seqs), pinned_in(room, seqs)
    people = {message.author_id for message in (*messages, *quoted.values())}
    people |= {person for by in reactions.values() for _kind, person in by}
    names = names_here(room, {person for person in people if person is not None})
    topics, lines = _topic_ids(messages), []
    for message in messages:
        content = contents.get(message.public_id)
        if content is None:
            continue
        topic = topics.get(message.topic_id, "") if message.topic_id is not None else ""
        reply = quoted.get(message.reply_to) if message.reply_to is not None else None
        hangs = {
            "reply": quote(reply, contents, names) if reply else _lost(message.reply_to),
            "files": [file_shown(one, content.described) for one in files.get(message.seq, ())],
            "reactions": said_by(reactions.get(message.seq, ()), names),
            "pinned": message.seq in pins,
        }
        lines.append(shown(room, message, _author(message.author_id, names), content, topic=topic, **hangs))
    return lines


def contents_of(messages: Collection[Message]) -> dict[str, Content]:
    """What is sealed in messages, by their public id; without those whose epoch is over."""
    vault = work.house().vault
    wanted = {message.epoch_id for message in messages}
    keys: dict[int, str] = dict(work.session().execute(*_keys(wanted)).all())
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


def files_of(room: RoomRef, seq: int, content: Content) -> list[File]:
    """The attachments of one message."""
    return [file_shown(one, content.described) for one in files_in(room, [seq]).get(seq, ())]


def body_of(message: Message) -> tuple[str, datetime]:
    """What somebody wrote, and when. Raises Shredded once its epoch is over."""
    content = content_of(message)
    return content.body, content.at


def content_of(message: Message) -> Content:
    """All that is sealed in a message. Raises Shredded once its epoch is over."""
    plain = work.house().vault.open(key_of(message), sealed_place(message.public_id), message.sealed)
    return unpacked(plain)


def versions_of(message: Message) -> list[str]:
    """What a message said before it was changed, the first words first. For whoever works on a report about it alone."""
    found, vault, key_id = work.session().execute(*_versions(message.id)).all(), work.house().vault, key_of(message)
    opened_ones = (vault.open(key_id, version_place(message.public_id, number), sealed) for number, sealed in found)
    return [unpacked(plain).body for plain in opened_ones]


def key_of(message: Message) -> str:
    """The key of the epoch that a message belongs to. Raises Shredded once that is over."""
    key_id: str | None = work.session().scalar(*_key(message.epoch_id))
    if key_id is None:
        raise Shredded
    return key_id


def _author(person: int | None, names: Mapping[int, tuple[str, str]]) -> Author:
    return Author(*names[person]) if person is not None and person in names else GONE


def _lost(seq: int | None) -> Quote | None:
    return None if seq is None else Quote(seq, GONE, "")


def _topic_ids(messages: Sequence[Message]) -> dict[int, str]:
    wanted = {message.topic_id for message in messages if message.topic_id is not None}
    if not wanted:
        return {}
    return dict(work.session().execute(*_topics(wanted)).all())


def _quotes(room: RoomRef, seqs: Collection[int]) -> dict[int, Message]:
    if not seqs:
        return {}
    return {message.seq: message for message in work.session().scalars(*_quoted(room.id, seqs))}


@built_once
def _keys(epochs: Collection[int]) -> Select[int, str]:
    return select(Epoch.id, Epoch.key_id).where(Epoch.id.in_(epochs))


@built_once
def _key(epoch: int) -> Select[str]:
    return select(Epoch.key_id).where(Epoch.id == epoch)


@built_once
def _versions(message: int) -> Select[int, bytes]:
    return select(Version.number, Version.sealed).where(Version.message_id == message).order_by(Version.number)


@built_once
def _topics(topics: Collection[int]) -> Select[int, str]:
    return select(Topic.id, Topic.public_id).where(Topic.id.in_(topics))


@built_once
def _quoted(room: int, seqs: Collection[int]) -> Select[Message]:
    return select(Message).where(Message.room_id == room, Message.seq.in_(seqs))
