"""How far one has read: keeping something unread, counting a room or all of them as read, and going to a day."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import actions, queries
from app.chat.forms.search import DayForm
from app.chat.views.door import door
from app.chat.views.shown import room_url
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.web import Form, present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/messages/<int:seq>/unread", access=USE, methods=("POST",))
def unread_from(room: str, seq: int) -> ResponseReturnValue:
    """Keep a message and what follows it unread. Leads out of the room, where it would be read at once."""
    actor, form = present_actor(), Form()
    here = queries.get_inside(actor, room)
    if form.validate_on_submit():
        actions.mark_unread(actor, here, seq=seq)
        flash(gettext("Kept unread from there, until you open the room again."))
    return redirect(url_for("chat.rooms"), 303)


@door.page("/rooms/<room>/read", access=USE, methods=("POST",))
def read_room(room: str) -> ResponseReturnValue:
    """Count everything in a room as read."""
    actor, form = present_actor(), Form()
    here = queries.get_inside(actor, room)
    if form.validate_on_submit():
        actions.mark_read(actor, here, seq=here.last_seq)
    return redirect(url_for("chat.room", room=room) if form.errors else url_for("chat.rooms"), 303)


@door.page("/rooms/read", access=USE, methods=("POST",))
def read_all() -> ResponseReturnValue:
    """Count everything in all of one's rooms as read."""
    if Form().validate_on_submit():
        actions.mark_all_read(present_actor())
        flash(gettext("Everything counts as read."))
    return redirect(url_for("chat.rooms"), 303)


@door.page("/rooms/<room>/day", access=USE)
def day(room: str) -> ResponseReturnValue:
    """Go to a day in a room, or to the next one on which something was written."""
    actor = present_actor()
    line = queries.get_line(actor, room)
    if not queries.get_here(actor, room).reads:
        raise NotFound
    form = DayForm(request.args)
    if not form.validate() or form.on.data is None:
        flash(gettext("Write the day as year, month and day, such as 2026-11-21."))
        return redirect(room_url(line.room), 303)
    seq = queries.first_on(line.room, form.on.data)
    if seq is None:
        flash(gettext("Nothing was written on that day or later, or it is not kept any more."))
        return redirect(room_url(line.room), 303)
    return redirect(room_url(line.room, around=seq, _anchor=f"m{seq}"), 303)
