"""Opening a room, its settings, its hosts, and asking people in."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import actions, policy
from app.chat.actions import circles, hosting, inviting
from app.chat.forms.rooms import AskForm, CircleForm, PersonForm, RoomForm
from app.chat.models import RoomKind
from app.chat.queries import doors
from app.chat.queries import hosting as keeping
from app.chat.views.clocks import zone_of
from app.chat.views.door import door
from app.chat.views.doorway import inside, ways_shown
from app.chat.views.shown import REFUSED, room_shown
from app.kernel.access import Permission
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from app.kernel.i18n import UTC, explain
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/new", access=USE)
def kinds() -> ResponseReturnValue:
    """Which kinds of rooms the actor may open."""
    found = policy.kinds_to_open(present_actor())
    if not found:
        raise NotFound
    return render_template("chat/new.html", kinds=[_kind_shown(kind) for kind in found])


@door.page("/rooms/new/<kind>", access=USE, methods=("GET", "POST"))
def open_room(kind: str) -> ResponseReturnValue:
    actor = present_actor()
    wanted = next((one for one in policy.kinds_to_open(actor) if one.value == kind), None)
    if wanted is None:
        raise NotFound
    is_circle = wanted is RoomKind.CIRCLE
    form = CircleForm(minutes=60, zone=zone_of(actor)) if is_circle else RoomForm(keep_days=90)
    if form.validate_on_submit():
        try:
            made = _open(wanted, form)
            flash(gettext("The room is open, and you are its host."))
            return redirect(url_for("chat.about", room=made), 303)
        except (Invalid, TooMany) as refusal:
            form.refuse(refusal)
    chose_zone = is_circle and zone_of(actor) != UTC
    return form.answer(render_template("chat/open.html", form=form, kind=_kind_shown(wanted), chose_zone=chose_zone))


@door.page("/rooms/<room>/settings", access=USE, methods=("GET", "POST"))
def settings(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, here = inside(actor, room)
    if not policy.can_settle(actor, here):
        raise NotFound
    found = line.room
    form = RoomForm(obj=found)
    form.allow(found.keep_days)
    if form.validate_on_submit():
        try:
            hosting.change_room(actor, here, **form.words())
            flash(gettext("Kept. The card at the door says it from now on."))
            return redirect(url_for("chat.settings", room=room), 303)
        except (Forbidden, Invalid) as refusal:
            form.refuse(refusal)
    there = doors.people_in(actor, found)
    named = PersonForm(formdata=None)
    named.offer([(one.author.id, one.author.name) for one in there if not one.host])
    page = render_template(
        "chat/settings.html",
        room=room_shown(line),
        form=form,
        circle=found.kind is RoomKind.CIRCLE,
        hosts=[one for one in there if one.host],
        named=named,
        ways=ways_shown(actor, here),
    )
    return form.answer(page)


@door.page("/rooms/<room>/hosts", access=USE, methods=("POST",))
def change_hosts(room: str) -> ResponseReturnValue:
    """Name another host, or let one be a member like the others."""
    actor = present_actor()
    _line, here = inside(actor, room)
    if not policy.can_settle(actor, here):
        raise NotFound
    try:
        if "remove" in request.form:
            hosting.unname_host(actor, here, request.form["remove"])
        elif request.form.get("person"):
            hosting.name_host(actor, here, request.form["person"])
    except Conflict as refusal:
        flash(explain(refusal), REFUSED)
    still = policy.can_settle(actor, inside(actor, room)[1])
    return redirect(url_for("chat.settings" if still else "chat.about", room=room), 303)


@door.page("/rooms/<room>/ask", access=USE, methods=("GET", "POST"))
def ask(room: str) -> ResponseReturnValue:
    """Ask somebody in. What comes back is the same for everybody, whether they exist or not."""
    actor = present_actor()
    line, here = inside(actor, room)
    if not policy.can_ask_in(actor, here):
        raise NotFound
    form = AskForm()
    form.offer(keeping.to_ask(actor))
    if form.validate_on_submit():
        try:
            inviting.ask_in(actor, here, name=form.name.data or "", person=form.person.data or "")
            flash(gettext("If there is such a member, they find it under Rooms. Only who comes in is seen here."))
            return redirect(url_for("chat.ask", room=room), 303)
        except (Forbidden, TooMany) as refusal:
            form.refuse(refusal)
    return form.answer(
        render_template("chat/ask_in.html", room=room_shown(line), form=form, ways=ways_shown(actor, here))
    )


def _open(kind: RoomKind, form: RoomForm | CircleForm) -> str:
    words = form.words()
    begins = words.get("begins_at")
    if begins is not None and begins <= now():
        raise Invalid(circles.IN_THE_PAST)
    return actions.open_room(present_actor(), kind=kind, **words).public_id


def _kind_shown(kind: RoomKind) -> dict[str, Any]:
    label, hint = {
        RoomKind.OPEN: (gettext("A room for all members"), gettext("Every member finds it and comes in.")),
        RoomKind.INVITED: (
            gettext("A room by invitation"),
            gettext("Only those whom you ask know of it. You keep it in order."),
        ),
        RoomKind.CIRCLE: (
            gettext("A circle"),
            gettext("At a time that you set, as long as you are there. When it is over nothing of it is left."),
        ),
        RoomKind.BROADCAST: (gettext("A broadcast"), gettext("Its hosts write, all members may read.")),
    }[kind]
    return {"id": kind.value, "label": label, "hint": hint, "url": url_for("chat.open_room", kind=kind.value)}
