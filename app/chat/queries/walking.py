"""The statements of the search: each is made once for a kind of database and asks about many stretches of rooms at once.

What is asked goes along as one list in JSON, an *arm* for each fingerprint in each epoch, and comes back as lists of
numbers: so that one statement, always the same, walks hundreds of short stretches of an index. Each walk goes from the newest
down, ends as soon as it has a page, and never looks at more than CANDIDATES rows however many there are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.chat.models import Message, MessageState, Posting
from app.chat.queries import terms
from app.kernel import work
from app.kernel.prepared import Prepared

#: Rows of the index that one arm goes through at most.
CANDIDATES = 1000
#: How many of a word are counted at most, to guess how common it is.
SAMPLE = 200
#: No message has a higher number.
HIGHEST = 2**62

_MOST = bindparam("most", type_=BigInteger)
_SHOWN: ColumnElement[MessageState] = literal_column("'shown'")
_ARM = ("rank", "epoch", "room", "above", "below", "tail", "term", "hexed")


@dataclass(frozen=True, slots=True)
class Arm:
    """One fingerprint in one epoch, between two numbers; `others` are those that must be there too, of each pair one.

    `tail` is the number after which the room is not indexed, None where this epoch has nothing there.
    """

    rank: int
    epoch: int
    room: int
    above: int
    below: int
    tail: int | None
    term: int
    others: Sequence[tuple[int, int]] = ()

    def cells(self) -> list[Any]:
        cells = [
            self.rank,
            self.epoch,
            self.room,
            self.above,
            self.below,
            self.tail,
            self.term,
            terms.in_hex(self.term),
        ]
        for one, other in self.others:
            cells += (
                [one, None, terms.in_hex(one), None]
                if one == other
                else [
                    one,
                    other,
                    terms.in_hex(one),
                    terms.in_hex(other),
                ]
            )
        return cells


@dataclass(frozen=True, slots=True)
class Walked:
    """What an arm found, newest first, and the number at which it stopped though there was more to go through."""

    rank: int
    seqs: Sequence[int]
    stopped_at: int | None


def walk(arms: Sequence[Arm], limit: int) -> list[Walked]:
    """The newest messages that each arm finds, at most so many, of those that are shown."""
    rows = _walking(kind_of_database(), len(arms[0].others)).rows(
        {**as_asked(arm.cells() for arm in arms), "most": limit}
    )
    return [
        Walked(rank, [*_listed(tail), *_listed(indexed)], low if low > above + 1 else None)
        for rank, above, low, indexed, tail in rows
    ]


def count_some(asked: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """For each (what, epoch, term) how often it stands there, SAMPLE at most, as (what, count)."""
    return [(what, counted) for what, counted in _counting(kind_of_database()).rows(as_asked(asked))]


def first_and_last(arms: Sequence[Arm]) -> list[tuple[int, int | None, int | None]]:
    """The first and the last number that each arm finds, by its rank; None where there is none."""
    rows = _reaching(kind_of_database()).rows(as_asked(arm.cells() for arm in arms))
    return [
        (rank, _least(min, first, tail_first), _least(max, last, tail_last))
        for rank, first, last, tail_first, tail_last in rows
    ]


def _listed(found: Any) -> list[int]:
    listed: list[int] = orjson.loads(found) if isinstance(found, str) else found or []
    return listed


def _least(of: Callable[..., int], *found: int | None) -> int | None:
    known = [one for one in found if one is not None]
    return of(known) if known else None


@cache
def _walking(kind: str, others: int) -> Prepared:
    more = [f"{name}_{number}" for number in range(others) for name in ("one", "other", "one_hexed", "other_hexed")]
    asked = asked_rows(kind, (*_ARM, *more)).cte("asked").prefix_with("MATERIALIZED")
    # Where the walk ends at the latest. It is the one lower bound of what follows: SQLite walks on past a second one.
    last = _standing(asked).order_by(Posting.seq.desc()).limit(1).offset(CANDIDATES - 1).correlate(asked)
    low = func.coalesce(last.scalar_subquery(), asked.c.above + 1).label("low")
    arms = select(*asked.c, low).cte("arms").prefix_with("MATERIALIZED")
    within = (Posting.seq >= arms.c.low) & (Posting.seq < arms.c.below)
    found = select(Posting.seq).where(Posting.epoch_id == arms.c.epoch, Posting.term == arms.c.term, within)
    # The index alone is asked first, and the message itself only where all else fits: a CASE keeps to that.
    has = [_has(arms, number) for number in range(others)]
    found = found.where(case((and_(*has), _shown(arms)), else_=false()) if has else _shown(arms))
    indexed = found.order_by(Posting.seq.desc()).limit(_MOST).correlate(arms).subquery("indexed")
    late = _in_tail(kind, arms).where(*[_says(kind, arms, number) for number in range(others)])
    tail = late.order_by(Message.seq.desc()).limit(_MOST).correlate(arms).subquery("tail")
    return Prepared(
        select(
            arms.c.rank,
            arms.c.above,
            arms.c.low,
            select(_list(kind, indexed.c.seq)).correlate(arms).scalar_subquery(),
            select(_list(kind, tail.c.seq)).correlate(arms).scalar_subquery(),
        )
    )


@cache
def _counting(kind: str) -> Prepared:
    asked = asked_rows(kind, ("what", "epoch", "term")).cte("asked").prefix_with("MATERIALIZED")
    there = select(Posting.seq).where(Posting.epoch_id == asked.c.epoch, Posting.term == asked.c.term)
    some = there.limit(SAMPLE).correlate(asked).subquery("some")
    return Prepared(select(asked.c.what, select(func.count()).select_from(some).correlate(asked).scalar_subquery()))


@cache
def _reaching(kind: str) -> Prepared:
    arms = asked_rows(kind, _ARM).cte("arms").prefix_with("MATERIALIZED")
    standing, late = _standing(arms), _in_tail(kind, arms)
    return Prepared(
        select(
            arms.c.rank,
            *(
                within.with_only_columns(of(column)).correlate(arms).scalar_subquery()
                for within, column in ((standing, Posting.seq), (late, Message.seq))
                for of in (func.min, func.max)
            ),
        )
    )


def _standing(arms: CTE) -> Select[Any]:
    """What an arm finds in the index."""
    within = (Posting.seq > arms.c.above) & (Posting.seq < arms.c.below)
    return select(Posting.seq).where(Posting.epoch_id == arms.c.epoch, Posting.term == arms.c.term, within)


def _in_tail(kind: str, arms: CTE) -> Select[Any]:
    """What it finds among what was written since."""
    later = (Message.seq > arms.c.tail) & (Message.seq > arms.c.above) & (Message.seq < arms.c.below)
    here = (Message.room_id == arms.c.room) & (Message.epoch_id == arms.c.epoch)
    return select(Message.seq).where(
        here, later, Message.state == _SHOWN, _stands_in(kind, Message.terms, arms.c.hexed)
    )


# Both are asked of one candidate after the other. Of an EXISTS in their place PostgreSQL may make a join, or a table of all
# that has the other word in this week, which takes longer the more is there.


def _shown(arms: CTE) -> ColumnElement[bool]:
    message = aliased(Message)
    state = select(message.state).where(message.room_id == arms.c.room, message.seq == Posting.seq)
    return state.correlate(arms, Posting).scalar_subquery() == _SHOWN


def _has(arms: CTE, number: int) -> ColumnElement[bool]:
    """Whether a candidate has the one or the other, of which the second is mostly None."""
    ways = []
    for name in ("one", "other"):
        other = aliased(Posting)
        here = (other.epoch_id == arms.c.epoch) & (other.term == arms.c[f"{name}_{number}"])
        there = select(other.seq).where(here, other.seq == Posting.seq)
        ways.append(there.correlate(arms, Posting).scalar_subquery())
    return func.coalesce(*ways).is_not(None)


def _says(kind: str, arms: CTE, number: int) -> ColumnElement[bool]:
    return or_(*(_stands_in(kind, Message.terms, arms.c[f"{one}_hexed_{number}"]) for one in ("one", "other")))


# --- where the two databases differ -------------------------------------------------------------------------------------


def kind_of_database() -> str:
    return work.connection().dialect.name


def as_asked(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """The list that is sent along."""
    return {"asked": orjson.dumps(list(rows)).decode()}


def asked_rows(kind: str, names: Sequence[str]) -> Select[Any]:
    """The list that was sent along, as rows of these columns: numbers, and hexadecimal digits."""
    if kind == "postgresql":
        listed = func.jsonb_array_elements(cast(bindparam("asked"), JSONB)).table_valued("value").render_derived()
        cells = [type_coerce(listed.c.value, JSONB)[place].astext for place in range(len(names))]
    else:
        listed = func.json_each(bindparam("asked")).table_valued("value")
        cells = [func.json_extract(listed.c.value, f"$[{place}]") for place in range(len(names))]
    kinds = [String if "hexed" in name else BigInteger for name in names]
    if kind == "postgresql":
        cells = [cast(cell, of) for cell, of in zip(cells, kinds, strict=True)]
    columns: list[ColumnElement[Any]] = [
        type_coerce(cell, of).label(name) for cell, of, name in zip(cells, kinds, names, strict=True)
    ]
    rows: Select[Any] = select(*columns)
    return rows


def _list(kind: str, column: ColumnElement[int]) -> ColumnElement[Any]:
    return func.json_agg(column) if kind == "postgresql" else func.json_group_array(column)


def _stands_in(kind: str, column: SQLColumnExpression[bytes], hexed: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether a fingerprint is among those of a message. That digits meet across two of them will not be."""
    if kind == "postgresql":
        return func.strpos(func.encode(column, "hex"), hexed) > 0
    return func.instr(func.lower(func.hex(column)), hexed) > 0
