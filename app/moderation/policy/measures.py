"""Who takes and lifts measures, and who sees them."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, exists, false, or_, select

from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now, this_moment
from app.moderation.models import (
    Appeal,
    AppealState,
    Measure,
    MeasureKind,
    MeasureState,
    QueueItem,
    Report,
    ReportState,
)
from app.moderation.policy.staff import has_emergency, is_staff
from app.moderation.policy.ties import did_bring_in, index_of

#: After so long a measure is neither shown nor counted: nothing hangs over anybody for ever.
REMEMBERED = timedelta(days=180)
#: For so long after it began a measure can be appealed.
APPEAL_DAYS = 30
#: The longest that one person alone may take something from somebody (days).
LONGEST_DAYS = 90


def remembered() -> ColumnElement[bool]:
    """Measures that are still spoken of: those in force, and those that ended not long ago."""
    return or_(
        Measure.state.in_([MeasureState.ACTIVE, MeasureState.FINAL]), Measure.ended_at > this_moment(ago=REMEMBERED)
    )


def visible_measures(actor: Actor) -> Select[Measure]:
    """For staff those of others, for everybody their own; none that is forgotten."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Measure).where(false())
    if actor.holds(Permission.PEOPLE_SEE):
        return select(Measure).where(remembered(), Measure.person_id != actor.id)
    return own_measures(actor)


def own_measures(actor: Actor) -> Select[Measure]:
    """What was done to the actor, for their own page."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Measure).where(false())
    return select(Measure).where(remembered(), Measure.person_id == actor.id)


def can_take_measure(actor: Actor, person_id: int) -> bool:
    """Moderators, on others; an administrator too, while an emergency that they declared lasts.

    Not on staff: one moderator alone could otherwise silence all who might object. Two persons take the role first.
    Not on somebody whom they reported themselves, while that report waits: others decide on it.
    """
    if person_id == actor.id:
        return False
    if has_emergency(actor):
        return True
    return actor.holds(Permission.MEASURES_TAKE) and not is_staff(person_id) and not _accuses(actor, person_id)


def _accuses(actor: Actor, person_id: int) -> bool:
    return work.session().scalar(*_reported(person_id, index_of(actor.public_id))) is not None


@built_once
def _reported(person_id: int, by: bytes) -> Select[int]:
    mine = select(Report.id).join(QueueItem, QueueItem.id == Report.item_id)
    mine = mine.where(QueueItem.person_id == person_id, Report.state == ReportState.OPEN)
    return mine.where(Report.reporter_index == by).limit(1)


def can_lift(actor: Actor, measure: Measure) -> bool:
    """Any moderator, but not their own or of whom they brought in; a removal is lifted by two (measure.lift-removal)."""
    if measure.kind is MeasureKind.REMOVE or measure.person_id == actor.id:
        return False
    if did_bring_in(actor, measure.person_id):
        return False
    return actor.holds(Permission.MEASURES_TAKE) or has_emergency(actor)


def can_appeal(actor: Actor, measure: Measure) -> bool:
    in_time = measure.taken_at > now() - timedelta(days=APPEAL_DAYS)
    return measure.person_id == actor.id and measure.state is MeasureState.ACTIVE and in_time


def open_appeal_exists() -> ColumnElement[bool]:
    """Whether a measure's appeal waits for an answer."""
    return exists().where(Appeal.measure_id == Measure.id, Appeal.state == AppealState.OPEN)
