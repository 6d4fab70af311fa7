"""Socket events of rooms, as thin as the views and over the same queries, form and actions."""

from app.chat import actions, policy, queries
from app.chat.forms import LONGEST, PostForm
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Invalid, NotFound
from app.kernel.live import Events, OpenSocket
from app.kernel.live.events import Payload
from app.kernel.text import clean_text
from app.safety.actions import drafts

events = Events()
USE = Permission.ROOMS_USE


@events.on("room.open", access=USE)
def open_room(actor: Actor, payload: Payload, socket: OpenSocket) -> Payload:
    """Listen to a room from now on, and hear what was missed since the last known number."""
    room = _room(actor, payload)
    answer = _missed(actor, room, payload, socket)
    return {**answer, "me": queries.me_in_rooms(actor).id}


@events.on("room.since", access=USE)
def missed_since(actor: Actor, payload: Payload, socket: OpenSocket) -> Payload:
    """What came after a number. Also finds the room again after it has moved."""
    return _missed(actor, _room(actor, payload), payload, socket)


@events.on("room.post", access=USE, by_hand=True)
def post(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Store a message. The answer comes when it is committed."""
    room = _room(actor, payload)
    form = PostForm.from_event(payload)
    words = actions.post_message(actor, room, client_id=form.client_id.data or "", body=form.body.data or "")
    if form.draft.data:
        drafts.drop(actor, policy.draft_place(room.public_id))
    return {"message": words.frame()}


@events.on("room.draft", access=USE, by_hand=True)
def keep_draft(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Keep what is being typed; nothing typed is nothing kept."""
    room, body = _room(actor, payload), payload.get("body")
    if room.read_seq is None:
        raise NotFound
    if not isinstance(body, str):
        raise Invalid
    drafts.keep(actor, policy.draft_place(room.public_id), clean_text(body[:LONGEST]))
    return {}


@events.on("room.read", access=USE)
def read(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Note how far the actor has read."""
    room = _room(actor, payload)
    if room.read_seq is None:
        raise NotFound
    actions.mark_read(actor, room, seq=_number(payload, "seq"))
    return {}


def _missed(actor: Actor, room: queries.Here, payload: Payload, socket: OpenSocket) -> Payload:
    if room.read_seq is None:
        socket.leave(room.public_id)
        raise NotFound
    # Listening begins before reading, so that nothing falls between; what comes twice is told apart by its number.
    socket.listen(room.public_id, room.address)
    after = room.last_seq if payload.get("since") is None else _number(payload, "since")
    stretch = queries.since(actor, room, after=after)
    return {
        "messages": [words.frame() for words in stretch.words],
        "more": stretch.after,
        "last": room.last_seq,
    }


def _room(actor: Actor, payload: Payload) -> queries.Here:
    public_id = payload.get("room")
    if not isinstance(public_id, str) or len(public_id) > 40:
        raise Invalid
    return queries.get_here(actor, public_id)


def _number(payload: Payload, name: str) -> int:
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Invalid
    return value
