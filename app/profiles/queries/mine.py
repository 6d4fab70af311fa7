"""What somebody keeps of themselves, as only they see it: each field with its audience, and the countries they exclude."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.vault import Shredded
from app.profiles import policy, sealing
from app.profiles.models import Audience, Exclusion, Field, FieldList, PeopleList, Profile, ProfileField
from app.profiles.policy import Viewer
from app.profiles.values import Value


@dataclass(frozen=True, slots=True)
class MyField:
    """One field of one's own. `lists` are public ids of the lists that see it, while the audience is CHOSEN."""

    field: Field
    value: Value
    audience: Audience
    lists: Sequence[str]


@dataclass(frozen=True, slots=True)
class MyProfile:
    """Everything that somebody keeps. Fields that they left empty are not in it."""

    fields: dict[Field, MyField]
    excluded: Sequence[str]
    listed: bool


def my_profile(actor: Actor) -> MyProfile:
    """The actor's own profile, opened; empty while there is none, and while they travel."""
    if not policy.shows_people(actor):
        return MyProfile({}, (), listed=False)
    me = Viewer(person_id=actor.person_id, peer=True)
    profile = work.session().scalars(*_profile(me)).one_or_none()
    if profile is None:
        return MyProfile({}, (), listed=False)
    rows = work.session().scalars(*_fields(me))
    chosen = _lists(actor)
    fields: dict[Field, MyField] = {}
    for row in rows:
        value = sealing.open_field(profile.key_id, profile.public_id, row.field, row.sealed)
        if value is not None:
            fields[row.field] = MyField(row.field, value, row.audience, chosen.get(row.id, ()))
    return MyProfile(fields, _excluded(actor, profile), profile.listed)


def _lists(actor: Actor) -> dict[int, list[str]]:
    """Public ids of the actor's lists by the fields that they see."""
    found: dict[int, list[str]] = {}
    for field_id, public_id in work.session().execute(*_lists_of_fields(actor)):
        found.setdefault(field_id, []).append(public_id)
    return found


def _excluded(actor: Actor, profile: Profile) -> list[str]:
    codes = []
    for one in work.session().scalars(*_exclusions(actor)):
        place = sealing.exclusion_place(profile.public_id, one.country_index)
        try:
            codes.append(work.house().vault.open(profile.key_id, place, one.sealed).decode())
        except Shredded:
            continue
    return sorted(codes)


@built_once
def _profile(me: Viewer) -> Select[Profile]:
    return policy.visible_profiles(me).where(Profile.person_id == me.person_id)


@built_once
def _fields(me: Viewer) -> Select[ProfileField]:
    return policy.visible_fields(me).where(ProfileField.person_id == me.person_id)


@built_once
def _lists_of_fields(actor: Actor) -> Select[int, str]:
    wanted = policy.visible_lists(actor).join(FieldList, FieldList.list_id == PeopleList.id)
    return wanted.with_only_columns(FieldList.field_id, PeopleList.public_id).order_by(PeopleList.id)


@built_once
def _exclusions(actor: Actor) -> Select[Exclusion]:
    return policy.visible_exclusions(actor)
