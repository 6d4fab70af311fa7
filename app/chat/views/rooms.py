"""The list of rooms; coming into one and leaving it."""

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.chat import actions, queries
from app.chat.views.door import door
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms", access=USE)
def rooms() -> ResponseReturnValue:
    lines = [
        {
            **room_shown(line),
            "unread": line.unread,
            "mentions": line.mentions,
            "newcomers": line.room.for_newcomers,
            "url": url_for("chat.room", room=line.room.public_id),
        }
        for line in queries.rooms(present_actor())
    ]
    return render_template("chat/rooms.html", rooms=lines)


@door.page("/rooms/<room>/join", access=USE, methods=("POST",))
def join(room: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.join_room(actor, queries.get_room(actor, room))
    return redirect(url_for("chat.room", room=room), 303)


@door.page("/rooms/<room>/leave", access=USE, methods=("POST",))
def leave(room: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.leave_room(actor, queries.get_room(actor, room))
    return redirect(url_for("chat.rooms"), 303)
