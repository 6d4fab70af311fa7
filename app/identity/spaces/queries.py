"""Reads of the names that people have in spaces. Which names are one person's comes out nowhere but to themselves."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select

from app.identity import queries as identity
from app.identity.models import Person, Space, SpaceName, SpentName
from app.identity.spaces import policy
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.vault import Place


@dataclass(frozen=True, slots=True)
class NameLine:
    """What a person is called in one space: `name` is empty where it is the usual one.

    `next_change` is the first day on which another one can be chosen, None for any day.
    """

    space: Space
    name: str
    next_change: date | None


def place(public_id: str) -> Place:
    return Place("space_name", public_id, "name")


def names_in(space: Space, person_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Public id and name by which each person (row number) is known in this space: the space's own, else the usual.

    One query here and one in the keys database, as `identity.names_of`. The name of whoever is erased is empty.
    """
    if not person_ids:
        return {}
    rows = work.session().execute(*_names(space, person_ids)).all()
    work.house().vault.prefetch(row[2] for row in rows if row[2])
    names = {}
    for number, public_id, key_id, usual, own_id, own in rows:
        if own is None:
            names[number] = (public_id, identity.opened_name(key_id, identity.name_place(public_id), usual))
        else:
            names[number] = (own_id, identity.opened_name(key_id, place(own_id), own))
    return names


@built_once
def _names(space: Space, person_ids: Collection[int]) -> Select[int, str, str, bytes, str, bytes | None]:
    there = (SpaceName.person_id == Person.id) & (SpaceName.space == space) & SpaceName.name.is_not(None)
    columns = (Person.id, Person.public_id, Person.key_id, Person.name, SpaceName.public_id, SpaceName.name)
    return select(*columns).outerjoin(SpaceName, there).where(Person.id.in_(person_ids))


def person_behind(space: Space, public_id: str) -> int:
    """The row number of whoever is known in this space by this public id. Raises NotFound.

    The usual id of somebody who has a name of their own there finds nobody: it would say whose name that is.
    """
    own = select(SpaceName.person_id).where(SpaceName.space == space, SpaceName.name.is_not(None))
    found = work.session().scalar(own.where(SpaceName.public_id == public_id))
    if found is None:
        usual = select(Person.id).where(Person.public_id == public_id, Person.id.not_in(own))
        found = work.session().scalar(usual)
    if found is None:
        raise NotFound
    return found


def has_own_name(space: Space, person_id: int) -> bool:
    """Whether somebody is known in this space by a name that they have nowhere else."""
    own = select(SpaceName.id).where(SpaceName.space == space, SpaceName.name.is_not(None))
    return work.session().scalar(own.where(SpaceName.person_id == person_id)) is not None


def aliases(session: identity.LiveSession) -> dict[str, tuple[str, str]]:
    """What `Actor.aliases` is, out of what came with the session. Raises Shredded."""
    vault = work.house().vault
    return {
        space: (public_id, vault.open(session.key_id, place(public_id), sealed).decode())
        for space, public_id, sealed in session.names
    }


def row_of(person_id: int, space: Space) -> Select[SpaceName]:
    """The row of one person's name in one space, for the verbs that change it: read again once they have their turn."""
    own = select(SpaceName).where(SpaceName.person_id == person_id, SpaceName.space == space)
    return own.with_for_update().execution_options(populate_existing=True)


def my_names(actor: Actor) -> list[NameLine]:
    """What the actor is called in each space that is open to them."""
    rows = {row.space: row for row in work.session().scalars(*_mine(actor))}
    lines = []
    for space in policy.spaces_of(actor):
        row = rows.get(space)
        name = actor.aliases[space][1] if space in actor.aliases else ""
        lines.append(NameLine(space, name, policy.next_change(row.chosen_on) if row else None))
    return lines


@built_once
def _mine(actor: Actor) -> Select[SpaceName]:
    return policy.visible_space_names(actor)


def my_name(actor: Actor, space: Space) -> NameLine:
    """What the actor is called in one space. Raises NotFound where it is not open to them."""
    found = next((line for line in my_names(actor) if line.space is space), None)
    if found is None:
        raise NotFound
    return found


def is_taken(name: str) -> bool:
    """Whether somebody goes by this name or one that looks like it, as their usual one or in a space."""
    index = identity.name_index(name)
    return work.session().scalar(*_usual(index)) is not None or is_taken_in_a_space(index)


@built_once
def _usual(index: bytes) -> Select[int]:
    return select(Person.id).where(Person.name_index == index)


def is_taken_in_a_space(index: bytes) -> bool:
    """The same for spaces alone, and for names that were given up there a short time ago."""
    own: Iterable[object] = (
        work.session().scalar(select(SpaceName.id).where(SpaceName.name_index == index)),
        work.session().scalar(select(SpentName.until).where(SpentName.name_index == index)),
    )
    return any(found is not None for found in own)
