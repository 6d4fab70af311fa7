"""The topics of a room: which there are, a new one, closing one."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.chat import policy
from app.chat.actions import topics as verbs
from app.chat.forms.rooms import TopicForm
from app.chat.queries import topics as reads
from app.chat.views.door import door
from app.chat.views.doorway import inside, ways_shown
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.db import now
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from app.kernel.web import present_actor

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/topics", access=USE, methods=("GET", "POST"))
def topics(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line, here = inside(actor, room)
    form = TopicForm()
    if form.validate_on_submit():
        try:
            made = verbs.open_topic(actor, here, name=form.name.data or "")
            return redirect(url_for("chat.room", room=room, topic=made.public_id, _anchor="body"), 303)
        except (Forbidden, Invalid, TooMany) as refusal:
            form.refuse(refusal, at=form.name)
    page = render_template(
        "chat/topics.html",
        room=room_shown(line),
        form=form,
        topics=reads.topics(actor, line.room),
        may_open=policy.can_open_topic(actor, here, now()),
        ways=ways_shown(actor, here),
        may_close=policy.keeps_order(actor, here),
    )
    return form.answer(page)


@door.page("/rooms/<room>/topics/<topic>/turn", access=USE, methods=("POST",))
def turn_topic(room: str, topic: str) -> ResponseReturnValue:
    """Close a topic, or open it again."""
    actor = present_actor()
    _line, here = inside(actor, room)
    if not policy.keeps_order(actor, here):
        raise NotFound
    turn = verbs.reopen_topic if request.form.get("to") == "open" else verbs.close_topic
    turn(actor, here, topic)
    return redirect(url_for("chat.topics", room=room), 303)
