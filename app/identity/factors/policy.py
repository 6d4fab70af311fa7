"""Who sees and does what with second factors: each person with their own, and nobody with anyone else's."""

from sqlalchemy import Select, false, select

from app.identity.factors.models import OneTimeCode, Passkey, RecoveryCode
from app.kernel.actor import Actor, Kind


def visible_passkeys(actor: Actor) -> Select[Passkey]:
    """A person's own passkeys."""
    if actor.id is None:
        return select(Passkey).where(false())
    return select(Passkey).where(Passkey.person_id == actor.id)


def visible_one_time_codes(actor: Actor) -> Select[OneTimeCode]:
    """A person's own secret, confirmed or not yet."""
    if actor.id is None:
        return select(OneTimeCode).where(false())
    return select(OneTimeCode).where(OneTimeCode.person_id == actor.id)


def visible_recovery_codes(actor: Actor) -> Select[RecoveryCode]:
    """Those of a person's own recovery codes that can still be used."""
    if actor.id is None:
        return select(RecoveryCode).where(false())
    return select(RecoveryCode).where(RecoveryCode.person_id == actor.id, RecoveryCode.used_on.is_(None))


def can_change(actor: Actor) -> bool:
    """Whoever is signed in changes their own second factors."""
    return actor.kind is Kind.PERSON and actor.session_id is not None


def can_furnish(actor: Actor) -> bool:
    """Only the program itself gives somebody a secret that it chose, as to the people of the demo."""
    return actor.kind is Kind.SYSTEM
