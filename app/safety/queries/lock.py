"""Reads of the screen's lock. The hash of a code comes out of the vault here and nowhere else."""

from sqlalchemy import Select, select

from app.identity.models import Person
from app.identity.queries import get_me
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.vault import Place
from app.safety.models import LockCode


def hash_place(person_public_id: str) -> Place:
    return Place("lock_code", person_public_id, "hash")


def hash_of(actor: Actor) -> str | None:
    """The hash of the actor's code, or None when they have none."""
    sealed = work.session().scalar(*_hash(actor))
    if sealed is None:
        return None
    person = get_me(actor)
    return work.house().vault.open(person.key_id, hash_place(person.public_id), sealed).decode()


def minutes_of(actor: Actor) -> int | None:
    """After how many minutes the actor's screens lock by themselves: 0 for never, None when there is no code."""
    found: int | None = work.session().scalar(*_minutes(actor))
    return found


@built_once
def _hash(actor: Actor) -> Select[bytes]:
    return select(LockCode.hash).where(LockCode.person_id == actor.person_id)


@built_once
def _minutes(actor: Actor) -> Select[int | None]:
    return select(Person.locks_after).where(Person.id == actor.person_id)
