"""Messages that members report: what they enclose, and what whoever works on the report sees around it."""

from sqlalchemy import select

from app.chat import policy
from app.chat.models import PRIVATE, Message, MessageState, Room
from app.chat.queries.naming import names_here
from app.chat.queries.opening import body_of
from app.chat.queries.rooms import get_room
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.feature import ContextLine, Reported
from app.kernel.vault import Shredded

#: Messages either side of a reported one that a moderator sees with it.
AROUND = 5


def reference(room: str, seq: int) -> str:
    """How a message is named outside its room, as in a report."""
    return f"{room}.{seq}"


def find_reported(actor: Actor, ref: str) -> Reported:
    """The message that a member wants to report. Raises NotFound when they do not see it, or it is their own."""
    public_id, seq = _split(ref)
    room = get_room(actor, public_id)
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq == seq)
    message = work.session().scalars(query).one_or_none()
    if message is None or message.author_id in (None, actor.id) or message.state is not MessageState.SHOWN:
        raise NotFound
    body, _at = body_of(message)
    assert message.author_id is not None
    return Reported(message.author_id, body)


def around_reported(ref: str) -> list[ContextLine]:
    """A reported message with five either side, for the moderator who works on the report and has said so there.

    Of a conversation of a few they see nothing but what the reporter enclosed.
    """
    public_id, seq = _split(ref)
    room = work.session().scalars(select(Room).where(Room.public_id == public_id)).one_or_none()
    if room is None or room.kind in PRIVATE:
        return []
    near = select(Message).where(Message.room_id == room.id, Message.seq.between(seq - AROUND, seq + AROUND))
    messages = list(work.session().scalars(near.order_by(Message.seq)))
    names = names_here(room, {message.author_id for message in messages if message.author_id is not None})
    lines = []
    for message in messages:
        try:
            body, at = body_of(message)
        except Shredded:
            continue
        name = names[message.author_id][1] if message.author_id in names else ""
        lines.append(ContextLine(name, body, at, reported=message.seq == seq))
    return lines


def find_for_removal(ref: str) -> tuple[Message, Room]:
    """A message and its room, for taking it away on a report. Raises NotFound."""
    public_id, seq = _split(ref)
    query = select(Message, Room).join(Room, Room.id == Message.room_id)
    found = work.session().execute(query.where(Room.public_id == public_id, Message.seq == seq)).one_or_none()
    if found is None:
        raise NotFound
    message, room = found
    return message, room


def _split(ref: str) -> tuple[str, int]:
    """Room and number of a reference. Raises NotFound for what is none."""
    public_id, _, seq = ref.partition(".")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 16):
        raise NotFound
    return public_id, int(seq)
