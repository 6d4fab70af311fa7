"""Who wrote what: everybody is known in rooms by the name that they have there."""

from app.chat import policy
from app.chat.models import Message, Room
from app.chat.queries.reading import Author
from app.identity.models import Space
from app.identity.spaces.queries import has_own_name, names_in
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.profiles.queries import viewing


def public_id_of(person_id: int) -> str:
    """What others in rooms know a person by, or nothing when they are gone."""
    return names_in(Space.ROOMS, {person_id}).get(person_id, ("", ""))[0]


def me_in_rooms(actor: Actor) -> Author:
    """The actor as others in rooms know them."""
    return Author(*actor.known_in(Space.ROOMS))


def author_of(actor: Actor, room: Room, seq: int) -> int:
    """The row number of whoever wrote a message that the actor sees. Raises NotFound, also for their own and of nobody."""
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq == seq)
    message = work.session().scalars(query).one_or_none()
    if message is None or message.author_id in (None, actor.id):
        raise NotFound
    assert message.author_id is not None
    return message.author_id


def profile_of(actor: Actor, person_id: int) -> str | None:
    """The public id under which the actor finds the profile of whoever wrote a message; None where it does not exist.

    From a name of their own in rooms nothing leads to it.
    """
    if has_own_name(Space.ROOMS, person_id):
        return None
    card = viewing.cards(viewing.viewer_of(actor), [person_id]).get(person_id)
    return card.public_id if card else None
