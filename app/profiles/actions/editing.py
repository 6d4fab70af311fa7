"""Keeping one's own profile: fields, who sees each, and countries whose members see nothing."""

import secrets
from collections.abc import Collection

from sqlalchemy import delete, select

from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once
from app.kernel.errors import N_, Invalid, NotFound
from app.kernel.vault import Purpose
from app.kernel.work import action
from app.profiles import policy, sealing, values
from app.profiles.actions import directory
from app.profiles.models import Audience, Exclusion, Field, FieldList, PeopleList, Profile, ProfileField
from app.profiles.values import Value

MOST_EXCLUSIONS = 20


def ensure_profile(person_id: int, *, honey: bool = False) -> Profile:
    """The profile of this person, made on first use. For verbs, inside their transaction.

    Its place in the directory is drawn by lot. Of two first uses at once one makes it, and the other finds it.
    """
    session = work.session()
    wanted = select(Profile).where(Profile.person_id == person_id)
    found = session.scalars(wanted).one_or_none()
    if found is not None:
        return found
    # Kept in memory for some seconds like the keys of persons, so that a page of fifty profiles opens them at once.
    key_id = work.house().vault.create_key(Purpose.PERSON)
    row = {
        "person_id": person_id,
        "key_id": key_id,
        "listed": False,
        "honey": honey,
        "position": secrets.randbelow(2**62),
    }
    session.execute(insert_once(session, Profile).values(row))
    return session.scalars(wanted).one()


@action
def set_field(
    actor: Actor, field: Field, *, value: Value, audience: Audience, lists: Collection[str] = ()
) -> ProfileField | None:
    """Keep one field of the actor's profile and who sees it from now on; an empty value takes the field away.

    `lists` are public ids of the actor's own lists and count while the audience is CHOSEN. The directory finds the new
    words at once, and the old ones no more. Raises Forbidden, Invalid for a value that does not fit and for CHOSEN
    without a list, NotFound for a list of somebody else's.
    """
    ensure(policy.can_change(actor))
    kept = values.check(field, value)
    profile = ensure_profile(actor.person_id)
    row = _field_of(actor.person_id, field)
    if values.is_empty(kept):
        if row is not None:
            work.session().delete(row)
        _index(profile, field, kept)
        return None
    chosen = _chosen(actor, lists) if audience is Audience.CHOSEN else []
    sealed = work.house().vault.seal(profile.key_id, sealing.field_place(profile.public_id, field), values.dump(kept))
    if row is None:
        row = ProfileField(person_id=actor.person_id, field=field, audience=audience, sealed=sealed)
        work.session().add(row)
    else:
        row.audience, row.sealed = audience, sealed
    work.session().flush()
    work.session().execute(delete(FieldList).where(FieldList.field_id == row.id))
    work.session().add_all(FieldList(field_id=row.id, list_id=one.id) for one in chosen)
    _index(profile, field, kept)
    return row


@action
def exclude_countries(actor: Actor, *, countries: Collection[str]) -> None:
    """Let members of these countries, and of no others, see nothing of the actor's profile.

    Raises Forbidden, Invalid for what is no country and for more than MOST_EXCLUSIONS.
    """
    ensure(policy.can_change(actor))
    if set(countries) - values.country_codes():
        raise Invalid(N_("Choose a country from the list."))
    if len(set(countries)) > MOST_EXCLUSIONS:
        raise Invalid(N_("Choose at most 20 countries."))
    profile, vault = ensure_profile(actor.person_id), work.house().vault
    work.session().execute(delete(Exclusion).where(Exclusion.person_id == actor.person_id))
    for code in sorted(set(countries)):
        index = sealing.country_index(code)
        sealed = vault.seal(profile.key_id, sealing.exclusion_place(profile.public_id, index), code.encode())
        work.session().add(Exclusion(person_id=actor.person_id, country_index=index, sealed=sealed))
    work.session().flush()


def _field_of(person_id: int, field: Field) -> ProfileField | None:
    wanted = select(ProfileField).where(ProfileField.person_id == person_id, ProfileField.field == field)
    return work.session().scalars(wanted.with_for_update()).one_or_none()


def _chosen(actor: Actor, lists: Collection[str]) -> list[PeopleList]:
    """The actor's lists with these public ids."""
    wanted = policy.visible_lists(actor).where(PeopleList.public_id.in_(set(lists)))
    found = list(work.session().scalars(wanted))
    if len(found) < len(set(lists)):
        raise NotFound
    if not found:
        raise Invalid(N_("Choose at least one of your lists, or another answer."))
    return found


def _index(profile: Profile, field: Field, value: Value) -> None:
    work.session().flush()
    directory.reindex(profile, field, value)
