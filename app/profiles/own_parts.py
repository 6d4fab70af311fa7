"""What profiles hold of a person: fields with their audiences, lists, people they know, and whom they keep away."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import delete, or_, select

from app.kernel import files, work
from app.kernel.actor import Actor
from app.kernel.errors import N_, NotFound
from app.kernel.feature import OwnData
from app.profiles import sealing
from app.profiles.models import (
    Block,
    Companionship,
    Connection,
    Exclusion,
    Field,
    FieldList,
    ListEntry,
    PeopleList,
    Profile,
    ProfileField,
    Sweep,
    Term,
)
from app.profiles.queries import blocks, lists, mine, people


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Others are in it by the name that is shown to this person; what others wrote to them is not."""
    me = mine.my_profile(actor)
    named = {one.public_id: one.name for one in lists.lists_of(actor)}
    yield (
        "profile",
        {
            "in_the_directory": me.listed,
            "never_members_in": list(me.excluded),
            "fields": [
                {
                    "field": one.field.value,
                    "value": _value(one),
                    "audience": one.audience.value,
                    "lists": [named.get(ref, "") for ref in one.lists],
                }
                for one in me.fields.values()
            ],
        },
    )
    yield (
        "lists",
        [{"name": one.name, "people": [person.name for person in one.people]} for one in lists.lists_of(actor)],
    )
    known = people.people_of(actor)
    yield (
        "people",
        {
            "connected": [line.person.name for line in known.people],
            "i_asked": [{"name": one.person.name, "on": one.on, "words": one.note} for one in known.asked_by_me],
            "asked_me": [{"name": one.person.name, "on": one.on} for one in known.asked_of_me],
            "mentoring": [{"name": one.person.name, "part": one.part.value} for one in known.companions],
        },
    )
    yield (
        "blocks",
        [
            {"name": one.name, "space": one.space.value if one.space else None, "since": one.since}
            for one in blocks.blocks_of(actor)
        ],
    )


def erase(_actor: Actor, person_id: int) -> Iterable[str]:
    """All of it goes, also from the lists of others and from between them and others."""
    session = work.session()
    profile = session.scalars(select(Profile).where(Profile.person_id == person_id)).one_or_none()
    keys = [] if profile is None else [profile.key_id, *_photos(profile)]
    own_lists = select(PeopleList.id).where(PeopleList.person_id == person_id)
    fields = select(ProfileField.id).where(ProfileField.person_id == person_id)
    session.execute(delete(FieldList).where(or_(FieldList.list_id.in_(own_lists), FieldList.field_id.in_(fields))))
    session.execute(delete(ListEntry).where(or_(ListEntry.list_id.in_(own_lists), ListEntry.person_id == person_id)))
    session.execute(delete(Block).where(or_(Block.person_id == person_id, Block.blocked_id == person_id)))
    with_others = or_(Connection.asker_id == person_id, Connection.asked_id == person_id)
    notes = session.scalars(delete(Connection).where(with_others).returning(Connection.key_id))
    keys += [key_id for key_id in notes if key_id]
    pairs = or_(Companionship.mentor_id == person_id, Companionship.mentee_id == person_id)
    session.execute(delete(Companionship).where(pairs))
    for table in (Term, Exclusion, PeopleList, ProfileField, Sweep, Profile):
        session.execute(delete(table).where(table.person_id == person_id))
    return keys


def _value(one: mine.MyField) -> Any:
    """What the field holds; of a photo the picture itself."""
    if one.field is not Field.PHOTO or not isinstance(one.value, str):
        return one.value
    try:
        plain, kind = files.open(one.value)
    except NotFound:
        return None
    return f"data:{kind.mimetype};base64,{base64.b64encode(plain).decode()}"


def _photos(profile: Profile) -> Iterator[str]:
    """Take the pictures away, and give their keys."""
    wanted = select(ProfileField).where(ProfileField.person_id == profile.person_id, ProfileField.field == Field.PHOTO)
    for row in work.session().scalars(wanted).all():
        value = sealing.open_field(profile.key_id, profile.public_id, row.field, row.sealed)
        yield from files.discard(value) if isinstance(value, str) else ()


part = OwnData("profiles", N_("Profile and people"), export, erase)
