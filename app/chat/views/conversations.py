"""Conversations of a few: asking, answering, leaving, keeping somebody away, for how long words stay."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import queries
from app.chat.actions import conversations as actions
from app.chat.actions import ending
from app.chat.forms.conversations import FirstForm, KeepForm, LeaveForm
from app.chat.models import PRIVATE, Room, RoomKind
from app.chat.policy import conversations as rules
from app.chat.policy import draft_place
from app.chat.queries import conversations as talking
from app.chat.queries.conversations import Standing
from app.chat.views.door import door
from app.chat.views.shown import name_of
from app.chat.views.talks import conversations_shown
from app.identity.models import Space
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from app.kernel.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from app.kernel.web import present_actor
from app.profiles.queries.connections import is_connected
from app.profiles.views.blocks import block_page
from app.profiles.views.people import somebody
from app.safety.actions import drafts

USE = Permission.ROOMS_USE
REFUSALS = (Invalid, Conflict, TooMany, Unavailable)


@door.page("/rooms/conversations", access=USE)
def conversations() -> ResponseReturnValue:
    """Everything of a few: who asks, what is on, what waits, what is over."""
    actor = present_actor()
    sorts = conversations_shown(talking.sorted_out(actor, queries.rooms(actor)))
    return render_template("chat/conversations.html", sorts=sorts, may_open=rules.can_open_group(actor))


@door.page("/members/<person>/talk", access=USE, methods=("GET", "POST"))
def ask_member(person: str) -> ResponseReturnValue:
    """Ask somebody to talk, from their page. Whoever has no page for the actor is nobody here."""
    actor = present_actor()
    other = _member(actor, person)
    return _ask_page(actor, other.person_id, other.name, None, back=url_for("profiles.member", person=person))


@door.page("/rooms/<room>/messages/<int:seq>/talk", access=USE, methods=("GET", "POST"))
def ask_author(room: str, seq: int) -> ResponseReturnValue:
    """Ask whoever wrote a message to talk, by the name that they have in the room."""
    actor = present_actor()
    if not rules.can_ask(actor, connected=False):
        raise NotFound
    found = queries.get_room(actor, room)
    author, name = queries.author_of(actor, found, seq), queries.get_message(actor, found, seq).author.name
    return _ask_page(actor, author, name, found.space, back=url_for("chat.message", room=room, seq=seq))


@door.page("/rooms/conversations/<room>/again", access=USE, methods=("GET", "POST"))
def ask_again(room: str) -> ResponseReturnValue:
    """Ask anew where nobody answered in time."""
    actor = present_actor()
    line = _line(actor, room)
    talk = talking.talk_in(actor, line.room)
    if line.room.kind is not RoomKind.DIRECT or talk.standing is not Standing.UNANSWERED or talk.other is None:
        raise NotFound
    name = name_of(line.room, line.with_names)
    return _ask_page(actor, talk.other, name, line.room.space, back=url_for("chat.room", room=room))


@door.page("/rooms/conversations/<room>/accept", access=USE, methods=("POST",))
def accept(room: str) -> ResponseReturnValue:
    actor = present_actor()
    try:
        actions.accept(actor, _line(actor, room).room)
    except Conflict as refusal:
        flash(gettext(refusal.text))
        return redirect(url_for("chat.conversations"), 303)
    return redirect(url_for("chat.room", room=room), 303)


@door.page("/rooms/conversations/<room>/decline", access=USE, methods=("POST",))
def decline(room: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.decline(actor, _line(actor, room).room)
    flash(gettext("Declined. They are not told."))
    return redirect(url_for("chat.conversations"), 303)


@door.page("/rooms/conversations/<room>/leave", access=USE, methods=("GET", "POST"))
def leave_conversation(room: str) -> ResponseReturnValue:
    actor, form = present_actor(), LeaveForm()
    line = _line(actor, room)
    if not line.joined:
        raise NotFound
    if form.validate_on_submit():
        ending.leave_conversation(actor, line.room, take_words=bool(form.take_words.data))
        drafts.drop(actor, draft_place(room))
        flash(gettext("You have left. For you the conversation is gone."))
        return redirect(url_for("chat.conversations"), 303)
    waits = line.room.kind is RoomKind.DIRECT and talking.talk_in(actor, line.room).standing in (
        Standing.WAITS,
        Standing.UNANSWERED,
    )
    page = render_template("chat/conversation_leave.html", form=form, room=_shown(line), waits=waits)
    return form.answer(page)


@door.page("/rooms/conversations/<room>/block", access=USE, methods=("GET", "POST"))
def block_other(room: str) -> ResponseReturnValue:
    """Keep the other one of a conversation of two away, by the name that they have in it."""
    actor = present_actor()
    line = _line(actor, room)
    other = talking.talk_in(actor, line.room).other
    if line.room.kind is not RoomKind.DIRECT or other is None or not actor.holds(Permission.PROFILE_KEEP):
        raise NotFound
    back = url_for("chat.room", room=room)
    return block_page(other, name_of(line.room, line.with_names), back=back, met_in=line.room.space)


@door.page("/rooms/conversations/<room>/keep", access=USE, methods=("GET", "POST"))
def keep_conversation(room: str) -> ResponseReturnValue:
    """For how long words are kept."""
    actor = present_actor()
    line = _line(actor, room)
    here = queries.get_here(actor, room)
    if not talking.may_choose_keep(actor, line.room):
        raise NotFound
    form = KeepForm(days=here.own_keep_days or line.room.keep_days)
    form.show()
    if form.validate_on_submit():
        actions.choose_keep(actor, line.room, days=form.days.data)
        flash(gettext("Chosen. Everybody in the conversation sees what holds."))
        return redirect(url_for("chat.room", room=room), 303)
    return form.answer(render_template("chat/conversation_keep.html", form=form, room=_shown(line)))


def _ask_page(actor: Actor, other: int, name: str, met_in: Space | None, *, back: str) -> ResponseReturnValue:
    present = talking.room_with(actor, other, met_in)
    if present is not None:
        return redirect(url_for("chat.room", room=present.public_id), 303)
    form = FirstForm()
    if form.validate_on_submit():
        try:
            made = actions.ask_to_talk(
                actor, other, met_in=met_in, body=form.body.data or "", client_id=form.client_id.data or ""
            )
            flash(gettext("Sent. They decide whether to answer."))
            return redirect(url_for("chat.room", room=made), 303)
        except REFUSALS as refusal:
            form.refuse(refusal, at=form.body if isinstance(refusal, Invalid) else None)
    elif not form.is_submitted():
        form.client_id.data = new_public_id()
    by_room_name = talking.space_with(actor, other, met_in) is not None
    page = render_template(
        "chat/ask.html",
        form=form,
        name=name,
        back=back,
        me=actor.known_in(met_in)[1] if met_in is not None and by_room_name else actor.name,
    )
    return form.answer(page)


def _member(actor: Actor, person: str) -> Any:
    other = somebody(actor, person)
    connected = is_connected(actor, other.person_id)
    if not rules.can_ask(actor, connected=connected):
        raise NotFound
    return other


def _line(actor: Actor, room: str) -> queries.RoomLine:
    """A conversation that the actor is in or asked into. Raises NotFound, also for other rooms."""
    line = queries.get_line(actor, room)
    if line.room.kind not in PRIVATE or line.member is None:
        raise NotFound
    return line


def _shown(line: queries.RoomLine) -> dict[str, Any]:
    room: Room = line.room
    return {
        "id": room.public_id,
        "kind": room.kind.value,
        "name": name_of(room, line.with_names, line.title),
        "url": url_for("chat.room", room=room.public_id),
    }
