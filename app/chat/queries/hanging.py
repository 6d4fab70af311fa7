"""What hangs on messages: who said what to them, their files, whether they are pinned. For any number of them at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from app.chat.models import Attachment, AttachmentKind, Pin, Reaction, ReactionKind
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import Author, names_here
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once

#: Of those who said the same thing to a message so many are named; the others are "others", never a number.
NAMED_OF_SAID = 3


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
    """The first who said one of the five things to a message, in that order, and whether there are others."""

    kind: ReactionKind
    by: Sequence[Author]
    others: bool = False


def reactions_frame(reactions: Sequence[Said]) -> list[dict[str, Any]]:
    """Who said what to a message, as it travels."""
    return [
        {
            "kind": said.kind.value,
            "by": [{"id": one.id, "name": one.name} for one in said.by],
            **({"others": True} if said.others else {}),
        }
        for said in reactions
    ]


def file_frame(one: File) -> dict[str, Any]:
    """An attachment, as it travels."""
    return {
        "id": one.id,
        "kind": one.kind.value,
        "size": one.size,
        "width": one.width,
        "height": one.height,
        "length": one.length,
        "described": one.described,
    }


def reactions_to(room: RoomRef, seq: int) -> list[Said]:
    """Who said what to one message."""
    rows = reactions_in(room, [seq]).get(seq, [])
    return said_by(rows, names_here(room, {person for _kind, person in rows}))


def reactions_in(room: RoomRef, seqs: Sequence[int]) -> dict[int, list[tuple[ReactionKind, int]]]:
    """The first who reacted to each message in each way, and one more where there are others."""
    found: dict[int, list[tuple[ReactionKind, int]]] = {}
    for seq, kind, person in work.session().execute(*_reactions(room.id, seqs)):
        found.setdefault(seq, []).append((kind, person))
    return found


def said_by(rows: Sequence[tuple[ReactionKind, int]], names: Mapping[int, tuple[str, str]]) -> list[Said]:
    """The same by kind, with names, for one message."""
    if not rows:
        return []
    by: dict[ReactionKind, list[Author]] = {}
    for kind, person in rows:
        if person in names:
            by.setdefault(kind, []).append(Author(*names[person]))
    return [Said(kind, by[kind][:NAMED_OF_SAID], len(by[kind]) > NAMED_OF_SAID) for kind in ReactionKind if kind in by]


def files_in(room: RoomRef, seqs: Sequence[int]) -> dict[int, list[Attachment]]:
    """The attachments of each message."""
    found: dict[int, list[Attachment]] = {}
    for one in work.session().scalars(*_files(room.id, seqs)):
        assert one.seq is not None
        found.setdefault(one.seq, []).append(one)
    return found


def file_shown(one: Attachment, described: Mapping[str, str]) -> File:
    """An attachment, with what its author says of it."""
    return File(one.public_id, one.kind, one.size, one.width, one.height, one.length, described.get(one.public_id, ""))


def pinned_in(room: RoomRef, seqs: Sequence[int]) -> set[int]:
    """Which of the messages are pinned."""
    return set(work.session().scalars(*_pins(room.id, seqs)))


def my_reactions(actor: Actor, room: RoomRef, seqs: Sequence[int]) -> dict[int, set[ReactionKind]]:
    """What the actor said to each of these messages."""
    mine: dict[int, set[ReactionKind]] = {}
    if seqs:
        for seq, kind in work.session().execute(*_mine(actor, room.id, seqs)):
            mine.setdefault(seq, set()).add(kind)
    return mine


@built_once
def _reactions(room: int, seqs: Collection[int]) -> Select[int, ReactionKind, int]:
    place = func.row_number().over(partition_by=(Reaction.seq, Reaction.kind), order_by=Reaction.id).label("place")
    first = (
        select(Reaction.id, Reaction.seq, Reaction.kind, Reaction.person_id, place)
        .where(Reaction.room_id == room, Reaction.seq.in_(seqs))
        .subquery()
    )
    query = select(first.c.seq, first.c.kind, first.c.person_id).where(first.c.place <= NAMED_OF_SAID + 1)
    return query.order_by(first.c.id)


@built_once
def _files(room: int, seqs: Collection[int]) -> Select[Attachment]:
    return select(Attachment).where(Attachment.room_id == room, Attachment.seq.in_(seqs)).order_by(Attachment.id)


@built_once
def _pins(room: int, seqs: Collection[int]) -> Select[int]:
    return select(Pin.seq).where(Pin.room_id == room, Pin.seq.in_(seqs))


@built_once
def _mine(actor: Actor, room: int, seqs: Collection[int]) -> Select[int, ReactionKind]:
    return select(Reaction.seq, Reaction.kind).where(
        Reaction.room_id == room, Reaction.person_id == actor.id, Reaction.seq.in_(seqs)
    )
