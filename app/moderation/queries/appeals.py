"""Reads of appeals: one's own, and those that a moderator may decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.moderation import policy, sealing
from app.moderation.models import Appeal, AppealState, Measure
from app.moderation.queries.people import MeasureLine, measure_lines
from app.moderation.queries.reports import Line, lines_of_appeal


@dataclass(frozen=True, slots=True)
class AppealRead:
    """An appeal with its measure and what both sides wrote. `is_mine` for the appellant."""

    public_id: str
    state: AppealState
    words: str
    answer: str
    made: datetime
    decided: datetime | None
    lines: Sequence[Line]
    measure: MeasureLine
    about: str
    is_mine: bool
    may_decide: bool


def get_appeal(actor: Actor, public_id: str) -> Appeal:
    """One's own, or one that the actor may decide or decided. Raises NotFound."""
    found = work.session().scalars(policy.visible_appeals(actor).where(Appeal.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def read_appeal(actor: Actor, appeal: Appeal) -> AppealRead:
    """The same, opened."""
    measure = work.session().get_one(Measure, appeal.measure_id)
    sealing.prefetch([appeal.key_id])
    mine = measure.person_id == actor.id
    return AppealRead(
        public_id=appeal.public_id,
        state=appeal.state,
        words=sealing.unseal(appeal.key_id, "appeal", appeal.public_id, "sealed", appeal.sealed),
        answer=sealing.unseal(appeal.key_id, "appeal", appeal.public_id, "answer", appeal.answer),
        made=appeal.made_at,
        decided=appeal.decided_at,
        lines=lines_of_appeal(appeal.id, appeal.key_id),
        measure=measure_lines(actor, [measure])[0],
        about=names_of({measure.person_id})[measure.person_id][1],
        is_mine=mine,
        may_decide=not mine and appeal.state is AppealState.OPEN and policy.can_decide_appeal(actor, appeal),
    )
