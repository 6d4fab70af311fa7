"""Searching one's rooms by words, person and days, newest first, over messages that the database cannot read.

Each room has a key for each week, so a search asks about each (room, week) under fingerprints of its own: the newest
weeks first, a few of them at a time until there is a page, with a bound on what one page may cost. Where a page stopped
stands in a `Place`, from which the next one goes on; nothing between is left out. Only rooms in which the actor reads
are asked at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, case, false, or_, select, true, union_all
from sqlalchemy.orm import aliased

from app.chat import policy
from app.chat.models import Epoch, Message, Room, RoomMember
from app.chat.queries import terms
from app.chat.queries.hits import Hit, Placed, opened_hits
from app.chat.queries.walking import HIGHEST, SAMPLE, Arm, count_some, first_and_last, walk
from app.identity import queries as identity
from app.identity.models import Person, Space, SpaceName
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.limits import Budget
from app.kernel.text.stems import words_asked
from app.kernel.vault import Shredded

SEARCHING = Budget("search", "40 per minute; 400 per hour")
PAGE = 20
#: Words that one search takes.
MOST_WORDS = 6
#: Weeks of rooms that one page asks about at most. In a busy room the first few have a page of what is frequent, in twenty
#: rooms the newest of each: so it is the page that says what a search costs, and not how much is there.
MOST_WEEKS = 400
FIRST_WEEKS = 24
FEW_WEEKS = 2
#: The same where two frequent words may have to be followed for long: that in one alone, and how many at most.
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


class _Wish(NamedTuple):
    """What is looked for, before it has a term: the forms of each word, and who, in each space."""

    forms: Sequence[tuple[str, ...]]
    people: dict[Space | None, int] | None
    asked: Search


def search(actor: Actor, asked: Search, after: Place | None = None) -> Found:
    """A page of what the actor finds in the rooms where they read. Raises TooMany.

    A room, a person or a word that is not there finds nothing, whatever the reason.
    """
    work.house().budgets.spend(SEARCHING, actor.public_id)
    forms = words_asked(asked.words)[:MOST_WORDS]
    is_empty = not (forms or asked.person or asked.first or asked.last) or (asked.words and not forms)
    if is_empty or actor.id is None:
        return Found((), None)
    wish = _Wish(forms, _known_as(asked.person) if asked.person else None, asked)
    found: list[tuple[_Week, int]] = []
    weeks, further = _weeks(actor, asked, after, FIRST_WEEKS)
    stopped = _walk(found, weeks, FEW_WEEKS, wish)
    if stopped is None and further is not None:
        weeks, further = _weeks(actor, asked, further, MOST_WEEKS)
        stopped = _walk(found, weeks, MOST_WEEKS, wish)
    hits = opened_hits(actor, [Placed(week.room, seq, week.key_id) for week, seq in found], forms)
    return Found([hit for hit in hits if _is_in_time(hit, asked)], stopped or further)


def _weeks(actor: Actor, asked: Search, after: Place | None, most: int) -> tuple[list[_Week], Place | None]:
    """The next weeks to ask about, newest first, and where those after them begin."""
    query = _newest(
        actor,
        most + 1,
        room=asked.room or None,
        first=asked.first,
        last=asked.last,
        after_last_on=after.last_on if after else None,
        after_epoch=after.epoch if after else None,
    )
    weeks = []
    for number, key_id, began, ended, room, space, indexed, _last, late_from in work.connection().execute(*query):
        tail = indexed if late_from is not None and number >= late_from else None
        below = after.seq if after and after.epoch == number else HIGHEST
        weeks.append(_Week(number, key_id, began, ended, room, space, tail, below=below))
    following = weeks[most] if len(weeks) > most else None
    return weeks[:most], Place(following.last_on, following.epoch, HIGHEST) if following else None


@built_once
def _newest(
    actor: Actor,
    most: int,
    *,
    room: str | None,
    first: date | None,
    last: date | None,
    after_last_on: date | None,
    after_epoch: int | None,
) -> Select[Any]:
    """The newest weeks of rooms where the actor reads, each with the first week of its room that has unindexed messages."""
    # Rooms first: however many there are in which somebody is not, nothing of those is read.
    theirs = select(RoomMember.room_id).where(RoomMember.person_id == actor.person_id)
    mine = policy.visible_rooms(actor).where(Room.id.in_(theirs), policy.is_present(actor.person_id, Room.id))
    if room is not None:
        mine = mine.where(Room.public_id == room)
    columns = (Room.id, Room.space, Room.indexed_seq, Room.last_seq)
    there = mine.with_only_columns(*columns).cte("there").prefix_with("MATERIALIZED")
    weeks = select(Epoch.id, Epoch.key_id, Epoch.began_on, Epoch.last_on, there.c.id.label("room"), *list(there.c)[1:])
    weeks = weeks.join(there, Epoch.room_id == there.c.id)
    if first is not None:
        weeks = weeks.where(Epoch.last_on >= first)
    if last is not None:
        weeks = weeks.where(Epoch.began_on <= last)
    if after_last_on is not None:
        same_day = (Epoch.last_on == after_last_on) & (Epoch.id <= after_epoch)
        weeks = weeks.where(or_(Epoch.last_on < after_last_on, same_day))
    few = weeks.order_by(Epoch.last_on.desc(), Epoch.id.desc()).limit(most).subquery()
    late = aliased(Message)
    first_late = select(late.epoch_id).where(late.room_id == few.c.room, late.seq > few.c.indexed_seq)
    first_late = first_late.order_by(late.seq).limit(1).correlate(few)
    unindexed = case((few.c.last_seq > few.c.indexed_seq, first_late.scalar_subquery()), else_=None)
    return select(few, unindexed).order_by(few.c.last_on.desc(), few.c.id.desc())


def _known_as(name: str) -> dict[Space | None, int]:
    """Who goes by this name, or one that looks like it, in each space: a row number, that of nobody where there is none.

    By the usual name only who has no other one there: it would say whose that is.
    """
    rows = work.connection().execute(*_people(identity.name_index(name))).all()
    usual = [(person, space) for is_usual, person, space in rows if is_usual]
    person = usual[0][0] if usual else terms.NOBODY
    hidden_in = {space for _person, space in usual}
    found: dict[Space | None, int] = {None: person}
    found |= {space: terms.NOBODY if space in hidden_in else person for space in Space}
    return found | {space: person for is_usual, person, space in rows if not is_usual}


@built_once
def _people(index: bytes) -> CompoundSelect[bool, int, Space]:
    """Who has this name as their usual one, with each space where they have one of their own; and who has it in a space."""
    own = (SpaceName.person_id == Person.id) & SpaceName.name.is_not(None)
    usual = select(true(), Person.id, SpaceName.space).outerjoin(SpaceName, own).where(Person.name_index == index)
    there = select(false(), SpaceName.person_id, SpaceName.space)
    return union_all(usual, there.where(SpaceName.name_index == index, SpaceName.name.is_not(None)))


def _under_keys(weeks: Sequence[_Week], wish: _Wish) -> list[tuple[_Week, _Wanted]]:
    """The same weeks with what is looked for under the key of each, and between what numbers, without those that are over."""
    work.house().vault.prefetch(week.key_id for week in weeks)
    wanted = [(week, _wanted(week, wish)) for week in weeks]
    left = [(week, terms) for week, terms in wanted if terms is not None]
    # Where a day is all that is looked for, its own fingerprint says it.
    return _between_days(left, wish.asked) if wish.forms or wish.people is not None else left


def _wanted(week: _Week, wish: _Wish) -> _Wanted | None:
    """The terms of what is looked for, under the key of a week; None when the week is over."""
    try:
        flat = iter(terms.of_words(week.key_id, [form for word in wish.forms for form in word]))
        wanted = [tuple(next(flat) for _form in word) for word in wish.forms]
        if wish.people is not None:
            wanted.append((terms.of_author(week.key_id, wish.people[week.space]),))
        if not wanted:
            wanted.append(tuple(terms.of_days(week.key_id, _days(week, wish.asked))))
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


def _walk(found: list[tuple[_Week, int]], weeks: list[_Week], few: int, wish: _Wish) -> Place | None:
    """Add the newest messages that fit until there is a page. Returns where it stopped though there may be more."""
    ready = _under_keys(weeks, wish)
    leads, is_dense = _rarest(ready)
    few, most = (1, DENSE_WEEKS) if is_dense else (few, MOST_WEEKS)
    for chunk in (ready[:few], ready[few:most]):
        stopped = _fill(found, chunk, leads)
        if stopped is not None:
            return stopped
    if len(ready) > most:
        following = ready[most][0]
        return Place(following.last_on, following.epoch, HIGHEST)
    return None


def _fill(found: list[tuple[_Week, int]], chunk: list[tuple[_Week, _Wanted]], leads: int) -> Place | None:
    """Add what these weeks hold until there is a page. Returns where it stopped though there may be more."""
    for (week, _wanted), (seqs, stopped_at) in zip(chunk, _walked(chunk, leads), strict=True):
        for seq in seqs:
            if stopped_at is None or seq >= stopped_at:
                if len(found) == PAGE:
                    last, before = found[-1]
                    return Place(last.last_on, last.epoch, before)
                found.append((week, seq))
        if stopped_at is not None:
            return Place(week.last_on, week.epoch, stopped_at)
    return None


def _walked(weeks: list[tuple[_Week, _Wanted]], leads: int) -> list[tuple[list[int], int | None]]:
    """What each week holds, newest first, and where the walk stopped. What `leads` is followed, and asked for the others."""
    arms = []
    for rank, (week, wanted) in enumerate(weeks):
        others = [(one[0], one[-1]) for place, one in enumerate(wanted) if place != leads]
        arms += [
            Arm(rank, week.epoch, week.room, week.above, week.below, week.tail, term, others) for term in wanted[leads]
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
    several = len(weeks[0][1]) if weeks else 0
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
