"""A circle, for those who lead it: planning, beginning, ending."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import policy, queries
from app.chat.actions import circles
from app.chat.forms.rooms import WhenForm
from app.chat.models import RoomState
from app.chat.views.clocks import by_clock, zone_of
from app.chat.views.door import door
from app.chat.views.doorway import inside, ways_shown
from app.chat.views.shown import REFUSED, room_shown
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.i18n import UTC, explain
from app.kernel.web import Form, present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/circle", access=USE, methods=("GET", "POST"))
def circle(room: str) -> ResponseReturnValue:
    """How it stands with a circle, and another time for one that is not on."""
    actor = present_actor()
    line, here = _led(actor, room)
    form = WhenForm(minutes=60, zone=zone_of(actor))
    if form.validate_on_submit():
        try:
            circles.plan_circle(actor, here, **form.when())
            flash(gettext("Planned. Everybody who finds it sees the time."))
            return redirect(url_for("chat.circle", room=room), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.begins_at)
        except Conflict as refusal:
            form.refuse(refusal)
    found = line.room
    page = render_template(
        "chat/circle.html",
        room=room_shown(line),
        form=form,
        ways=ways_shown(actor, here),
        state=found.state.value,
        begins_at=by_clock(actor, found.begins_at),
        ends_at=by_clock(actor, found.ends_at),
        chose_zone=zone_of(actor) != UTC,
        may_begin=found.state is RoomState.PLANNED
        and found.begins_at is not None
        and now() >= found.begins_at - policy.EARLY,
    )
    return form.answer(page)


@door.page("/rooms/<room>/circle/begin", access=USE, methods=("POST",))
def begin_circle(room: str) -> ResponseReturnValue:
    actor = present_actor()
    _line, here = _led(actor, room)
    try:
        circles.begin_circle(actor, here)
    except (Conflict, Invalid) as refusal:
        flash(explain(refusal), REFUSED)
        return redirect(url_for("chat.circle", room=room), 303)
    return redirect(url_for("chat.room", room=room), 303)


@door.page("/rooms/<room>/circle/end", access=USE, methods=("GET", "POST"))
def end_circle(room: str) -> ResponseReturnValue:
    """End it, after a page that says what that does."""
    actor, form = present_actor(), Form()
    line, here = _led(actor, room)
    if here.state is RoomState.ENDED:
        return redirect(url_for("chat.circle", room=room), 303)
    if form.validate_on_submit():
        circles.end_circle(actor, here)
        flash(gettext("The circle is over. Nothing of it is left."))
        return redirect(url_for("chat.circle", room=room), 303)
    began = here.state is not RoomState.PLANNED
    return form.answer(render_template("chat/end_circle.html", room=room_shown(line), form=form, began=began))


def _led(actor: Actor, public_id: str) -> tuple[queries.RoomLine, queries.Here]:
    line, here = inside(actor, public_id)
    if not policy.can_lead(actor, here):
        raise NotFound
    return line, here
