"""What is done with a message while the room is open: reacting to it, and whom one can name in one."""

from app.chat import actions, queries
from app.chat.actions.private import why_not_talking
from app.chat.forms import ReactionForm
from app.chat.live.events import events, number, room_of
from app.chat.queries import OFFERED
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Invalid, NotFound
from app.kernel.live import OpenSocket
from app.kernel.live.events import Payload
from app.kernel.text import LONGEST_NAME, clean_line

USE = Permission.ROOMS_USE


@events.on("room.react", access=USE, by_hand=True)
def react(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Say one of the five things to a message, or take it back."""
    here, seq = _inside(actor, payload), number(payload, "seq")
    form = ReactionForm.from_event(payload)
    verb = actions.react if form.on else actions.take_back
    return {"reactions": queries.reactions_frame(verb(actor, here, seq, form.kind))}


@events.on("room.names", access=USE)
def names(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """The names in the room that begin like this, of those whom the actor meets there."""
    here, prefix = _inside(actor, payload), payload.get("prefix")
    if not isinstance(prefix, str) or len(prefix) > LONGEST_NAME:
        raise Invalid
    # Once a conversation is over nobody is named in it: whoever left is not in it, whoever blocked is.
    found = [] if why_not_talking(actor, here) else queries.names_like(actor, here, clean_line(prefix), limit=OFFERED)
    return {"names": [one.name for one in found]}


def _inside(actor: Actor, payload: Payload) -> queries.Here:
    here = room_of(actor, payload)
    if not here.reads:
        raise NotFound
    return here
