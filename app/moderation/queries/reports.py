"""Reads of reports: a member's own, and those in an item for whoever works on it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.feature import ContextLine, ReportedFile
from app.moderation import policy, registry, sealing
from app.moderation.models import Category, Exchange, Outcome, QueueItem, Report, ReportState

PAGE = 25


@dataclass(frozen=True, slots=True)
class Line:
    """A few words of a dialogue."""

    from_staff: bool
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MyReport:
    """A report, as whoever made it sees it. `label` says what kind of thing was reported."""

    public_id: str
    label: str
    category: Category
    state: ReportState
    made: datetime
    due: datetime
    words: str
    says: str
    hopes: str
    outcome: Outcome | None
    answer: str
    closed: datetime | None
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class ReportRead:
    """A report, as the moderator who works on it reads it."""

    public_id: str
    reporter: str
    category: Category
    made: datetime
    words: str
    says: str
    hopes: str
    lines: Sequence[Line]


def my_reports(actor: Actor, page: int = 1) -> tuple[list[MyReport], bool]:
    """The actor's reports, newest first, and whether there are more."""
    rows = work.session().execute(*_page(actor, policy.index_of(actor.public_id), (page - 1) * PAGE)).all()
    sealing.prefetch(row[0].key_id for row in rows)
    return [_mine(report, item) for report, item in rows[:PAGE]], len(rows) > PAGE


@built_once
def _page(actor: Actor, index: bytes, after: int) -> Select[Report, QueueItem]:
    wanted = policy.visible_reports(actor, index).add_columns(QueueItem)
    wanted = wanted.join(QueueItem, QueueItem.id == Report.item_id)
    return wanted.order_by(Report.id.desc()).offset(after).limit(PAGE + 1)


@built_once
def _one_of_mine(actor: Actor, index: bytes, public_id: str) -> Select[Report]:
    return policy.visible_reports(actor, index).where(Report.public_id == public_id)


@built_once
def _my_open(actor: Actor, index: bytes) -> Select[int]:
    mine = policy.visible_reports(actor, index)
    return mine.where(Report.state == ReportState.OPEN).with_only_columns(Report.id)


def get_my_report(actor: Actor, public_id: str) -> Report:
    """One of the actor's own. Raises NotFound."""
    wanted = _one_of_mine(actor, policy.index_of(actor.public_id), public_id)
    found: Report | None = work.session().scalars(*wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def my_report(actor: Actor, public_id: str) -> MyReport:
    """One of the actor's own, opened, with what was said about it. Raises NotFound."""
    report = get_my_report(actor, public_id)
    return _mine(
        report, work.session().get_one(QueueItem, report.item_id), _lines({report.id: report.key_id})[report.id]
    )


def questions_waiting(actor: Actor) -> int:
    """How many of the actor's open reports end with a question to them."""
    waiting = work.session().scalars(*_my_open(actor, policy.index_of(actor.public_id))).all()
    if not waiting:
        return 0
    last: dict[int | None, bool] = {}
    last.update((row[0], row[1]) for row in work.session().execute(*_said_in(waiting)))
    return sum(last.values())


@built_once
def _said_in(reports: Collection[int]) -> Select[int | None, bool]:
    said = select(Exchange.report_id, Exchange.from_staff).where(Exchange.report_id.in_(reports))
    return said.order_by(Exchange.id)


def reports_in(actor: Actor, item: QueueItem) -> list[ReportRead]:
    """The reports of an item, opened, for whoever works on it. Raises NotFound for everybody else."""
    if not policy.holds_claim(actor, item):
        raise NotFound
    found = list(work.session().scalars(*_open_in(item.id)))
    sealing.prefetch(report.key_id for report in found)
    fields = {one.id: sealing.unseal_fields(one.key_id, "report", one.public_id, "sealed", one.sealed) for one in found}
    names = names_of({int(opened["reporter"]) for opened in fields.values() if opened})
    lines = _lines({report.id: report.key_id for report in found})
    return [
        ReportRead(
            public_id=report.public_id,
            reporter=names.get(int(opened.get("reporter", "0")), ("", ""))[1],
            category=report.category,
            made=report.made_at,
            words=opened.get("words", ""),
            says=opened.get("says", ""),
            hopes=opened.get("hopes", ""),
            lines=lines[report.id],
        )
        for report, opened in ((one, fields[one.id]) for one in found)
    ]


def get_report_in(actor: Actor, item: QueueItem, public_id: str) -> Report:
    """One report of an item that the actor works on. Raises NotFound."""
    if not policy.holds_claim(actor, item):
        raise NotFound
    found: Report | None = work.session().scalars(*_one_in(item.id, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


@built_once
def _open_in(item: int) -> Select[Report]:
    return select(Report).where(Report.item_id == item, Report.state == ReportState.OPEN).order_by(Report.id)


@built_once
def _one_in(item: int, public_id: str) -> Select[Report]:
    return select(Report).where(Report.item_id == item, Report.public_id == public_id)


def context_of(actor: Actor, item: QueueItem) -> Sequence[ContextLine]:
    """What stands around the reported thing, for whoever works on it. Nothing where it is gone meanwhile."""
    if not policy.holds_claim(actor, item):
        raise NotFound
    kind, _, ref = item.ref.partition(":")
    try:
        return registry.reportable(kind).context(ref)
    except NotFound:
        return ()


def files_of(actor: Actor, item: QueueItem) -> Sequence[ReportedFile]:
    """The files that belong to what was reported, for whoever works on it. Nothing where it is gone meanwhile."""
    if not policy.holds_claim(actor, item):
        raise NotFound
    kind, _, ref = item.ref.partition(":")
    found = registry.reportable(kind).files
    try:
        return found(ref) if found is not None else ()
    except NotFound:
        return ()


def can_remove(item: QueueItem) -> bool:
    """Whether what was reported can be taken away."""
    kind = item.ref.partition(":")[0]
    return registry.reportable(kind).remove is not None


def lines_of_appeal(appeal_id: int, key_id: str) -> list[Line]:
    """What both sides of an appeal wrote, oldest first."""
    return [_line(one, key_id) for one in work.session().scalars(*_said_about(appeal_id))]


@built_once
def _said_about(appeal: int) -> Select[Exchange]:
    return select(Exchange).where(Exchange.appeal_id == appeal).order_by(Exchange.id)


def _lines(keys: dict[int, str]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {report_id: [] for report_id in keys}
    for one in work.session().scalars(*_lines_in(keys)):
        assert one.report_id is not None
        found[one.report_id].append(_line(one, keys[one.report_id]))
    return found


@built_once
def _lines_in(reports: Collection[int]) -> Select[Exchange]:
    return select(Exchange).where(Exchange.report_id.in_(reports)).order_by(Exchange.id)


def _line(one: Exchange, key_id: str) -> Line:
    words = sealing.unseal(key_id, "exchange", one.public_id, "sealed", one.sealed)
    return Line(one.from_staff, words, one.written_at)


def _mine(report: Report, item: QueueItem, lines: Sequence[Line] = ()) -> MyReport:
    opened = sealing.unseal_fields(report.key_id, "report", report.public_id, "sealed", report.sealed)
    return MyReport(
        public_id=report.public_id,
        label=registry.reportable(item.ref.partition(":")[0]).label,
        category=report.category,
        state=report.state,
        made=report.made_at,
        due=item.due_at,
        words=opened.get("words", ""),
        says=opened.get("says", ""),
        hopes=opened.get("hopes", ""),
        outcome=report.outcome,
        answer=sealing.unseal(report.key_id, "report", report.public_id, "answer", report.answer),
        closed=report.closed_at,
        lines=lines,
    )
