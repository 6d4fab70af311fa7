"""After a break: what became of the messages that a page shows."""

from app.chat import queries
from app.chat.live.events import events, number, room_of
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Invalid, NotFound
from app.kernel.live import OpenSocket
from app.kernel.live.events import Payload


@events.on("room.recheck", access=Permission.ROOMS_USE)
def recheck(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
    """Which messages between two numbers are still there, and those that were changed or taken away."""
    room = room_of(actor, payload)
    if not room.reads:
        raise NotFound
    odd = payload.get("odd", [])
    if not isinstance(odd, list) or len(odd) > queries.MOST_RECHECKED:
        raise Invalid
    standing = queries.standing(
        actor,
        room,
        first=number(payload, "from"),
        last=number(payload, "to"),
        odd=[number({"seq": seq}, "seq") for seq in odd],
    )
    return {
        "to": standing.last,
        "kept": list(standing.kept),
        "messages": [words.frame() for words in standing.changed],
    }
