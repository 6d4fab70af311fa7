"""What moderators see of branches, and of vouches that were taken back after their person was admitted."""

from dataclasses import dataclass

from sqlalchemy import select

from app.identity import queries as identity
from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.membership import policy, records
from app.membership.models import Application, BranchReview, ReviewState, Vouch, VouchState
from app.membership.queries import ledger


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A vouch that somebody took back: for whom, and why. Who it was stays sealed."""

    public_id: str
    person: str
    name: str
    reason: str


def get_person(public_id: str) -> Person:
    """Somebody who is here, for those who take measures. Raises NotFound."""
    found = work.session().scalars(select(Person).where(Person.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def may_freeze(actor: Actor, ref: str) -> bool:
    """Whether the actor stands outside of the branch of this person."""
    return actor.holds(Permission.MEASURES_TAKE) and policy.can_freeze(actor, ledger.branch_of(ref))


def is_paused(person_id: int) -> bool:
    """Whether a freeze touches them already."""
    wanted = select(BranchReview.id).where(
        BranchReview.person_id == person_id, BranchReview.state == ReviewState.PAUSED
    )
    return work.session().scalar(wanted.limit(1)) is not None


def get_taken_back(actor: Actor, public_id: str) -> tuple[Vouch, Application]:
    """A vouch that was taken back after the decision. Raises NotFound, also for whoever it is about or was asked too."""
    wanted = (
        select(Vouch, Application)
        .join(Application, Application.id == Vouch.application_id)
        .where(Vouch.public_id == public_id, Vouch.state == VouchState.TAKEN_BACK)
    )
    found = work.session().execute(wanted).one_or_none()
    if found is None or found[1].person_id is None or not can_review_vouch(actor, found[1]):
        raise NotFound
    return found[0], found[1]


def can_review_vouch(actor: Actor, application: Application) -> bool:
    """A moderator, on somebody else for whom they were not asked to vouch."""
    tag = records.voucher_tag(application, actor.public_id)
    asked = select(Vouch.id).where(Vouch.application_id == application.id, Vouch.tag == tag)
    return (
        actor.holds(Permission.MEASURES_TAKE)
        and application.person_id != actor.id
        and work.session().scalar(asked) is None
    )


def taken_back_seen(vouch: Vouch, application: Application) -> TakenBack:
    """Raises NotFound when its person has left."""
    names = identity.names_of([application.person_id] if application.person_id else [])
    if application.person_id not in names:
        raise NotFound
    person, name = names[application.person_id]
    sealed, key_id = vouch.reason or b"", vouch.key_id or ""
    reason = work.house().vault.open(key_id, records.vouch_reason_place(vouch), sealed).decode()
    return TakenBack(vouch.public_id, person, name, reason)


def may_review_vouch(actor: Actor, ref: str) -> bool:
    """For the queue: not about oneself."""
    try:
        get_taken_back(actor, ref)
    except NotFound:
        return False
    return True
