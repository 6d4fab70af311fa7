"""Files in rooms: bringing one, taking it back before it is sent, opening one."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import policy, queries
from app.chat.actions import attaching as actions
from app.chat.forms import PostForm
from app.chat.forms.attachments import BringForm
from app.chat.queries import attachments
from app.chat.views.attached import attaching
from app.chat.views.door import door
from app.chat.views.room import room_page
from app.kernel import files
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden, Invalid, TooMany, Unavailable
from app.kernel.limits import Budget
from app.kernel.web import present_actor, present_house
from app.kernel.web.uploads import brought, file_answer
from app.safety.actions import drafts as keeping

#: A player asks for a sound in pieces.
OPENING = Budget("file-read", "120 per minute; 1000 per hour")


@door.page("/rooms/<room>/files", access=Permission.LINKS_SEND, methods=("POST",), uploads=files.MOST_BYTES)
def bring(room: str) -> ResponseReturnValue:
    """Bring a file that goes with the next message. What is typed already is kept meanwhile."""
    actor, form = present_actor(), BringForm()
    here = queries.get_inside(actor, room)
    if form.validate_on_submit():
        try:
            actions.bring_file(actor, here, brought("file"), described=form.described.data or "")
            return _composer(actor, here, form.body.data)
        except (Forbidden, Invalid, TooMany, Unavailable) as refusal:
            form.refuse(refusal, at=form.file)
    if _asks_for_part():
        return form.answer(_part(actor, here, form))
    return form.answer(room_page(actor, queries.get_line(actor, room), PostForm(), bringing=form))


@door.page("/rooms/<room>/files/<file>/take-back", access=Permission.ROOMS_USE, methods=("POST",))
def take_file_back(room: str, file: str) -> ResponseReturnValue:
    actor = present_actor()
    here = queries.get_inside(actor, room)
    actions.take_file_back(actor, here, file)
    return _composer(actor, here, PostForm().body.data)


@door.page("/rooms/<room>/files/<file>", access=Permission.ROOMS_USE)
def file(room: str, file: str) -> Response:
    """A file, for whoever reads its message at this moment. It is asked each time anew, and kept nowhere."""
    actor = present_actor()
    present_house().budgets.spend(OPENING, actor.public_id)
    return file_answer(*attachments.open_file(actor, queries.get_inside(actor, room), file))


def _composer(actor: Actor, here: queries.Here, body: str | None) -> ResponseReturnValue:
    """Back to where one writes, with the words that stood there."""
    if _asks_for_part():
        return _part(actor, here)
    if (body or "").strip():
        try:
            keeping.keep(actor, policy.draft_place(here.public_id), body or "")
        except (TooMany, Unavailable, Invalid):
            flash(gettext("Your words could not be kept as a draft. Write them again."))
    return redirect(url_for("chat.room", room=here.public_id, _anchor="attach"), 303)


def _part(actor: Actor, here: queries.Here, form: BringForm | None = None) -> str:
    return render_template("chat/_attached.html", room={"id": here.public_id}, attach=attaching(actor, here, form))


def _asks_for_part() -> bool:
    """Whether the page's script asks, which puts the answer into the composer."""
    return "part" in request.args
