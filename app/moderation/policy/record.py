"""What somebody sees of the record of acts."""

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, union_all

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.moderation.models import Appeal, Measure, QueueItem, Report


def can_read_record(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.RECORD_READ)


def visible_entries(actor: Actor) -> Select[AuditEntry]:
    """The record, for those who may read it, without what others did about the actor themselves.

    It would be a way round the queue and the proposals, which hide that too. That somebody looked at them stays: whom it
    is about sees who looked.
    """
    if not can_read_record(actor):
        return select(AuditEntry).where(false())
    return select(AuditEntry).where(or_(~_about(actor), AuditEntry.act == "person.look"))


def visible_reasons(actor: Actor) -> Select[AuditEntry]:
    """Entries whose reason the actor may open: none about themselves, but for what they wrote."""
    if not can_read_record(actor):
        return select(AuditEntry).where(false())
    return select(AuditEntry).where(~_about(actor))


def _about(actor: Actor) -> ColumnElement[bool]:
    """Whether an entry is what somebody else did about the actor: to them, or to what waits or was decided about them."""
    items = select(QueueItem.id).where(QueueItem.person_id == actor.id)
    measures = select(Measure.id).where(Measure.person_id == actor.id)
    theirs = union_all(
        select(QueueItem.public_id).where(QueueItem.person_id == actor.id),
        select(QueueItem.ref).where(QueueItem.person_id == actor.id),
        select(Measure.public_id).where(Measure.person_id == actor.id),
        select(Report.public_id).where(Report.item_id.in_(items)),
        select(Appeal.public_id).where(Appeal.measure_id.in_(measures)),
    )
    return and_(
        AuditEntry.actor != actor.public_id, or_(AuditEntry.target == actor.public_id, AuditEntry.target.in_(theirs))
    )
