"""Who sees and decides what. Nobody works on a report about themselves or by themselves, nor on their own appeal."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select

from app.identity.models import LoginSession, Person, PersonRole, Standing
from app.kernel import work
from app.kernel.access import GRANTS, STAFF, Permission, Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.feature import TwoPersonAct
from app.moderation import registry
from app.moderation.models import (
    Appeal,
    AppealState,
    Emergency,
    ItemState,
    Measure,
    MeasureKind,
    MeasureState,
    Proposal,
    ProposalState,
    QueueItem,
    Report,
)

#: After so long a measure is neither shown nor counted: nothing hangs over anybody for ever.
REMEMBERED = timedelta(days=180)
#: For so long after it began a measure can be appealed.
APPEAL_DAYS = 30
#: What concerns somebody's safety is looked at within this time, whatever it is.
SAFETY_PROMISE = timedelta(hours=4)
#: The longest that one person alone may take something from somebody (days).
LONGEST_DAYS = 90
EMERGENCY_DAYS = 7
REPORTS, APPEALS, PROPOSALS = "report", "appeal", "proposal"


def index_of(person_public_id: str) -> bytes:
    """The keyed index by which a reporter finds their reports, and by which they are kept away from handling them."""
    return work.house().vault.blind_index("reporter", person_public_id)


# --- the queue ----------------------------------------------------------------------------------------------------------


def visible_items(actor: Actor) -> Select[QueueItem]:
    """What waits for somebody like this actor, without their own affairs and what they did themselves."""
    if actor.id is None or not actor.holds(Permission.QUEUE_WORK):
        return select(QueueItem).where(false())
    kinds = [kind.name for kind in registry.queue_kinds().values() if actor.holds(kind.access)]
    return select(QueueItem).where(
        QueueItem.kind.in_(kinds),
        or_(QueueItem.person_id.is_(None), QueueItem.person_id != actor.id),
        or_(QueueItem.kind != REPORTS, ~_reported_by(actor)),
        or_(QueueItem.kind != APPEALS, QueueItem.ref.in_(_appeals_for(actor))),
        or_(QueueItem.kind != PROPOSALS, QueueItem.ref.in_(_proposals_for(actor))),
    )


def is_open() -> ColumnElement[bool]:
    """Whether an item still waits for a decision, whoever works on it."""
    return QueueItem.state != ItemState.CLOSED


def claim_is_over() -> ColumnElement[bool]:
    """Whether a claimed item is free again: its time is up, or whoever claimed it has left."""
    left = exists().where(LoginSession.id == QueueItem.claimed_session_id, LoginSession.ended_at.is_not(None))
    return or_(QueueItem.claimed_until <= now(), left)


def is_free() -> ColumnElement[bool]:
    """Whether nobody works on an item."""
    return or_(QueueItem.state == ItemState.OPEN, and_(QueueItem.state == ItemState.CLAIMED, claim_is_over()))


def can_take(actor: Actor, item: QueueItem) -> bool:
    """Whether an item that the actor sees is one that they may decide on. Its own feature has the last word."""
    kind = registry.queue_kind(item.kind)
    return actor.holds(kind.access) and item.person_id != actor.id and kind.may_take(actor, item.ref)


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
    mine = select(Report.id).join(QueueItem, QueueItem.id == Report.item_id)
    mine = mine.where(QueueItem.ref == ref, QueueItem.state != ItemState.CLOSED)
    return work.session().scalar(mine.where(Report.reporter_index == index_of(actor.public_id)).limit(1)) is None


def _reported_by(actor: Actor) -> ColumnElement[bool]:
    mine = index_of(actor.public_id)
    return exists().where(Report.item_id == QueueItem.id, Report.reporter_index == mine)


# --- reports ------------------------------------------------------------------------------------------------------------


def visible_reports(actor: Actor) -> Select[Report]:
    """The actor's own reports."""
    if actor.id is None or not actor.holds(Permission.SIGNED_IN):
        return select(Report).where(false())
    return select(Report).where(Report.reporter_index == index_of(actor.public_id))


def can_report(actor: Actor, person_id: int) -> bool:
    return actor.holds(Permission.REPORT) and person_id != actor.id


# --- measures and appeals -----------------------------------------------------------------------------------------------


def remembered() -> ColumnElement[bool]:
    """Measures that are still spoken of: those in force, and those that ended not long ago."""
    return or_(Measure.state.in_([MeasureState.ACTIVE, MeasureState.FINAL]), Measure.ended_at > now() - REMEMBERED)


def visible_measures(actor: Actor) -> Select[Measure]:
    """For staff those of others, for everybody their own; none that is forgotten."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Measure).where(false())
    if actor.holds(Permission.PEOPLE_SEE):
        return select(Measure).where(remembered(), Measure.person_id != actor.id)
    return own_measures(actor)


def own_measures(actor: Actor) -> Select[Measure]:
    """What was done to the actor, for their own page."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Measure).where(false())
    return select(Measure).where(remembered(), Measure.person_id == actor.id)


def can_take_measure(actor: Actor, person_id: int) -> bool:
    """Moderators, on others; an administrator too, while an emergency that they declared lasts.

    Not on staff: one moderator alone could otherwise silence all who might object. Two persons take the role first.
    """
    if person_id == actor.id:
        return False
    if has_emergency(actor):
        return True
    return actor.holds(Permission.MEASURES_TAKE) and not is_staff(person_id)


def is_staff(person_id: int) -> bool:
    """Whether somebody has a role that looks after the place."""
    theirs = select(PersonRole.id).where(PersonRole.person_id == person_id, PersonRole.role.in_(list(STAFF)))
    return work.session().scalar(theirs.limit(1)) is not None


def can_lift(actor: Actor, measure: Measure) -> bool:
    """Any moderator, but not their own; a removal is lifted by two (see the act measure.lift-removal)."""
    if measure.kind is MeasureKind.REMOVE or measure.person_id == actor.id:
        return False
    return actor.holds(Permission.MEASURES_TAKE) or has_emergency(actor)


def can_appeal(actor: Actor, measure: Measure) -> bool:
    in_time = measure.taken_at > now() - timedelta(days=APPEAL_DAYS)
    return measure.person_id == actor.id and measure.state is MeasureState.ACTIVE and in_time


def visible_appeals(actor: Actor) -> Select[Appeal]:
    """One's own; for moderators those that they may decide, or have decided."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Appeal).where(false())
    mine = Appeal.measure_id.in_(select(Measure.id).where(Measure.person_id == actor.id))
    if not actor.holds(Permission.MEASURES_TAKE):
        return select(Appeal).where(mine)
    return select(Appeal).where(or_(mine, Appeal.public_id.in_(_appeals_for(actor))))


def can_decide_appeal(actor: Actor, appeal: Appeal) -> bool:
    """Not on one's own, and not whoever took the measure, proposed it or handled the report that led to it."""
    if actor.id is None or not actor.holds(Permission.MEASURES_TAKE):
        return False
    return work.session().scalar(_appeals_for(actor).where(Appeal.id == appeal.id)) is not None


def may_take_appeal(actor: Actor, ref: str) -> bool:
    return work.session().scalar(_appeals_for(actor).where(Appeal.public_id == ref)) is not None


def _appeals_for(actor: Actor) -> Select[str]:
    """Public ids of the appeals against measures that the actor neither suffered nor had a hand in."""
    item = QueueItem.__table__.alias("handled_item")
    handled = exists().where(
        item.c.id == Measure.item_id, or_(item.c.closed_by_id == actor.id, item.c.claimed_by_id == actor.id)
    )
    return (
        select(Appeal.public_id)
        .join(Measure, Measure.id == Appeal.measure_id)
        .where(
            Measure.person_id != actor.id,
            or_(Measure.taken_by_id.is_(None), Measure.taken_by_id != actor.id),
            or_(Measure.proposed_by_id.is_(None), Measure.proposed_by_id != actor.id),
            ~handled,
        )
    )


# --- acts of two persons ------------------------------------------------------------------------------------------------


def visible_proposals(actor: Actor) -> Select[Proposal]:
    """Proposals of acts whose door is open to the actor. Those about themselves are refused by the act (may_decide)."""
    if actor.id is None or not actor.holds(Permission.PEOPLE_SEE):
        return select(Proposal).where(false())
    doors = [act.name for act in registry.acts().values() if actor.holds(act.access)]
    return select(Proposal).where(Proposal.act.in_(doors), Proposal.ref != actor.public_id)


def _proposals_for(actor: Actor) -> Select[str]:
    return (
        visible_proposals(actor)
        .with_only_columns(Proposal.public_id)
        .where(or_(Proposal.proposer_id.is_(None), Proposal.proposer_id != actor.id))
    )


def can_propose(actor: Actor, act: TwoPersonAct, ref: str) -> bool:
    return actor.id is not None and actor.holds(act.access) and act.may_decide(actor, ref)


def can_consent(actor: Actor, proposal: Proposal) -> bool:
    """Somebody else than the proposer; in an emergency the proposer too, but only when there is nobody else."""
    act = registry.act(proposal.act)
    if not can_propose(actor, act, proposal.ref):
        return False
    if proposal.proposer_id != actor.id:
        return True
    return has_emergency(actor) and not others_may_decide(actor, act)


def can_decline(actor: Actor, proposal: Proposal) -> bool:
    return proposal.proposer_id != actor.id and can_propose(actor, registry.act(proposal.act), proposal.ref)


def may_take_proposal(actor: Actor, ref: str) -> bool:
    proposal = (
        work.session()
        .scalars(visible_proposals(actor).where(Proposal.public_id == ref, Proposal.state == ProposalState.OPEN))
        .one_or_none()
    )
    return proposal is not None and can_decline(actor, proposal)


def can_break_glass(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.ROLES_PROPOSE)


def has_emergency(actor: Actor) -> bool:
    """Whether the actor is an administrator who declared an emergency that still lasts."""
    if not can_break_glass(actor):
        return False
    lasting = select(Emergency.id).where(Emergency.person_id == actor.id, Emergency.until > now()).limit(1)
    return work.session().scalar(lasting) is not None


def others_may_decide(actor: Actor, act: TwoPersonAct) -> bool:
    """Whether anybody else here has a role that opens the door of this act."""
    return bool(count_with(_roles_with(act.access), but=[actor.person_id]))


def count_with(roles: Iterable[Role], *, but: Iterable[int] = ()) -> int:
    """How many people with one of these roles there are, besides some."""
    people = (
        select(func.count(func.distinct(PersonRole.person_id)))
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.role.in_(list(roles)), Person.standing == Standing.ACTIVE)
        .where(PersonRole.person_id.not_in(list(but)))
    )
    return work.session().scalar(people) or 0


def _roles_with(permission: Permission) -> list[Role]:
    return [role for role, granted in GRANTS.items() if permission in granted]


def may_decide_on_person(actor: Actor, ref: str) -> bool:
    """For acts whose reference is a person: not on oneself."""
    return actor.public_id != ref


def may_decide_on_role(actor: Actor, ref: str) -> bool:
    """Administrators, on others; while there is only one besides the person, moderators too."""
    if actor.public_id == ref:
        return False
    if actor.holds(Permission.ROLES_PROPOSE):
        return True
    about = work.session().scalar(select(Person.id).where(Person.public_id == ref))
    alone = count_with([Role.ADMINISTRATOR], but=[about] if about else []) <= 1
    return alone and actor.holds(Permission.MEASURES_TAKE)


def may_decide_on_measure(actor: Actor, ref: str) -> bool:
    """For lifting a removal: not the person it was taken against."""
    whose = work.session().scalar(select(Measure.person_id).where(Measure.public_id == ref))
    return whose is not None and whose != actor.id


def open_appeal_exists() -> ColumnElement[bool]:
    """Whether a measure's appeal waits for an answer."""
    return exists().where(Appeal.measure_id == Measure.id, Appeal.state == AppealState.OPEN)


# --- pages --------------------------------------------------------------------------------------------------------------


def can_see_people(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.PEOPLE_SEE)


def can_read_record(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.RECORD_READ)
