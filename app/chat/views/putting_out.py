"""Putting somebody out of a room, and letting them in again."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat.actions import putting_out
from app.chat.forms.rooms import PutOutForm, ReasonForm
from app.chat.queries import outside as reads
from app.chat.views.door import door
from app.chat.views.order import kept, people_under
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.errors import Invalid, NotFound
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/put-out", access=USE, methods=("GET", "POST"))
def put_out(room: str) -> ResponseReturnValue:
    """Put somebody out. `person` in the address is who is meant, when one comes from what they wrote."""
    actor = present_actor()
    line, here = kept(actor, room)
    meant = request.args.get("person", "")
    form = PutOutForm(person=meant)
    form.offer(people_under(actor, line, here, meant=meant, or_wrote=True))
    if form.validate_on_submit():
        try:
            putting_out.put_out(actor, here, form.person.data or "", reason=form.reason.data or "")
            flash(gettext("Put out. The person is told, and reads why."))
            return redirect(url_for("chat.order", room=room), 303)
        except Invalid as refusal:
            form.refuse(refusal, at=form.person)
    return form.answer(render_template("chat/put_out.html", room=room_shown(line), form=form))


@door.page("/rooms/<room>/let-in", access=USE, methods=("GET", "POST"))
def let_in(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, here = kept(actor, room)
    form = ReasonForm(person=request.args.get("person", ""))
    found = next((one for one in reads.outside(here) if one.author.id == form.person.data), None)
    if found is None:
        raise NotFound
    if form.validate_on_submit():
        putting_out.let_in(actor, here, found.author.id, reason=form.reason.data or "")
        flash(gettext("They may come in again. They are told."))
        return redirect(url_for("chat.order", room=room), 303)
    return form.answer(render_template("chat/let_in.html", room=room_shown(line), form=form, outside=found))
