"""Who decides an appeal: nobody who had a hand in the measure."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, exists, false, or_, select

from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.moderation import registry
from app.moderation.models import Appeal, AppealState, Measure, QueueItem, Report
from app.moderation.policy.staff import able
from app.moderation.policy.ties import did_bring_in, index_of


def visible_appeals(actor: Actor) -> Select[Appeal]:
    """One's own; for moderators those that they may decide, or have decided."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Appeal).where(false())
    mine = Appeal.measure_id.in_(select(Measure.id).where(Measure.person_id == actor.id))
    if actor.holds(Permission.MEASURES_TAKE):
        return select(Appeal).where(or_(mine, Appeal.public_id.in_(appeals_for(actor, index_of(actor.public_id)))))
    if actor.holds(Permission.ROLES_PROPOSE):
        left = Appeal.public_id.in_(appeals_left_to(actor))
        return select(Appeal).where(or_(mine, left, Appeal.decided_by_id == actor.id))
    return select(Appeal).where(mine)


def can_decide_appeal(actor: Actor, appeal: Appeal) -> bool:
    """A moderator who had no hand in the measure; an administrator, where every moderator had one.

    To have a hand in it is to have suffered it, taken it, proposed it, handled the report that led to it or made that
    report; and whoever brought in the person has one too.
    """
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return False
    if not actor.holds(Permission.MEASURES_TAKE):
        return appeal.public_id in appeals_left_to(actor)
    return may_take_appeal(actor, appeal.public_id)


def may_take_appeal(actor: Actor, ref: str) -> bool:
    """Whether the actor is a moderator who had no hand in the measure that is appealed."""
    found = work.session().scalar(*_whose(actor, index_of(actor.public_id), ref))
    return found is not None and not did_bring_in(actor, found)


@built_once
def _whose(actor: Actor, index: bytes, ref: str) -> Select[int]:
    return appeals_for(actor, index).with_only_columns(Measure.person_id).where(Appeal.public_id == ref)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An open appeal, the measure, what led to it, and the keyed indexes of those who reported that."""

    ref: str
    measure: Measure
    item: QueueItem | None
    reporters: Collection[bytes]

    def has_hand(self, number: int, public_id: str) -> bool:
        """The same question as `appeals_for` asks of one actor in the database, of anybody."""
        hands = {self.measure.person_id, self.measure.taken_by_id, self.measure.proposed_by_id}
        if self.item is not None:
            hands |= {self.item.closed_by_id, self.item.claimed_by_id}
        reported = bool(self.reporters) and index_of(public_id) in self.reporters
        return number in hands or reported or registry.did_bring_in(public_id, self.measure.person_id)


def appeals_left_to(actor: Actor) -> list[str]:
    """Public ids of the open appeals that no moderator may decide, and this administrator may: nobody waits for ever."""
    if actor.id is None or not actor.holds(Permission.ROLES_PROPOSE):
        return []
    return [one.ref for one in _left_by_moderators() if not one.has_hand(actor.id, actor.public_id)]


def administrators_for(appeal: Appeal) -> list[int]:
    """The row numbers of the administrators to whom an appeal is left; none where a moderator may decide it."""
    left = [one for one in _left_by_moderators() if one.ref == appeal.public_id]
    here = able(Permission.ROLES_PROPOSE) if left else {}
    return [number for number, public_id in here.items() if not left[0].has_hand(number, public_id)]


def _left_by_moderators() -> list[_Waiting]:
    rows = work.session().execute(*_open())
    found: list[tuple[str, Measure, QueueItem | None]] = [(row[0], row[1], row[2]) for row in rows]
    reporters = _reporters([item.id for _, _, item in found if item is not None])
    moderators = able(Permission.MEASURES_TAKE) if found else {}
    waiting = [_Waiting(ref, measure, item, reporters.get(item.id, ()) if item else ()) for ref, measure, item in found]
    return [one for one in waiting if all(one.has_hand(*moderator) for moderator in moderators.items())]


@built_once
def _open() -> Select[str, Measure, QueueItem]:
    return (
        select(Appeal.public_id, Measure, QueueItem)
        .join(Measure, Measure.id == Appeal.measure_id)
        .outerjoin(QueueItem, QueueItem.id == Measure.item_id)
        .where(Appeal.state == AppealState.OPEN)
    )


def _reporters(item_ids: Collection[int]) -> dict[int, set[bytes]]:
    """By item, the keyed indexes of those who reported there."""
    if not item_ids:
        return {}
    found: dict[int, set[bytes]] = {}
    for item_id, index in work.session().execute(
        select(Report.item_id, Report.reporter_index).where(Report.item_id.in_(item_ids))
    ):
        found.setdefault(item_id, set()).add(index)
    return found


def appeals_for(actor: Actor, index: bytes) -> Select[str]:
    """Public ids of the appeals against measures that the actor neither suffered nor had a hand in.

    `index` is by which their reports are found (`index_of`).
    """
    item = QueueItem.__table__.alias("handled_item")
    handled = exists().where(
        item.c.id == Measure.item_id, or_(item.c.closed_by_id == actor.id, item.c.claimed_by_id == actor.id)
    )
    accused = exists().where(Report.item_id == Measure.item_id, Report.reporter_index == index)
    return (
        select(Appeal.public_id)
        .join(Measure, Measure.id == Appeal.measure_id)
        .where(
            Measure.person_id != actor.id,
            or_(Measure.taken_by_id.is_(None), Measure.taken_by_id != actor.id),
            or_(Measure.proposed_by_id.is_(None), Measure.proposed_by_id != actor.id),
            ~handled,
            ~accused,
        )
    )
