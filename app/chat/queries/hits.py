"""What a search found, opened for whoever searches: where it stands, who wrote it, and the words around what was found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import Select

from app.chat import policy
from app.chat.models import PRIVATE, Message, MessageState, Room
from app.chat.queries.naming import GONE, Author, names_here
from app.chat.queries.opening import Content, sealed_place, unpacked
from app.chat.queries.rooms import called_by
from app.chat.queries.walking import as_asked, asked_rows, kind_of_database
from app.identity.models import Space
from app.kernel import text, work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.text.stems import found_in
from app.kernel.vault import Shredded

#: Characters of a message that are shown, and how many of them before the first word that was found.
SHOWN = 200
BEFORE = 60


class Placed(NamedTuple):
    """Where a message stands that was found: the row of its room, its number, and the key of its week."""

    room: int
    seq: int
    key_id: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found. `parts` are its words around what was found, each with whether it is one of those.

    Of one behind a content note only the note.
    """

    room: Room
    with_names: Sequence[str]
    title: str
    seq: int
    at: datetime
    author: Author
    note: str
    parts: Sequence[tuple[str, bool]]


def opened_hits(actor: Actor, placed: Sequence[Placed], forms: Sequence[tuple[str, ...]]) -> list[Hit]:
    """What was found, opened, newest first, with a constant number of queries."""
    if not placed:
        return []
    kind = kind_of_database()
    statement, values = _there(actor, on_postgresql=kind == "postgresql")
    messages = work.connection().execute(statement, {**values, **as_asked(one[:2] for one in placed)}).all()
    rooms = {room.id: room for room in work.session().scalars(*_rooms(actor, {row.room_id for row in messages}))}
    called = called_by(actor, [room for room in rooms.values() if room.kind in PRIVATE])
    names = _names([(rooms[row.room_id], row.author_id) for row in messages if row.room_id in rooms])
    keys = {(one.room, one.seq): one.key_id for one in placed}
    wanted = {form for word in forms for form in word}
    hits = []
    for room_id, seq, public_id, author_id, sealed in messages:
        room, content = rooms.get(room_id), _content(keys[room_id, seq], public_id, sealed)
        if room is None or content is None:
            continue
        known = names[room.space].get(author_id or 0)
        with_names, title = called.get(room.id, ((), ""))
        author = Author(*known) if known else GONE
        parts = () if content.note else excerpt(content.body, wanted)
        hits.append(Hit(room, with_names, title, seq, content.at, author, content.note, parts))
    hits.sort(key=lambda hit: hit.at, reverse=True)
    return hits


@built_once
def _there(actor: Actor, on_postgresql: bool) -> Select[int, int, str, int | None, bytes]:
    """Of the (room, number) that are sent along those that the actor sees."""
    asked = asked_rows("postgresql" if on_postgresql else "sqlite", ("room", "seq")).cte("asked")
    asked = asked.prefix_with("MATERIALIZED")
    here = (Message.room_id == asked.c.room) & (Message.seq == asked.c.seq)
    seen = policy.visible_messages(actor).join(asked, here).where(Message.state == MessageState.SHOWN)
    columns = (Message.room_id, Message.seq, Message.public_id, Message.author_id, Message.sealed)
    return seen.with_only_columns(*columns, maintain_column_froms=True)


@built_once
def _rooms(actor: Actor, rooms: Collection[int]) -> Select[Room]:
    return policy.visible_rooms(actor).where(Room.id.in_(rooms))


def _content(key_id: str, public_id: str, sealed: bytes) -> Content | None:
    """What is sealed in a message; None when its epoch is over."""
    try:
        return unpacked(work.house().vault.open(key_id, sealed_place(public_id), sealed))
    except Shredded:
        return None


def _names(found: Sequence[tuple[Room, int | None]]) -> dict[Space | None, dict[int, tuple[str, str]]]:
    """Names of those who wrote, as they are known in each kind of room."""
    there: dict[Space | None, tuple[Room, set[int]]] = {}
    for room, author_id in found:
        people = there.setdefault(room.space, (room, set()))[1]
        if author_id is not None:
            people.add(author_id)
    return {space: names_here(room, people) for space, (room, people) in there.items()}


def excerpt(body: str, forms: set[str]) -> list[tuple[str, bool]]:
    """The words around the first that have one of these forms, in parts, each with whether it is such a word."""
    line = text.plain(body, len(body) + 1)
    spans = found_in(line, forms) if forms else iter(())
    first = next(spans, None)
    start = _word_before(line, first[0] - BEFORE) if first and first[0] > BEFORE else 0
    end = len(line) if len(line) - start <= SHOWN else line.rfind(" ", start + SHOWN // 2, start + SHOWN)
    end = end if end > start else start + SHOWN
    parts, place = [("… ", False)] if start else [], start
    for begin, stop in (first, *takewhile(lambda span: span[1] <= end, spans)) if first else ():
        if begin >= place and stop <= end:
            parts += [(line[place:begin], False), (line[begin:stop], True)]
            place = stop
    parts.append((line[place:end] + (" …" if end < len(line) else ""), False))
    return [part for part in parts if part[0]]


def _word_before(line: str, place: int) -> int:
    """Where a word begins, not far before a place."""
    return line.rfind(" ", 0, place) + 1
