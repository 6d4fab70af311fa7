"""What a search found, opened for whoever searches: where it stands, who wrote it, and the words around what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_

from app.chat import policy
from app.chat.models import PRIVATE, Message, MessageState, Room
from app.chat.queries.naming import GONE, Author, names_here
from app.chat.queries.opening import contents_of
from app.chat.queries.rooms import called_by
from app.identity.models import Space
from app.kernel import text, work
from app.kernel.actor import Actor
from app.kernel.text.stems import found_in

#: Characters of a message that are shown, and how many of them before the first word that was found.
SHOWN = 200
BEFORE = 60


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


def opened_hits(actor: Actor, placed: Sequence[tuple[int, int]], forms: Sequence[tuple[str, ...]]) -> list[Hit]:
    """What was found (row of the room, number), opened, newest first, with a constant number of queries."""
    if not placed:
        return []
    session = work.session()
    by_room: dict[int, list[int]] = {}
    for room_id, seq in placed:
        by_room.setdefault(room_id, []).append(seq)
    # Room by room: SQLite reads the whole table for pairs.
    there = [(Message.room_id == room_id) & Message.seq.in_(seqs) for room_id, seqs in by_room.items()]
    query = policy.visible_messages(actor).where(or_(*there))
    messages = list(session.scalars(query.where(Message.state == MessageState.SHOWN)))
    contents = contents_of(messages)
    here = policy.visible_rooms(actor).where(Room.id.in_({message.room_id for message in messages}))
    rooms = {room.id: room for room in session.scalars(here)}
    called = called_by(actor, [room for room in rooms.values() if room.kind in PRIVATE])
    names = _names([(rooms[message.room_id], message) for message in messages if message.room_id in rooms])
    wanted = {form for word in forms for form in word}
    hits = []
    for message in messages:
        room, content = rooms.get(message.room_id), contents.get(message.public_id)
        if room is None or content is None:
            continue
        known = names[room.space].get(message.author_id or 0)
        with_names, title = called.get(room.id, ((), ""))
        author = Author(*known) if known else GONE
        parts = () if content.note else excerpt(content.body, wanted)
        hits.append(Hit(room, with_names, title, message.seq, content.at, author, content.note, parts))
    hits.sort(key=lambda hit: hit.at, reverse=True)
    return hits


def _names(found: Sequence[tuple[Room, Message]]) -> dict[Space | None, dict[int, tuple[str, str]]]:
    """Names of those who wrote, as they are known in each kind of room."""
    there: dict[Space | None, tuple[Room, set[int]]] = {}
    for room, message in found:
        people = there.setdefault(room.space, (room, set()))[1]
        if message.author_id is not None:
            people.add(message.author_id)
    return {space: names_here(room, people) for space, (room, people) in there.items()}


def excerpt(body: str, forms: set[str]) -> list[tuple[str, bool]]:
    """The words around the first that have one of these forms, in parts, each with whether it is such a word."""
    line = text.plain(body, len(body) + 1)
    spans = list(found_in(line, forms)) if forms else []
    start = _word_before(line, spans[0][0] - BEFORE) if spans and spans[0][0] > BEFORE else 0
    end = len(line) if len(line) - start <= SHOWN else line.rfind(" ", start + SHOWN // 2, start + SHOWN)
    end = end if end > start else start + SHOWN
    parts, place = [("… ", False)] if start else [], start
    for begin, stop in spans:
        if begin >= place and stop <= end:
            parts += [(line[place:begin], False), (line[begin:stop], True)]
            place = stop
    parts.append((line[place:end] + (" …" if end < len(line) else ""), False))
    return [part for part in parts if part[0]]


def _word_before(line: str, place: int) -> int:
    """Where a word begins, not far before a place."""
    return line.rfind(" ", 0, place) + 1
