"""Who reads far more profiles than people do, and what moderators are shown of it: how many on which day, never whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, exists, select

from app.identity.models import Person
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.profiles import policy
from app.profiles.models import Profile, Sweep

#: After an alarm somebody meets invented profiles on that day and the next: midnight is no way out.
DAYS_SWEEPING = 1
#: For so long the numbers of a day are kept.
DAYS_KEPT = 30


@dataclass(frozen=True, slots=True)
class SweepDay:
    """One day of somebody's reading, in numbers."""

    day: date
    asked: int
    alarmed: bool
    honey: int
    settled: bool


@dataclass(frozen=True, slots=True)
class SweepSeen:
    """What a moderator sees of somebody who reads too much. `open` is whether it still waits for a decision."""

    public_id: str
    person: str
    name: str
    days: Sequence[SweepDay]
    open: bool


def is_sweeping(actor: Actor) -> bool:
    """Whether this actor reads so much that invented profiles are among those that they meet.

    For `viewing.viewer_of`, as `Viewer.sweeping` of a real person; nobody is viewed as sweeping.
    """
    if actor.id is None:
        return False
    since = now().date() - timedelta(days=DAYS_SWEEPING)
    return bool(work.session().scalar(*_sweeping(actor, since)))


@built_once
def _sweeping(actor: Actor, since: date) -> Select[bool]:
    found = exists().where(Sweep.person_id == actor.id, Sweep.day >= since, Sweep.alarmed, ~Sweep.settled)
    return select(found)


def may_take(actor: Actor, ref: str) -> bool:
    """Whether an item about this day is open to the actor: nobody is handed their own."""
    return work.session().scalars(*_one(actor, ref)).one_or_none() is not None


def get_sweep(actor: Actor, public_id: str) -> Sweep:
    """A day on which somebody asked for too much. Raises NotFound, also for one's own."""
    found: Sweep | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


@built_once
def _one(actor: Actor, public_id: str) -> Select[Sweep]:
    return policy.visible_sweeps(actor).where(Sweep.public_id == public_id, Sweep.alarmed)


def sweep_seen(actor: Actor, sweep: Sweep) -> SweepSeen:
    """Who it was, and the numbers of their last days."""
    days = work.session().scalars(*_days(actor, sweep.person_id))
    public_id, name = names_of([sweep.person_id])[sweep.person_id]
    return SweepSeen(
        public_id=sweep.public_id,
        person=public_id,
        name=name,
        days=[SweepDay(one.day, one.asked, one.alarmed, one.honey, one.settled) for one in days],
        open=not sweep.settled and may_take(actor, sweep.public_id),
    )


@built_once
def _days(actor: Actor, person_id: int) -> Select[Sweep]:
    wanted = policy.visible_sweeps(actor).where(Sweep.person_id == person_id)
    return wanted.order_by(Sweep.day.desc()).limit(DAYS_KEPT)


def is_honey(person_id: int) -> bool:
    """Whether this is an invented profile."""
    return bool(work.session().scalar(*_honey(person_id)))


@built_once
def _honey(person_id: int) -> Select[bool]:
    return select(exists().where(Profile.person_id == person_id, Profile.honey))


def is_invented(person: str) -> bool:
    """The same by the public id of the person, for staff."""
    found = exists().where(Profile.person_id == Person.id, Person.public_id == person, Profile.honey)
    return bool(work.session().scalar(select(found)))
