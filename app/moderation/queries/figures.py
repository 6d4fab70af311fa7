"""Numbers for the people who run the place, and the log for everybody: counts, never anybody by name."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import func, select

from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.moderation import policy, registry
from app.moderation.models import Category, Emergency, Measure, MeasureKind, MeasureState, QueueItem
from app.moderation.policy import SAFETY_PROMISE

#: How far back times to decision are looked at, and the load of those who decide.
DECIDED_DAYS, LOAD_DAYS = 90, 30
#: Upper ends of the ages that are told apart.
STEPS = (timedelta(hours=4), timedelta(days=1), timedelta(days=2), timedelta(days=7))
#: Months in the log, this one included.
MONTHS = 6
#: Fewer than so many are "a few": in a small place a number may be a person.
A_FEW = 3


@dataclass(frozen=True, slots=True)
class Times:
    """How long decisions of one kind took against what was promised (hours)."""

    label: str
    promise: float
    middle: float
    decided: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Load:
    """How many decisions those made who made any, in the last days: the spread, and nobody's own number."""

    people: int
    lowest: int
    middle: float
    highest: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`ages` counts what waits, by how long it has waited: up to each of STEPS, and longer."""

    waiting: int
    late: int
    ages: Sequence[int]
    times: Sequence[Times]
    load: Load | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `count` is None where there were only a few."""

    month: date
    kind: MeasureKind
    category: Category
    count: int | None
    lifted: int | None


@dataclass(frozen=True, slots=True)
class Log:
    entries: Sequence[Entry]
    emergencies: Sequence[date]


def figures(actor: Actor) -> Figures:
    """The state of the queue and its promises. Raises NotFound for whoever does not work on it."""
    if not actor.holds(Permission.QUEUE_WORK) and not policy.can_see_people(actor):
        raise NotFound
    moment = now()
    opened = list(work.session().execute(select(QueueItem.opened_at, QueueItem.due_at).where(policy.is_open())))
    ages = [0] * (len(STEPS) + 1)
    for since, _due in opened:
        ages[sum(moment - since > step for step in STEPS)] += 1
    return Figures(
        waiting=len(opened),
        late=sum(due < moment for _since, due in opened),
        ages=ages,
        times=_times(moment - timedelta(days=DECIDED_DAYS)),
        load=_load(moment - timedelta(days=LOAD_DAYS)),
    )


def log(actor: Actor) -> Log:
    """What moderators did and why, month by month: for all members, without names, and without small numbers."""
    if actor.id is None or not actor.holds(Permission.SIGNED_IN):
        raise NotFound
    since = _months_back(now().date(), MONTHS - 1)
    after = Measure.taken_at >= datetime(since.year, since.month, 1, tzinfo=now().tzinfo)
    done: Counter[tuple[date, MeasureKind, Category]] = Counter()
    lifted: Counter[tuple[date, MeasureKind, Category]] = Counter()
    taken = select(Measure.taken_at, Measure.kind, Measure.category, Measure.state).where(after, policy.remembered())
    for at, kind, category, state in work.session().execute(taken):
        key = (at.date().replace(day=1), kind, category)
        done[key] += 1
        lifted[key] += state is MeasureState.LIFTED
    ordered = sorted(done, key=lambda key: (-key[0].toordinal(), key[1], key[2]))
    entries = [Entry(*key, _folded(done[key]), _folded(lifted[key])) for key in ordered]
    alone = (
        select(Emergency.began_at).where(Emergency.began_at > now() - policy.REMEMBERED).order_by(Emergency.id.desc())
    )
    return Log(entries, [at.date() for at in work.session().scalars(alone)])


def _times(since: datetime) -> list[Times]:
    rows = work.session().execute(
        select(QueueItem.kind, QueueItem.safety, QueueItem.opened_at, QueueItem.closed_at, QueueItem.due_at).where(
            QueueItem.closed_at > since, QueueItem.closed_by_id.is_not(None), ~policy.is_open()
        )
    )
    hours: dict[tuple[bool, str], list[float]] = defaultdict(list)
    in_time: Counter[tuple[bool, str]] = Counter()
    for kind, safety, opened, closed, due in rows:
        assert closed is not None
        key = (safety, "" if safety else kind)
        hours[key].append((closed - opened).total_seconds() / 3600)
        in_time[key] += closed <= due
    kinds = registry.queue_kinds()
    found = []
    for key in sorted(hours, key=lambda one: (not one[0], one[1])):
        safety, kind = key
        if not safety and kind not in kinds:
            continue
        promise = SAFETY_PROMISE if safety else kinds[kind].promise
        label = "" if safety else kinds[kind].label
        found.append(Times(label, promise.total_seconds() / 3600, median(hours[key]), len(hours[key]), in_time[key]))
    return found


def _load(since: datetime) -> Load | None:
    by_person = (
        select(func.count())
        .where(QueueItem.closed_at > since, QueueItem.closed_by_id.is_not(None))
        .group_by(QueueItem.closed_by_id)
        .where(~policy.is_open())
    )
    counts = sorted(work.session().scalars(by_person))
    if len(counts) < A_FEW:  # the spread of one or two people would be theirs by name
        return None
    return Load(len(counts), counts[0], median(counts), counts[-1])


def _folded(count: int) -> int | None:
    return None if 0 < count < A_FEW else count


def _months_back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
