"""The lists that somebody made of people they know, and which fields each of them sees."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.text import fold
from app.kernel.vault import Place, Shredded
from app.profiles import policy
from app.profiles.models import Field, FieldList, ListEntry, PeopleList, Profile, ProfileField
from app.profiles.policy import Viewer
from app.profiles.queries.known import Known, known


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list: `people` are those on it who exist for its owner, `fields` are those of the owner's that they see."""

    id: int
    public_id: str
    name: str
    people: Sequence[Known]
    fields: Sequence[Field]


def name_place(public_id: str) -> Place:
    """The place of a list's name, which is sealed with the key of its owner's profile."""
    return Place("people_list", public_id, "name")


def lists_of(actor: Actor) -> list[ListLine]:
    """The actor's lists, by name. None while they travel."""
    if not policy.shows_people(actor):
        return []
    return _lines(actor, list(work.session().scalars(*_all(actor))))


def get_list(actor: Actor, public_id: str) -> PeopleList:
    """One of the actor's lists. Raises NotFound."""
    found: PeopleList | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None or not policy.shows_people(actor):
        raise NotFound
    return found


def line_of(actor: Actor, one: PeopleList) -> ListLine:
    """A list of the actor's with its people."""
    return _lines(actor, [one])[0]


def key_of(actor: Actor) -> str | None:
    """The key of the actor's profile, with which names of lists are sealed. None while there is no profile."""
    found: str | None = work.session().scalar(*_key(Viewer(person_id=actor.person_id, peer=True)))
    return found


def names_of(actor: Actor, lists: Sequence[PeopleList]) -> dict[int, str]:
    """The name of each list, out of the vault."""
    key_id, vault = key_of(actor) if lists else None, work.house().vault
    names = {}
    for one in lists:
        try:
            names[one.id] = vault.open(key_id, name_place(one.public_id), one.name).decode() if key_id else ""
        except Shredded:
            names[one.id] = ""
    return names


def _lines(actor: Actor, lists: list[PeopleList]) -> list[ListLine]:
    if not lists:
        return []
    names, numbers = names_of(actor, lists), [one.id for one in lists]
    session = work.session()
    entries = session.execute(*_entries(numbers)).all()
    there = known(actor, {entry.person_id for entry in entries})
    seen = session.execute(*_seen(Viewer(person_id=actor.person_id), numbers)).all()
    lines = [
        ListLine(
            one.id,
            one.public_id,
            names[one.id],
            sorted(
                (there[entry.person_id] for entry in entries if entry.list_id == one.id and entry.person_id in there),
                key=lambda person: fold(person.name),
            ),
            [field for field in Field if any(row.list_id == one.id and row.field is field for row in seen)],
        )
        for one in lists
    ]
    return sorted(lines, key=lambda line: fold(line.name))


@built_once
def _all(actor: Actor) -> Select[PeopleList]:
    return policy.visible_lists(actor).order_by(PeopleList.id)


@built_once
def _one(actor: Actor, public_id: str) -> Select[PeopleList]:
    return policy.visible_lists(actor).where(PeopleList.public_id == public_id)


@built_once
def _key(me: Viewer) -> Select[str]:
    return policy.visible_profiles(me).where(Profile.person_id == me.person_id).with_only_columns(Profile.key_id)


@built_once
def _entries(lists: Collection[int]) -> Select[int, int]:
    return select(ListEntry.list_id, ListEntry.person_id).where(ListEntry.list_id.in_(lists)).order_by(ListEntry.id)


@built_once
def _seen(me: Viewer, lists: Collection[int]) -> Select[int, Field]:
    return (
        select(FieldList.list_id, ProfileField.field)
        .join(ProfileField, ProfileField.id == FieldList.field_id)
        .where(FieldList.list_id.in_(lists), policy.sees_field(me))
    )
