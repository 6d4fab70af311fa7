"""What is over for long is forgotten: rows go, and the keys of what they held are shredded."""

from sqlalchemy import delete, select

from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.jobs import enqueue
from app.kernel.work import action
from app.moderation import policy
from app.moderation.models import Appeal, ItemState, Measure, Note, Proposal, QueueItem, Report


@action
def forget(actor: Actor) -> int:
    """Remove what ended more than 180 days ago. Whoever was closed for good stays recognisable by their name alone."""
    ensure(actor.kind is Kind.SYSTEM)
    session, before = work.session(), now() - policy.REMEMBERED
    items = select(QueueItem.id).where(QueueItem.state == ItemState.CLOSED, QueueItem.closed_at < before)
    measures = select(Measure.id).where(Measure.ended_at < before)
    keys = [
        *session.scalars(select(Report.key_id).where(Report.item_id.in_(items))),
        *session.scalars(select(Appeal.key_id).where(Appeal.measure_id.in_(measures))),
        *session.scalars(delete(Measure).where(Measure.ended_at < before).returning(Measure.key_id)),
        *session.scalars(delete(Proposal).where(Proposal.decided_at < before).returning(Proposal.key_id)),
        *session.scalars(delete(Note).where(Note.written_at < before).returning(Note.key_id)),
    ]
    session.execute(delete(QueueItem).where(QueueItem.state == ItemState.CLOSED, QueueItem.closed_at < before))
    if keys:
        enqueue("vault.shred", keys=keys)
    return len(keys)
