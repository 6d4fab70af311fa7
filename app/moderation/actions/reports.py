"""Reports: members make them, moderators ask back and answer. Whoever reported hears how it ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kernel import audit, work
from app.kernel.access import Role
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound
from app.kernel.files import FileKind
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.work import action
from app.moderation import policy, registry, sealing
from app.moderation.actions.proposals import staff_at_work
from app.moderation.actions.queue import TAKEN, close_claimed, close_item, lock, lock_all, put_in, take_on
from app.moderation.models import Category, Exchange, Outcome, QueueItem, Report, ReportState
from app.notifications.actions import notify

REPORTS_BY_MEMBER = Budget("report", "10 per hour; 30 per day")
REPORTED_ALREADY = N_("You have reported this already. You find it among your reports.")
NOT_ALIKE = N_("Choose reports about the same person, so that one answer fits all of them.")
TABLE, EXCHANGE = "report", "exchange"


@action
def report(
    actor: Actor, kind: str, ref: str, *, category: Category, says: str, hopes: str, at: datetime | None = None
) -> Report:
    """Report something that the actor sees. Reports on the same thing are one item of the queue.

    Moderators are told at once when it is about somebody's safety. Raises NotFound for what the actor does not see,
    Forbidden for themselves, Conflict when they reported it already, TooMany.
    """
    thing = registry.reportable(kind).find(actor, ref)
    ensure(policy.can_report(actor, thing.person_id))
    work.house().budgets.spend(REPORTS_BY_MEMBER, actor.public_id)
    session, public_id, key_id = work.session(), new_public_id(), sealing.new_key()
    safety = category is Category.SAFETY
    item = put_in(policy.REPORTS, f"{kind}:{ref}", person_id=thing.person_id, safety=safety, at=at)
    fields = {"words": thing.words, "says": says, "hopes": hopes, "reporter": str(actor.person_id)}
    made = Report(
        public_id=public_id,
        item_id=item.id,
        reporter_index=policy.index_of(actor.public_id),
        category=category,
        state=ReportState.OPEN,
        key_id=key_id,
        sealed=sealing.seal_fields(key_id, TABLE, public_id, "sealed", fields),
        made_at=at or now(),
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(REPORTED_ALREADY) from error
    if safety:
        others = set(staff_at_work(Role.MODERATOR)) - {thing.person_id, actor.person_id}
        notify(sorted(others), "item.safety", item.public_id)
    return made


@action
def withdraw_report(actor: Actor, report: Report) -> None:
    """Take one's own report back. When it was the only one there is nothing left to decide. Raises Conflict."""
    ensure(report.reporter_index == policy.index_of(actor.public_id))
    item = lock(work.session().get_one(QueueItem, report.item_id))
    move(work.session(), report, ReportState.WITHDRAWN, closed_at=now())
    if not _open_reports(item):
        close_item(item.kind, item.ref)


@action
def ask(actor: Actor, item: QueueItem, report: Report, *, body: str) -> None:
    """Ask a reporter something; they are told. Raises Conflict when the actor does not work on the item."""
    if report.item_id != item.id:
        raise Forbidden
    if not policy.holds_claim(actor, lock(item)):
        raise Conflict(TAKEN)
    _write(report, body, from_staff=True)
    notify([reporter_of(report)], "report.question", report.public_id)
    audit.record(actor, "report.ask", target_kind="report", target=report.public_id)


@action
def answer_question(actor: Actor, report: Report, *, body: str) -> None:
    """Add words to one's own open report, for whoever works on it. Raises Conflict once it is closed."""
    ensure(report.reporter_index == policy.index_of(actor.public_id))
    if report.state is not ReportState.OPEN:
        raise Conflict
    item = work.session().get_one(QueueItem, report.item_id)
    _write(report, body, from_staff=False)
    if item.claimed_by_id is not None:
        notify([item.claimed_by_id], "report.answer", item.public_id)


@action
def close_reports(actor: Actor, items: Sequence[QueueItem], *, outcome: Outcome, answer: str) -> int:
    """Close items together with one answer, which every reporter gets. Returns how many reporters were told.

    What nobody works on is claimed on the way. Raises Invalid when they are not about the same person, Forbidden for
    one's own affairs, Conflict when somebody else works on one of them.
    """
    if not items:
        raise Invalid(NOT_ALIKE)
    told: list[int] = []
    items = lock_all(items)
    for item in items:
        ensure(item.kind == policy.REPORTS and policy.can_take(actor, item))
        if item.person_id != items[0].person_id:
            raise Invalid(NOT_ALIKE)
        take_on(actor, item, keep=tuple(one.id for one in items))
        close_claimed(actor, item)
        for one in _open_reports(item):
            sealed = sealing.seal(one.key_id, TABLE, one.public_id, "answer", answer)
            move(work.session(), one, ReportState.CLOSED, outcome=outcome, answer=sealed, closed_at=now())
            reporter = reporter_of(one)
            notify([reporter], "report.closed", one.public_id)
            told.append(reporter)
        audit.record(actor, "report.close", target_kind="item", target=item.public_id, reason=answer)
    return len(told)


@action
def remove_words(actor: Actor, item: QueueItem, *, reason: str) -> None:
    """Take away what was reported, where its feature can. Raises Forbidden, Conflict when the actor has no claim."""
    if not policy.holds_claim(actor, lock(item)):
        raise Conflict(TAKEN)
    kind, _, ref = item.ref.partition(":")
    remove = registry.reportable(kind).remove
    ensure(remove is not None)
    assert remove is not None
    remove(actor, ref, reason)


def reporter_of(report: Report) -> int:
    """The row number of whoever made a report, out of the vault."""
    return int(sealing.unseal_fields(report.key_id, TABLE, report.public_id, "sealed", report.sealed)["reporter"])


@action
def open_file(actor: Actor, item: QueueItem, file: str) -> tuple[bytes, FileKind]:
    """A file that belongs to what was reported, for whoever works on it. That it was opened stands in the record of acts.

    Raises NotFound.
    """
    if not policy.holds_claim(actor, item):
        raise NotFound
    kind, _, ref = item.ref.partition(":")
    found = registry.reportable(kind).open_file
    if found is None:
        raise NotFound
    opened = found(ref, file)
    audit.record(actor, "report.open-file", target_kind="item", target=item.public_id)
    return opened


def _open_reports(item: QueueItem) -> list[Report]:
    waiting = select(Report).where(Report.item_id == item.id, Report.state == ReportState.OPEN).order_by(Report.id)
    found = list(work.session().scalars(waiting.with_for_update().execution_options(populate_existing=True)))
    sealing.prefetch(one.key_id for one in found)
    return found


def _write(report: Report, body: str, *, from_staff: bool) -> None:
    public_id = new_public_id()
    sealed = sealing.seal(report.key_id, EXCHANGE, public_id, "sealed", body)
    work.session().add(
        Exchange(public_id=public_id, report_id=report.id, from_staff=from_staff, sealed=sealed, written_at=now())
    )
