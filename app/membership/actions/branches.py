"""Verbs about a branch: looking whom a freeze would touch, freezing it by two persons, lifting it one by one."""

from dataclasses import dataclass

from app.identity import queries as identity
from app.identity.actions import lift_restrictions, restrict
from app.identity.models import Cause
from app.kernel import audit, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.membership import policy, records
from app.membership.models import Application, BranchReview, ReviewState, Vouch
from app.membership.queries import branches, doors, ledger
from app.moderation import actions as moderation
from app.notifications.actions import notify


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a freeze would touch: how many, and their names in no order, so that nobody can draw who brought whom.

    No names for one alone: whoever looked at everybody in turn would have drawn the whole map.
    """

    count: int
    names: list[str]


@action
def preview(actor: Actor, person: str, *, reason: str) -> Touched:
    """Open the chain below and above one person, and note that the actor did: how many it would touch.

    Who they are is said once another one has proposed the freeze, so that two open it. Raises Forbidden inside of the
    branch.
    """
    ensure(actor.holds(Permission.MEASURES_TAKE))
    branch = ledger.branch_of(person)
    ensure(policy.can_freeze(actor, branch))
    audit.record(actor, "branch.preview", target_kind="person", target=person, reason=reason)
    numbers = list(ledger.numbers_of(branch).values())
    if not moderation.is_proposed_by_another(actor, "branch.freeze", person):
        return Touched(len(numbers), [])
    return Touched(len(numbers), sorted(name for _, name in identity.names_of(numbers).values()))


def freeze(actor: Actor, ref: str, details: dict[str, str]) -> None:
    """What a second person's consent carries out: `freeze_branch`."""
    freeze_branch(actor, ref, proposal=details.get("proposal", ""))


@action
def freeze_branch(actor: Actor, ref: str, *, proposal: str = "") -> None:
    """Pause what is risky for everybody in the branch of one person, until each is looked at.

    Everybody is told. Two persons must have decided it. Raises Forbidden for somebody in the branch.
    """
    branch = ledger.branch_of(ref)
    ensure(policy.can_freeze(actor, branch))
    session, vault = work.session(), work.house().vault
    touched = [number for number in sorted(ledger.numbers_of(branch).values()) if not branches.is_paused(number)]
    for number in touched:
        public_id, key_id = new_public_id(), vault.create_key(Purpose.RECORD)
        words = {"start": ref, "proposal": proposal}
        session.add(
            BranchReview(
                public_id=public_id,
                person_id=number,
                key_id=key_id,
                words=records.seal(key_id, records.review_place(public_id), words),
                began_on=now().date(),
            )
        )
        # A reference of its own for each: one for all of them would say on a disk who belongs together.
        restrict(actor, number, policy.RISKY, cause=Cause.BRANCH, ref=public_id)
        moderation.open_item("branch-review", public_id, person_id=number)
    audit.record(actor, "branch.freeze", target_kind="person", target=ref)
    notify(touched, "branch.paused")


@action
def lift(actor: Actor, review: BranchReview, *, reason: str) -> None:
    """Give one person back what a freeze paused for them; they are told. Raises Forbidden for oneself, Conflict."""
    work.session().refresh(review, with_for_update=True)
    ensure(doors.can_lift(actor, review) or review.state is ReviewState.LIFTED)
    move(work.session(), review, ReviewState.LIFTED)
    lift_restrictions(actor, review.public_id)
    moderation.close_item("branch-review", review.public_id)
    audit.record(actor, "branch.lift", target_kind="branch-review", target=review.public_id, reason=reason)
    notify([review.person_id], "branch.lifted")


@action
def close_vouch_review(actor: Actor, vouch: Vouch, application: Application, *, reason: str) -> None:
    """Note that somebody has looked at a vouch that was taken back after its person was admitted.

    Raises Forbidden for whoever was asked to vouch for that person.
    """
    ensure(branches.can_review_vouch(actor, application))
    moderation.close_item("vouch-review", vouch.public_id)
    audit.record(actor, "vouch.review", target_kind="vouch", target=vouch.public_id, reason=reason)
