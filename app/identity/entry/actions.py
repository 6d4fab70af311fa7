"""Verbs of the way in: the first step, the second one, and proving again that it is oneself.

Between the two steps a browser holds a token that opens nothing. Whatever is wrong is told in one wording.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update

from app.identity import actions as identity
from app.identity import passphrases
from app.identity import queries as people
from app.identity.factors import actions as factors
from app.identity.factors import queries
from app.identity.factors.models import Ceremony, HalfSignIn
from app.identity.models import Device, LoginSession, Person
from app.identity.tokens import new_token, token_hash
from app.kernel import work
from app.kernel.actor import STRANGER, Actor
from app.kernel.db import now
from app.kernel.errors import N_, Invalid, SignedOut
from app.kernel.limits import Budget
from app.kernel.signals import Security
from app.kernel.work import action

BY_NETWORK = Budget("sign-in-network", "30 per minute; 300 per hour")
#: Tight for one name from one network, so that nobody guesses; wide for the name from everywhere, so that nobody shuts
#: somebody else out by trying in vain.
BY_NAME_AND_NETWORK = Budget("sign-in-name-network", "8 per minute; 40 per hour")
BY_NAME = Budget("sign-in-name", "100 per minute; 1000 per hour")
SECOND_BY_PERSON_AND_NETWORK = Budget("second-step-network", "6 per minute; 20 per hour")
#: Whoever comes this far knows the passphrase. A code is one in 300,000: within this a day of trying is in vain.
SECOND_BY_PERSON = Budget("second-step", "20 per hour; 60 per day")
PROOFS = Budget("prove", "8 per 10 minute; 30 per hour")
PASSPHRASE_CHANGES = Budget("passphrase", "6 per hour")
HALF_MINUTES = 10
WRONG = N_("That name and passphrase do not go together. Check both and try again.")
TOO_LATE = N_("That took longer than ten minutes. Begin again with your name and passphrase.")
NOT_PRESENT = N_("The present passphrase is not right.")


@dataclass(frozen=True, slots=True)
class Step:
    """What a step of signing in gave: the token of a session, or one that only asks for the second step."""

    token: str
    whole: bool


def sign_in(name: str, passphrase: str, *, network: str, device: Device, replacing: str = "") -> Step:
    """Take the first step. Whoever has no second factor is signed in with it.

    Raises Invalid with one and the same text, after the same time, whether the name or the passphrase was wrong;
    TooMany when the network or the name was tried too often. `replacing` is the token the browser had before: that
    session ends.
    """
    house = work.house()
    house.budgets.spend(BY_NETWORK, network)
    looks = people.name_index(name).hex()
    house.budgets.spend(BY_NAME_AND_NETWORK, looks, network)
    house.budgets.spend(BY_NAME, looks)
    person = people.find_by_name(name)
    stored = people.passphrase_hash(person) if person else None
    work.release()
    if not passphrases.matches(house, stored, passphrase) or person is None:
        raise Invalid(WRONG)
    if queries.ways_of(person.id).count:
        return Step(_begin_half(person.id), whole=False)
    return Step(identity.begin_session(person.id, device=device, replacing=replacing), whole=True)


def second_with_code(half: str, typed: str, *, network: str, device: Device, replacing: str = "") -> str:
    """Take the second step with the code of an app. Returns the session's token; raises Invalid, SignedOut, TooMany."""
    person = _half_way(half, network)
    return _second(half, person, device, replacing, code=typed)


def second_with_recovery_code(half: str, typed: str, *, network: str, device: Device, replacing: str = "") -> str:
    """Take the second step with a code from one's paper. Returns the session's token."""
    person = _half_way(half, network)
    return _second(half, person, device, replacing, recovery_code=typed)


def ask_second(half: str, *, network: str) -> str:
    """What the browser needs in order to take the second step with a passkey."""
    work.house().budgets.spend(BY_NETWORK, network)
    return factors.ask_to_use(people.as_actor(_owner(half)), Ceremony.SECOND_STEP)


def second_with_passkey(half: str, answer: str, *, network: str, device: Device, replacing: str = "") -> str:
    """Take the second step with a passkey. Returns the session's token. Nobody guesses one, so no name's budget is spent."""
    work.house().budgets.spend(BY_NETWORK, network)
    person = _owner(half)
    used = factors.check_passkey(people.as_actor(person), answer, Ceremony.SECOND_STEP)
    return _second(half, person, device, replacing, passkey=used)


def ask_alone(*, network: str) -> str:
    """What a stranger's browser needs in order to sign in with a passkey alone."""
    work.house().budgets.spend(BY_NETWORK, network)
    return factors.ask_to_use(STRANGER, Ceremony.ALONE)


def sign_in_with_passkey(answer: str, *, network: str, device: Device, replacing: str = "") -> str:
    """Sign in with a passkey whose device checked who holds it: two factors in one. Returns the session's token."""
    work.house().budgets.spend(BY_NETWORK, network)
    used = factors.check_passkey(STRANGER, answer, Ceremony.ALONE)
    return _alone(used, device, replacing)


def prove_with_passphrase(actor: Actor, passphrase: str) -> str:
    """Prove with one's passphrase that it is oneself. Returns the new token of the same session. Raises Invalid."""
    house = work.house()
    house.budgets.spend(PROOFS, actor.public_id)
    stored = people.passphrase_hash(people.get_me(actor))
    work.release()
    if not passphrases.matches(house, stored, passphrase):
        raise Invalid(NOT_PRESENT)
    return _renew(actor, with_factor=False)


@action
def prove_with_code(actor: Actor, typed: str) -> str:
    """Prove it with the code of an app. Returns the new token of the same session."""
    work.house().budgets.spend(PROOFS, actor.public_id)
    factors.spend_one_time_code(actor, typed)
    return _renew(actor, with_factor=True)


def ask_to_prove(actor: Actor) -> str:
    """What the browser needs in order to prove it with a passkey."""
    return factors.ask_to_use(actor, Ceremony.PROVE)


def prove_with_passkey(actor: Actor, answer: str) -> str:
    """Prove it with a passkey. Returns the new token of the same session."""
    used = factors.check_passkey(actor, answer, Ceremony.PROVE)
    return _proved_with_passkey(actor, used)


def change_passphrase(actor: Actor, present: str, wished: str) -> None:
    """Set a new passphrase after checking the present one, and end the person's other sessions.

    Raises Invalid when the present one is wrong or the new one does not do, TooMany when they tried too often.
    """
    house = work.house()
    house.budgets.spend(PASSPHRASE_CHANGES, actor.public_id)
    stored = people.passphrase_hash(people.get_me(actor))
    work.release()
    if not passphrases.matches(house, stored, present):
        raise Invalid(NOT_PRESENT)
    passphrases.check(wished, name=actor.name)
    hashed = passphrases.hash_passphrase(house, wished)
    identity.store_passphrase(actor, hashed, act="passphrase.change", what=Security.PASSPHRASE)


@action
def _begin_half(person_id: int) -> str:
    token = new_token()
    expires = now() + timedelta(minutes=HALF_MINUTES)
    work.session().add(HalfSignIn(token_hash=token_hash(token), person_id=person_id, expires_at=expires))
    return token


def _owner(half: str) -> Person:
    """Whose second step is awaited behind this token. Raises SignedOut when it is none, or too late."""
    found = queries.find_half(half)
    if found is None:
        raise SignedOut(TOO_LATE)
    return found


def _half_way(half: str, network: str) -> Person:
    """The same, when a code is tried: that is budgeted by network and by person."""
    budgets = work.house().budgets
    budgets.spend(BY_NETWORK, network)
    person = _owner(half)
    budgets.spend(SECOND_BY_PERSON_AND_NETWORK, person.public_id, network)
    budgets.spend(SECOND_BY_PERSON, person.public_id)
    return person


@action
def _second(
    half: str,
    person: Person,
    device: Device,
    replacing: str,
    *,
    code: str | None = None,
    recovery_code: str | None = None,
    passkey: factors.UsedPasskey | None = None,
) -> str:
    """Use up the half sign-in and the factor, and begin the session: all of it or nothing."""
    claimant = people.as_actor(person)
    gone = delete(HalfSignIn).where(HalfSignIn.token_hash == token_hash(half)).returning(HalfSignIn.id)
    if work.session().execute(gone).one_or_none() is None:
        raise SignedOut(TOO_LATE)
    if passkey is not None:
        factors.spend_passkey(claimant, passkey)
    elif recovery_code is not None:
        factors.spend_recovery_code(claimant, recovery_code)
    else:
        factors.spend_one_time_code(claimant, code or "")
    return identity.begin_session(person.id, device=device, replacing=replacing, second_factor=True)


@action
def _alone(used: factors.UsedPasskey, device: Device, replacing: str) -> str:
    factors.spend_passkey(people.as_actor(used.person), used)
    return identity.begin_session(used.person.id, device=device, replacing=replacing, second_factor=True)


@action
def _proved_with_passkey(actor: Actor, used: factors.UsedPasskey) -> str:
    factors.spend_passkey(actor, used)
    return _renew(actor, with_factor=True)


@action
def _renew(actor: Actor, *, with_factor: bool) -> str:
    """Give the session a new token, so that whoever had read the old one has nothing of what is proved now."""
    token, moment = new_token(), now()
    noted = {"factor_at": moment} if with_factor else {}
    renewed = work.session().execute(
        update(LoginSession)
        .where(LoginSession.id == actor.session_id, LoginSession.ended_at.is_(None))
        .values(token_hash=token_hash(token), proved_at=moment, **noted)
        .returning(LoginSession.id)
        .execution_options(synchronize_session=False)
    )
    if renewed.one_or_none() is None:
        raise SignedOut
    # What listens with the old token is nobody's any more: it comes back with the new one.
    number, live = actor.session_id, work.house().live
    if number is not None:
        work.after_commit(lambda: live.end_sessions([number]))
    return token
