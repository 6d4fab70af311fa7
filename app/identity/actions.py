"""Verbs of the identity feature: the only writers of people, sessions and invitations."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.exc import IntegrityError

from app.identity import passphrases, policy, queries
from app.identity.factors import codes
from app.identity.factors import queries as factors
from app.identity.factors.models import HalfSignIn, PasskeyChallenge, ResetCode
from app.identity.models import (
    Cause,
    Device,
    Invitation,
    InvitationState,
    LoginSession,
    Person,
    PersonRole,
    Restriction,
)
from app.identity.naming import NAME_TAKEN, proper_name
from app.identity.spaces import queries as spaces
from app.identity.tokens import new_token, token_hash
from app.kernel import audit, work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import hold, new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.limits import Budget
from app.kernel.signals import Security, security_changed
from app.kernel.states import move
from app.kernel.vault import Purpose
from app.kernel.work import action

JOIN_BY_NETWORK = Budget("join-network", "10 per minute; 60 per hour")
#: To lose one of these closes a door behind which somebody may be listening.
ENDS_SESSIONS = frozenset({Permission.SIGNED_IN, Permission.ROOMS_USE, Permission.ROOMS_ALL, Permission.HIDDEN_SEE})
INVITATION_DAYS = 14
#: For how long what is over stays (days): long enough to see that a session ended, not to see how somebody lives.
SESSIONS_KEPT_DAYS = 2
INVITATIONS_KEPT_DAYS = 30
CODE_LETTERS = codes.CODE_LETTERS
#: Letters of a code that is handed over, five bits each, and for how long one from moderators works (hours).
INVITATION_LETTERS = 20
RESET_CODE_HOURS = 24
NO_CODE = N_("This code cannot be used. Check it letter by letter, or ask whoever gave it to you for a new one.")

FOUNDED = N_("The first members are here. Whoever comes now applies, and two members vouch for them.")


@action
def begin_session(person_id: int, *, device: Device, replacing: str = "", second_factor: bool = False) -> str:
    """Store a new session for somebody whose secret was just checked, and return its token.

    `second_factor` says whether it was more than a passphrase: without that the rights of staff do not work.
    """
    session = work.session()
    person = session.get_one(Person, person_id)
    if replacing:
        _end(LoginSession.token_hash == token_hash(replacing))
    token, moment = new_token(), now()
    _idle, absolute = queries.limits_for([role.role for role in person.roles])
    session.add(
        LoginSession(
            token_hash=token_hash(token),
            person_id=person.id,
            device=device,
            started_at=moment,
            last_seen_at=moment,
            expires_at=moment + absolute,
            factor_at=moment if second_factor else None,
            proved_at=moment,
        )
    )
    return token


@action
def touch(actor: Actor) -> None:
    """Note that the person is there, so that the idle limit counts from now."""
    work.session().execute(update(LoginSession).where(LoginSession.id == actor.session_id).values(last_seen_at=now()))


@action
def remember_preferences(actor: Actor, *, language: str | None = None, data_mode: str | None = None) -> None:
    """Keep what the person chose, for the next browser they sign in with. None leaves a choice as it was."""
    person = queries.get_me(actor)
    person.language = language or person.language
    person.data_mode = data_mode or person.data_mode


@action
def sign_out(actor: Actor) -> None:
    """End the session that the actor came with. Its open sockets are disconnected after the commit."""
    if actor.session_id is not None:
        _end(LoginSession.id == actor.session_id)


@action
def end_session(actor: Actor, session: LoginSession) -> None:
    """End one of the actor's own sessions."""
    ensure(session.person_id == actor.person_id)
    _end(LoginSession.id == session.id)


@action
def end_other_sessions(actor: Actor) -> int:
    """End all of the actor's sessions but the present one. Returns how many."""
    return _end(LoginSession.person_id == actor.person_id, LoginSession.id != actor.session_id)


@action
def end_sessions_of(actor: Actor, person_id: int) -> int:  # noqa: ARG001  # every verb is told who acts
    """End every session of a person, since what they may do has changed. The caller has asked whether the actor may."""
    return _end(LoginSession.person_id == person_id)


def join(code: str, name: str, passphrase: str, *, network: str, device: Device, replacing: str = "") -> str:
    """Make a login with an invitation code and return the token of its first session.

    Raises Invalid when code, name or passphrase do not do, Conflict when somebody else just used the code, TooMany when
    the network tried too often.
    """
    house = work.house()
    house.budgets.spend(JOIN_BY_NETWORK, network)
    if queries.find_invitation(code) is None:
        raise Invalid(NO_CODE)
    chosen = proper_name(name)
    if spaces.is_taken(chosen):
        raise Invalid(NAME_TAKEN)
    passphrases.check(passphrase, name=chosen)
    work.release()
    hashed = passphrases.hash_passphrase(house, passphrase)
    return _join(code, chosen, hashed, device=device, replacing=replacing)


@action
def _join(code: str, name: str, hashed: str, *, device: Device, replacing: str) -> str:
    session = work.session()
    invitation = queries.find_invitation(code)
    if invitation is None:
        raise Conflict(NO_CODE)
    person = add_person(name, hashed, roles=())
    try:
        move(session, invitation, InvitationState.USED)
    except Conflict:
        raise Conflict(NO_CODE) from None
    # Not which invitation: the record would say who let in whom. It is held until we commit, so that two who join at
    # once count each other.
    audit.record(queries.as_actor(person), "invitation.use", target_kind="invitation")
    here = queries.count_people() - 1
    if not policy.may_come_by_invitation(invitation.role, here=here):
        raise Conflict(NO_CODE)
    if policy.comes_with_role(invitation.role, here=here):
        person.roles.append(PersonRole(role=invitation.role))
        session.flush()
    return begin_session(person.id, device=device, replacing=replacing)


@action
def add_person(
    name: str,
    hashed: str,
    *,
    roles: tuple[Role, ...],
    language: str | None = None,
    joined_on: date | None = None,
    demo: bool = False,
) -> Person:
    """Store a person with a checked name and a hashed passphrase, who joined today unless told otherwise.

    Raises Conflict when the name is taken meanwhile.
    """
    session, vault = work.session(), work.house().vault
    index = queries.name_index(name)
    # Names of spaces are in another table: whoever takes the same one there waits until we are done, and we for them.
    hold(session, f"name:{index.hex()}")
    if spaces.is_taken_in_a_space(index):
        raise Conflict(NAME_TAKEN)
    public_id = new_public_id()
    key_id = vault.create_key(Purpose.PERSON)
    person = Person(
        public_id=public_id,
        key_id=key_id,
        name_index=index,
        name=vault.seal(key_id, queries.name_place(public_id), name.encode()),
        passphrase=vault.seal(key_id, queries.passphrase_place(public_id), hashed.encode()),
        language=language,
        joined_on=joined_on or now().date(),
        demo=demo,
        roles=[PersonRole(role=role) for role in roles],
    )
    session.add(person)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(NAME_TAKEN) from error
    return person


@action
def store_passphrase(actor: Actor, hashed: str, *, act: str, what: Security) -> None:
    """Set the hashed passphrase of somebody who just proved that it is them; their other sessions end."""
    person = queries.get_me(actor)
    place = queries.passphrase_place(person.public_id)
    person.passphrase = work.house().vault.seal(person.key_id, place, hashed.encode())
    change_security(actor, act, what)


@action
def change_security(actor: Actor, act: str, what: Security) -> None:
    """Whatever changed about how the actor signs in: their other sessions end, it is recorded, and they are told."""
    end_other_sessions(actor)
    work.session().execute(delete(HalfSignIn).where(HalfSignIn.person_id == actor.person_id))
    audit.record(actor, act, target_kind="person", target=actor.public_id)
    security_changed.send(actor, person_id=actor.person_id, what=what)


@action
def make_reset_code(actor: Actor, person_id: int, *, first: str = "") -> str:
    """Make a code with which a person who lost their passphrase sets a new one, and return it in groups of five.

    It begins with `first`, which is not returned: whoever has only one of the halves opens nothing. The caller has seen to
    it that two moderators who know the person agreed. It works once, for a day, in the place of any code made before; it
    is not stored, and the person is told. Raises Forbidden for oneself.
    """
    ensure(policy.can_make_reset_code(actor, person_id))
    session, second = work.session(), codes.new_code(codes.RESET_LETTERS - len(first))
    person = session.get_one(Person, person_id)
    session.execute(delete(ResetCode).where(ResetCode.person_id == person_id))
    index = factors.reset_index(person.public_id, first + second)
    session.add(ResetCode(person_id=person_id, code_index=index, expires_at=now() + timedelta(hours=RESET_CODE_HOURS)))
    session.flush()
    audit.record(actor, "passphrase.reset-code", target_kind="person", target=person.public_id)
    security_changed.send(actor, person_id=person_id, what=Security.RESET_CODE_MADE)
    return codes.in_groups(second)


@action
def invite(actor: Actor, *, role: Role = Role.MEMBER, days: int = INVITATION_DAYS) -> str:
    """Make an invitation and return its code, in groups of five. The code is not stored and cannot be shown again.

    Raises Forbidden, Invalid for a member once the founders are here.
    """
    ensure(policy.can_invite(actor, role))
    if not policy.may_come_by_invitation(role, here=queries.count_people()):
        raise Invalid(FOUNDED)
    code = codes.new_code(INVITATION_LETTERS)
    session = work.session()
    invitation = Invitation(
        public_id=new_public_id(),
        code_index=work.house().vault.blind_index("invitation", code),
        code_hint=code[:3],
        role=role,
        made_at=now(),
        expires_at=now() + timedelta(days=days),
    )
    session.add(invitation)
    session.flush()
    audit.record(actor, "invitation.make", target_kind="invitation", target=invitation.public_id, reason=role.value)
    return codes.in_groups(code)


@action
def withdraw_invitation(actor: Actor, public_id: str) -> None:
    """Make an open invitation useless. Raises NotFound when it is not one that the actor sees and that is open."""
    invitation = queries.get_open_invitation(actor, public_id)
    move(work.session(), invitation, InvitationState.WITHDRAWN)
    audit.record(actor, "invitation.withdraw", target_kind="invitation", target=public_id)


@action
def end_what_a_backup_brought(actor: Actor) -> int:
    """End every session, and what else lets somebody in: in a backup are those, too, that were ended since."""
    ensure(actor.kind is Kind.SYSTEM)
    for short_lived in (HalfSignIn, PasskeyChallenge, ResetCode):
        work.session().execute(delete(short_lived))
    return _end()


@action
def restrict(
    actor: Actor,
    person_id: int,
    withheld: Iterable[Permission],
    *,
    cause: Cause,
    ref: str,
    until: datetime | None = None,
) -> None:
    """Withhold permissions from a person, in open pages and sockets too. The caller has asked whether the actor may.

    Where that closes doors behind which they may be, their sessions end: what they listened to is heard no more.
    """
    session, closed = work.session(), set(withheld)
    session.add_all(
        Restriction(person_id=person_id, withheld=one, cause=cause, ref=ref, until=until) for one in sorted(closed)
    )
    session.flush()
    if closed & ENDS_SESSIONS:
        _end(LoginSession.person_id == person_id)
    # What somebody hides of themselves stands in no record, where they might have to show it.
    if cause is not Cause.TRAVEL:
        audit.record(actor, "restriction.begin", target_kind=cause.value, target=ref)


@action
def lift_restrictions(actor: Actor, ref: str, withheld: Iterable[Permission] = ()) -> int:
    """Give back what was withheld for one cause: all of it, or these permissions only. Returns how many were lifted."""
    which = [Restriction.withheld.in_(list(withheld))] if withheld else []
    lifted = work.session().execute(
        update(Restriction)
        .where(Restriction.ref == ref, Restriction.lifted_at.is_(None), *which)
        .values(lifted_at=now())
        .returning(Restriction.cause)
    )
    causes = lifted.scalars().all()
    if set(causes) - {Cause.TRAVEL}:
        audit.record(actor, "restriction.lift", target_kind="cause", target=ref)
    return len(causes)


@action
def forget_what_is_over(actor: Actor) -> None:
    """Remove what has been over for a while, of sessions and invitations: a disk is no diary of visits."""
    ensure(actor.kind is Kind.SYSTEM)
    session, moment = work.session(), now()
    over = moment - timedelta(days=SESSIONS_KEPT_DAYS)
    session.execute(delete(LoginSession).where(or_(LoginSession.ended_at < over, LoginSession.expires_at < over)))
    session.execute(delete(Invitation).where(Invitation.expires_at < moment - timedelta(days=INVITATIONS_KEPT_DAYS)))
    for short_lived in (HalfSignIn, PasskeyChallenge, ResetCode):
        session.execute(delete(short_lived).where(short_lived.expires_at < moment))


def _end(*which: ColumnElement[bool]) -> int:
    """End the sessions that fit, and their sockets here once that is committed."""
    open_ones = update(LoginSession).where(LoginSession.ended_at.is_(None), *which).values(ended_at=now())
    ended = list(work.session().scalars(open_ones.returning(LoginSession.id)))
    if ended:
        live = work.house().live
        work.after_commit(lambda: live.end_sessions(ended))
    return len(ended)
