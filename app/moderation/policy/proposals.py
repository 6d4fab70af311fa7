"""Acts of two persons: who proposes, and who is the second one."""

from sqlalchemy import CompoundSelect, Select, false, or_, select, union_all

from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.feature import TwoPersonAct
from app.moderation import registry
from app.moderation.models import Measure, Proposal, ProposalState
from app.moderation.policy.staff import able, count_with, has_emergency, roles_with
from app.moderation.policy.ties import did_bring_in

#: Acts of two persons that give somebody something.
FAVOURS = frozenset({"role.change", "measure.lift-removal"})


def visible_proposals(actor: Actor) -> Select[Proposal]:
    """Proposals of acts whose door is open to the actor. Those about themselves are refused by the act (may_decide)."""
    if actor.id is None or not actor.holds(Permission.PEOPLE_SEE):
        return select(Proposal).where(false())
    doors = [act.name for act in registry.acts().values() if actor.holds(act.access)]
    mine = Proposal.proposer_id == actor.id  # an administrator may propose by answering an appeal
    return select(Proposal).where(or_(Proposal.act.in_(doors), mine), Proposal.ref != actor.public_id)


def proposals_for(actor: Actor) -> Select[str]:
    return (
        visible_proposals(actor)
        .with_only_columns(Proposal.public_id)
        .where(or_(Proposal.proposer_id.is_(None), Proposal.proposer_id != actor.id))
    )


def can_propose(actor: Actor, act: TwoPersonAct, ref: str) -> bool:
    return actor.id is not None and actor.holds(act.access) and act.may_decide(actor, ref)


def can_consent(actor: Actor, proposal: Proposal) -> bool:
    """Somebody else than the proposer; in an emergency the proposer too, but only when there is nobody else.

    Not in favour of whom they brought in; and the proposer must still be one of those who look after the place, since
    otherwise it would be the act of one. That it is not about their own report is asked where that can be opened.
    """
    act = registry.act(proposal.act)
    if not can_propose(actor, act, proposal.ref) or not _proposer_is_still_here(proposal, act):
        return False
    if proposal.act in FAVOURS and _brought_in_whom_it_is_about(actor, proposal.ref):
        return False
    if proposal.proposer_id != actor.id:
        return True
    return has_emergency(actor) and not others_may_decide(actor, act)


def _proposer_is_still_here(proposal: Proposal, act: TwoPersonAct) -> bool:
    return proposal.proposer_id in {*able(act.access), *able(Permission.PEOPLE_SEE)}


def _brought_in_whom_it_is_about(actor: Actor, ref: str) -> bool:
    return any(did_bring_in(actor, number) for number in work.session().scalars(*_about(ref)))


@built_once
def _about(ref: str) -> CompoundSelect[int]:
    person = select(Person.id).where(Person.public_id == ref)
    return union_all(person, select(Measure.person_id).where(Measure.public_id == ref))


def can_decline(actor: Actor, proposal: Proposal) -> bool:
    return proposal.proposer_id != actor.id and can_propose(actor, registry.act(proposal.act), proposal.ref)


def may_take_proposal(actor: Actor, ref: str) -> bool:
    proposal = work.session().scalars(*_open(actor, ref)).one_or_none()
    return proposal is not None and can_decline(actor, proposal)


@built_once
def _open(actor: Actor, ref: str) -> Select[Proposal]:
    return visible_proposals(actor).where(Proposal.public_id == ref, Proposal.state == ProposalState.OPEN)


def others_may_decide(actor: Actor, act: TwoPersonAct) -> bool:
    """Whether anybody else here has a role that opens the door of this act."""
    return bool(count_with(roles_with(act.access), but=[actor.person_id]))


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
