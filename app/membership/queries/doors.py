"""Probation and paused rights, as the member sees them and as moderators decide on them."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, func, select

from app.identity import queries as identity
from app.identity.models import Cause
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.membership import policy, records
from app.membership.lineage import Lineage
from app.membership.models import (
    Application,
    BranchReview,
    FileOpening,
    Probation,
    ProbationState,
    Vouch,
    VouchState,
)
from app.membership.queries import ledger
from app.membership.wording import DOOR_WORDS, DOORS

#: For how many days Home says that a door has opened.
NEWS_DAYS = 3


@dataclass(frozen=True, slots=True)
class DoorLine:
    """A door: what is behind it, whether it is open, and from which day on. No day: when a moderator says so."""

    label: str
    open: bool
    on: date | None


@dataclass(frozen=True, slots=True)
class Doors:
    """What opens when, for the member. `paused` while a freeze withholds something; `opened` lists when their file was."""

    lines: list[DoorLine]
    ended: bool
    review_on: date | None
    words: str | None
    paused: bool
    opened: list[date]


@dataclass(frozen=True, slots=True)
class ProbationSeen:
    """A probation as whoever decides on it sees it."""

    public_id: str
    person: str
    name: str
    state: ProbationState
    began_on: date
    review_on: date
    words: str | None
    measures: bool
    vouches_taken_back: int


def my_doors(actor: Actor) -> Doors | None:
    """The actor's doors; None for whoever came in before there was a probation, and from whom nothing is paused."""
    probation = _own_probation(actor)
    paused = any(one.cause is Cause.BRANCH for one in identity.restrictions_of(actor.person_id))
    opened = _openings(actor)
    if probation is None:
        return Doors([], True, None, None, paused, opened) if paused or opened else None
    ended = probation.state is ProbationState.ENDED
    return Doors(
        lines=_lines(probation),
        ended=ended,
        review_on=None if ended else probation.review_on,
        words=None if ended else records.probation_words(probation),
        paused=paused,
        opened=opened,
    )


def just_opened(actor: Actor) -> bool:
    """Whether a door opened by itself in the last days."""
    probation = _own_probation(actor)
    if probation is None or probation.state is ProbationState.ENDED:
        return False
    here = (now().date() - probation.began_on).days
    return any(day is not None and 0 <= here - day < NEWS_DAYS for _, day in DOORS)


def get_probation(actor: Actor, public_id: str) -> Probation:
    """One that the actor may end, or their own. Raises NotFound."""
    found: Probation | None = work.session().scalars(*_probation(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def probation_seen(probation: Probation) -> ProbationSeen:
    person, name = identity.names_of([probation.person_id])[probation.person_id]
    return ProbationSeen(
        probation.public_id,
        person,
        name,
        probation.state,
        probation.began_on,
        probation.review_on,
        records.probation_words(probation),
        under_measure(probation.person_id),
        taken_back(probation.person_id),
    )


def under_measure(person_id: int) -> bool:
    """Whether a measure of moderators withholds something from them now, or their branch is frozen."""
    return any(one.cause in (Cause.MEASURE, Cause.BRANCH) for one in identity.restrictions_of(person_id))


def taken_back(person_id: int) -> int:
    """How many took back their vouch for somebody who is here."""
    return work.session().scalar(*_taken_back(person_id)) or 0


@built_once
def _taken_back(person_id: int) -> Select[int]:
    return (
        select(func.count(Vouch.id))
        .join(Application, Application.id == Vouch.application_id)
        .where(Application.person_id == person_id, Vouch.state == VouchState.TAKEN_BACK)
    )


def due_probations() -> list[Probation]:
    """Those on which somebody has to decide by now: for the hourly task."""
    wanted = select(Probation).where(Probation.state == ProbationState.OPEN, Probation.review_on <= now().date())
    return list(work.session().scalars(wanted.limit(200)))


def lineage_of_number(person_id: int) -> Lineage:
    return ledger.lineage_of(ledger.public_id_of(person_id) or "")


def did_bring_in(public_id: str, *, person_id: int) -> bool:
    """Whether somebody vouched for this person, who came in by it: what moderation asks before anybody decides."""
    return public_id in lineage_of_number(person_id).vouchers


def may_end_probation(actor: Actor, ref: str) -> bool:
    """For the queue: not one's own, nor of somebody for whom one vouched."""
    try:
        probation = get_probation(actor, ref)
    except NotFound:
        return False
    return policy.can_end_probation(actor, probation, lineage=lineage_of_number(probation.person_id))


def get_review(actor: Actor, public_id: str) -> BranchReview:
    """What a freeze paused for one person. Raises NotFound."""
    found = (
        work.session().scalars(policy.visible_reviews(actor).where(BranchReview.public_id == public_id)).one_or_none()
    )
    if found is None:
        raise NotFound
    return found


def review_of(actor: Actor, person_id: int) -> BranchReview:
    """The newest pause of one person. Raises NotFound."""
    wanted = policy.visible_reviews(actor).where(BranchReview.person_id == person_id)
    found = work.session().scalars(wanted.order_by(BranchReview.id.desc()).limit(1)).one_or_none()
    if found is None:
        raise NotFound
    return found


def may_lift(actor: Actor, ref: str) -> bool:
    """For the queue."""
    try:
        return can_lift(actor, get_review(actor, ref))
    except NotFound:
        return False


def can_lift(actor: Actor, review: BranchReview) -> bool:
    """Whether the actor may lift this pause: neither from inside of the branch, nor for whom they brought in."""
    start = records.review_words(review)["start"]
    lineage = lineage_of_number(review.person_id)
    return policy.can_lift(actor, review, branch=ledger.branch_of(start), lineage=lineage)


def _own_probation(actor: Actor) -> Probation | None:
    found: Probation | None = work.session().scalars(*_own(actor)).one_or_none()
    return found


@built_once
def _own(actor: Actor) -> Select[Probation]:
    return policy.visible_probations(actor).where(Probation.person_id == actor.person_id)


@built_once
def _probation(actor: Actor, public_id: str) -> Select[Probation]:
    return policy.visible_probations(actor).where(Probation.public_id == public_id)


def _lines(probation: Probation) -> list[DoorLine]:
    ended, today = probation.state is ProbationState.ENDED, now().date()
    lines = []
    for permissions, day in DOORS:
        on = None if day is None else probation.began_on + timedelta(days=day)
        label = next(words for permission, words in DOOR_WORDS.items() if permission in permissions)
        lines.append(DoorLine(label, ended or (on is not None and on <= today), on))
    return lines


def _openings(actor: Actor) -> list[date]:
    return sorted(work.session().scalars(*_opened(actor)))


@built_once
def _opened(actor: Actor) -> Select[date]:
    return (
        select(FileOpening.opened_on)
        .join(Application, Application.id == FileOpening.application_id)
        .where(Application.person_id == actor.person_id)
        .distinct()
    )
