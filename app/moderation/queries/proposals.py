"""Reads of acts of two persons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from app.identity.factors.codes import in_groups
from app.identity.models import Person
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now, this_moment
from app.kernel.errors import NotFound
from app.moderation import policy, registry, sealing
from app.moderation.models import Measure, Proposal, ProposalState

PAGE = 25
#: In the details of a proposed reset: what the proposer passes on, and shows to nobody here.
HALF = "half"


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal, opened. `about` is a name where the act is about a person, else empty."""

    public_id: str
    act: str
    label: str
    state: ProposalState
    about: str
    about_id: str
    proposer: str
    reason: str
    answer: str
    details: dict[str, str]
    made: datetime
    expires: datetime
    is_mine: bool
    may_consent: bool
    may_decline: bool


def proposals(actor: Actor, page: int = 1, *, decided: bool = False) -> tuple[list[ProposalLine], bool]:
    """What waits for a second person, or what was decided lately, newest first; and whether there is more."""
    found = list(work.session().scalars(*_page(actor, decided, (page - 1) * PAGE)))
    return _lines(actor, found[:PAGE], asking=False), len(found) > PAGE


def get_proposal(actor: Actor, public_id: str) -> Proposal:
    """A proposal whose act is open to the actor and that is not about them. Raises NotFound."""
    found: Proposal | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


@built_once
def _page(actor: Actor, decided: bool, after: int) -> Select[Proposal]:
    state = Proposal.state == ProposalState.OPEN
    wanted = policy.visible_proposals(actor).where(~state if decided else state)
    return wanted.order_by(Proposal.id.desc()).offset(after).limit(PAGE + 1)


@built_once
def _one(actor: Actor, public_id: str) -> Select[Proposal]:
    return policy.visible_proposals(actor).where(Proposal.public_id == public_id)


def read_proposal(actor: Actor, proposal: Proposal) -> ProposalLine:
    """The same, opened, with what the actor may do about it."""
    return _lines(actor, [proposal], asking=True)[0]


def my_half(actor: Actor, proposal: Proposal) -> str:
    """The half of a reset code that the proposer passes on, in groups of five. Raises NotFound for everybody else."""
    details = sealing.unseal_fields(proposal.key_id, "proposal", proposal.public_id, "details", proposal.details)
    if proposal.proposer_id != actor.id or HALF not in details:
        raise NotFound
    return in_groups(details[HALF])


def is_proposed(act: str, ref: str) -> bool:
    """Whether the same waits for a second person already."""
    return work.session().scalar(*_proposed(act, ref)) is not None


@built_once
def _proposed(act: str, ref: str) -> Select[int]:
    return select(Proposal.id).where(Proposal.act == act, Proposal.ref == ref, Proposal.state == ProposalState.OPEN)


def can_consent(actor: Actor, proposal: Proposal) -> bool:
    """Whether the actor may be the second person: not either where their own report led to it."""
    if not policy.can_consent(actor, proposal):
        return False
    key_id, public_id = proposal.key_id, proposal.public_id
    item = sealing.unseal_fields(key_id, "proposal", public_id, "details", proposal.details).get("item", "")
    return not (item and policy.is_reporter_in(actor, item))


def waiting_proposals(actor: Actor) -> int:
    """How many proposals of others wait for somebody like the actor."""
    return work.session().scalar(*_waiting(actor)) or 0


@built_once
def _waiting(actor: Actor) -> Select[int]:
    waiting = policy.visible_proposals(actor).where(
        Proposal.state == ProposalState.OPEN,
        Proposal.expires_at > this_moment(),
        or_(Proposal.proposer_id.is_(None), Proposal.proposer_id != actor.id),
    )
    return waiting.with_only_columns(func.count())


def _lines(actor: Actor, found: Sequence[Proposal], *, asking: bool) -> list[ProposalLine]:
    """Proposals for a page, with a constant number of queries; what the actor may do is asked of one at a time only."""
    sealing.prefetch(one.key_id for one in found)
    acts = registry.acts()
    people = _people({one.ref for one in found})
    names = names_of({*people.values(), *(one.proposer_id for one in found if one.proposer_id is not None)})
    lines = []
    for one in found:
        about = names.get(people.get(one.ref, 0), ("", ""))
        open_now = asking and one.state is ProposalState.OPEN and one.expires_at > now()
        lines.append(
            ProposalLine(
                public_id=one.public_id,
                act=one.act,
                label=acts[one.act].label,
                state=one.state,
                about=about[1],
                about_id=about[0],
                proposer=names.get(one.proposer_id or 0, ("", ""))[1],
                reason=sealing.unseal(one.key_id, "proposal", one.public_id, "reason", one.reason),
                answer=sealing.unseal(one.key_id, "proposal", one.public_id, "answer", one.answer),
                details=_shown(sealing.unseal_fields(one.key_id, "proposal", one.public_id, "details", one.details)),
                made=one.made_at,
                expires=one.expires_at,
                is_mine=one.proposer_id == actor.id,
                may_consent=open_now and can_consent(actor, one),
                may_decline=open_now and policy.can_decline(actor, one),
            )
        )
    return lines


def _shown(details: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in details.items() if name != HALF}


def _people(refs: set[str]) -> dict[str, int]:
    """Row numbers of the people whom references are about: a person, or a measure against one."""
    found: dict[str, int] = {row[0]: row[1] for row in work.session().execute(*_people_of(refs))}
    measures = work.session().execute(*_people_under(refs - set(found)))
    return {**found, **{row[0]: row[1] for row in measures}}


@built_once
def _people_of(refs: Collection[str]) -> Select[str, int]:
    return select(Person.public_id, Person.id).where(Person.public_id.in_(refs))


@built_once
def _people_under(measures: Collection[str]) -> Select[str, int]:
    return select(Measure.public_id, Measure.person_id).where(Measure.public_id.in_(measures))
