"""Reads of the queue. What is one's own affair is not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select

from app.identity.models import Person
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now, this_moment
from app.kernel.errors import NotFound
from app.moderation import policy, registry
from app.moderation.models import Care, Category, ItemState, QueueItem, Report, ReportState

PAGE = 25
AGES = {"day": timedelta(days=1), "three": timedelta(days=3), "week": timedelta(days=7)}


class Priority(StrEnum):
    """What of the queue presses."""

    SAFETY = "safety"
    LATE = "late"


class Whose(StrEnum):
    """Who works on it."""

    MINE = "mine"
    FREE = "free"


_PRIORITIES = {one.value: one for one in Priority}
_WHOSE = {one.value: one for one in Whose}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a moderator wants to see of the queue, as it stands in the address. Empty: all of it."""

    kind: str = ""
    age: str = ""
    priority: str = ""
    whose: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One thing that waits, folded: no words of anybody. `claim` is free, mine or theirs."""

    public_id: str
    kind: str
    label: str
    ref: str
    safety: bool
    opened: datetime
    due: datetime
    late: bool
    claim: str
    claimed_until: datetime | None
    about: str
    reports: int
    categories: tuple[Category, ...]

    @property
    def is_report(self) -> bool:
        return self.kind == policy.REPORTS


@dataclass(frozen=True, slots=True)
class Day:
    """How much a moderator has opened today, and how much they wanted to."""

    opened: int
    limit: int

    @property
    def is_enough(self) -> bool:
        return self.opened >= self.limit


def items(actor: Actor, filters: Filters) -> tuple[list[ItemLine], bool]:
    """A page of what waits, safety first and then what is closest to its promise; and whether there is more."""
    wanted = _page(
        actor,
        policy.index_of(actor.public_id),
        kind=filters.kind or None,
        opened_before=now() - AGES[filters.age] if filters.age in AGES else None,
        priority=_PRIORITIES.get(filters.priority),
        whose=_WHOSE.get(filters.whose),
        after=(filters.page - 1) * PAGE,
    )
    found = list(work.session().scalars(*wanted))
    return item_lines(actor, found[:PAGE]), len(found) > PAGE


def get_item(actor: Actor, public_id: str) -> QueueItem:
    """An item that the actor sees, open or closed. Raises NotFound."""
    found: QueueItem | None = (
        work.session().scalars(*_one(actor, policy.index_of(actor.public_id), public_id)).one_or_none()
    )
    if found is None:
        raise NotFound
    return found


@built_once
def _one(actor: Actor, index: bytes, public_id: str) -> Select[QueueItem]:
    return policy.visible_items(actor, index).where(QueueItem.public_id == public_id)


def get_items(actor: Actor, public_ids: Collection[str]) -> list[QueueItem]:
    """Several open ones, for closing together. Raises NotFound when the actor does not see one of them."""
    some = list(public_ids)[:PAGE]
    found = list(work.session().scalars(*_several(actor, policy.index_of(actor.public_id), some)))
    if len(found) != len(set(public_ids)):
        raise NotFound
    return found


@built_once
def _several(actor: Actor, index: bytes, public_ids: Collection[str]) -> Select[QueueItem]:
    wanted = policy.visible_items(actor, index).where(QueueItem.public_id.in_(public_ids), policy.is_open())
    return wanted.order_by(QueueItem.id)


def alike(actor: Actor, item: QueueItem) -> list[ItemLine]:
    """Other open reports about the same person, which may be closed together with this one."""
    if item.kind != policy.REPORTS or item.person_id is None:
        return []
    index = policy.index_of(actor.public_id)
    return item_lines(actor, list(work.session().scalars(*_alike(actor, index, item.person_id, item.id))))


@built_once
def _alike(actor: Actor, index: bytes, person_id: int, item: int) -> Select[QueueItem]:
    same = policy.visible_items(actor, index).where(
        QueueItem.kind == policy.REPORTS, QueueItem.person_id == person_id, QueueItem.id != item
    )
    return same.where(policy.is_open()).order_by(QueueItem.id).limit(PAGE)


def item_of(kind: str, ref: str) -> QueueItem | None:
    """The open item of a thing, for actions that were asked about the thing itself."""
    return work.session().scalars(*_of(kind, ref)).one_or_none()


@built_once
def _of(kind: str, ref: str) -> Select[QueueItem]:
    return select(QueueItem).where(QueueItem.kind == kind, QueueItem.ref == ref, policy.is_open())


def item_by_row(number: int) -> QueueItem:
    """The item with this row number, for whoever holds something that points to it."""
    return work.session().get_one(QueueItem, number)


def person_of(actor: Actor, item: QueueItem) -> tuple[str, str] | None:
    """Public id and name of whom an item is about, for whoever works on it."""
    if item.person_id is None or not policy.holds_claim(actor, item):
        return None
    return names_of({item.person_id}).get(item.person_id)


def language_about(item: QueueItem) -> str | None:
    """The language of whom an item is about, for the words that they will read."""
    language: str | None = work.session().scalar(*_language_of(item.person_id))
    return language


@built_once
def _language_of(person_id: int | None) -> Select[str | None]:
    return select(Person.language).where(Person.id == person_id)


def is_claimed(item: QueueItem) -> bool:
    """Whether somebody works on it now."""
    return not _free([item.id])


def waiting(actor: Actor) -> tuple[int, int]:
    """How many items wait for somebody like this actor, and how many of them concern somebody's safety."""
    rows = work.session().execute(*_waiting(actor, policy.index_of(actor.public_id)))
    counts: dict[bool, int] = {row[0]: row[1] for row in rows}
    return sum(counts.values()), counts.get(True, 0)


@built_once
def _waiting(actor: Actor, index: bytes) -> Select[bool, int]:
    open_ones = policy.visible_items(actor, index).where(policy.is_open(), policy.is_free())
    return open_ones.with_only_columns(QueueItem.safety, func.count()).group_by(QueueItem.safety)


def day_of(actor: Actor, default: int) -> Day:
    """What the actor opened today against what they chose."""
    care = work.session().scalars(*_care(actor)).one_or_none()
    if care is None:
        return Day(0, default)
    return Day(care.opened if care.counted_on == now().date() else 0, care.daily_limit)


@built_once
def _care(actor: Actor) -> Select[Care]:
    return select(Care).where(Care.person_id == actor.person_id)


def item_lines(actor: Actor, found: Sequence[QueueItem]) -> list[ItemLine]:
    """Items for a page, with a constant number of queries."""
    kinds, moment = registry.queue_kinds(), now()
    names = names_of({item.person_id for item in found if item.person_id is not None})
    free = _free([item.id for item in found])
    told = _categories([item.id for item in found if item.kind == policy.REPORTS])
    lines = []
    for item in found:
        taken = item.state is ItemState.CLAIMED and item.id not in free
        mine = taken and item.claimed_by_id == actor.id
        categories = told.get(item.id, [])
        lines.append(
            ItemLine(
                public_id=item.public_id,
                kind=item.kind,
                label=kinds[item.kind].label,
                ref=item.ref,
                safety=item.safety,
                opened=item.opened_at,
                due=item.due_at,
                late=item.due_at < moment,
                claim="mine" if mine else "theirs" if taken else "free",
                claimed_until=item.claimed_until if taken else None,
                about=names[item.person_id][1] if item.person_id in names else "",
                reports=len(categories),
                categories=tuple(sorted(set(categories))),
            )
        )
    return lines


@built_once
def _page(
    actor: Actor,
    index: bytes,
    *,
    kind: str | None,
    opened_before: datetime | None,
    priority: Priority | None,
    whose: Whose | None,
    after: int,
) -> Select[QueueItem]:
    wanted = policy.visible_items(actor, index).where(policy.is_open())
    if kind is not None:
        wanted = wanted.where(QueueItem.kind == kind)
    if opened_before is not None:
        wanted = wanted.where(QueueItem.opened_at < opened_before)
    if priority is Priority.SAFETY:
        wanted = wanted.where(QueueItem.safety)
    elif priority is Priority.LATE:
        wanted = wanted.where(QueueItem.due_at < this_moment())
    if whose is Whose.MINE:
        wanted = wanted.where(QueueItem.claimed_by_id == actor.id, ~policy.is_free())
    elif whose is Whose.FREE:
        wanted = wanted.where(policy.is_free())
    return wanted.order_by(QueueItem.safety.desc(), QueueItem.due_at, QueueItem.id).offset(after).limit(PAGE + 1)


def _free(item_ids: Collection[int]) -> set[int]:
    return set(work.session().scalars(*_free_of(item_ids)))


@built_once
def _free_of(item_ids: Collection[int]) -> Select[int]:
    return select(QueueItem.id).where(QueueItem.id.in_(item_ids), policy.is_free())


def _categories(item_ids: Collection[int]) -> dict[int, list[Category]]:
    found: dict[int, list[Category]] = {}
    for item_id, category in work.session().execute(*_told_in(item_ids)):
        found.setdefault(item_id, []).append(category)
    return found


@built_once
def _told_in(item_ids: Collection[int]) -> Select[int, Category]:
    told = (Report.item_id.in_(item_ids), Report.state != ReportState.WITHDRAWN)
    return select(Report.item_id, Report.category).where(*told)
