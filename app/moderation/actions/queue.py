"""Verbs of the queue: what waits, who works on it, and when it is done."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.errors import N_, Conflict
from app.kernel.states import move
from app.kernel.work import action
from app.moderation import policy, registry
from app.moderation.models import Care, ItemState, QueueItem

#: What nobody finishes in this time is free for somebody else.
CLAIM = timedelta(minutes=20)
#: Items that a moderator opens in a day before they are asked whether it is enough, unless they chose another number.
DAILY_LIMIT = 25
TAKEN = N_("Somebody else is working on this.")
_FREE: dict[str, Any] = {"claimed_by_id": None, "claimed_session_id": None, "claimed_until": None}


def open_item(kind: str, ref: str, *, person_id: int | None = None, safety: bool = False) -> None:
    """Put something into the queue, once: what is there already stays, and becomes urgent when this is.

    To be called inside an action. `person_id` is whom it concerns, who is kept away from it.
    """
    put_in(kind, ref, person_id=person_id, safety=safety)


def put_in(kind: str, ref: str, *, person_id: int | None, safety: bool, at: datetime | None = None) -> QueueItem:
    """The same, and returns the item: locked, so that nobody closes it meanwhile. Raises Conflict if somebody did."""
    promise, moment = registry.queue_kind(kind).promise, at or now()
    due = moment + (min(promise, policy.SAFETY_PROMISE) if safety else promise)
    item = _open_one(kind, ref)
    if item is None:
        work.session().execute(
            insert_once(work.session(), QueueItem).values(
                public_id=new_public_id(),
                kind=kind,
                ref=ref,
                person_id=person_id,
                safety=safety,
                state=ItemState.OPEN,
                opened_at=moment,
                due_at=due,
            )
        )
        item = _open_one(kind, ref)
    if item is None:
        raise Conflict
    if safety and not item.safety:
        item.safety, item.due_at = True, min(item.due_at, due)
    return item


def close_item(kind: str, ref: str, *, by: Actor | None = None) -> None:
    """Take something out of the queue, if it is there. To be called inside an action.

    Who worked on it is counted as whoever closed it, unless `by` says otherwise.
    """
    item = _open_one(kind, ref)
    if item is not None:
        _close(item, by.id if by is not None else item.claimed_by_id)


def close_claimed(actor: Actor, item: QueueItem) -> None:
    """Close an item that the actor works on. Raises Conflict when they no longer do."""
    item = lock(item)
    if not policy.holds_claim(actor, item):
        raise Conflict(TAKEN)
    _close(item, actor.id)


@action
def claim(actor: Actor, item: QueueItem) -> QueueItem:
    """Take an item on, for twenty minutes. What the actor worked on before is free again.

    Raises Forbidden for their own affairs, Conflict when somebody else works on it.
    """
    item = lock(item)
    ensure(policy.can_take(actor, item))
    return take_on(actor, item, keep=())


@action
def put_back(actor: Actor, item: QueueItem) -> None:
    """Leave an item for others. Raises Conflict when the actor no longer works on it."""
    item = lock(item)
    if item.claimed_by_id != actor.person_id:
        raise Conflict
    move(work.session(), item, ItemState.OPEN, **_FREE)
    audit.record(actor, "item.put-back", target_kind=item.kind, target=item.public_id)


@action
def leave_all(actor: Actor) -> int:
    """Leave everything that the actor works on, on their way out. Returns how many items are free now."""
    return _leave(actor, but=())


@action
def choose_daily_limit(actor: Actor, limit: int) -> None:
    """Keep how many items the actor wants to open in a day. Nothing is ever refused because of it."""
    care = _care(actor)
    care.daily_limit = limit


def take_on(actor: Actor, item: QueueItem, *, keep: tuple[int, ...]) -> QueueItem:
    """Claim a locked item for the actor, leaving what they worked on but for `keep`. Raises Conflict."""
    session = work.session()
    _leave(actor, but=(item.id, *keep))
    if policy.holds_claim(actor, item):
        item.claimed_until = now() + CLAIM
        return item
    if item.state is ItemState.CLAIMED:
        over = session.scalar(select(QueueItem.id).where(QueueItem.id == item.id, policy.claim_is_over()))
        if over is None and item.claimed_by_id != actor.id:
            raise Conflict(TAKEN)
        move(session, item, ItemState.OPEN, **_FREE)
    move(
        session,
        item,
        ItemState.CLAIMED,
        claimed_by_id=actor.person_id,
        claimed_session_id=actor.session_id,
        claimed_until=now() + CLAIM,
    )
    _count_opened(actor)
    audit.record(actor, "item.claim", target_kind=item.kind, target=item.public_id)
    return item


def lock(item: QueueItem) -> QueueItem:
    """The item as it is now, kept from changing under us until the end of this action. Raises Conflict when closed."""
    fresh = work.session().get(QueueItem, item.id, with_for_update=True, populate_existing=True)
    if fresh is None or fresh.state is ItemState.CLOSED:
        raise Conflict
    return fresh


def lock_all(items: Iterable[QueueItem]) -> list[QueueItem]:
    """Several at once, in one order for everybody and before anything else is locked: so that nobody waits in a circle."""
    return [lock(item) for item in sorted(items, key=lambda one: one.id)]


def _open_one(kind: str, ref: str) -> QueueItem | None:
    wanted = select(QueueItem).where(QueueItem.kind == kind, QueueItem.ref == ref, policy.is_open())
    fresh = wanted.with_for_update().execution_options(populate_existing=True)
    return work.session().scalars(fresh).one_or_none()


def _close(item: QueueItem, closed_by_id: int | None) -> None:
    move(work.session(), item, ItemState.CLOSED, closed_by_id=closed_by_id, closed_at=now(), **_FREE)


def _leave(actor: Actor, *, but: tuple[int, ...]) -> int:
    left = work.session().execute(
        update(QueueItem)
        .where(
            QueueItem.claimed_by_id == actor.person_id,
            QueueItem.state == ItemState.CLAIMED,
            QueueItem.id.not_in(but),
        )
        .values(state=ItemState.OPEN, **_FREE)
        .returning(QueueItem.id)
    )
    return len(left.all())


def _count_opened(actor: Actor) -> None:
    care, today = _care(actor), now().date()
    care.opened = care.opened + 1 if care.counted_on == today else 1
    care.counted_on = today


def _care(actor: Actor) -> Care:
    work.session().execute(
        insert_once(work.session(), Care).values(
            public_id=new_public_id(),
            person_id=actor.person_id,
            daily_limit=DAILY_LIMIT,
            counted_on=now().date(),
            opened=0,
        )
    )
    return work.session().scalars(select(Care).where(Care.person_id == actor.person_id)).one()
