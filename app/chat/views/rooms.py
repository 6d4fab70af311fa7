"""The list of rooms."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from app.chat import policy, queries
from app.chat.models import PRIVATE, RoomKind, RoomState
from app.chat.views.clocks import by_clock
from app.chat.views.door import door
from app.chat.views.shown import room_shown
from app.chat.views.talks import asking_for_attention
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms", access=USE)
def rooms() -> ResponseReturnValue:
    """The rooms that the actor may know of: where they are asked in, their favourites, their own, the others."""
    actor = present_actor()
    every = queries.rooms(actor)
    lines = [line for line in every if line.room.kind not in PRIVATE]
    return render_template(
        "chat/rooms.html",
        asked=[_shown(actor, line) for line in lines if line.asked],
        favourites=[_shown(actor, line) for line in lines if line.joined and line.favourite],
        mine=[_shown(actor, line) for line in lines if line.joined and not line.favourite],
        others=[_shown(actor, line) for line in lines if not line.joined and not line.asked],
        any=bool(lines),
        may_open=bool(policy.kinds_to_open(actor)),
        talks=asking_for_attention(actor, every),
    )


def _shown(actor: Actor, line: queries.RoomLine) -> dict[str, Any]:
    room, muted = line.room, line.muted(now())
    is_on = room.kind is RoomKind.CIRCLE and room.state is RoomState.OPEN
    return {
        **room_shown(line),
        "unread": line.unread,
        "mentions": line.mentions,
        "muted": muted,
        "newcomers": room.for_newcomers,
        "circle": room.state.value if room.kind is RoomKind.CIRCLE else "",
        "begins_at": by_clock(actor, room.begins_at if room.state is RoomState.PLANNED else None),
        "ends_at": by_clock(actor, room.ends_at if is_on else None),
        "closed": room.state is RoomState.CLOSED,
        "url": url_for("chat.room", room=room.public_id),
    }
