"""Who is on the staff: roles, who is able to act with them, and emergencies."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from app.identity.models import Person, PersonRole, Restriction, Standing
from app.kernel import work
from app.kernel.access import GRANTS, STAFF, Permission, Role
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import this_moment
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
    return {row[0]: row[1] for row in work.session().execute(*_able(permission))}


@built_once
def _able(permission: Permission) -> Select[int, str]:
    return (
        select(Person.id, Person.public_id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.role.in_(roles_with(permission)), Person.standing == Standing.ACTIVE, ~is_suspended())
        .distinct()
    )


def is_suspended() -> ColumnElement[bool]:
    """Whether being here is withheld from a person now: for queries that read Person."""
    return exists().where(
        Restriction.person_id == Person.id,
        Restriction.withheld == Permission.SIGNED_IN,
        Restriction.lifted_at.is_(None),
        or_(Restriction.until.is_(None), Restriction.until > this_moment()),
    )


def is_staff(person_id: int) -> bool:
    """Whether somebody has a role that looks after the place."""
    return work.session().scalar(*_staff_role(person_id)) is not None


@built_once
def _staff_role(person_id: int) -> Select[int]:
    theirs = select(PersonRole.id).where(PersonRole.person_id == person_id, PersonRole.role.in_(list(STAFF)))
    return theirs.limit(1)


def can_see_people(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.PEOPLE_SEE)


def can_break_glass(actor: Actor) -> bool:
    return actor.id is not None and actor.holds(Permission.ROLES_PROPOSE)


def has_emergency(actor: Actor) -> bool:
    """Whether the actor is an administrator who declared an emergency that still lasts."""
    if not can_break_glass(actor):
        return False
    return work.session().scalar(*_lasting(actor)) is not None


@built_once
def _lasting(actor: Actor) -> Select[int]:
    return select(Emergency.id).where(Emergency.person_id == actor.id, Emergency.until > this_moment()).limit(1)
