"""Reads of archives and erasures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from app.identity import queries as identity
from app.identity.models import Person, Restriction, Standing
from app.kernel import work
from app.kernel.access import granted
from app.kernel.actor import Actor, Kind
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.feature import OwnData
from app.own_data import policy
from app.own_data.models import Archive, ArchiveState, Erasure, ErasureState


@dataclass(frozen=True, slots=True)
class ArchiveLine:
    """An archive, as its person sees it."""

    public_id: str
    state: ArchiveState
    done: int
    parts: int
    size: int
    asked: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """An erasure that waits. `last_administrator` says that it waits for somebody else to take the role."""

    due: datetime
    last_administrator: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the job that makes an archive needs to know."""

    archive: str
    person_id: int
    recipient: str
    language: str


def parts() -> list[OwnData]:
    """What every feature holds of a person, in the order of the features."""
    return [part for feature in work.house().features for part in feature.own_data]


def my_archive(actor: Actor) -> ArchiveLine | None:
    """The newest archive that the actor asked for, while there is something to say of it."""
    found = work.session().scalars(*_newest(actor)).one_or_none()
    if found is None:
        return None
    return ArchiveLine(
        found.public_id, found.state, found.done, found.parts, found.size or 0, found.asked_at, found.until
    )


@built_once
def _newest(actor: Actor) -> Select[Archive]:
    return policy.visible_archives(actor).order_by(Archive.id.desc()).limit(1)


@built_once
def _erasure(actor: Actor) -> Select[Erasure]:
    return policy.visible_erasures(actor)


def get_archive(actor: Actor, public_id: str) -> Archive:
    """An archive of the actor's that can be fetched or removed. Raises NotFound."""
    wanted = policy.visible_archives(actor).where(Archive.public_id == public_id, Archive.until > now())
    found = work.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def waiting_erasure(actor: Actor) -> Waiting | None:
    """The actor's own erasure, while it waits."""
    found = work.session().scalars(*_erasure(actor)).one_or_none()
    if found is None:
        return None
    due = max([found.due_at, *(end + policy.COOLING_OFF for end in _held_until(actor.person_id))])
    return Waiting(due, policy.is_last_administrator(actor.person_id))


def _held_until(person_id: int) -> list[datetime]:
    """When what held an erasure of this person back came to its end, or does."""
    held = select(Restriction.lifted_at, Restriction.until).where(
        Restriction.person_id == person_id, Restriction.withheld.in_(policy.HOLDS_BACK)
    )
    ends = ([moment for moment in row if moment is not None] for row in work.session().execute(held))
    return [min(moments) for moments in ends if moments]


def asked_for(public_id: str) -> Asked | None:
    """What the job is to make, unless it is made or over."""
    wanted = select(Archive).where(Archive.public_id == public_id, Archive.state == ArchiveState.ASKED)
    archive = work.session().scalars(wanted).one_or_none()
    if archive is None:
        return None
    person = work.session().get_one(Person, archive.person_id)
    languages = work.house().settings.languages
    language = person.language if person.language in languages else languages[0]
    return Asked(archive.public_id, archive.person_id, archive.recipient, language or languages[0])


def actor_of(person_id: int) -> Actor:
    """The person as they are at this moment, without what only staff may do. Raises NotFound for whoever is erased."""
    person = work.session().get(Person, person_id)
    if person is None or person.standing is not Standing.ACTIVE:
        raise NotFound
    withheld = {one.withheld for one in identity.restrictions_of(person_id)}
    return Actor(
        kind=Kind.PERSON,
        public_id=person.public_id,
        id=person_id,
        name=identity.name_of(person),
        permissions=granted((one.role for one in person.roles), withheld=withheld, second_factor=False),
        language=person.language,
    )


def due_erasures(limit: int = 50) -> Sequence[str]:
    """Public ids of erasures whose week is over and which nothing holds back. For the hourly task."""
    wanted = select(Erasure.public_id).where(
        Erasure.state == ErasureState.WAITING, Erasure.due_at <= now(), ~policy.is_held_back()
    )
    return work.session().scalars(wanted.order_by(Erasure.id).limit(limit)).all()


def still_here(persons: Sequence[str]) -> list[str]:
    """Those of these people, by public id, of whom something is left. For the ledger of erasures."""
    found: list[str] = []
    for start in range(0, len(persons), 500):
        some = persons[start : start + 500]
        wanted = select(Person.public_id).where(Person.public_id.in_(some), Person.key_id != "")
        found.extend(work.session().scalars(wanted))
    return found
