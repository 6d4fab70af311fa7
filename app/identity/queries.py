"""Reads of the identity feature. Names come out of the vault here and nowhere else."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import selectinload

from app.identity import policy
from app.identity.models import (
    Device,
    Invitation,
    InvitationState,
    LoginSession,
    Person,
    PersonRole,
    Restriction,
    Space,
    SpaceName,
    Standing,
)
from app.kernel import work
from app.kernel.access import STAFF, Permission, Role
from app.kernel.actor import Actor, Kind
from app.kernel.built import built_once
from app.kernel.db import UtcTime, now, this_moment
from app.kernel.errors import NotFound
from app.kernel.prepared import Prepared
from app.kernel.text import fold, skeleton
from app.kernel.vault import Place, Shredded


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One of a person's sessions, as they see it."""

    public_id: str
    device: Device
    started: datetime
    last_seen: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """One invitation, as those who may invite see it."""

    public_id: str
    code_hint: str
    state: str
    role: Role
    expires: datetime


def name_place(public_id: str) -> Place:
    return Place("person", public_id, "name")


def passphrase_place(public_id: str) -> Place:
    return Place("person", public_id, "passphrase")


def name_index(name: str) -> bytes:
    """What a name is found by: equal for names that look alike, so that none can be imitated."""
    return work.house().vault.blind_index("name", skeleton(name))


def find_by_name(name: str) -> Person | None:
    """The person with this name or one that looks like it, for signing in."""
    return work.session().scalars(*_named(name_index(name))).one_or_none()


@built_once
def _named(index: bytes) -> Select[Person]:
    return select(Person).where(Person.name_index == index)


def as_actor(person: Person) -> Actor:
    """Somebody who has just shown who they are and has no session yet: they act, and may open no door."""
    return Actor(Kind.PERSON, person.public_id, id=person.id)


def get_me(actor: Actor) -> Person:
    """The person behind the actor. Raises NotFound when it is gone."""
    person = work.session().get(Person, actor.person_id)
    if person is None:
        raise NotFound
    return person


def name_of(person: Person) -> str:
    """The chosen name, out of the vault; nothing for whoever is erased."""
    return opened_name(person.key_id, name_place(person.public_id), person.name)


def opened_name(key_id: str, place: Place, sealed: bytes) -> str:
    """A name, out of the vault; nothing for whoever is erased, or whose key is gone already."""
    try:
        return work.house().vault.open(key_id, place, sealed).decode() if sealed else ""
    except Shredded:
        return ""


def names_of(person_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Public id and chosen name for each row number, with one query here and one in the keys database.

    The name of whoever is erased is empty.
    """
    if not person_ids:
        return {}
    rows = work.session().execute(*_names(person_ids)).all()
    work.house().vault.prefetch(row.key_id for row in rows if row.key_id)
    return {row.id: (row.public_id, opened_name(row.key_id, name_place(row.public_id), row.name)) for row in rows}


@built_once
def _names(person_ids: Collection[int]) -> Select[int, str, str, bytes]:
    return select(Person.id, Person.public_id, Person.key_id, Person.name).where(Person.id.in_(person_ids))


def passphrase_hash(person: Person) -> str:
    """The Argon2 hash, out of the vault; nothing for whoever is erased."""
    if not person.passphrase:
        return ""
    sealed, place = person.passphrase, passphrase_place(person.public_id)
    return work.house().vault.open(person.key_id, place, sealed).decode()


def my_sessions(actor: Actor) -> list[SessionLine]:
    """The actor's sessions, newest first."""
    found = work.session().scalars(*_sessions(actor))
    return [
        SessionLine(s.public_id, s.device, s.started_at, s.last_seen_at, current=s.id == actor.session_id)
        for s in found
    ]


@built_once
def _sessions(actor: Actor) -> Select[LoginSession]:
    return policy.visible_sessions(actor).order_by(LoginSession.last_seen_at.desc()).limit(100)


def get_my_session(actor: Actor, public_id: str) -> LoginSession:
    """One of the actor's own sessions. Raises NotFound for anyone else's."""
    found = (
        work.session().scalars(policy.visible_sessions(actor).where(LoginSession.public_id == public_id)).one_or_none()
    )
    if found is None:
        raise NotFound
    return found


def invitations(actor: Actor, limit: int = 50) -> list[InvitationLine]:
    """The newest invitations, for those who may make them."""
    found = work.session().scalars(*_invitations(actor, limit))
    return [
        InvitationLine(
            public_id=i.public_id,
            code_hint=i.code_hint,
            state="expired" if i.state is InvitationState.OPEN and i.expires_at <= now() else i.state.value,
            role=i.role,
            expires=i.expires_at,
        )
        for i in found
    ]


@built_once
def _invitations(actor: Actor, limit: int) -> Select[Invitation]:
    return policy.visible_invitations(actor).order_by(Invitation.id.desc()).limit(limit)


def get_open_invitation(actor: Actor, public_id: str) -> Invitation:
    """One that can still be used or withdrawn. Raises NotFound, also for those who may not make any."""
    query = policy.visible_invitations(actor).where(Invitation.state == InvitationState.OPEN)
    found = work.session().scalars(query.where(Invitation.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def find_invitation(code: str) -> Invitation | None:
    """The open invitation with this code, if there is one."""
    index = work.house().vault.blind_index("invitation", normal_code(code))
    return (
        work.session()
        .scalars(
            select(Invitation).where(
                Invitation.code_index == index,
                Invitation.state == InvitationState.OPEN,
                Invitation.expires_at > now(),
            )
        )
        .one_or_none()
    )


def normal_code(code: str) -> str:
    """A code as typed, without what only helps the eye, in capitals and Latin digits; O, I and L stand for digits."""
    typed = fold(code[:200]).upper().translate(str.maketrans("OIL", "011"))
    return "".join(letter for letter in typed if letter.isalnum())[:64]


def count_people() -> int:
    """How many logins there are: for commands, never shown to people."""
    return work.session().scalar(select(func.count()).select_from(Person)) or 0


def demo_people() -> list[Person]:
    """Everyone who came with the demo."""
    found = work.session().scalars(
        select(Person).where(Person.demo).options(selectinload(Person.roles)).order_by(Person.id)
    )
    return list(found)


class LiveSession(NamedTuple):
    """What every request and event needs to know of the session behind a token."""

    id: int
    last_seen_at: datetime
    expires_at: datetime
    factor_at: datetime | None
    proved_at: datetime | None
    person_id: int
    public_id: str
    key_id: str
    sealed_name: bytes
    language: str | None
    data_mode: str | None
    locked_at: datetime | None
    locks_after: int | None
    #: Names of their own that spaces know the person by: space, public id there, sealed name.
    names: frozenset[tuple[Space, str, bytes]]


#: Every request and every event passes here.
_LIVE_SESSION = Prepared(
    select(
        LoginSession.id,
        LoginSession.last_seen_at,
        LoginSession.expires_at,
        LoginSession.factor_at,
        LoginSession.proved_at,
        Person.id,
        Person.public_id,
        Person.key_id,
        Person.name,
        Person.language,
        Person.data_mode,
        LoginSession.locked_at,
        Person.locks_after,
        SpaceName.space,
        SpaceName.public_id,
        SpaceName.name,
        PersonRole.role,
        Restriction.withheld,
    )
    .join(Person, Person.id == LoginSession.person_id)
    .outerjoin(PersonRole, PersonRole.person_id == Person.id)
    .outerjoin(SpaceName, (SpaceName.person_id == Person.id) & SpaceName.name.is_not(None))
    .outerjoin(
        Restriction,
        (Restriction.person_id == Person.id)
        & Restriction.lifted_at.is_(None)
        & (Restriction.until.is_(None) | (Restriction.until > bindparam("moment", type_=UtcTime))),
    )
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        Person.standing == Standing.ACTIVE,
    )
)


def live_rows(token_hash: bytes, moment: datetime) -> list[Sequence[Any]]:
    """What is stored of the session whose token has this hash: nothing where it was ended. One query."""
    return _LIVE_SESSION.as_stored({"token_hash": token_hash, "moment": moment})


def live_session(stored: list[Sequence[Any]]) -> tuple[LiveSession, set[Role], set[Permission]]:
    """What such rows, one at least, say: the session, the roles of its person, and what is withheld."""
    rows = _LIVE_SESSION.turned(stored)
    roles = {row[-2] for row in rows if row[-2] is not None}
    withheld = {row[-1] for row in rows if row[-1] is not None}
    names = frozenset(tuple(row[-5:-2]) for row in rows if row[-5] is not None)
    return LiveSession._make((*rows[0][:-5], names)), roles, withheld


def restrictions_of(person_id: int) -> list[Restriction]:
    """What is withheld from a person now."""
    return list(work.session().scalars(*_restrictions(person_id)))


@built_once
def _restrictions(person_id: int) -> Select[Restriction]:
    return (
        select(Restriction)
        .where(
            Restriction.person_id == person_id,
            Restriction.lifted_at.is_(None),
            Restriction.until.is_(None) | (Restriction.until > this_moment()),
        )
        .order_by(Restriction.id)
    )


def name_in(session: LiveSession) -> str:
    """The chosen name of the person behind a session, out of the vault."""
    return work.house().vault.open(session.key_id, name_place(session.public_id), session.sealed_name).decode()


def limits_for(roles: Iterable[Role]) -> tuple[timedelta, timedelta]:
    """Idle and absolute limits: shorter for those who can see more."""
    settings = work.house().settings
    if STAFF.intersection(roles):
        return timedelta(seconds=settings.staff_idle_seconds), timedelta(seconds=settings.staff_absolute_seconds)
    return timedelta(seconds=settings.idle_seconds), timedelta(seconds=settings.absolute_seconds)
