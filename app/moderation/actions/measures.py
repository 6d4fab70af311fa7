"""Measures: what moderators do to someone, for how long and why; each is told to the person and can be undone."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from app.identity import actions as identity
from app.identity.models import Cause, Person, Standing
from app.kernel import audit, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.jobs import enqueue
from app.kernel.signals import Words, person_closed, words_handled
from app.kernel.states import move
from app.kernel.work import action
from app.moderation import policy, sealing
from app.moderation.actions.queue import close_item
from app.moderation.models import (
    Appeal,
    AppealState,
    Category,
    Measure,
    MeasureKind,
    MeasureState,
    Proposal,
    ProposalState,
    QueueItem,
)
from app.notifications.actions import notify

#: What each measure takes away. Reading, and what is one's own, stays open as long as one is not suspended.
WITHHELD: Mapping[MeasureKind, frozenset[Permission]] = {
    MeasureKind.NOTICE: frozenset(),
    MeasureKind.PAUSE_POSTING: frozenset({Permission.ROOMS_POST, Permission.CONTACT_FIRST}),
    MeasureKind.LIMIT: frozenset(
        {Permission.DIRECTORY_USE, Permission.CONTACT_FIRST, Permission.LINKS_SEND, Permission.VOUCH}
    ),
    MeasureKind.SUSPEND: frozenset({Permission.SIGNED_IN}),
    MeasureKind.REMOVE: frozenset({Permission.SIGNED_IN}),
}
#: A notice takes nothing away; for so long a second one is not given.
NOTICE_DAYS = 7
#: What was removed can be appealed for so long before the person is closed for good.
FINAL_AFTER = timedelta(days=policy.APPEAL_DAYS)
TWICE = N_("This person is under such a measure already. Look at it first.")
TOO_LONG = N_("One person alone can decide this for at most 90 days.")
TOO_LONG_ALONE = N_("In an emergency you can decide this alone for at most 7 days.")
NO_DAYS = N_("Say for how many days.")
TABLE = "measure"


@action
def take(
    actor: Actor,
    person_id: int,
    kind: MeasureKind,
    *,
    category: Category,
    reason: str,
    days: int = 0,
    words: Words = Words.KEEP,
    item: QueueItem | None = None,
) -> Measure:
    """Take a measure for so many days. It works at once on open pages and sockets, and the person is told why.

    Raises Forbidden for oneself and for a removal, which two persons decide; Invalid for longer than one may decide
    alone; Conflict when the person is under such a measure already.
    """
    ensure(policy.can_take_measure(actor, person_id) and kind is not MeasureKind.REMOVE)
    days = NOTICE_DAYS if kind is MeasureKind.NOTICE else days
    # What only the emergency allows is short, whatever else this administrator is here.
    alone = not actor.holds(Permission.MEASURES_TAKE) or policy.is_staff(person_id)
    if days < 1:
        raise Invalid(NO_DAYS)
    if days > (policy.EMERGENCY_DAYS if alone else policy.LONGEST_DAYS):
        raise Invalid(TOO_LONG_ALONE if alone else TOO_LONG)
    words = Words.HIDE if kind is MeasureKind.SUSPEND and words is not Words.KEEP else Words.KEEP
    until = now() + timedelta(days=days)
    return _begin(actor, person_id, kind, category=category, reason=reason, until=until, words=words, item=item)


@action
def lift(actor: Actor, measure: Measure, *, reason: str) -> None:
    """End a measure early, with all that it took away, and tell the person. Raises Forbidden, Conflict."""
    ensure(policy.can_lift(actor, measure))
    undo(actor, measure, reason=reason)


@action
def undo(actor: Actor, measure: Measure, *, reason: str) -> None:
    """The same for whoever was already asked whether they may: an appeal's answer, or the consent of a second person."""
    appeal = _waiting_appeal(measure)  # locked before the measure, as where an appeal is decided
    sealed = sealing.seal(measure.key_id, TABLE, measure.public_id, "lift_reason", reason)
    move(work.session(), measure, MeasureState.LIFTED, lift_reason=sealed, ended_at=now())
    if appeal is not None:
        _settle(actor, appeal, reason)
    identity.lift_restrictions(actor, measure.public_id)
    _show_again(actor, measure)
    audit.record(actor, "measure.lift", target_kind=measure.kind.value, target=measure.public_id, reason=reason)
    notify([measure.person_id], "measure.lifted", measure.public_id)


@action
def carry_out_removal(actor: Actor, ref: str, details: dict[str, str]) -> None:
    """Remove a member, once a second person consented. What comes after: thirty days in which they can appeal."""
    session = work.session()
    person = session.scalars(select(Person).where(Person.public_id == ref)).one()
    proposed = session.scalars(select(Proposal).where(Proposal.public_id == details["proposal"])).one()
    item = session.scalars(select(QueueItem).where(QueueItem.public_id == details.get("item", ""))).one_or_none()
    measure = _begin(
        actor,
        person.id,
        MeasureKind.REMOVE,
        category=Category(details["category"]),
        reason=details["reason"],
        until=None,
        words=Words(details["words"]),
        item=item,
    )
    measure.proposed_by_id = proposed.proposer_id
    enqueue("moderation.close-removed", after=FINAL_AFTER + timedelta(minutes=1))


@action
def carry_out_lifting(actor: Actor, ref: str, details: dict[str, str]) -> None:
    """Let a removed member back in, once a second person consented. Raises Conflict once they are closed for good."""
    measure = work.session().scalars(select(Measure).where(Measure.public_id == ref)).one()
    undo(actor, measure, reason=details["reason"])


@action
def end_over(actor: Actor) -> int:
    """Note which measures are over by now, and show again what they hid. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    return _end_over(actor, select(Measure))


@action
def close_removed(actor: Actor) -> int:
    """Close for good whoever was removed thirty days ago and whose appeal does not wait. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    lifting = select(Proposal.ref).where(Proposal.act == "measure.lift-removal", Proposal.state == ProposalState.OPEN)
    due = select(Measure).where(
        Measure.kind == MeasureKind.REMOVE,
        Measure.state == MeasureState.ACTIVE,
        Measure.taken_at <= now() - FINAL_AFTER,
        ~policy.open_appeal_exists(),
        Measure.public_id.not_in(lifting),
    )
    closed = list(session.scalars(due.with_for_update()))
    for measure in closed:
        move(session, measure, MeasureState.FINAL, ended_at=now())
        # The row stays, with the keyed index of its name: whoever comes back under it, or one like it, is recognised.
        session.get_one(Person, measure.person_id).standing = Standing.CLOSED
        if measure.words is Words.DELETE:
            words_handled.send(actor, person_id=measure.person_id, how=Words.DELETE)
        person_closed.send(actor, person_id=measure.person_id)
        audit.record(actor, "person.close", target_kind="measure", target=measure.public_id)
    return len(closed)


def _begin(
    actor: Actor,
    person_id: int,
    kind: MeasureKind,
    *,
    category: Category,
    reason: str,
    until: datetime | None,
    words: Words,
    item: QueueItem | None,
) -> Measure:
    session, public_id, key_id = work.session(), new_public_id(), sealing.new_key()
    _end_over(actor, select(Measure).where(Measure.person_id == person_id, Measure.kind == kind))
    measure = Measure(
        public_id=public_id,
        person_id=person_id,
        kind=kind,
        category=category,
        state=MeasureState.ACTIVE,
        words=words,
        key_id=key_id,
        reason=sealing.seal(key_id, TABLE, public_id, "reason", reason),
        item_id=item.id if item is not None else None,
        taken_by_id=actor.person_id,
        taken_at=now(),
        until=until,
    )
    session.add(measure)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(TWICE) from error
    audit.record(actor, "measure.take", target_kind=kind.value, target=public_id, reason=reason)
    if WITHHELD[kind]:
        identity.restrict(actor, person_id, WITHHELD[kind], cause=Cause.MEASURE, ref=public_id, until=until)
    if words is not Words.KEEP:
        words_handled.send(actor, person_id=person_id, how=Words.HIDE)
    if until is not None:
        enqueue("moderation.end-measures", after=until - now() + timedelta(minutes=1))
    notify([person_id], "measure.taken", public_id)
    return measure


def _end_over(actor: Actor, which: Select[Measure]) -> int:
    session = work.session()
    over = which.where(Measure.state == MeasureState.ACTIVE, Measure.until <= now()).with_for_update()
    ended = list(session.scalars(over.execution_options(populate_existing=True)))
    for measure in ended:
        move(session, measure, MeasureState.OVER, ended_at=measure.until)
        _show_again(actor, measure)
    return len(ended)


def _show_again(actor: Actor, measure: Measure) -> None:
    """Bring a person's words back, unless another measure hides them still."""
    if measure.words is Words.KEEP:
        return
    others = select(Measure.id).where(
        Measure.person_id == measure.person_id,
        Measure.state == MeasureState.ACTIVE,
        Measure.words != Words.KEEP,
        Measure.id != measure.id,
    )
    if work.session().scalar(others.limit(1)) is None:
        words_handled.send(actor, person_id=measure.person_id, how=Words.SHOW)


def _waiting_appeal(measure: Measure) -> Appeal | None:
    waiting = select(Appeal).where(Appeal.measure_id == measure.id, Appeal.state == AppealState.OPEN)
    return work.session().scalars(waiting.with_for_update()).one_or_none()


def _settle(actor: Actor, appeal: Appeal, reason: str) -> None:
    """What was appealed and is lifted meanwhile needs no other decision."""
    sealed = sealing.seal(appeal.key_id, "appeal", appeal.public_id, "answer", reason)
    move(work.session(), appeal, AppealState.GRANTED, answer=sealed, decided_at=now())
    close_item(policy.APPEALS, appeal.public_id, by=actor)
