"""Where the sealed parts of a profile stand: everything is sealed with the key of its profile, each in its own place."""

from app.kernel import work
from app.kernel.vault import Place, Shredded
from app.profiles import values
from app.profiles.models import Field
from app.profiles.values import Value


def field_place(profile: str, field: Field) -> Place:
    """`profile` is the public id of the profile, which is not that of its person."""
    return Place("profile_field", profile, field.value)


def exclusion_place(profile: str, country_index: bytes) -> Place:
    return Place("exclusion", profile, country_index.hex())


def country_index(code: str) -> bytes:
    """The fingerprint by which an excluded country is compared with a viewer's."""
    return work.house().vault.blind_index("country", code)


def open_field(key_id: str, profile: str, field: Field, sealed: bytes) -> Value | None:
    """The value, or None where its key is gone."""
    try:
        return values.load(work.house().vault.open(key_id, field_place(profile, field), sealed))
    except Shredded:
        return None
