"""What moderation holds of a person: their reports, what was decided about them, and their appeals."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, select, update

from app.identity.models import Person, Standing
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.kernel.states import move
from app.moderation import policy, queries, sealing
from app.moderation.actions.queue import close_item
from app.moderation.models import (
    Appeal,
    Care,
    Emergency,
    Exchange,
    Measure,
    Note,
    Proposal,
    ProposalState,
    QueueItem,
    Report,
    ReportState,
)
from app.moderation.queries.reports import Line


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Reports without the words of others that they were about; measures with their reasons; appeals with answers.

    Notes of moderators are not in it: they are theirs, are forgotten after 180 days, and could name who reported.
    """
    yield "reports", list(_reports(actor))
    yield (
        "measures",
        [
            {
                "kind": one.kind.value,
                "category": one.category.value,
                "state": one.state.value,
                "reason": one.reason,
                "lifted_because": one.lift_reason,
                "at": one.taken,
                "until": one.until,
                "ended": one.ended,
            }
            for one in queries.standing(actor)
        ],
    )
    mine = policy.visible_appeals(actor).where(
        Appeal.measure_id.in_(select(Measure.id).where(Measure.person_id == actor.id))
    )
    yield (
        "appeals",
        [
            {
                "words": read.words,
                "answer": read.answer,
                "state": read.state.value,
                "at": read.made,
                "decided": read.decided,
                "dialogue": _dialogue(read.lines),
            }
            for read in (queries.read_appeal(actor, one) for one in work.session().scalars(mine.order_by(Appeal.id)))
        ],
    )


def erase(_actor: Actor, person_id: int) -> Iterable[str]:
    """What is about them goes, and what they reported; what somebody else reported about them loses their words.

    Of somebody who was removed stays what was decided about them, so that moderators know whom they recognise.
    """
    session = work.session()
    person = session.get_one(Person, person_id)
    keys = [*_own_reports(person)]
    session.execute(delete(Care).where(Care.person_id == person_id))
    session.execute(update(Emergency).where(Emergency.person_id == person_id).values(person_id=None))
    if person.standing is Standing.CLOSED:
        return keys
    _words_in_reports(person_id)
    measures = select(Measure.id).where(Measure.person_id == person_id)
    about = [person.public_id, *session.scalars(select(Measure.public_id).where(Measure.person_id == person_id))]
    keys += _proposals(about)
    for ref in session.scalars(select(Appeal.public_id).where(Appeal.measure_id.in_(measures))).all():
        close_item(policy.APPEALS, ref)
    keys += session.scalars(select(Appeal.key_id).where(Appeal.measure_id.in_(measures)))
    keys += session.scalars(delete(Measure).where(Measure.person_id == person_id).returning(Measure.key_id))
    keys += session.scalars(delete(Note).where(Note.person_id == person_id).returning(Note.key_id))
    return keys


def _reports(actor: Actor) -> Iterator[dict[str, Any]]:
    page, more = 1, True
    while more:
        found, more = queries.my_reports(actor, page)
        page += 1
        for line in found:
            one = queries.my_report(actor, line.public_id)
            yield {
                "about": one.label,
                "category": one.category.value,
                "state": one.state.value,
                "what_happened": one.says,
                "what_i_hope_for": one.hopes,
                "answer": one.answer,
                "at": one.made,
                "ended": one.closed,
                "dialogue": _dialogue(one.lines),
            }


def _dialogue(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [{"by": "staff" if one.from_staff else "me", "at": one.at, "words": one.words} for one in lines]


def _own_reports(person: Person) -> list[str]:
    """Withdraw and empty what the person reported. The row stays without words, and nobody finds whose it was."""
    session, index = work.session(), policy.index_of(person.public_id)
    keys = []
    for report in session.scalars(select(Report).where(Report.reporter_index == index).with_for_update()):
        keys.append(report.key_id)
        if report.state is ReportState.OPEN:
            move(session, report, ReportState.WITHDRAWN, closed_at=now())
        report.reporter_index = policy.index_of(f"erased:{report.public_id}")
        report.sealed, report.answer = b"", None
        session.execute(delete(Exchange).where(Exchange.report_id == report.id))
        session.flush()
        item = session.get_one(QueueItem, report.item_id)
        waiting = select(Report.id).where(Report.item_id == item.id, Report.state == ReportState.OPEN).limit(1)
        if session.scalar(waiting) is None:
            close_item(item.kind, item.ref)
    return keys


def _words_in_reports(person_id: int) -> None:
    """Take the person's own words out of what others reported about them, and close what waits: there is nobody left."""
    session = work.session()
    items = list(session.scalars(select(QueueItem).where(QueueItem.person_id == person_id)))
    reports = select(Report).where(Report.item_id.in_([one.id for one in items])).with_for_update()
    for report in session.scalars(reports):
        key_id, public_id = report.key_id, report.public_id
        fields = sealing.unseal_fields(key_id, "report", public_id, "sealed", report.sealed) if report.sealed else {}
        if fields.get("words"):
            fields["words"] = ""
            report.sealed = sealing.seal_fields(key_id, "report", public_id, "sealed", fields)
        if report.state is ReportState.OPEN:
            move(session, report, ReportState.CLOSED, closed_at=now())
    for item in items:
        close_item(item.kind, item.ref)
        item.person_id = None
    session.flush()


def _proposals(about: list[str]) -> list[str]:
    """What two persons were to decide about somebody needs no decision any more."""
    session, keys = work.session(), []
    for one in session.scalars(select(Proposal).where(Proposal.ref.in_(about)).with_for_update()):
        if one.state is ProposalState.OPEN:
            move(session, one, ProposalState.EXPIRED, decided_at=now())
            close_item(policy.PROPOSALS, one.public_id)
        keys.append(one.key_id)
    session.flush()
    return keys


part = OwnData("moderation", N_("Reports and decisions"), export, erase)
