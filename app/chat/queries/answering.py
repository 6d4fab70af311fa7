"""What a message answers, in short."""

from app.chat.queries.here import RoomRef
from app.chat.queries.naming import names_here
from app.chat.queries.opening import Quote, contents_of, quote
from app.chat.queries.reading import get_row
from app.kernel.actor import Actor


def answered(actor: Actor, room: RoomRef, seq: int) -> Quote:
    """A message that the actor reads, in short, for one that answers it. Raises NotFound."""
    message = get_row(actor, room, seq)
    names = names_here(room, {message.author_id} if message.author_id else set())
    return quote(message, contents_of([message]), names)
