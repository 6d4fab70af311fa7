"""Pages about one's own words: how long they stay, whom one can name, what is pinned, names that are private."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import actions, queries
from app.chat.actions.private import why_not_talking
from app.chat.forms import OwnTimeForm, PrivateNamesForm
from app.chat.queries.mentioning import LOOKED_THROUGH
from app.chat.views.door import door
from app.chat.views.lines import Reader
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from app.kernel.text import clean_line
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE
#: Names on the page of whom one can name.
NAMES_SHOWN = 100


@door.page("/rooms/<room>/pins", access=USE)
def pins(room: str) -> ResponseReturnValue:
    """What the room keeps at hand."""
    actor = present_actor()
    line, here = queries.get_line(actor, room), queries.get_inside(actor, room)
    words = queries.pinned(actor, here)
    reader = Reader(actor, here, words)
    return render_template("chat/pins.html", room=room_shown(line), messages=[reader.line(one) for one in words])


@door.page("/rooms/<room>/names", access=USE)
def names(room: str) -> ResponseReturnValue:
    """Whom one can name in a room, for whoever types it without completion."""
    actor = present_actor()
    line, here = queries.get_line(actor, room), queries.get_inside(actor, room)
    asked = clean_line(request.args.get("q", ""))[:60]
    # As in the event: once a conversation is over nobody is named in it.
    over = why_not_talking(actor, here) is not None
    found = [] if over else queries.names_like(actor, here, asked, limit=NAMES_SHOWN + 1)
    return render_template(
        "chat/names.html",
        room=room_shown(line),
        asked=asked,
        names=[one.name for one in found[:NAMES_SHOWN]],
        more=len(found) > NAMES_SHOWN or line.room.members > LOOKED_THROUGH,
    )


@door.page("/rooms/<room>/my-words", access=USE, methods=("GET", "POST"))
def own_time(room: str) -> ResponseReturnValue:
    """After how many days one's own words go."""
    actor = present_actor()
    line, here = queries.get_line(actor, room), queries.get_inside(actor, room)
    form = OwnTimeForm(days=str(here.own_keep_days or 0))
    form.offer(here.keep_days)
    if form.validate_on_submit():
        try:
            actions.keep_own_words(actor, here, days=form.chosen)
            flash(gettext("Kept. It holds for what you wrote here before, too."))
            return redirect(url_for("chat.own_time", room=room), 303)
        except (Invalid, TooMany) as refusal:
            form.refuse(refusal, at=form.days)
    return form.answer(render_template("chat/own_time.html", room=room_shown(line), form=form))


@door.page("/me/private-names", access=USE, methods=("GET", "POST"))
def private_names() -> ResponseReturnValue:
    """Names and words that one wants to be warned of before they go out."""
    actor = present_actor()
    form = PrivateNamesForm(names="\n".join(queries.private_names(actor)))
    if form.validate_on_submit():
        if not actor.holds(Permission.HIDDEN_SEE):
            raise NotFound
        try:
            actions.keep_private_names(actor, form.lines)
            flash(gettext("Kept. Nobody but you reads this list."))
            return redirect(url_for("chat.private_names"), 303)
        except (Forbidden, TooMany) as refusal:
            form.refuse(refusal, at=form.names)
    return form.answer(render_template("chat/private_names.html", form=form))
