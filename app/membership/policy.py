"""Who sees applications, who may decide on them, who may vouch, and for whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import Select, false, select

from app.kernel.access import Permission
from app.kernel.actor import Actor, Kind
from app.kernel.db import now
from app.membership.lineage import Lineage, independent
from app.membership.models import (
    DECIDED,
    UNDECIDED,
    Application,
    ApplicationState,
    BranchReview,
    Probation,
    ReviewState,
)

#: How many days a member is here before they may vouch, and how many codes they may have open.
SETTLED_DAYS = 60
OPEN_CODES = 3
#: What a freeze pauses, and nothing else.
RISKY = frozenset({Permission.VOUCH, Permission.CONTACT_FIRST, Permission.DIRECTORY_USE, Permission.EXPORT})


def visible_applications(actor: Actor) -> Select[Application]:
    """Those that were sent, for vetters."""
    if not actor.holds(Permission.VET):
        return select(Application).where(false())
    return select(Application).where(Application.state.in_((*UNDECIDED, *DECIDED)))


def visible_probations(actor: Actor) -> Select[Probation]:
    """One's own, and all of them for those who end them."""
    if actor.holds(Permission.MEASURES_TAKE):
        return select(Probation)
    return select(Probation).where(Probation.person_id == actor.id if actor.id is not None else false())


def visible_reviews(actor: Actor) -> Select[BranchReview]:
    """What a freeze paused: for those who lift it."""
    if not actor.holds(Permission.MEASURES_TAKE):
        return select(BranchReview).where(false())
    return select(BranchReview)


# --- applying -----------------------------------------------------------------------------------------------------------


def can_apply(actor: Actor) -> bool:
    """Whoever is not here yet. That it is their own application they show with its code."""
    return actor.kind is Kind.STRANGER


def can_write(actor: Actor, application: Application) -> bool:
    return can_apply(actor) and application.state is ApplicationState.DRAFT


def can_withdraw(actor: Actor, application: Application) -> bool:
    return can_apply(actor) and application.state in (ApplicationState.DRAFT, *UNDECIDED)


# --- vouching -----------------------------------------------------------------------------------------------------------


def settled_on(joined_on: date) -> date:
    """The day from which a member may vouch."""
    return joined_on + timedelta(days=SETTLED_DAYS)


def may_vouch_at_all(actor: Actor, joined_on: date) -> bool:
    """Whoever has been here for a while, and from whom vouching is not withheld."""
    return actor.holds(Permission.VOUCH) and settled_on(joined_on) <= now().date()


def can_vouch(actor: Actor, application: Application, *, joined_on: date, same_name: bool) -> bool:
    """A settled member, for somebody else who waits for a decision."""
    return (
        may_vouch_at_all(actor, joined_on)
        and application.state in UNDECIDED
        and application.person_id != actor.id
        and not same_name
    )


# --- vetting ------------------------------------------------------------------------------------------------------------


class Aside(StrEnum):
    """Why a vetter takes no part."""

    DECLARED = "declared"
    VOUCHER = "voucher"
    NAMED = "named"
    BRANCH = "branch"
    SELF = "self"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a vetter stands to one application."""

    own: bool
    declared: bool
    asked: bool
    named: bool
    answered: bool
    lineage: Lineage
    vouchers: Collection[Lineage]

    @property
    def aside(self) -> Aside | None:
        """Why they must take no part; None when they may."""
        if self.own:
            return Aside.SELF
        if self.declared:
            return Aside.DECLARED
        if self.asked:
            return Aside.VOUCHER
        if self.named:
            return Aside.NAMED
        if not all(independent(self.lineage, voucher) for voucher in self.vouchers):
            return Aside.BRANCH
        return None


def can_judge(actor: Actor, application: Application, position: Position) -> bool:
    """Read the file, ask members and the applicant: a vetter to whom it is nobody of theirs."""
    return actor.holds(Permission.VET) and application.state in UNDECIDED and position.aside is None


def can_answer(actor: Actor, application: Application, position: Position) -> bool:
    """Once, when two vouches are there and no question is open."""
    return (
        can_judge(actor, application, position)
        and application.state is ApplicationState.IN_REVIEW
        and not position.answered
    )


def can_open_file(actor: Actor, application: Application, position: Position) -> bool:
    """Be one of the two who open a decided application again."""
    return (
        actor.holds(Permission.VET)
        and application.state in DECIDED
        and bool(application.key_id)
        and position.aside in (None, Aside.DECLARED)
    )


# --- probation and branches ---------------------------------------------------------------------------------------------


def can_end_probation(actor: Actor, probation: Probation, *, lineage: Lineage) -> bool:
    """A moderator, of somebody for whom they did not vouch."""
    return (
        actor.holds(Permission.MEASURES_TAKE)
        and probation.person_id != actor.id
        and actor.public_id not in lineage.vouchers
    )


def can_freeze(actor: Actor, branch: Collection[str]) -> bool:
    """Somebody who stands outside of it."""
    return actor.holds(Permission.MEASURES_TAKE) and actor.public_id not in branch


def can_lift(actor: Actor, review: BranchReview, *, branch: Collection[str], lineage: Lineage) -> bool:
    """Somebody outside of the branch that was frozen, for a person for whom they did not vouch."""
    return (
        actor.holds(Permission.MEASURES_TAKE)
        and review.person_id != actor.id
        and review.state is ReviewState.PAUSED
        and actor.public_id not in branch
        and actor.public_id not in lineage.vouchers
    )
