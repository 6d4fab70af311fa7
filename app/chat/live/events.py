"""The events that rooms declare, and what is read from a payload before anything else."""

from app.chat import queries
from app.kernel.actor import Actor
from app.kernel.errors import Invalid
from app.kernel.live import Events
from app.kernel.live.events import Payload

events = Events()


def room_of(actor: Actor, payload: Payload) -> queries.Here:
    """The room that an event names. Raises Invalid, NotFound."""
    public_id = payload.get("room")
    if not isinstance(public_id, str) or len(public_id) > 40:
        raise Invalid
    return queries.get_here(actor, public_id)


def number(payload: Payload, name: str) -> int:
    """A sequence number in a payload. Raises Invalid for what is none."""
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Invalid
    return value
