"""Who is on the staff: roles, who is able to act with them, and emergencies."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, exists, func, or_, select

from app.identity.models import Person, PersonRole, Restriction, Standing
from app.kernel import work
from app.kernel.access import GRANTS, STAFF, Permission, Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.moderation.models import Emergency

EMERGENCY_DAYS = 7


def count_with(roles: Iterable[Role], *, but: Iterable[int] = ()) -> int:
    """How many people with one of these roles there are, besides some."""
    people = (
        select(func.count(func.distinct(PersonRole.person_id)))
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.role.in_(list(roles)), Person.standing == Standing.ACTIVE)
        .where(PersonRole.person_id.not_in(list(but)))
    )
    return work.session().scalar(people) or 0


def roles_with(permission: Permission) -> list[Role]:
    return [role for role, granted in GRANTS.items() if permission in granted]


def able(permission: Permission) -> dict[int, str]:
    """Row number and public id of everybody here whose roles grant something, and who is not suspended."""
    rows = work.session().execute(
        select(Person.id, Person.public_id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.role.in_(roles_with(permission)), Person.standing == Standing.ACTIVE, ~is_suspended())
        .distinct()
    )
    return {row[0]: row[1] for row in rows}


def is_suspended() -> ColumnElement[bool]:
    """Whether being here is withheld from a person now: for queries that read Person."""
    return exists().where(
        Restriction.person_id == Person.id,
        Restriction.withheld == Permission.SIGNED_IN,
        Restriction.lifted_at.is_(None),
        or_(Restriction.until.is_(None), Restriction.until > now()),
    )


def is_staff(person_id: int) -> bool:
    """Whether somebody has a role that looks after the place."""
    theirs = select(PersonRole.id).where(PersonRole.person_id == person_id, PersonRole.role.in_(list(STAFF)))
    return work.session().scalar(theirs.limit(1)) is not None


def can_see_people(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.PEOPLE_SEE)


def can_break_glass(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.ROLES_PROPOSE)


def has_emergency(actor: Actor) -> bool:
    """Whether the actor is an administrator who declared an emergency that still lasts."""
    if not can_break_glass(actor):
        return False
    lasting = select(Emergency.id).where(Emergency.person_id == actor.id, Emergency.until > now()).limit(1)
    return work.session().scalar(lasting) is not None
