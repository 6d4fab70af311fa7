"""One message on a page of its own, and what can be done about it."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from app.chat import queries
from app.chat.models import Room
from app.chat.views.door import door
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.web import present_actor
from app.profiles.views.blocks import block_page

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/messages/<int:seq>", access=USE)
def message(room: str, seq: int) -> ResponseReturnValue:
    """One message on a page of its own: its lasting address, and where it is reported."""
    actor = present_actor()
    line = queries.get_line(actor, room)
    found = line.room
    words = queries.get_message(actor, found, seq)
    own = words.author.id == queries.me_here(actor, found).id
    may_report = not (own or words.gone) and actor.holds(Permission.REPORT)
    meets = not own and words.author != queries.GONE and actor.holds(Permission.PROFILE_KEEP)
    profile = queries.profile_of(actor, found, queries.author_of(actor, found, seq)) if meets else None
    return render_template(
        "chat/message.html",
        room=room_shown(line),
        item={"words": words, "own": own},
        report_url=report_url(found, seq) if may_report else None,
        block_url=url_for("chat.block", room=room, seq=seq) if meets else None,
        profile_url=url_for("profiles.member", person=profile) if profile else None,
    )


@door.page("/rooms/<room>/messages/<int:seq>/block", access=USE, methods=("GET", "POST"))
def block(room: str, seq: int) -> ResponseReturnValue:
    """Keep away whoever wrote a message, under the name that they have in this room."""
    actor = present_actor()
    if not actor.holds(Permission.PROFILE_KEEP):
        raise NotFound
    found = queries.get_room(actor, room)
    author, name = queries.author_of(actor, found, seq), queries.get_message(actor, found, seq).author.name
    return block_page(author, name, back=url_for("chat.message", room=room, seq=seq), met_in=found.space)


def report_url(room: Room, seq: int) -> str:
    """Where a message is reported."""
    return url_for("moderation.report", kind="message", ref=queries.reference(room.public_id, seq))
