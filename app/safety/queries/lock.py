"""Reads of the screen's lock. The hash of a code comes out of the vault here and nowhere else."""

from sqlalchemy import select

from app.identity.models import Person
from app.identity.queries import get_me
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.vault import Place
from app.safety.models import LockCode


def hash_place(person_public_id: str) -> Place:
    return Place("lock_code", person_public_id, "hash")


def hash_of(actor: Actor) -> str | None:
    """The hash of the actor's code, or None when they have none."""
    sealed = work.session().scalar(select(LockCode.hash).where(LockCode.person_id == actor.person_id))
    if sealed is None:
        return None
    person = get_me(actor)
    return work.house().vault.open(person.key_id, hash_place(person.public_id), sealed).decode()


def minutes_of(actor: Actor) -> int | None:
    """After how many minutes the actor's screens lock by themselves: 0 for never, None when there is no code."""
    return work.session().scalar(select(Person.locks_after).where(Person.id == actor.person_id))
