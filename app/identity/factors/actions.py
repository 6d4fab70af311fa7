"""Verbs of second factors: the only writers of passkeys, one-time codes, recovery codes and challenges.

What is spent here is spent once, however many try at the same moment: each is one guarded statement.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.identity import actions as identity
from app.identity import queries as people
from app.identity.factors import codes, passkeys, policy, queries
from app.identity.factors.models import Ceremony, OneTimeCode, Passkey, PasskeyChallenge, RecoveryCode
from app.identity.factors.passkeys import NOT_ACCEPTED, Registered, Site
from app.identity.models import LoginSession, Person
from app.identity.tokens import new_token, token_hash
from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.signals import Security, security_changed
from app.kernel.work import action

CHALLENGE_MINUTES = 5
MOST_PASSKEYS = 10
RECOVERY_CODES = 10
#: Five bits each: out of reach of guessing for as long as there are budgets.
RECOVERY_LETTERS = 15
WRONG_CODE = N_("This code does not fit, or was used already. Wait for the next one, or choose another way.")
NO_PASSKEYS_HERE = N_("Passkeys need the name of this site. Under this address they cannot be used.")
ENOUGH_PASSKEYS = N_("Ten passkeys are as many as we keep. Remove one that you no longer use.")
ALREADY = N_("You use one-time codes already. Remove them first to begin anew with another app.")
LAST_ONE = N_("Your work here asks for a second step. Add another one first, then remove this one.")


@dataclass(frozen=True, slots=True)
class UsedPasskey:
    """A passkey whose answer held. It counts once `spend_passkey` has noted it."""

    passkey_id: int
    person: Person
    count: int
    counted_before: int


def site() -> Site:
    """This site, for passkeys. Raises Invalid where there can be none."""
    found = passkeys.site_of(work.house().settings)
    if found is None:
        raise Invalid(NO_PASSKEYS_HERE)
    return found


# --- passkeys -----------------------------------------------------------------------------------------------------------


@action
def new_challenge(actor: Actor, ceremony: Ceremony) -> bytes:
    """Store and return a challenge for one ceremony of this person, or of whoever it will turn out to be."""
    challenge = new_token()
    work.session().add(
        PasskeyChallenge(
            hash=token_hash(challenge),
            ceremony=ceremony,
            person_id=actor.id,
            expires_at=now() + timedelta(minutes=CHALLENGE_MINUTES),
        )
    )
    return challenge.encode()


@action
def take_challenge(actor: Actor, ceremony: Ceremony, challenge: bytes) -> None:
    """Use a challenge up. Raises Invalid when it was used, is too old, or was made for something or somebody else."""
    taken = work.session().execute(
        delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.hash == token_hash(challenge.decode(errors="replace")),
            PasskeyChallenge.ceremony == ceremony,
            PasskeyChallenge.person_id == actor.id,
            PasskeyChallenge.expires_at > now(),
        )
        .returning(PasskeyChallenge.id)
    )
    if taken.one_or_none() is None:
        raise Invalid(NOT_ACCEPTED)


def ask_to_add(actor: Actor) -> str:
    """What the actor's browser needs in order to make a passkey. Raises Invalid where there can be none."""
    here, me = site(), people.get_me(actor)
    if queries.ways_of(me.id).passkeys >= MOST_PASSKEYS:
        raise Invalid(ENOUGH_PASSKEYS)
    handle, account = queries.handle_of(me.public_id), queries.account_of(me.public_id)
    present = queries.credentials_of(me)
    challenge = new_challenge(actor, Ceremony.ADD)
    return passkeys.options_to_add(here, challenge, handle=handle, account=account, present=present)


def ask_to_use(actor: Actor, ceremony: Ceremony) -> str:
    """What a browser needs in order to use a passkey: of this person, or whichever it has. Raises Invalid."""
    here = site()
    present = queries.credentials_of(people.get_me(actor)) if actor.id is not None else []
    alone = ceremony is Ceremony.ALONE
    return passkeys.options_to_use(here, new_challenge(actor, ceremony), present=present, alone=alone)


def add_passkey(actor: Actor, answer: str, *, label: str) -> None:
    """Add the passkey that the actor's browser made. Raises Invalid, Conflict when it is there already."""
    here, claim = site(), passkeys.read(answer)
    take_challenge(actor, Ceremony.ADD, claim.challenge)
    keep_passkey(actor, passkeys.check_new(here, answer, claim.challenge), label=label)


@action
def keep_passkey(actor: Actor, made: Registered, *, label: str) -> Passkey:
    """Store a passkey that was checked. The present session counts as having it; the actor's others end."""
    ensure(policy.can_change(actor))
    vault, key_id, public_id = work.house().vault, _locked(actor).key_id, new_public_id()
    if queries.ways_of(actor.person_id).passkeys >= MOST_PASSKEYS:
        raise Invalid(ENOUGH_PASSKEYS)
    sealed = {"credential": made.credential, "public_key": made.public_key, "label": label.encode()}
    passkey = Passkey(
        public_id=public_id,
        person_id=actor.person_id,
        credential_index=queries.credential_index(made.credential),
        sign_count=made.sign_count,
        made_on=now().date(),
        **{name: vault.seal(key_id, queries.place("passkey", public_id, name), v) for name, v in sealed.items()},
    )
    work.session().add(passkey)
    try:
        work.session().flush()
    except IntegrityError as error:
        raise Conflict from error
    note_factor(actor)
    identity.change_security(actor, "passkey.add", Security.PASSKEY_ADDED)
    return passkey


@action
def remove_passkey(actor: Actor, passkey: Passkey) -> None:
    """Remove one of the actor's passkeys. Raises Invalid when their work here asks for it and it is the last factor."""
    ensure(passkey.person_id == actor.person_id)
    _insist_on_another(actor)
    work.session().execute(delete(Passkey).where(Passkey.id == passkey.id))
    identity.change_security(actor, "passkey.remove", Security.PASSKEY_REMOVED)


def check_passkey(actor: Actor, answer: str, ceremony: Ceremony) -> UsedPasskey:
    """Check the answer of a browser that used a passkey, this person's or, for a stranger, whosever it is.

    Raises Invalid in one wording. A counter that did not grow means that the key was copied: it is refused, recorded,
    and its owner is told.
    """
    here, claim, alone = site(), passkeys.read(answer), ceremony is Ceremony.ALONE
    take_challenge(actor, ceremony, claim.challenge)
    found = queries.find_passkey(claim.credential)
    if found is None or (actor.id is not None and found[0].person_id != actor.id):
        raise Invalid(NOT_ACCEPTED)
    passkey, person = found
    if alone and claim.handle != queries.handle_of(person.public_id):
        raise Invalid(NOT_ACCEPTED)
    public_key = queries.public_key_of(passkey, person)
    count = passkeys.check_use(here, answer, claim.challenge, public_key=public_key, alone=alone)
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        note_copy(people.as_actor(person))
        raise Invalid(NOT_ACCEPTED)
    return UsedPasskey(passkey.id, person, count, passkey.sign_count)


@action
def spend_passkey(actor: Actor, used: UsedPasskey) -> None:
    """Note that a passkey was used. Raises Invalid when another use of it was faster, or it was removed meanwhile."""
    ensure(used.person.id == actor.person_id)
    noted = work.session().execute(
        update(Passkey)
        .where(Passkey.id == used.passkey_id, Passkey.sign_count == used.counted_before)
        .values(sign_count=used.count, last_used_on=now().date())
        .returning(Passkey.id)
    )
    if noted.one_or_none() is None:
        raise Invalid(NOT_ACCEPTED)


@action
def note_copy(actor: Actor) -> None:
    """Record that one of the actor's passkeys seems to exist twice, and tell them."""
    audit.record(actor, "passkey.copied", target_kind="person", target=actor.public_id)
    security_changed.send(actor, person_id=actor.person_id, what=Security.PASSKEY_COPIED)


# --- one-time codes -----------------------------------------------------------------------------------------------------


@action
def begin_one_time_code(actor: Actor) -> None:
    """Make a secret for the actor's app, which counts once a code of it was given. Raises Conflict when there is one."""
    ensure(policy.can_change(actor))
    me, present = _locked(actor), queries.my_one_time_code(actor)
    if present is not None and present.confirmed_on is not None:
        raise Conflict(ALREADY)
    if present is None:
        _store_secret(me, codes.new_secret())


@action
def confirm_one_time_code(actor: Actor, typed: str) -> None:
    """Take the secret into use, once its app has shown the right code. Raises Invalid, Conflict when it is in use."""
    ensure(policy.can_change(actor))
    me, code = _locked(actor), queries.my_one_time_code(actor)
    if code is None or code.confirmed_on is not None:
        raise Conflict(ALREADY)
    step = codes.step_of(queries.secret_of(code, me), people.normal_code(typed), now())
    if step is None:
        raise Invalid(WRONG_CODE)
    code.confirmed_on, code.last_step = now().date(), step
    note_factor(actor)
    identity.change_security(actor, "one-time-codes.add", Security.ONE_TIME_CODES_ADDED)


@action
def remove_one_time_code(actor: Actor) -> None:
    """Remove the actor's secret. Raises Invalid when their work here asks for it and it is the last factor."""
    ensure(policy.can_change(actor))
    code = queries.my_one_time_code(actor)
    if code is None:
        raise Conflict
    if code.confirmed_on is not None:
        _insist_on_another(actor)
        identity.change_security(actor, "one-time-codes.remove", Security.ONE_TIME_CODES_REMOVED)
    work.session().delete(code)


@action
def spend_one_time_code(actor: Actor, typed: str) -> None:
    """Use a code of the actor's app up. Raises Invalid when it does not fit, or fitted once already."""
    code, step = queries.one_time_code_of(actor.person_id), None
    if code is not None:
        step = codes.step_of(queries.secret_of(code, people.get_me(actor)), people.normal_code(typed), now())
    spent = work.session().execute(
        update(OneTimeCode)
        .where(OneTimeCode.person_id == actor.person_id, OneTimeCode.last_step < (step or 0))
        .values(last_step=step)
        .returning(OneTimeCode.id)
        .execution_options(synchronize_session=False)
    )
    if spent.one_or_none() is None:
        raise Invalid(WRONG_CODE)


@action
def furnish_one_time_code(actor: Actor, person: Person, secret: str) -> None:
    """Give somebody a confirmed secret that the program chose: for the people of the demo. Raises Forbidden."""
    ensure(policy.can_furnish(actor))
    _store_secret(person, secret).confirmed_on = now().date()


# --- recovery codes -----------------------------------------------------------------------------------------------------


@action
def make_recovery_codes(actor: Actor) -> list[str]:
    """Make ten recovery codes in the place of all earlier ones, and return them. They cannot be shown again."""
    ensure(policy.can_change(actor))
    me, session = _locked(actor), work.session()
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == me.id))
    made = [codes.new_code(RECOVERY_LETTERS) for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(person_id=me.id, code_index=queries.recovery_index(me.public_id, code)) for code in made
    )
    session.flush()
    identity.change_security(actor, "recovery-codes.make", Security.RECOVERY_CODES_MADE)
    return [codes.in_groups(code) for code in made]


@action
def spend_recovery_code(actor: Actor, typed: str) -> None:
    """Use one of the actor's recovery codes up, and tell them. Raises Invalid when it is none, or was used."""
    if not cross_out(actor, typed):
        raise Invalid(WRONG_CODE)
    audit.record(actor, "recovery-code.use", target_kind="person", target=actor.public_id)
    security_changed.send(actor, person_id=actor.person_id, what=Security.RECOVERY_CODE_USED)


@action
def cross_out(actor: Actor, typed: str) -> bool:
    """Mark a recovery code of this person as used. Returns whether it was one that nobody had used."""
    crossed_out = work.session().execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_index == queries.recovery_index(actor.public_id, typed), RecoveryCode.used_on.is_(None)
        )
        .values(used_on=now().date())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return crossed_out.one_or_none() is not None


@action
def forget_factors(actor: Actor) -> None:
    """Remove all of the actor's passkeys and their app's secret, when they no longer have what these are on."""
    for kind in (Passkey, OneTimeCode):
        work.session().execute(delete(kind).where(kind.person_id == actor.person_id))


@action
def note_factor(actor: Actor) -> None:
    """From now on the actor's present session is one with a second factor."""
    present = update(LoginSession).where(LoginSession.id == actor.session_id)
    work.session().execute(present.values(factor_at=now(), proved_at=now()))


def _store_secret(person: Person, secret: str) -> OneTimeCode:
    public_id = new_public_id()
    place = queries.place("one_time_code", public_id, "secret")
    code = OneTimeCode(
        public_id=public_id,
        person_id=person.id,
        secret=work.house().vault.seal(person.key_id, place, secret.encode()),
        last_step=0,
    )
    work.session().add(code)
    try:
        work.session().flush()
    except IntegrityError as error:
        raise Conflict(ALREADY) from error
    return code


def _locked(actor: Actor) -> Person:
    """The person behind the actor, whose second factors nobody else changes until this is committed."""
    return work.session().scalars(select(Person).where(Person.id == actor.person_id).with_for_update()).one()


def _insist_on_another(actor: Actor) -> None:
    _locked(actor)
    if queries.is_staff(actor.person_id) and queries.ways_of(actor.person_id).count < 2:
        raise Invalid(LAST_ONE)
