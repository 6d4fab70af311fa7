"""Who looks, and what they see of others: the one road to every field, for all pages, the directory and "view as"."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select

from app.identity.models import Person
from app.identity.queries import names_of
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.profiles import policy, sealing
from app.profiles.models import Field, Profile, ProfileField
from app.profiles.policy import NOBODY, Viewer
from app.profiles.queries import sweeps
from app.profiles.values import Value
from app.profiles.values import country_of as country_in


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody as a viewer sees them: the fields that are open to this viewer, and no others.

    `views.wording.lines(card.fields)` makes words of the fields, in the reader's language.
    """

    person_id: int
    public_id: str
    name: str
    fields: Mapping[Field, Value]


@dataclass(frozen=True, slots=True)
class MemberView(Card):
    """The same for the member page."""

    mine: bool


def viewer_of(actor: Actor, *, caseworker: bool = False) -> Viewer:
    """The actor as the rules see them. `caseworker` only where their purpose was noted in this transaction."""
    if actor.id is None:
        return NOBODY
    country = country_of(actor.id)
    return Viewer(
        person_id=actor.id,
        peer=actor.holds(Permission.PROFILE_KEEP),
        member=actor.holds(Permission.DIRECTORY_USE),
        caseworker=caseworker and actor.holds(Permission.CASES_WORK),
        country_index=sealing.country_index(country) if country else None,
        sweeping=sweeps.is_sweeping(actor),
        travels=not actor.holds(Permission.HIDDEN_SEE),
    )


def find(viewer: Viewer, public_id: str) -> int:
    """The row number of somebody whose profile exists for this viewer.

    Raises NotFound for whoever is missing, hidden, blocked or excluded: one question for all of them.
    """
    found = find_in(viewer, public_id)
    if found is None:
        raise NotFound
    return found


def find_in(viewer: Viewer, public_id: str) -> int | None:
    """The same, or None."""
    found: int | None = work.session().scalar(*_found(viewer, public_id))
    return found


def get_member(viewer: Viewer, public_id: str) -> MemberView:
    """Somebody's page as this viewer sees it. Raises NotFound as `find` does."""
    person_id = find(viewer, public_id)
    card = cards(viewer, [person_id]).get(person_id)
    if card is None:
        raise NotFound
    return MemberView(person_id, public_id, card.name, card.fields, mine=person_id == viewer.person_id)


def cards(viewer: Viewer, person_ids: Collection[int]) -> dict[int, Card]:
    """Those of these people whose profile exists for the viewer, with what is open of it.

    The same number of queries for any number of people.
    """
    if not person_ids:
        return {}
    profiles = {profile.person_id: profile for profile in work.session().scalars(*_profiles(viewer, person_ids))}
    work.house().vault.prefetch(profile.key_id for profile in profiles.values())
    fields: dict[int, dict[Field, Value]] = {person_id: {} for person_id in profiles}
    for row in work.session().scalars(*_fields(viewer, profiles)):
        profile = profiles[row.person_id]
        value = sealing.open_field(profile.key_id, profile.public_id, row.field, row.sealed)
        if value is not None:
            fields[row.person_id][row.field] = value
    names = names_of(list(profiles))
    return {
        person_id: Card(person_id, *names[person_id], _in_order(fields[person_id]))
        for person_id in person_ids
        if person_id in names
    }


def country_of(person_id: int) -> str | None:
    """Where somebody says that they live, whoever may see it: for the rules alone, shown to nobody."""
    row = work.session().execute(*_place_of(person_id)).one_or_none()
    if row is None:
        return None
    value = sealing.open_field(row.key_id, row.public_id, Field.PLACE, row.sealed)
    return country_in(value) if value is not None else None


@built_once
def _found(viewer: Viewer, public_id: str) -> Select[int]:
    wanted = policy.visible_profiles(viewer).join(Person, Person.id == Profile.person_id)
    return wanted.where(Person.public_id == public_id).with_only_columns(Profile.person_id, maintain_column_froms=True)


@built_once
def _profiles(viewer: Viewer, person_ids: Collection[int]) -> Select[Profile]:
    return policy.visible_profiles(viewer).where(Profile.person_id.in_(person_ids))


@built_once
def _fields(viewer: Viewer, person_ids: Collection[int]) -> Select[ProfileField]:
    return policy.visible_fields(viewer).where(ProfileField.person_id.in_(person_ids))


@built_once
def _place_of(person_id: int) -> Select[str, str, bytes]:
    return (
        select(Profile.key_id, Profile.public_id, ProfileField.sealed)
        .join(ProfileField, ProfileField.person_id == Profile.person_id)
        .where(Profile.person_id == person_id, ProfileField.field == Field.PLACE)
    )


def _in_order(fields: Mapping[Field, Value]) -> dict[Field, Value]:
    return {field: fields[field] for field in Field if field in fields}
