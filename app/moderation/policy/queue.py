"""Who sees and takes what in the queue, and reports."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select

from app.identity.models import LoginSession
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now, this_moment
from app.moderation import registry
from app.moderation.models import ItemState, QueueItem, Report
from app.moderation.policy.appeals import appeals_for
from app.moderation.policy.proposals import proposals_for
from app.moderation.policy.ties import did_bring_in, index_of

#: What concerns somebody's safety is looked at within this time, whatever it is.
SAFETY_PROMISE = timedelta(hours=4)
REPORTS, APPEALS, PROPOSALS = "report", "appeal", "proposal"


def visible_items(actor: Actor, index: bytes | None = None) -> Select[QueueItem]:
    """What waits for somebody like this actor, without their own affairs and what they did themselves.

    A statement that is built once is given the `index` by which their reports are found: the vault makes it.
    """
    if actor.id is None or not actor.holds(Permission.QUEUE_WORK):
        return select(QueueItem).where(false())
    index = index_of(actor.public_id) if index is None else index
    kinds = [kind.name for kind in registry.queue_kinds().values() if actor.holds(kind.access)]
    return select(QueueItem).where(
        QueueItem.kind.in_(kinds),
        or_(QueueItem.person_id.is_(None), QueueItem.person_id != actor.id),
        or_(QueueItem.kind != REPORTS, ~_reported_by(index)),
        or_(QueueItem.kind != APPEALS, QueueItem.ref.in_(appeals_for(actor, index))),
        or_(QueueItem.kind != PROPOSALS, QueueItem.ref.in_(proposals_for(actor))),
    )


def is_open() -> ColumnElement[bool]:
    """Whether an item still waits for a decision, whoever works on it."""
    return QueueItem.state != ItemState.CLOSED


def claim_is_over() -> ColumnElement[bool]:
    """Whether a claimed item is free again: its time is up, or whoever claimed it has left."""
    left = exists().where(LoginSession.id == QueueItem.claimed_session_id, LoginSession.ended_at.is_not(None))
    return or_(QueueItem.claimed_until <= this_moment(), left)


def is_free() -> ColumnElement[bool]:
    """Whether nobody works on an item."""
    return or_(QueueItem.state == ItemState.OPEN, and_(QueueItem.state == ItemState.CLAIMED, claim_is_over()))


def can_take(actor: Actor, item: QueueItem) -> bool:
    """Whether an item that the actor sees is one that they may decide on. Its own feature has the last word."""
    kind = registry.queue_kind(item.kind)
    if not actor.holds(kind.access) or item.person_id == actor.id or not kind.may_take(actor, item.ref):
        return False
    return item.kind != REPORTS or item.person_id is None or not did_bring_in(actor, item.person_id)


def holds_claim(actor: Actor, item: QueueItem) -> bool:
    """Whether the actor works on the item now."""
    return (
        item.state is ItemState.CLAIMED
        and item.claimed_by_id == actor.person_id
        and item.claimed_until is not None
        and item.claimed_until > now()
    )


def may_take_report(actor: Actor, ref: str) -> bool:
    """Not the reporter. The person whom it is about is kept away by the item itself."""
    return work.session().scalar(*_reported(ref, index_of(actor.public_id))) is None


@built_once
def _reported(ref: str, by: bytes) -> Select[int]:
    mine = select(Report.id).join(QueueItem, QueueItem.id == Report.item_id)
    mine = mine.where(QueueItem.ref == ref, QueueItem.state != ItemState.CLOSED)
    return mine.where(Report.reporter_index == by).limit(1)


def _reported_by(index: bytes) -> ColumnElement[bool]:
    return exists().where(Report.item_id == QueueItem.id, Report.reporter_index == index)


def visible_reports(actor: Actor, index: bytes | None = None) -> Select[Report]:
    """The actor's own reports, by their `index` as above. None while they travel: they hold words from rooms, and what they
    told us of others."""
    if actor.id is None or not actor.holds(Permission.HIDDEN_SEE):
        return select(Report).where(false())
    return select(Report).where(Report.reporter_index == (index_of(actor.public_id) if index is None else index))


def can_report(actor: Actor, person_id: int) -> bool:
    return actor.holds(Permission.REPORT) and person_id != actor.id
