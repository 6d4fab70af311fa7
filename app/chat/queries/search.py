"""Searching one's rooms by words, person and days, newest first, over messages that the database cannot read.

Each room has a key for each week, so a search asks about each (room, week) under fingerprints of its own: the newest
weeks first, a page at a time, with a bound on what one page may cost. Where a page stopped stands in a `Place`, from
which the next one goes on; nothing between is left out. Only rooms in which the actor reads are asked at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import case, or_, select
from sqlalchemy.orm import aliased

from app.chat import policy
from app.chat.models import Epoch, Message, Room
from app.chat.queries import terms
from app.chat.queries.hits import Hit, opened_hits
from app.chat.queries.walking import HIGHEST, SAMPLE, Arm, count_some, first_and_last, walk
from app.identity import queries as identity
from app.identity.models import Person, Space, SpaceName
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.limits import Budget
from app.kernel.text.stems import words_asked
from app.kernel.vault import Shredded

SEARCHING = Budget("search", "40 per minute; 400 per hour")
PAGE = 20
#: Words that one search takes.
MOST_WORDS = 6
#: Weeks of rooms that one page asks about at most, and how many of them first: they mostly fill it.
MOST_WEEKS = 400
FIRST_WEEKS = 24
#: The same where two frequent words may have to be followed for long.
DENSE_WEEKS = 4
#: Weeks in which words are counted to find the rarest.
SAMPLED = 4


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for, of which all must fit. `person` is a name as rooms know it, `room` a public id."""

    words: str = ""
    person: str = ""
    room: str = ""
    first: date | None = None
    last: date | None = None


class Place(NamedTuple):
    """Where a page stopped: the last day and the row of a week of a room, and the number in it. The next one is older."""

    last_on: date
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found, newest first, and where the search goes on further back; None when it is over."""

    hits: Sequence[Hit]
    further: Place | None


class _Week(NamedTuple):
    """A week of a room, as the search asks about it. `tail` is None where all of it is indexed."""

    epoch: int
    key_id: str
    began_on: date
    last_on: date
    room: int
    space: Space | None
    tail: int | None
    #: Between these two numbers.
    above: int = -1
    below: int = HIGHEST


#: What must be there: of each one term at least.
_Wanted = list[tuple[int, ...]]


def search(actor: Actor, asked: Search, after: Place | None = None) -> Found:
    """A page of what the actor finds in the rooms where they read. Raises TooMany.

    A room, a person or a word that is not there finds nothing, whatever the reason.
    """
    work.house().budgets.spend(SEARCHING, actor.public_id)
    forms = words_asked(asked.words)[:MOST_WORDS]
    if not (forms or asked.person or asked.first or asked.last) or (asked.words and not forms):
        return Found((), None)
    weeks, more = _weeks(actor, asked, after)
    work.house().vault.prefetch(week.key_id for week in weeks)
    people = _people(asked.person) if asked.person else None
    wanted = [(week, _wanted(week, forms, people, asked)) for week in weeks]
    open_weeks = [(week, terms) for week, terms in wanted if terms is not None]
    placed, stopped = _walk(_between_days(open_weeks, asked))
    if stopped is None and more is not None:
        stopped = more
    found = [(week.room, seq) for week, seq in placed]
    hits = opened_hits(actor, found, forms)
    return Found([hit for hit in hits if _is_in_time(hit, asked)], stopped)


def _weeks(actor: Actor, asked: Search, after: Place | None) -> tuple[list[_Week], Place | None]:
    """The weeks to ask about, newest first, and where the next ones begin."""
    mine = policy.visible_rooms(actor).join(Epoch, Epoch.room_id == Room.id)
    if actor.id is None:
        return [], None
    mine = mine.where(policy.is_present(actor.id, Room.id))
    if asked.room:
        mine = mine.where(Room.public_id == asked.room)
    if asked.first:
        mine = mine.where(Epoch.last_on >= asked.first)
    if asked.last:
        mine = mine.where(Epoch.began_on <= asked.last)
    if after:
        mine = mine.where(
            or_(Epoch.last_on < after.last_on, (Epoch.last_on == after.last_on) & (Epoch.id <= after.epoch))
        )
    newest = mine.order_by(Epoch.last_on.desc(), Epoch.id.desc()).limit(MOST_WEEKS + 1)
    columns = (Epoch.id, Epoch.key_id, Epoch.began_on, Epoch.last_on, Room.id.label("room"), Room.space)
    limits = (Room.indexed_seq, Room.last_seq)
    few = newest.with_only_columns(*columns, *limits, maintain_column_froms=True).subquery()
    late = aliased(Message)
    first_late = select(late.epoch_id).where(late.room_id == few.c.room, late.seq > few.c.indexed_seq)
    first_late = first_late.order_by(late.seq).limit(1).correlate(few)
    unindexed = case((few.c.last_seq > few.c.indexed_seq, first_late.scalar_subquery()), else_=None)
    query = select(few, unindexed).order_by(few.c.last_on.desc(), few.c.id.desc())
    weeks = []
    for epoch, key_id, began_on, last_on, room, space, indexed, _last, late_from in work.session().execute(query):
        tail = indexed if late_from is not None and epoch >= late_from else None
        below = after.seq if after and after.epoch == epoch else HIGHEST
        weeks.append(_Week(epoch, key_id, began_on, last_on, room, space, tail, below=below))
    following = weeks[MOST_WEEKS] if len(weeks) > MOST_WEEKS else None
    return weeks[:MOST_WEEKS], Place(following.last_on, following.epoch, HIGHEST) if following else None


def _people(name: str) -> dict[Space | None, int]:
    """Who goes by this name, or one that looks like it, in each space: a row number, that of nobody where there is none.

    By the usual name only who has no other one there: it would say whose that is.
    """
    index, session = identity.name_index(name), work.session()
    own = (SpaceName.person_id == Person.id) & SpaceName.name.is_not(None)
    usual = select(Person.id, SpaceName.space).outerjoin(SpaceName, own).where(Person.name_index == index)
    rows = session.execute(usual).all()
    person = rows[0][0] if rows else terms.NOBODY
    hidden_in = {space for _person, space in rows}
    found: dict[Space | None, int] = {None: person}
    found |= {space: terms.NOBODY if space in hidden_in else person for space in Space}
    named = select(SpaceName.space, SpaceName.person_id).where(
        SpaceName.name_index == index, SpaceName.name.is_not(None)
    )
    return found | dict(session.execute(named).all())


def _wanted(
    week: _Week, forms: Sequence[tuple[str, ...]], people: dict[Space | None, int] | None, asked: Search
) -> _Wanted | None:
    """The terms of what is looked for, under the key of a week; None when the week is over."""
    try:
        flat = terms.of_words(week.key_id, [form for word in forms for form in word])
        made = iter(flat)
        wanted = [tuple(next(made) for _form in word) for word in forms]
        if people is not None:
            wanted.append((terms.of_author(week.key_id, people[week.space]),))
        if not wanted:
            wanted.append(tuple(terms.of_days(week.key_id, _days(week, asked))))
    except Shredded:
        return None
    return wanted


def _days(week: _Week, asked: Search) -> list[date]:
    """The days of a week that are asked for."""
    begin, end = max(asked.first or week.began_on, week.began_on), min(asked.last or week.last_on, week.last_on)
    return [begin + timedelta(days=day) for day in range((end - begin).days + 1)]


def _between_days(weeks: list[tuple[_Week, _Wanted]], asked: Search) -> list[tuple[_Week, _Wanted]]:
    """The same, each week only from the first to the last message of the days that are asked for."""
    cut: dict[int, tuple[int, int]] = {}
    arms = []
    for rank, (week, _wanted) in enumerate(weeks):
        days = _days(week, asked)
        if len(days) <= (week.last_on - week.began_on).days:
            made = terms.of_days(week.key_id, days)
            arms += [Arm(rank, week.epoch, week.room, week.above, week.below, week.tail, term) for term in made]
            cut[rank] = (HIGHEST, -1)
    if not arms:
        return weeks
    for rank, first, last in first_and_last(arms):
        if first is not None and last is not None:
            low, high = cut[rank]
            cut[rank] = (min(low, first - 1), max(high, last + 1))
    found = []
    for rank, (week, wanted) in enumerate(weeks):
        above, below = cut.get(rank, (week.above, week.below))
        if above < below:
            found.append((week._replace(above=max(week.above, above), below=min(week.below, below)), wanted))
    return found


def _walk(weeks: list[tuple[_Week, _Wanted]]) -> tuple[list[tuple[_Week, int]], Place | None]:
    """The newest messages that fit, a page of them at most, and where it stopped though there may be more."""
    if not weeks:
        return [], None
    first, is_dense = _rarest(weeks)
    chunks = [weeks[:DENSE_WEEKS]] if is_dense else [weeks[:FIRST_WEEKS], weeks[FIRST_WEEKS:]]
    found: list[tuple[_Week, int]] = []
    for chunk in chunks:
        for (week, _wanted), (seqs, stopped_at) in zip(chunk, _walked(chunk, first), strict=True):
            for seq in seqs:
                if stopped_at is None or seq >= stopped_at:
                    if len(found) == PAGE:
                        last, before = found[-1]
                        return found, Place(last.last_on, last.epoch, before)
                    found.append((week, seq))
            if stopped_at is not None:
                return found, Place(week.last_on, week.epoch, stopped_at)
    if is_dense and len(weeks) > DENSE_WEEKS:
        following = weeks[DENSE_WEEKS][0]
        return found, Place(following.last_on, following.epoch, HIGHEST)
    return found, None


def _walked(weeks: list[tuple[_Week, _Wanted]], first: int) -> list[tuple[list[int], int | None]]:
    """What each week holds, newest first, and where the walk through it stopped. `first` is what leads."""
    arms = []
    for rank, (week, wanted) in enumerate(weeks):
        others = [(one[0], one[-1]) for place, one in enumerate(wanted) if place != first]
        arms += [
            Arm(rank, week.epoch, week.room, week.above, week.below, week.tail, term, others) for term in wanted[first]
        ]
    if not arms:
        return []
    seqs: list[set[int]] = [set() for _week in weeks]
    stops: list[int | None] = [None] * len(weeks)
    for walked in walk(arms, PAGE + 1):
        seqs[walked.rank].update(walked.seqs)
        if walked.stopped_at is not None:
            stops[walked.rank] = max(walked.stopped_at, stops[walked.rank] or 0)
    return [(sorted(there, reverse=True), stop) for there, stop in zip(seqs, stops, strict=True)]


def _rarest(weeks: list[tuple[_Week, _Wanted]]) -> tuple[int, bool]:
    """Which of what is wanted leads: one that has it is asked for the others. And whether even that is frequent.

    It is counted in a few weeks alone. That decides about the way, never about what is found.
    """
    several = len(weeks[0][1])
    if several < 2:
        return 0, False
    sampled = weeks[:SAMPLED]
    asked = [(place, week.epoch, term) for week, wanted in sampled for place, one in enumerate(wanted) for term in one]
    counted = [0] * several
    for place, found in count_some(asked):
        counted[place] += found
    rarest = min(range(several), key=lambda place: counted[place])
    return rarest, counted[rarest] >= SAMPLE


def _is_in_time(hit: Hit, asked: Search) -> bool:
    """Between two messages of the days that are asked for may stand one of another day, sent at midnight."""
    day = hit.at.date()
    return (asked.first is None or day >= asked.first) and (asked.last is None or day <= asked.last)
