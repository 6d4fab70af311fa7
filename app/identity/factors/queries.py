"""Reads of second factors. What is secret comes out of the vault here and nowhere else."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from sqlalchemy import Select, exists, func, select

from app.identity import queries as people
from app.identity.factors import codes, policy
from app.identity.factors.models import HalfSignIn, OneTimeCode, Passkey
from app.identity.models import Person, PersonRole
from app.identity.tokens import token_hash
from app.kernel import work
from app.kernel.access import STAFF
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.vault import Place


@dataclass(frozen=True, slots=True)
class PasskeyLine:
    """One passkey, as its owner sees it."""

    public_id: str
    label: str
    made_on: date
    last_used_on: date | None


@dataclass(frozen=True, slots=True)
class Ways:
    """By which second factors somebody can be asked."""

    passkeys: int
    one_time_code: bool

    @property
    def count(self) -> int:
        return self.passkeys + self.one_time_code


@dataclass(frozen=True, slots=True)
class Setup:
    """What an authenticator app is told: its secret as text, as an address and as a picture."""

    secret: str
    address: str
    picture: str


def place(kind: str, public_id: str, field: str) -> Place:
    return Place(kind, public_id, field)


def ways_of(person_id: int) -> Ways:
    """By which second factors this person can be asked. For whoever gave their passphrase, and for themselves."""
    found = work.session().execute(*_ways(person_id)).one()
    return Ways(found[0], bool(found[1]))


@built_once
def _ways(person_id: int) -> Select[int, bool]:
    keys = select(func.count()).select_from(Passkey).where(Passkey.person_id == person_id).scalar_subquery()
    app = exists().where(OneTimeCode.person_id == person_id, OneTimeCode.confirmed_on.is_not(None))
    return select(keys, app)


def my_passkeys(actor: Actor) -> list[PasskeyLine]:
    """The actor's passkeys, oldest first."""
    key_id = people.get_me(actor).key_id
    found = work.session().scalars(*_passkeys(actor))
    return [
        PasskeyLine(
            p.public_id,
            work.house().vault.open(key_id, place("passkey", p.public_id, "label"), p.label).decode(),
            p.made_on,
            p.last_used_on,
        )
        for p in found
    ]


@built_once
def _passkeys(actor: Actor) -> Select[Passkey]:
    return policy.visible_passkeys(actor).order_by(Passkey.id)


def get_my_passkey(actor: Actor, public_id: str) -> Passkey:
    """One of the actor's own passkeys. Raises NotFound for anyone else's."""
    found = work.session().scalars(policy.visible_passkeys(actor).where(Passkey.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def credentials_of(person: Person) -> list[bytes]:
    """The ids of a person's passkeys, which a browser needs in order to find the one that it has."""
    found = work.session().scalars(select(Passkey).where(Passkey.person_id == person.id))
    vault = work.house().vault
    return [vault.open(person.key_id, place("passkey", p.public_id, "credential"), p.credential) for p in found]


def find_passkey(credential: bytes) -> tuple[Passkey, Person] | None:
    """The passkey with this id, and whose it is."""
    found = (
        work.session()
        .execute(
            select(Passkey, Person)
            .join(Person, Person.id == Passkey.person_id)
            .where(Passkey.credential_index == credential_index(credential))
        )
        .one_or_none()
    )
    return None if found is None else (found[0], found[1])


def public_key_of(passkey: Passkey, person: Person) -> bytes:
    vault = work.house().vault
    return vault.open(person.key_id, place("passkey", passkey.public_id, "public_key"), passkey.public_key)


def my_one_time_code(actor: Actor) -> OneTimeCode | None:
    """The actor's secret, confirmed or not yet."""
    return work.session().scalars(policy.visible_one_time_codes(actor)).one_or_none()


def one_time_code_of(person_id: int) -> OneTimeCode | None:
    """The confirmed secret of somebody who is asked for a code."""
    query = select(OneTimeCode).where(OneTimeCode.person_id == person_id, OneTimeCode.confirmed_on.is_not(None))
    return work.session().scalars(query).one_or_none()


def secret_of(code: OneTimeCode, person: Person) -> str:
    vault = work.house().vault
    return vault.open(person.key_id, place("one_time_code", code.public_id, "secret"), code.secret).decode()


def setup_of(actor: Actor) -> Setup:
    """What the actor's app needs, until they have confirmed it: then it is never shown again. Raises NotFound."""
    code = my_one_time_code(actor)
    if code is None or code.confirmed_on is not None:
        raise NotFound
    settings = work.house().settings
    secret = secret_of(code, people.get_me(actor))
    site = settings.site_title or urlsplit(settings.address).hostname or ""
    address = codes.app_address(secret, account=account_of(actor.public_id), site=site)
    return Setup(" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), address, codes.picture_of(address))


def codes_left(actor: Actor) -> int:
    """How many of the actor's recovery codes can still be used."""
    return work.session().scalar(*_codes_left(actor)) or 0


@built_once
def _codes_left(actor: Actor) -> Select[int]:
    return policy.visible_recovery_codes(actor).with_only_columns(func.count(), maintain_column_froms=True)


def is_staff(person_id: int) -> bool:
    """Whether somebody has a role whose rights need a second factor."""
    return bool(work.session().scalar(*_staff(person_id)))


@built_once
def _staff(person_id: int) -> Select[bool]:
    return select(exists().where(PersonRole.person_id == person_id, PersonRole.role.in_(sorted(STAFF))))


def find_half(token: str) -> Person | None:
    """Whose sign-in waits for its second step behind this token."""
    query = (
        select(Person)
        .join(HalfSignIn, HalfSignIn.person_id == Person.id)
        .where(HalfSignIn.token_hash == token_hash(token), HalfSignIn.expires_at > now())
    )
    return work.session().scalars(query).one_or_none()


def credential_index(credential: bytes) -> bytes:
    return work.house().vault.blind_index("passkey", credential.hex())


def recovery_index(owner: str, typed: str) -> bytes:
    """What a recovery code of the person with this public id is found by."""
    return work.house().vault.blind_index("recovery-code", f"{owner} {people.normal_code(typed)}")


def reset_index(owner: str, typed: str) -> bytes:
    """What a code from moderators for the person with this public id is found by."""
    return work.house().vault.blind_index("reset-code", f"{owner} {people.normal_code(typed)}")


def handle_of(public_id: str) -> bytes:
    """What a device keeps in order to say whose a passkey is. Nobody else can tell from it who that is."""
    return work.house().vault.blind_index("passkey-handle", public_id)


def account_of(public_id: str) -> str:
    """How a device or an app names the account: enough to tell two of one's own apart, and no name."""
    return work.house().vault.blind_index("account", public_id).hex()[:4].upper()
