"""Reads of people for staff: by their exact name, or from a list of those under measures. There is no list of members."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select

from app.identity.looked.queries import Noted
from app.identity.models import Person, Standing
from app.identity.queries import find_by_name, name_of, names_of
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now, this_moment
from app.kernel.errors import NotFound
from app.kernel.feature import Reported
from app.moderation import policy, sealing
from app.moderation.models import (
    Appeal,
    AppealState,
    Category,
    ItemState,
    Measure,
    MeasureKind,
    MeasureState,
    Note,
    Proposal,
    QueueItem,
)

PAGE = 25
#: What staff read here of a person, each time with a purpose (app/identity/looked).
HISTORY = "history"


@dataclass(frozen=True, slots=True)
class AppealLine:
    """An appeal, as its measure's page names it."""

    public_id: str
    state: AppealState


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure, opened: for the person whom it is about, and for those who take measures."""

    public_id: str
    kind: MeasureKind
    category: Category
    state: MeasureState
    in_force: bool
    words: str
    reason: str
    lift_reason: str
    taken: datetime
    until: datetime | None
    ended: datetime | None
    appeal: AppealLine | None
    may_appeal: bool = False
    may_lift: bool = False


@dataclass(frozen=True, slots=True)
class UnderMeasure:
    """Somebody in the list of those under a measure."""

    public_id: str
    name: str
    kind: MeasureKind
    until: datetime | None


@dataclass(frozen=True, slots=True)
class NoteLine:
    author: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonRead:
    """What staff see of somebody: what was done and noted, and how often others reported something."""

    public_id: str
    name: str
    language: str | None
    closed: bool
    held: tuple[Role, ...]
    measures: Sequence[MeasureLine]
    notes: Sequence[NoteLine]
    open_reports: int
    closed_reports: int


def under_measures(actor: Actor, page: int = 1) -> tuple[list[UnderMeasure], bool]:
    """People under a measure now, newest first, and whether there are more."""
    if not policy.can_see_people(actor):
        raise NotFound
    found = list(work.session().scalars(*_in_force(actor, (page - 1) * PAGE)))
    names = names_of({measure.person_id for measure in found})
    lines = [UnderMeasure(*names[one.person_id], one.kind, one.until) for one in found if one.person_id in names]
    return lines[:PAGE], len(found) > PAGE


@built_once
def _in_force(actor: Actor, after: int) -> Select[Measure]:
    wanted = policy.visible_measures(actor).where(Measure.state == MeasureState.ACTIVE)
    wanted = wanted.where(Measure.until.is_(None) | (Measure.until > this_moment())).order_by(Measure.id.desc())
    return wanted.offset(after).limit(PAGE + 1)


def find_person(actor: Actor, name: str) -> Person | None:
    """Whoever has this name or one that looks like it. Not the actor themselves."""
    if not policy.can_see_people(actor):
        raise NotFound
    found = find_by_name(name)
    return None if found is None or found.id == actor.id else found


def get_person(actor: Actor, public_id: str) -> Person:
    """Somebody else, for staff. Raises NotFound."""
    found: Person | None = work.session().scalars(*_person(public_id)).one_or_none()
    if found is None or found.id == actor.id or not policy.can_see_people(actor):
        raise NotFound
    return found


@built_once
def _person(public_id: str) -> Select[Person]:
    return select(Person).where(Person.public_id == public_id)


def find_reported(actor: Actor, ref: str) -> Reported:
    """The person whom a member wants to report. Raises NotFound for oneself and for who is no longer here.

    Their name is not among the words: whoever asks may have no more than an id, and must not learn it here.
    """
    found: Person | None = work.session().scalars(*_person(ref)).one_or_none()
    if found is None or found.standing is not Standing.ACTIVE or found.id == actor.id:
        raise NotFound
    return Reported(found.id, "")


def read_person(actor: Actor, person: Person, noted: Noted) -> PersonRead:
    """Somebody's history, opened, for staff whose look at it was noted. Raises NotFound where it was not."""
    noted.insist(person.id, HISTORY)
    if not policy.can_see_people(actor):
        raise NotFound
    counts: dict[ItemState, int] = {row[0]: row[1] for row in work.session().execute(*_reports_about(person.id))}
    closed = counts.pop(ItemState.CLOSED, 0)
    return PersonRead(
        public_id=person.public_id,
        name=name_of(person),
        language=person.language,
        closed=person.standing is Standing.CLOSED,
        held=tuple(one.role for one in person.roles),
        measures=measure_lines(actor, list(work.session().scalars(*_measures(actor, person.id)))),
        notes=_notes(person),
        open_reports=sum(counts.values()),
        closed_reports=closed,
    )


@built_once
def _measures(actor: Actor, person_id: int) -> Select[Measure]:
    return policy.visible_measures(actor).where(Measure.person_id == person_id).order_by(Measure.id.desc())


@built_once
def _reports_about(person_id: int) -> Select[ItemState, int]:
    about = (QueueItem.kind == policy.REPORTS, QueueItem.person_id == person_id)
    lately = QueueItem.opened_at > this_moment(ago=policy.REMEMBERED)
    return select(QueueItem.state, func.count()).where(*about, lately).group_by(QueueItem.state)


def is_asked_by_item(actor: Actor, person: Person, ref: str) -> bool:
    """Whether the actor works on this item of the queue, or on this act of two persons, and it is about the person."""
    for one in work.session().scalars(*_items(actor, policy.index_of(actor.public_id), ref)):
        about = one.person_id == person.id or one.ref in _proposals_about(actor, person)
        if about and policy.holds_claim(actor, one):
            return True
    return False


@built_once
def _items(actor: Actor, index: bytes, ref: str) -> Select[QueueItem]:
    item = policy.visible_items(actor, index).where(
        or_(QueueItem.public_id == ref, and_(QueueItem.kind == policy.PROPOSALS, QueueItem.ref == ref))
    )
    return item.where(policy.is_open())


def _proposals_about(actor: Actor, person: Person) -> set[str]:
    return set(work.session().scalars(*_proposals(actor, person.public_id)))


@built_once
def _proposals(actor: Actor, ref: str) -> Select[str]:
    return policy.visible_proposals(actor).where(Proposal.ref == ref).with_only_columns(Proposal.public_id)


def standing(actor: Actor) -> list[MeasureLine]:
    """What was done to the actor and is not forgotten, newest first."""
    return measure_lines(actor, list(work.session().scalars(*_own(actor))))


@built_once
def _own(actor: Actor) -> Select[Measure]:
    return policy.own_measures(actor).order_by(Measure.id.desc())


@built_once
def _one_of_own(actor: Actor, public_id: str) -> Select[Measure]:
    return policy.own_measures(actor).where(Measure.public_id == public_id)


def get_own_measure(actor: Actor, public_id: str) -> Measure:
    """A measure against the actor. Raises NotFound."""
    found: Measure | None = work.session().scalars(*_one_of_own(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_measure(actor: Actor, public_id: str) -> Measure:
    """A measure against somebody else, for staff. Raises NotFound."""
    wanted = policy.visible_measures(actor).where(Measure.public_id == public_id, Measure.person_id != actor.id)
    found = work.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def about(measure: Measure) -> tuple[str, str]:
    """Public id and name of the person against whom a measure was taken."""
    return names_of({measure.person_id})[measure.person_id]


def measure_lines(actor: Actor, found: Sequence[Measure]) -> list[MeasureLine]:
    """Measures for a page, with a constant number of queries."""
    sealing.prefetch(measure.key_id for measure in found)
    asked = work.session().scalars(*_appeals([measure.id for measure in found]))
    appeals = {one.measure_id: one for one in asked}
    may_take = bool(found) and policy.can_take_measure(actor, found[0].person_id)
    return [_opened(actor, measure, appeals.get(measure.id), may_take=may_take) for measure in found]


@built_once
def _appeals(measures: Collection[int]) -> Select[Appeal]:
    return select(Appeal).where(Appeal.measure_id.in_(measures))


def _opened(actor: Actor, measure: Measure, appeal: Appeal | None, *, may_take: bool) -> MeasureLine:
    key_id, public_id = measure.key_id, measure.public_id
    ended = measure.until is not None and measure.until <= now()
    return MeasureLine(
        public_id=public_id,
        kind=measure.kind,
        category=measure.category,
        state=MeasureState.OVER if ended and measure.state is MeasureState.ACTIVE else measure.state,
        in_force=measure.state is MeasureState.ACTIVE and not ended,
        words=measure.words.value,
        reason=sealing.unseal(key_id, "measure", public_id, "reason", measure.reason),
        lift_reason=sealing.unseal(key_id, "measure", public_id, "lift_reason", measure.lift_reason),
        taken=measure.taken_at,
        until=measure.until,
        ended=measure.ended_at,
        appeal=AppealLine(appeal.public_id, appeal.state) if appeal is not None else None,
        may_appeal=appeal is None and policy.can_appeal(actor, measure),
        may_lift=may_take and measure.state is MeasureState.ACTIVE and not ended,
    )


def _notes(person: Person) -> list[NoteLine]:
    found = list(work.session().scalars(*_notes_of(person.id)))
    sealing.prefetch(note.key_id for note in found)
    names = names_of({note.author_id for note in found if note.author_id is not None})
    return [
        NoteLine(
            names.get(note.author_id or 0, ("", ""))[1],
            sealing.unseal(note.key_id, "moderation_note", note.public_id, "sealed", note.sealed),
            note.written_at,
        )
        for note in found
    ]


@built_once
def _notes_of(person_id: int) -> Select[Note]:
    return select(Note).where(Note.person_id == person_id).order_by(Note.id.desc()).limit(50)
