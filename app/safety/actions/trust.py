"""Naming people one trusts, freezing the account of somebody who does, and giving it back."""

from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select

from app.identity.actions import lift_restrictions, restrict
from app.identity.models import Cause, Person, Standing
from app.kernel import audit, work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.errors import N_, Conflict, Forbidden, Invalid, NotFound, TooMany
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.moderation import actions as moderation
from app.moderation.actions.proposals import staff_at_work
from app.moderation.queries import item_of
from app.notifications.actions import notify
from app.profiles.queries.people import people_known
from app.safety import policy
from app.safety.models import Freeze, FreezeState, TrustedPerson
from app.safety.queries import trust as queries
from app.safety.queries.trust import FreezeRead

MOST = 3
ONCE_IN = timedelta(days=7)
QUEUE = "freeze"
WORDS = Budget("freeze-words", "10 per hour")
ENOUGH = N_("You have chosen three already. Take one off first.")
NOT_KNOWN = N_("Choose people whom you are connected with.")
ONCE_A_WEEK = N_("You have frozen this account during the last week. If it is urgent, write to the moderators.")
FROZEN_ALREADY = N_("This account is frozen already. Two moderators are looking at it.")


@action
def name_trusted(actor: Actor, public_id: str) -> None:
    """Choose somebody who may freeze the actor's account; they are told. Raises Invalid when they do not know each other."""
    ensure(actor.holds(Permission.SETTINGS_CHANGE))
    session = work.session()
    # One at a time: two pages at once would name a fourth.
    session.execute(select(Person.id).where(Person.id == actor.person_id).with_for_update())
    known = next((one for one in people_known(actor) if one.public_id == public_id), None)
    if known is None:
        raise Invalid(NOT_KNOWN)
    seen = policy.visible_trust(actor).where(TrustedPerson.person_id == actor.person_id)
    chosen = select(func.count()).select_from(seen.subquery())
    if (session.scalar(chosen) or 0) >= MOST:
        raise Invalid(ENOUGH)
    session.execute(insert_once(session, TrustedPerson).values(person_id=actor.person_id, trusted_id=known.person_id))
    notify([known.person_id], "trusted.named", actor.public_id)


@action
def take_off(actor: Actor, trusted: TrustedPerson) -> None:
    """Trust somebody no longer with freezing. They are not told."""
    ensure(trusted.person_id == actor.person_id)
    work.session().execute(delete(TrustedPerson).where(TrustedPerson.id == trusted.id))


@action
def part(actor: Actor, one: int, other: int) -> None:
    """Take each of two people off the trusted of the other: they are among each other's people no more."""
    ensure(actor.kind is Kind.SYSTEM)
    pairs = [(TrustedPerson.person_id, TrustedPerson.trusted_id), (TrustedPerson.trusted_id, TrustedPerson.person_id)]
    between = or_(*(and_(first == one, second == other) for first, second in pairs))
    work.session().execute(delete(TrustedPerson).where(between))


@action
def freeze(actor: Actor, person_id: int, *, reason: str) -> Freeze:
    """Freeze the account of somebody who trusts the actor: at once, sessions and sockets too, until two moderators agree.

    Raises Forbidden, Conflict when it is frozen already, TooMany when the actor froze it within a week.
    """
    session, vault, moment = work.session(), work.house().vault, now()
    trusts = policy.visible_trust(actor).where(
        TrustedPerson.person_id == person_id, TrustedPerson.trusted_id == actor.person_id
    )
    ensure(session.scalars(trusts).one_or_none() is not None)
    # The person's row is held, so that two who freeze at once freeze once.
    person = session.scalars(select(Person).where(Person.id == person_id).with_for_update()).one()
    if person.standing is not Standing.ACTIVE:
        raise Forbidden
    theirs = select(Freeze.at, Freeze.by_id, Freeze.state).where(Freeze.person_id == person_id)
    before = session.execute(theirs).all()
    if any(row.state is FreezeState.FROZEN for row in before):
        raise Conflict(FROZEN_ALREADY)
    again = [row.at + ONCE_IN - moment for row in before if row.by_id == actor.id and row.at + ONCE_IN > moment]
    if again:
        raise TooMany(ONCE_A_WEEK, retry_after=int(max(again).total_seconds()) + 1)
    public_id, key_id = new_public_id(), vault.create_key(Purpose.RECORD)
    frozen = Freeze(
        public_id=public_id,
        person_id=person_id,
        by_id=actor.person_id,
        at=moment,
        key_id=key_id,
        reason=vault.seal(key_id, queries.freeze_place(public_id, "reason"), reason.encode()),
    )
    session.add(frozen)
    session.flush()
    restrict(actor, person_id, [Permission.SIGNED_IN], cause=Cause.FREEZE, ref=public_id)
    moderation.open_item(QUEUE, public_id, person_id=person_id, safety=True)
    item = item_of(QUEUE, public_id)
    others = set(staff_at_work(Role.MODERATOR)) - {actor.person_id, person_id}
    notify(sorted(others), "item.safety", item.public_id if item else public_id)
    audit.record(actor, "account.freeze", target_kind="freeze", target=public_id)
    return frozen


@action
def say(actor: Actor, words: str) -> None:
    """Tell the moderators something about the freeze under which the actor is. It is added to what they said before.

    Raises NotFound when there is none, TooMany.
    """
    frozen = queries.find_own_freeze(actor)
    if frozen is None:
        raise NotFound
    work.house().budgets.spend(WORDS, actor.public_id)
    before = queries.said_by(frozen)
    said = f"{before}\n\n{words}" if before else words
    place = queries.freeze_place(frozen.public_id, "said")
    frozen.said = work.house().vault.seal(frozen.key_id, place, said[-8000:].encode())
    item = item_of(QUEUE, frozen.public_id)
    if item is not None and item.claimed_by_id is not None:
        notify([item.claimed_by_id], "freeze.words", frozen.public_id)


@action
def read(actor: Actor, frozen: Freeze) -> FreezeRead:
    """Open a freeze for somebody who may decide on it, and note that they did: it holds what both sides wrote.

    No record, no words. Raises NotFound for whoever may not decide.
    """
    audit.record(actor, "freeze.read", target_kind="freeze", target=frozen.public_id)
    return queries.read_freeze(actor, frozen)


@action
def propose_giving_back(actor: Actor, frozen: Freeze, *, reason: str, without_cause: bool) -> None:
    """Propose to give an account back, and with it perhaps to take off who froze it. Raises Forbidden, Conflict."""
    ensure(policy.can_decide_on(actor, frozen) and frozen.state is FreezeState.FROZEN)
    details = {"without_cause": "yes"} if without_cause else {}
    moderation.propose(actor, queries.GIVE_BACK, frozen.public_id, reason=reason, details=details)


def carry_out(actor: Actor, ref: str, details: dict[str, str]) -> None:
    """What a second moderator's consent carries out: `give_back`."""
    give_back(actor, ref, without_cause=details.get("without_cause") == "yes")


@action
def give_back(actor: Actor, ref: str, *, without_cause: bool = False) -> None:
    """Give an account back to its person, and tell both. Two persons must have decided it. Raises Forbidden, Conflict.

    Who froze it without cause may not do so again.
    """
    frozen = queries.get_freeze(actor, ref)
    ensure(policy.can_decide_on(actor, frozen))
    session = work.session()
    move(session, frozen, FreezeState.GIVEN_BACK)
    lift_restrictions(actor, ref)
    if without_cause and frozen.by_id is not None:
        session.execute(
            delete(TrustedPerson).where(
                TrustedPerson.person_id == frozen.person_id, TrustedPerson.trusted_id == frozen.by_id
            )
        )
    moderation.close_item(QUEUE, ref, by=actor)
    cause = "without cause" if without_cause else ""
    audit.record(actor, "account.give-back", target_kind="freeze", target=ref, reason=cause)
    notify([frozen.person_id], "freeze.over", ref)
    if frozen.by_id is not None:
        notify([frozen.by_id], "freeze.answered", ref)
