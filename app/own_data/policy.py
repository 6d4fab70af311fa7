"""Who sees which archives and erasures, and what holds an erasure back."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Select, exists, false, or_, select

from app.identity.models import Person, PersonRole, Restriction, Standing
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.own_data.models import Archive, ArchiveState, Erasure, ErasureState

#: For so long an erasure can be called off, by somebody who is able to.
COOLING_OFF = timedelta(days=7)
#: Without one of these nobody calls it off.
HOLDS_BACK = (Permission.ERASE, Permission.SIGNED_IN)


def visible_archives(actor: Actor) -> Select[Archive]:
    """A person's own archives. None while it is withheld from them to take anything away, as on a journey."""
    if actor.id is None or not actor.holds(Permission.EXPORT):
        return select(Archive).where(false())
    return select(Archive).where(Archive.person_id == actor.id, Archive.state != ArchiveState.OVER)


def visible_erasures(actor: Actor) -> Select[Erasure]:
    """A person's own wish to be erased, while it waits."""
    if actor.id is None:
        return select(Erasure).where(false())
    return select(Erasure).where(Erasure.person_id == actor.id, Erasure.state == ErasureState.WAITING)


def can_export(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.EXPORT)


def can_erase(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.ERASE)


def is_held_back() -> ColumnElement[bool]:
    """Whether a person cannot call their erasure off, or could not until less than a week ago.

    That is on a journey, frozen, or suspended. An erasure goes on only while its person could call it off. Nobody has
    somebody else's account erased by freezing it, nor by waiting until they have it back.
    """
    before = now() - COOLING_OFF
    return exists().where(
        Restriction.person_id == Erasure.person_id,
        Restriction.withheld.in_(HOLDS_BACK),
        or_(Restriction.lifted_at.is_(None), Restriction.lifted_at > before),
        or_(Restriction.until.is_(None), Restriction.until > before),
    )


def is_last_administrator(person_id: int) -> bool:
    """Whether nobody would look after the roles here any more without this person."""
    mine = select(PersonRole.id).where(PersonRole.person_id == person_id, PersonRole.role == Role.ADMINISTRATOR)
    others = (
        select(PersonRole.id)
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.role == Role.ADMINISTRATOR, Person.id != person_id, Person.standing == Standing.ACTIVE)
    )
    session = work.session()
    return session.scalar(mine.limit(1)) is not None and session.scalar(others.limit(1)) is None
