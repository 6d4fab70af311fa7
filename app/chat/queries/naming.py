"""Who wrote what: in each room people are known by the names that they have there."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select

from app.chat import policy
from app.chat.models import Message, Room
from app.chat.queries.here import RoomRef
from app.identity import queries as identity
from app.identity.models import Space
from app.identity.spaces.queries import has_own_name, names_in
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.profiles.queries import viewing


@dataclass(frozen=True, slots=True)
class Author:
    """Public id and name by which somebody is known in a room."""

    id: str
    name: str


#: Whoever is not here any more.
GONE = Author("", "")


def names_here(room: RoomRef, person_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Public id and name of each person (row number) in this room, with a constant number of queries."""
    return names_in(room.space, person_ids) if room.space else identity.names_of(person_ids)


def me_here(actor: Actor, room: RoomRef) -> Author:
    """The actor as others in this room know them."""
    return Author(*(actor.known_in(room.space) if room.space else (actor.public_id, actor.name)))


def public_id_of(person_id: int, room: RoomRef) -> str:
    """What others in a room know a person by, or nothing when they are gone."""
    return names_here(room, {person_id}).get(person_id, ("", ""))[0]


def author_of(actor: Actor, room: Room, seq: int) -> int:
    """The row number of whoever wrote a message that the actor sees. Raises NotFound, also for their own and of nobody."""
    author: int | None = work.session().scalar(*_author(actor, room.id, seq))
    if author is None or author == actor.id:
        raise NotFound
    return author


def profile_of(actor: Actor, room: Room, person_id: int) -> str | None:
    """The public id under which the actor finds the profile of somebody in a room; None where it does not exist.

    From a name of their own in rooms nothing leads to it.
    """
    if room.space is Space.ROOMS and has_own_name(Space.ROOMS, person_id):
        return None
    card = viewing.cards(viewing.viewer_of(actor), [person_id]).get(person_id)
    return card.public_id if card else None


@built_once
def _author(actor: Actor, room: int, seq: int) -> Select[int | None]:
    query = policy.visible_messages(actor).where(Message.room_id == room, Message.seq == seq)
    return query.with_only_columns(Message.author_id)
