"""Reads of who trusts whom with freezing, and of what was frozen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, Select, select

from app.identity.models import Person
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.vault import Place, Shredded
from app.moderation.queries import is_proposed
from app.safety import policy
from app.safety.models import Freeze, FreezeState, TrustedPerson

GIVE_BACK = "account.give-back"


@dataclass(frozen=True, slots=True)
class Trusted:
    """Somebody whom the actor trusts, or who trusts them."""

    public_id: str
    name: str
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class FreezeRead:
    """A freeze, as the moderators read it who decide on it. `earlier` is what became of others by the same person."""

    public_id: str
    person: str
    name: str
    by: str
    at: datetime
    reason: str
    said: str
    frozen: bool
    trusted_still: bool
    earlier: Sequence[tuple[datetime, bool]]
    proposed: bool


def trusted_by_me(actor: Actor) -> list[Trusted]:
    """Whom the actor chose."""
    chosen = [one.trusted_id for one in work.session().scalars(*_mine(actor))]
    names = names_of(chosen)
    return [Trusted(*names[number]) for number in chosen if number in names]


def who_trust_me(actor: Actor) -> list[Trusted]:
    """Whose account the actor may freeze, and whether it is frozen now."""
    people = [one.person_id for one in work.session().scalars(*_theirs(actor))]
    names = names_of(people)
    frozen = set(work.session().scalars(*_frozen_by(actor, people)))
    return [Trusted(*names[number], frozen=number in frozen) for number in people if number in names]


def get_who_trusts_me(actor: Actor, public_id: str) -> tuple[int, str]:
    """Row number and name of somebody whose account the actor may freeze. Raises NotFound."""
    found = work.session().scalars(*_one_of_theirs(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found.person_id, names_of([found.person_id])[found.person_id][1]


def get_trusted(actor: Actor, public_id: str) -> TrustedPerson:
    """One of those whom the actor chose. Raises NotFound."""
    found: TrustedPerson | None = work.session().scalars(*_one_of_mine(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def get_freeze(actor: Actor, public_id: str) -> Freeze:
    """A freeze that the actor may look at. Raises NotFound, also for whoever it is about, whoever made it, and whoever
    brought that person in."""
    found: Freeze | None = work.session().scalars(*_freeze(actor, public_id)).one_or_none()
    if found is None or not policy.can_decide_on(actor, found):
        raise NotFound
    return found


def find_own_freeze(actor: Actor) -> Freeze | None:
    """The freeze under which the actor is."""
    found: Freeze | None = work.session().scalars(*_own(actor)).one_or_none()
    return found


def said_by(freeze: Freeze) -> str:
    """What the person whose account it is has said about it."""
    return _opened(freeze, "said", freeze.said)


def read_freeze(actor: Actor, freeze: Freeze) -> FreezeRead:
    """A freeze, opened, with what the moderators need for deciding. Raises NotFound for whoever may not decide."""
    if not policy.can_decide_on(actor, freeze):
        raise NotFound
    names = names_of([number for number in (freeze.person_id, freeze.by_id) if number is not None])
    person, name = names.get(freeze.person_id, ("", ""))
    trusted = select(TrustedPerson.id).where(
        TrustedPerson.person_id == freeze.person_id, TrustedPerson.trusted_id == freeze.by_id
    )
    earlier = select(Freeze.at, Freeze.state).where(
        Freeze.by_id == freeze.by_id, Freeze.by_id.is_not(None), Freeze.id != freeze.id
    )
    before = work.session().execute(earlier.order_by(Freeze.id.desc()).limit(10)).all()
    return FreezeRead(
        public_id=freeze.public_id,
        person=person,
        name=name,
        by=names.get(freeze.by_id or 0, ("", ""))[1],
        at=freeze.at,
        reason=_opened(freeze, "reason", freeze.reason),
        said=said_by(freeze),
        frozen=freeze.state is FreezeState.FROZEN,
        trusted_still=work.session().scalar(trusted) is not None,
        earlier=[(row[0], row[1] is FreezeState.FROZEN) for row in before],
        proposed=is_proposed(GIVE_BACK, freeze.public_id),
    )


def may_decide(actor: Actor, ref: str) -> bool:
    """For the queue and for the act of two persons: whether the actor may decide on the freeze of this reference."""
    found = work.session().scalars(*_freeze(actor, ref)).one_or_none()
    return found is not None and policy.can_decide_on(actor, found)


def frozen_person(actor: Actor, public_id: str) -> str | None:
    """The freeze under which a person is whom staff look at, for the way there. None where the actor decides on none."""
    if not actor.holds(Permission.MEASURES_TAKE):
        return None
    found = work.session().scalars(*_frozen(actor, public_id)).one_or_none()
    return found.public_id if found is not None and policy.can_decide_on(actor, found) else None


@built_once
def _mine(actor: Actor) -> Select[TrustedPerson]:
    return policy.visible_trust(actor).where(TrustedPerson.person_id == actor.id).order_by(TrustedPerson.id)


@built_once
def _one_of_mine(actor: Actor, public_id: str) -> Select[TrustedPerson]:
    chosen = TrustedPerson.trusted_id == _number_of(public_id)
    return policy.visible_trust(actor).where(TrustedPerson.person_id == actor.id, chosen)


@built_once
def _theirs(actor: Actor) -> Select[TrustedPerson]:
    return policy.visible_trust(actor).where(TrustedPerson.trusted_id == actor.id).order_by(TrustedPerson.id)


@built_once
def _one_of_theirs(actor: Actor, public_id: str) -> Select[TrustedPerson]:
    chose = TrustedPerson.person_id == _number_of(public_id)
    return policy.visible_trust(actor).where(TrustedPerson.trusted_id == actor.id, chose)


@built_once
def _frozen_by(actor: Actor, people: Collection[int]) -> Select[int]:
    return select(Freeze.person_id).where(
        Freeze.person_id.in_(people), Freeze.by_id == actor.id, Freeze.state == FreezeState.FROZEN
    )


@built_once
def _freeze(actor: Actor, public_id: str) -> Select[Freeze]:
    return policy.visible_freezes(actor).where(Freeze.public_id == public_id)


@built_once
def _frozen(actor: Actor, public_id: str) -> Select[Freeze]:
    theirs = Freeze.person_id == _number_of(public_id)
    return policy.visible_freezes(actor).where(theirs, Freeze.state == FreezeState.FROZEN)


@built_once
def _own(actor: Actor) -> Select[Freeze]:
    return policy.own_freeze(actor)


def _number_of(public_id: str) -> ScalarSelect[int]:
    return select(Person.id).where(Person.public_id == public_id).scalar_subquery()


def freeze_place(public_id: str, field: str) -> Place:
    return Place("freeze", public_id, field)


def _opened(freeze: Freeze, field: str, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    try:
        return work.house().vault.open(freeze.key_id, freeze_place(freeze.public_id, field), sealed).decode()
    except Shredded:
        return ""
