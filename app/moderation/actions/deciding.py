"""What a moderator decides on reports, in one go: the measure, the words, and the answer to whoever reported."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.identity.models import Person
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import N_, Invalid
from app.kernel.signals import Words
from app.kernel.work import action
from app.moderation.actions.measures import take
from app.moderation.actions.people import propose_removal
from app.moderation.actions.queue import lock_all
from app.moderation.actions.reports import close_reports, remove_words
from app.moderation.models import Category, MeasureKind, Outcome, QueueItem

NO_REASON = N_("Write the reason: it is shown to the person.")


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of reports. `reason` is shown to the person whom they are about, `answer` to the reporters."""

    answer: str
    category: Category
    measure: MeasureKind | None = None
    reason: str = ""
    days: int = 0
    words: Words = Words.KEEP
    remove_words: bool = False


@action
def decide_reports(actor: Actor, items: Sequence[QueueItem], decision: Decision) -> int:
    """Take a measure or none, take the reported words away or not, and close the reports with an answer.

    A removal is proposed to a second person. Returns how many reporters were told. Raises what its parts raise.
    """
    if (decision.measure or decision.remove_words) and not decision.reason:
        raise Invalid(NO_REASON)
    lock_all(items)
    if decision.remove_words:
        for item in items:
            remove_words(actor, item, reason=decision.reason)
    first = items[0] if items else None
    if decision.measure is not None and first is not None and first.person_id is not None:
        _measure(actor, first, first.person_id, decision.measure, decision)
    acted = decision.measure is not None or decision.remove_words
    return close_reports(actor, items, outcome=Outcome.ACTED if acted else Outcome.NOTHING, answer=decision.answer)


def _measure(actor: Actor, item: QueueItem, person_id: int, kind: MeasureKind, decision: Decision) -> None:
    if kind is MeasureKind.REMOVE:
        person = work.session().get_one(Person, person_id)
        propose_removal(
            actor,
            person,
            category=decision.category,
            reason=decision.reason,
            words=decision.words,
            item=item.public_id,
        )
        return
    take(
        actor,
        person_id,
        kind,
        category=decision.category,
        reason=decision.reason,
        days=decision.days,
        words=decision.words,
        item=item,
    )
