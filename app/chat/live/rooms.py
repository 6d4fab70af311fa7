"""Listening to a room, writing in it, and how far one has read."""

from app.chat import actions, policy, queries
from app.chat.actions import circles
from app.chat.actions.private import why_not_talking
from app.chat.forms import LONGEST, PostForm
from app.chat.live.events import events, number, room_of
from app.chat.models import Membership
from app.chat.queries import catching_up
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import Invalid, NotFound
from app.kernel.i18n import spoken
from app.kernel.live import OpenSocket
from app.kernel.live.events import Payload
from app.kernel.text import clean_text
from app.safety.actions import drafts

USE = Permission.ROOMS_USE


@events.on("room.open", access=USE)
def open_room(actor: Actor, payload: Payload, socket: OpenSocket) -> Payload:
    """Listen to a room from now on, and hear what was missed since the last known number."""
    room = room_of(actor, payload)
    answer = _missed(actor, room, payload, socket)
    return {**answer, "me": queries.me_here(actor, room).id}


@events.on("room.since", access=USE)
def missed_since(actor: Actor, payload: Payload, socket: OpenSocket) -> Payload:
    """What came after a number. Also finds the room again after it has moved."""
    return _missed(actor, room_of(actor, payload), payload, socket)


@events.on("room.post", access=USE, by_hand=True)
def post(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Store a message. The answer comes when it is committed."""
    room = room_of(actor, payload)
    form = PostForm.from_event(payload)
    # The names that the writer marked as private were looked for on their device: nothing is read here for that.
    if form.warns():
        return _warned(form)
    words = actions.post_message(actor, room, **form.written())
    circles.note_host(room)
    if form.draft.data:
        drafts.drop(actor, policy.draft_place(room.public_id))
    return {"message": words.frame()}


@events.on("room.draft", access=USE, by_hand=True)
def keep_draft(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Keep what is being typed; nothing typed is nothing kept."""
    room, body = room_of(actor, payload), payload.get("body")
    if not room.reads:
        raise NotFound
    if not isinstance(body, str):
        raise Invalid
    drafts.keep(actor, policy.draft_place(room.public_id), clean_text(body[:LONGEST]))
    return {}


@events.on("room.read", access=USE)
def read(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Note how far the actor has read."""
    room = room_of(actor, payload)
    if not room.reads:
        raise NotFound
    actions.mark_read(actor, room, seq=number(payload, "seq"))
    circles.note_host(room)
    return {}


def _warned(form: PostForm) -> Payload:
    """Not stored: it may give somebody away. Sent again with this confirmation it goes out."""
    kinds = sorted({one.kind.value for one in form.found})
    return {"ok": False, "error": {"code": "gives_away", "text": "", "kinds": kinds, "confirm": form.confirmed.data}}


@events.on("room.unread_from", access=USE)
def unread_from(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Keep a message and what follows it unread, until the actor reads on."""
    actions.mark_unread(actor, room_of(actor, payload), seq=number(payload, "seq"))
    return {}


def _missed(actor: Actor, room: queries.Here, payload: Payload, socket: OpenSocket) -> Payload:
    if not room.reads:
        socket.leave(room.public_id)
        raise NotFound
    if room.membership is Membership.IN:
        # Listening begins before reading, so that nothing falls between; what comes twice is told apart by its number.
        socket.listen(room.public_id, room.address)
    # Whoever is only asked hears nothing: the room would have to move once they decline, which would tell it.
    circles.note_host(room)
    after = room.last_seq if payload.get("since") is None else number(payload, "since")
    missed = catching_up.missed(actor, room, after=after)
    return {
        "messages": missed.frames,
        "more": missed.more,
        "last": room.last_seq,
        "why": _why_not(actor, room, socket.language),
    }


def _why_not(actor: Actor, room: queries.Here, language: str) -> str:
    """Why the actor cannot write there now, in their words; nothing when they can, or are not in."""
    if room.membership is not Membership.IN:
        return ""
    why = policy.why_not_writing(actor, room, now()) or why_not_talking(actor, room)
    return spoken(why, language) if why else ""
