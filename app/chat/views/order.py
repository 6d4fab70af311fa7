"""Keeping a room in order: slowing and closing it, pausing somebody's writing. Each with a reason that stays."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import policy, queries
from app.chat.actions import hosting
from app.chat.forms.rooms import PauseForm, ReasonForm, SlowForm
from app.chat.models import RoomState
from app.chat.queries import doors, outside
from app.chat.queries import hosting as keeping
from app.chat.views.door import door
from app.chat.views.doorway import inside, ways_shown
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/order", access=USE, methods=("GET", "POST"))
def order(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, here = kept(actor, room)
    form = SlowForm(seconds=here.slow_seconds)
    if form.validate_on_submit():
        hosting.slow_room(actor, here, seconds=form.seconds.data)
        flash(gettext("Kept. Open pages hear of it."))
        return redirect(url_for("chat.order", room=room), 303)
    page = render_template(
        "chat/order.html",
        room=room_shown(line),
        form=form,
        closed=here.state is RoomState.CLOSED,
        may_close=here.state in (RoomState.OPEN, RoomState.CLOSED),
        paused=keeping.pauses(here),
        outside=outside.outside(here),
        ways=ways_shown(actor, here),
    )
    return form.answer(page)


@door.page("/rooms/<room>/close", access=USE, methods=("GET", "POST"))
def close(room: str) -> ResponseReturnValue:
    """Close a room, or open it again when it is closed."""
    actor = present_actor()
    line, here = kept(actor, room)
    form, closed = ReasonForm(), here.state is RoomState.CLOSED
    if form.validate_on_submit():
        try:
            turn = hosting.reopen_room if closed else hosting.close_room
            turn(actor, here, reason=form.reason.data or "")
            return redirect(url_for("chat.order", room=room), 303)
        except (Conflict, Forbidden) as refusal:
            form.refuse(refusal)
    return form.answer(render_template("chat/close.html", room=room_shown(line), form=form, closed=closed))


@door.page("/rooms/<room>/pause", access=USE, methods=("GET", "POST"))
def pause(room: str) -> ResponseReturnValue:
    """Pause somebody's writing. `person` in the address is who is meant, when one comes from what they wrote."""
    actor = present_actor()
    line, here = kept(actor, room)
    meant = request.args.get("person", "")
    form = PauseForm(person=meant, hours=24)
    form.offer(people_under(actor, line, here, meant=meant))
    if form.validate_on_submit():
        try:
            hosting.pause_member(
                actor, here, form.person.data or "", hours=form.hours.data, reason=form.reason.data or ""
            )
            flash(gettext("Paused. The person is told, and reads why."))
            return redirect(url_for("chat.order", room=room), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.person)
    return form.answer(render_template("chat/pause.html", room=room_shown(line), form=form))


@door.page("/rooms/<room>/pause/end", access=USE, methods=("GET", "POST"))
def end_pause(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, here = kept(actor, room)
    form = ReasonForm(person=request.args.get("person", ""))
    wanted = form.person.data or ""
    found = next((one for one in keeping.pauses(here) if one.author.id == wanted), None)
    if found is None:
        raise NotFound
    if form.validate_on_submit():
        try:
            hosting.end_pause(actor, here, wanted, reason=form.reason.data or "")
            flash(gettext("The pause is over."))
            return redirect(url_for("chat.order", room=room), 303)
        except Invalid as refusal:
            form.refuse(refusal)
    return form.answer(render_template("chat/end_pause.html", room=room_shown(line), form=form, paused=found))


def kept(actor: Actor, public_id: str) -> tuple[queries.RoomLine, queries.Here]:
    """A room that the actor keeps in order. Raises NotFound."""
    line, here = inside(actor, public_id)
    if not policy.keeps_order(actor, here):
        raise NotFound
    return line, here


def people_under(
    actor: Actor, line: queries.RoomLine, here: queries.Here, *, meant: str, or_wrote: bool = False
) -> list[tuple[str, str]]:
    """Public id and name of those in a room whom the actor may pause there, or put out of it, and of who is meant."""
    people = [
        (one.author.id, one.author.name)
        for one in doors.people_in(actor, line.room)
        if not one.mine and policy.can_pause(actor, here, host=one.host, moderates=one.moderates)
    ]
    if meant and meant not in dict(people):
        somebody = keeping.get_somebody(here, meant, or_wrote=or_wrote)
        people.append((somebody.author.id, somebody.author.name))
    return people
