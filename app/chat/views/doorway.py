"""The door of a room: the safety card, coming in, an answer, leaving; and how one keeps a room among one's own."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from app.chat import actions, policy, queries
from app.chat.actions import inviting
from app.chat.actions import rooms as verbs
from app.chat.forms.rooms import MuteForm
from app.chat.models import PRIVATE, Room, RoomKind, RoomState
from app.chat.queries import doors
from app.chat.queries import outside as reads
from app.chat.views.clocks import by_clock
from app.chat.views.door import door
from app.chat.views.shown import REFUSED, called, keeps_said, room_shown
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import Conflict, NotFound
from app.kernel.i18n import explain
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/about", access=USE)
def about(room: str) -> ResponseReturnValue:
    """What stands at the door, for whoever is inside, with what they chose for themselves."""
    actor = present_actor()
    line = room_line(actor, room)
    if not line.joined:
        return redirect(url_for("chat.room", room=room))
    here = queries.get_here(actor, room)
    return render_template(
        "chat/about.html",
        room=room_shown(line),
        card=card_shown(actor, line),
        muted=line.muted(now()),
        favourite=line.favourite,
        mute=MuteForm(formdata=None),
        ways=ways_shown(actor, here),
    )


@door.page("/rooms/<room>/join", access=USE, methods=("POST",))
def join(room: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.join_room(actor, queries.get_room(actor, room))
    return redirect(url_for("chat.room", room=room), 303)


@door.page("/rooms/<room>/answer", access=USE, methods=("POST",))
def answer(room: str) -> ResponseReturnValue:
    """Come into a room that one was asked into, or decline."""
    actor, comes = present_actor(), request.form.get("comes") == "1"
    line = room_line(actor, room)
    if not line.asked:
        raise NotFound
    inviting.answer(actor, line.room, comes=comes)
    if comes:
        return redirect(url_for("chat.room", room=room), 303)
    flash(gettext("Declined. Nobody is told, and you are not asked again for thirty days."))
    return redirect(url_for("chat.rooms"), 303)


@door.page("/rooms/<room>/leave", access=USE, methods=("POST",))
def leave(room: str) -> ResponseReturnValue:
    actor = present_actor()
    try:
        actions.leave_room(actor, queries.get_room(actor, room))
    except Conflict as refusal:
        flash(explain(refusal), REFUSED)
        return redirect(url_for("chat.about", room=room), 303)
    return redirect(url_for("chat.rooms"), 303)


@door.page("/rooms/<room>/mute", access=USE, methods=("POST",))
def mute(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line = queries.get_line(actor, room)
    chosen = request.form.get("how", "")
    how = policy.Mute(chosen) if chosen in set(policy.Mute) else policy.Mute.OFF
    verbs.mute_room(actor, line.room, how)
    loud = how is policy.Mute.OFF
    flash(gettext("This room asks for your attention again.") if loud else gettext("Muted. Nobody else can see that."))
    return redirect(url_for("chat.room" if line.room.kind in PRIVATE else "chat.about", room=room), 303)


@door.page("/rooms/<room>/favourite", access=USE, methods=("POST",))
def favourite(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line = queries.get_line(actor, room)
    verbs.favour_room(actor, line.room, favourite=request.form.get("favourite") == "1")
    return redirect(url_for("chat.room" if line.room.kind in PRIVATE else "chat.about", room=room), 303)


def door_page(actor: Actor, line: queries.RoomLine) -> str:
    """The page of a room for whoever is not in it."""
    if line.room.kind in PRIVATE:
        raise NotFound
    if found := reads.own_outside(actor, line.room.public_id):
        return outside_page(found)
    return render_template("chat/door.html", room=room_shown(line), card=card_shown(actor, line))


@door.page("/rooms/<room>/outside", access=USE)
def outside(room: str) -> ResponseReturnValue:
    """Why one is not in a room any more, also where one may not know of it since. Whoever was let in comes to the room."""
    actor = present_actor()
    found = reads.own_outside(actor, room)
    if found is None:
        return redirect(url_for("chat.room", room=queries.get_room(actor, room).public_id))
    return outside_page(found)


def outside_page(found: reads.Outside) -> str:
    """A room for whoever was put out of it: neither who is in, nor who keeps it in order."""
    name = called(found.name_ar, found.name_en)
    return render_template("chat/outside.html", name=name, on=found.on, reason=found.reason)


def room_line(actor: Actor, public_id: str) -> queries.RoomLine:
    """A room that is no conversation of a few, and how the actor is in it. Raises NotFound."""
    line = queries.get_line(actor, public_id)
    if line.room.kind in PRIVATE:
        raise NotFound
    return line


def inside(actor: Actor, public_id: str) -> tuple[queries.RoomLine, queries.Here]:
    """The same for whoever is in. Raises NotFound."""
    line = room_line(actor, public_id)
    if not line.joined:
        raise NotFound
    return line, queries.get_here(actor, public_id)


def card_shown(actor: Actor, line: queries.RoomLine) -> dict[str, Any]:
    """The safety card of a room: what whoever thinks of coming in should know."""
    room = line.room
    found = doors.door(actor, room, line.member)
    is_on = room.kind is RoomKind.CIRCLE and room.state is RoomState.OPEN
    return {
        "hosts": found.hosts,
        "moderators": found.moderators,
        "names": found.names,
        "count": ngettext("%(num)d person is in.", "%(num)d people are in.", found.count),
        "more": ngettext("and %(num)d more", "and %(num)d more", found.more) if found.more else "",
        "kept": _kept(room),
        "newcomers": {
            None: gettext("Newcomers, whom the others do not know well yet, do not come in."),
            False: gettext("Newcomers, whom the others do not know well yet, may come in. None is inside now."),
            True: gettext("Newcomers, whom the others do not know well yet, are inside now."),
        }[found.newcomers],
        "asked_by": found.asked_by,
        "own_name": found.own_name,
        "asked": line.asked,
        "may_join": policy.can_join(actor, room),
        "kind": kind_said(room),
        "begins_at": by_clock(actor, room.begins_at if room.state is RoomState.PLANNED else None),
        "ends_at": by_clock(actor, room.ends_at if is_on else None),
    }


def ways_shown(actor: Actor, here: queries.Here) -> dict[str, bool]:
    """Which other pages of a room somebody in it may open."""
    return {
        "settle": policy.can_settle(actor, here),
        "order": policy.keeps_order(actor, here),
        "ask": policy.can_ask_in(actor, here),
        "lead": policy.can_lead(actor, here),
    }


def kind_said(room: Room) -> str:
    """What kind of room it is, in a sentence."""
    said: str = {
        RoomKind.OPEN: gettext("Members find it and come in by themselves."),
        RoomKind.INVITED: gettext("Only those whom a host asks know of it and come in."),
        RoomKind.CIRCLE: gettext("A circle: it has a beginning and an end, and a host is there while people write."),
        RoomKind.BROADCAST: gettext("Its hosts write, the others read. Members find it and come in by themselves."),
    }[room.kind]
    return said


def _kept(room: Room) -> str:
    if room.kind is RoomKind.CIRCLE:
        return str(
            gettext("When the circle is over, all that was said in it is gone at once, for everybody and for good.")
        )
    return keeps_said(room.keep_days)
