"""Keeping what the directory finds people by in step with what they show."""

from sqlalchemy import delete, insert, select

from app.kernel import work
from app.profiles import sealing
from app.profiles.models import Audience, Field, Profile, ProfileField, Term
from app.profiles.queries.terms import terms_of
from app.profiles.values import Value

#: Nobody searches with the eyes of these: what they alone see has no terms at all, so that there is nothing to find.
NOT_FOUND_BY = frozenset({Audience.ONLY_ME, Audience.CASEWORKERS})


def put(profile: Profile, *, listed: bool) -> None:
    """Put a profile into the directory or take it out, with all its terms. To be called inside an action."""
    _lock(profile)
    session = work.session()
    profile.listed = listed
    session.flush()
    kept = session.scalars(select(ProfileField).where(ProfileField.person_id == profile.person_id))
    opened = {row.field: sealing.open_field(profile.key_id, profile.public_id, row.field, row.sealed) for row in kept}
    for field in Field:
        reindex(profile, field, opened.get(field))


def reindex(profile: Profile, field: Field, value: Value | None) -> None:
    """Let the directory find this value of this field, and none that it had before.

    To be called inside an action, after value and audience were stored. Nothing is kept of people who are not listed, nor
    of what nobody could find.
    """
    session = work.session()
    # Until our end: somebody who is listed at the same moment, in another window, reads the field after or before us.
    listed = _lock(profile)
    session.execute(delete(Term).where(Term.person_id == profile.person_id, Term.field == field))
    audience = session.scalar(
        select(ProfileField.audience).where(ProfileField.person_id == profile.person_id, ProfileField.field == field)
    )
    if not listed or value is None or audience is None or audience in NOT_FOUND_BY:
        return
    same = {"person_id": profile.person_id, "field": field, "position": profile.position}
    shown = audience is Audience.MEMBERS
    rows = [{**same, "term": term, "shown": shown} for term in sorted(terms_of(field, value))]
    if rows:
        session.execute(insert(Term), rows)


def _lock(profile: Profile) -> bool:
    """Whether it is in the directory now, and stays so until our end."""
    return bool(work.session().scalar(select(Profile.listed).where(Profile.id == profile.id).with_for_update()))
