"""Mentors and mentees: pairs that both have agreed to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.profiles import policy
from app.profiles.models import Companionship, ConnectionState
from app.profiles.queries.known import Known, are, known


class Part(StrEnum):
    """What somebody is to somebody else."""

    MENTOR = "mentor"
    MENTEE = "mentee"

    @property
    def other(self) -> "Part":
        return Part.MENTEE if self is Part.MENTOR else Part.MENTOR


@dataclass(frozen=True, slots=True)
class CompanionLine:
    """A mentor or mentee of the actor, or somebody who is to become one. `part` is what the other one is.

    While it `waits`, `mine` says that the actor asked.
    """

    public_id: str
    person: Known
    part: Part
    waits: bool
    mine: bool


def companions_of(actor: Actor, people: Mapping[int, Known] | None = None) -> list[CompanionLine]:
    """The actor's mentors and mentees, and what waits, the oldest first. Nobody while they travel.

    `people` are others whom a caller has looked up already.
    """
    if not policy.shows_people(actor):
        return []
    rows = list(work.session().scalars(*_all(actor)))
    others = {other_in(actor, row) for row in rows}
    there = dict(people or {})
    there |= known(actor, others - set(there))
    return [_line(actor, row, there[other]) for row in rows if (other := other_in(actor, row)) in there]


def get_companionship(actor: Actor, public_id: str) -> Companionship:
    """One of the actor's pairs or requests for one, as it is stored now. Raises NotFound."""
    found: Companionship | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None or not policy.shows_people(actor):
        raise NotFound
    return found


def pair_of(actor: Actor, person_id: int) -> Companionship | None:
    """What the actor sees between the two: agreed, or waiting."""
    found = list(work.session().scalars(*_between(actor, person_id)))
    return min(found, key=lambda row: row.state is not ConnectionState.ACCEPTED, default=None)


def other_in(actor: Actor, row: Companionship) -> int:
    """The row number of the one who is not the actor."""
    return row.mentee_id if row.mentor_id == actor.id else row.mentor_id


def part_of_other(actor: Actor, row: Companionship) -> Part:
    return Part.MENTEE if row.mentor_id == actor.id else Part.MENTOR


@built_once
def _all(actor: Actor) -> Select[Companionship]:
    return policy.visible_companionships(actor).order_by(Companionship.id)


@built_once
def _one(actor: Actor, public_id: str) -> Select[Companionship]:
    wanted = policy.visible_companionships(actor).where(Companionship.public_id == public_id)
    return wanted.execution_options(populate_existing=True)


@built_once
def _between(actor: Actor, person_id: int) -> Select[Companionship]:
    both = are(Companionship.mentor_id, Companionship.mentee_id, actor.person_id, person_id)
    wanted = policy.visible_companionships(actor).where(both).order_by(Companionship.id.desc())
    return wanted.execution_options(populate_existing=True)


def _line(actor: Actor, row: Companionship, person: Known) -> CompanionLine:
    return CompanionLine(
        row.public_id,
        person,
        part_of_other(actor, row),
        waits=row.state is not ConnectionState.ACCEPTED,
        mine=row.asked_by_id == actor.id,
    )
