"""Photographs: one's own, and those of others as far as a viewer sees that field."""

from sqlalchemy import Select, select

from app.identity.models import Person
from app.kernel import files, work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.profiles import policy, sealing
from app.profiles.models import Field, Profile, ProfileField
from app.profiles.policy import Viewer


def photo_of(viewer: Viewer, public_id: str) -> tuple[int, bytes, files.FileKind]:
    """Row number and photograph of the person with this public id. Raises NotFound where it is missing, or not for them."""
    row = work.session().scalars(*_photo(viewer, public_id)).one_or_none()
    reference = _reference(row) if row is not None else None
    if row is None or reference is None:
        raise NotFound
    return row.person_id, *files.open(reference)


@built_once
def _photo(viewer: Viewer, public_id: str) -> Select[ProfileField]:
    wanted = policy.visible_fields(viewer).where(ProfileField.field == Field.PHOTO)
    return wanted.join(Person, Person.id == ProfileField.person_id).where(Person.public_id == public_id)


def my_reference(actor: Actor) -> str | None:
    """The id of the file that is the actor's photograph. For the verbs, which hold their profile meanwhile."""
    me = Viewer(person_id=actor.person_id, peer=True)
    mine = policy.visible_fields(me).where(ProfileField.person_id == actor.person_id, ProfileField.field == Field.PHOTO)
    row = work.session().scalars(mine.execution_options(populate_existing=True)).one_or_none()
    return _reference(row) if row is not None else None


def _reference(row: ProfileField) -> str | None:
    profile = work.session().scalars(select(Profile).where(Profile.person_id == row.person_id)).one()
    value = sealing.open_field(profile.key_id, profile.public_id, Field.PHOTO, row.sealed)
    return value if isinstance(value, str) else None
