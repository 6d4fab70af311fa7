"""Acts of two persons: one proposes, another one carries out or declines."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from app.identity.models import Person, PersonRole, Standing
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict
from app.kernel.jobs import enqueue
from app.kernel.states import move
from app.kernel.work import action
from app.moderation import policy, queries, registry, sealing
from app.moderation.actions.queue import close_item, open_item
from app.moderation.models import Proposal, ProposalState
from app.notifications.actions import notify

PROPOSAL_DAYS = 7
PROPOSED_ALREADY = N_("This is proposed already and waits for a second person.")
TABLE = "proposal"


@action
def propose(actor: Actor, act: str, ref: str, *, reason: str, details: dict[str, str] | None = None) -> Proposal:
    """Propose an act of two persons, which waits for seven days. Others who may decide find it in the queue.

    Raises NotFound for an act that nobody registered, Forbidden, Conflict when the same is proposed already.
    """
    ensure(policy.can_propose(actor, registry.act(act), ref))
    return put_forward(actor, act, ref, reason=reason, details=details)


@action
def put_forward(actor: Actor, act: str, ref: str, *, reason: str, details: dict[str, str] | None = None) -> Proposal:
    """The same for whoever was already asked whether they may: somebody who grants an appeal against a removal."""
    session, public_id, key_id, moment = work.session(), new_public_id(), sealing.new_key(), now()
    proposal = Proposal(
        public_id=public_id,
        act=act,
        ref=ref,
        state=ProposalState.OPEN,
        key_id=key_id,
        reason=sealing.seal(key_id, TABLE, public_id, "reason", reason),
        details=sealing.seal_fields(key_id, TABLE, public_id, "details", details or {}),
        proposer_id=actor.person_id,
        made_at=moment,
        expires_at=moment + timedelta(days=PROPOSAL_DAYS),
    )
    session.add(proposal)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(PROPOSED_ALREADY) from error
    open_item(policy.PROPOSALS, public_id)
    enqueue("moderation.expire-proposals", after=timedelta(days=PROPOSAL_DAYS, minutes=1))
    audit.record(actor, "proposal.make", target_kind=act, target=ref, reason=reason)
    return proposal


@action
def consent(actor: Actor, proposal: Proposal) -> str | None:
    """Carry out what somebody else proposed. Returns what is to be shown once, such as a code, or None.

    Raises Forbidden for whoever proposed it and whom it is about, Conflict when it was decided meanwhile.
    """
    proposal = _still_open(proposal)
    ensure(queries.can_consent(actor, proposal))
    move(work.session(), proposal, ProposalState.DONE, decider_id=actor.person_id, decided_at=now())
    close_item(policy.PROPOSALS, proposal.public_id, by=actor)
    alone = "consented to their own proposal in an emergency" if proposal.proposer_id == actor.id else ""
    audit.record(actor, "proposal.consent", target_kind=proposal.act, target=proposal.ref, reason=alone)
    details = sealing.unseal_fields(proposal.key_id, TABLE, proposal.public_id, "details", proposal.details)
    shown = registry.act(proposal.act).carry_out(actor, proposal.ref, {**details, "proposal": proposal.public_id})
    _tell_proposer(proposal, "proposal.done")
    return shown


@action
def decline(actor: Actor, proposal: Proposal, *, reason: str) -> None:
    """Say no to what somebody else proposed; they are told why. Raises Forbidden, Conflict."""
    proposal = _still_open(proposal)
    ensure(policy.can_decline(actor, proposal))
    answer = sealing.seal(proposal.key_id, TABLE, proposal.public_id, "answer", reason)
    move(
        work.session(),
        proposal,
        ProposalState.DECLINED,
        decider_id=actor.person_id,
        decided_at=now(),
        answer=answer,
    )
    close_item(policy.PROPOSALS, proposal.public_id, by=actor)
    audit.record(actor, "proposal.decline", target_kind=proposal.act, target=proposal.ref, reason=reason)
    _tell_proposer(proposal, "proposal.declined")


@action
def withdraw(actor: Actor, proposal: Proposal) -> None:
    """Take one's own proposal back. Raises Forbidden, Conflict."""
    proposal = _still_open(proposal)
    ensure(proposal.proposer_id == actor.person_id)
    move(work.session(), proposal, ProposalState.WITHDRAWN, decided_at=now())
    close_item(policy.PROPOSALS, proposal.public_id)
    audit.record(actor, "proposal.withdraw", target_kind=proposal.act, target=proposal.ref)


@action
def expire_proposals(actor: Actor) -> int:
    """Close what nobody answered in seven days, and tell who proposed it. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    over = select(Proposal).where(Proposal.state == ProposalState.OPEN, Proposal.expires_at <= now()).with_for_update()
    expired = list(session.scalars(over))
    for proposal in expired:
        move(session, proposal, ProposalState.EXPIRED, decided_at=now())
        close_item(policy.PROPOSALS, proposal.public_id)
        _tell_proposer(proposal, "proposal.expired")
    return len(expired)


def is_proposed_by_another(actor: Actor, act: str, ref: str) -> bool:
    """Whether somebody else than the actor has proposed this, and it waits for a second person."""
    waiting = policy.visible_proposals(actor).where(
        Proposal.act == act, Proposal.ref == ref, Proposal.state == ProposalState.OPEN, Proposal.expires_at > now()
    )
    return work.session().scalar(waiting.where(Proposal.proposer_id != actor.id)) is not None


def staff_with(*roles: str) -> list[int]:
    """The row numbers of everybody here who has one of these roles, suspended or not, for telling them."""
    return list(work.session().scalars(_with_roles(roles).distinct()))


def staff_at_work(*roles: str) -> list[int]:
    """The same without those who are suspended: what they are told of is no longer theirs to see."""
    return list(work.session().scalars(_with_roles(roles).where(~policy.is_suspended()).distinct()))


def _with_roles(roles: Iterable[str]) -> Select[int]:
    found = select(PersonRole.person_id).join(Person, Person.id == PersonRole.person_id)
    return found.where(PersonRole.role.in_(list(roles)), Person.standing == Standing.ACTIVE)


def _still_open(proposal: Proposal) -> Proposal:
    """The proposal as it is now, kept from changing until the end of this action. Raises Conflict when it was decided."""
    fresh = work.session().get(Proposal, proposal.id, with_for_update=True, populate_existing=True)
    if fresh is None or fresh.state is not ProposalState.OPEN or fresh.expires_at <= now():
        raise Conflict
    return fresh


def _tell_proposer(proposal: Proposal, kind: str) -> None:
    if proposal.proposer_id is not None:
        notify([proposal.proposer_id], kind, proposal.public_id)
