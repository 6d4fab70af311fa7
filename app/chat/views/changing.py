"""What is done with a message from its own page: reacting, pinning, changing, taking away."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import actions, policy, queries
from app.chat.forms import ChangeForm, ReactionForm, ReasonForm, SwitchForm
from app.chat.views.door import door
from app.chat.views.lines import found_shown
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unavailable
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE
REFUSALS = (TooMany, Unavailable, Forbidden, Invalid, Conflict)


@door.page("/rooms/<room>/messages/<int:seq>/reactions", access=USE, methods=("POST",))
def react(room: str, seq: int) -> ResponseReturnValue:
    """Say one of the five things to a message, or take it back."""
    actor, form = present_actor(), ReactionForm()
    here = queries.get_inside(actor, room)
    if not form.validate_on_submit():
        raise Invalid
    verb = actions.react if form.on else actions.take_back
    verb(actor, here, seq, form.kind)
    return redirect(url_for("chat.message", room=room, seq=seq, _anchor="said"), 303)


@door.page("/rooms/<room>/messages/<int:seq>/pin", access=USE, methods=("POST",))
def pin(room: str, seq: int) -> ResponseReturnValue:
    """Keep a message at hand, or no more."""
    actor, form = present_actor(), SwitchForm()
    here = queries.get_inside(actor, room)
    if not form.validate_on_submit():
        raise Invalid
    if form.on.data:
        actions.pin_message(actor, here, seq)
        flash(gettext("Pinned. Everybody in the room finds it there."))
    else:
        actions.unpin_message(actor, here, seq)
        flash(gettext("No longer pinned."))
    return redirect(url_for("chat.message", room=room, seq=seq), 303)


@door.page("/rooms/<room>/messages/<int:seq>/change", access=USE, methods=("GET", "POST"))
def change(room: str, seq: int) -> ResponseReturnValue:
    """Put other words in place of one's own."""
    actor = present_actor()
    line = queries.get_line(actor, room)
    row, here = queries.get_row(actor, line.room, seq), queries.get_here(actor, room)
    if row.author_id != actor.id or not policy.can_withdraw(actor, row):
        raise NotFound
    before = queries.content_of(row)
    form = ChangeForm(edits=str(row.edits), body=before.body, note=before.note)
    if form.validate_on_submit() and not form.warns(lambda: queries.private_names(actor)):
        try:
            edits = int(form.edits.data or 0)
            actions.change_message(actor, here, seq, body=form.body.data or "", note=form.note.data or "", edits=edits)
            return redirect(in_room(room, seq), 303)
        except REFUSALS as refusal:
            form.refuse(refusal, at=form.body)
    page = render_template(
        "chat/change.html",
        room=room_shown(line),
        seq=seq,
        form=form,
        found=found_shown(form.found),
        minutes=policy.EDIT_MINUTES,
    )
    return (page, 422) if form.found else form.answer(page)


@door.page("/rooms/<room>/messages/<int:seq>/withdraw", access=USE, methods=("GET", "POST"))
def withdraw(room: str, seq: int) -> ResponseReturnValue:
    """Take one's own words away, after it was said what that means."""
    actor, form = present_actor(), SwitchForm()
    line = queries.get_line(actor, room)
    if not policy.can_withdraw(actor, queries.get_row(actor, line.room, seq)):
        raise NotFound
    if form.validate_on_submit():
        actions.withdraw_message(actor, line.room, seq)
        flash(gettext("Withdrawn. Its words are gone here, for everybody."))
        return redirect(in_room(room, seq), 303)
    item = {"words": queries.get_message(actor, line.room, seq), "own": True}
    return form.answer(render_template("chat/withdraw.html", room=room_shown(line), item=item, form=form))


@door.page("/rooms/<room>/messages/<int:seq>/take-out", access=USE, methods=("GET", "POST"))
def take_out(room: str, seq: int) -> ResponseReturnValue:
    """Take somebody's words out of a room that the actor keeps in order, with a reason."""
    actor, form = present_actor(), ReasonForm()
    line, here = queries.get_line(actor, room), queries.get_here(actor, room)
    if not policy.can_take_out(actor, here, queries.get_row(actor, line.room, seq)):
        raise NotFound
    if form.validate_on_submit():
        actions.take_out_message(actor, here, seq, reason=form.reason.data or "")
        flash(gettext("Taken out of the room. Whoever wrote it is told, with your reason."))
        return redirect(in_room(room, seq), 303)
    item = {"words": queries.get_message(actor, line.room, seq), "own": False}
    return form.answer(render_template("chat/take_out.html", room=room_shown(line), item=item, form=form))


def in_room(room: str, seq: int) -> str:
    """The address of a message among those around it."""
    return url_for("chat.room", room=room, around=seq, _anchor=f"m{seq}")
