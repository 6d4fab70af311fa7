"""One message on a page of its own, its lasting address: everything that can be done with it is done from here."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from app.chat import policy, queries
from app.chat.actions.private import why_not_talking
from app.chat.models import PRIVATE, Message, Room, RoomKind
from app.chat.policy.conversations import can_ask
from app.chat.views.door import door
from app.chat.views.lines import Reader, reactions_shown
from app.chat.views.shown import room_shown
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.web import present_actor
from app.profiles.views.blocks import block_page

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>/messages/<int:seq>", access=USE)
def message(room: str, seq: int) -> ResponseReturnValue:
    """One message, and what the actor may do with it."""
    actor = present_actor()
    line = queries.get_line(actor, room)
    found = line.room
    words = queries.get_message(actor, found, seq)
    row = queries.get_row(actor, found, seq)
    own = words.author.id == queries.me_here(actor, found).id
    may_report = not (own or words.gone) and actor.holds(Permission.REPORT)
    meets = not own and words.author != queries.GONE and actor.holds(Permission.PROFILE_KEEP)
    profile = queries.profile_of(actor, found, queries.author_of(actor, found, seq)) if meets else None
    item = Reader(actor, found, [words]).line(words)
    return render_template(
        "chat/message.html",
        room=room_shown(line),
        item={**item, "away": False},
        reason=queries.content_of(row).reason if own and words.gone else "",
        ways=ways(actor, queries.get_here(actor, room), row, words),
        reactions=reactions_shown(item["mine"]),
        report_url=report_url(found, seq) if may_report else None,
        block_url=url_for("chat.block", room=room, seq=seq) if meets else None,
        profile_url=url_for("profiles.member", person=profile) if profile else None,
        talk_url=url_for("chat.ask_author", room=room, seq=seq) if meets and may_ask(actor, found) else None,
        order_of=order_of(actor, queries.get_here(actor, room), words),
        private=found.kind in PRIVATE,
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


def ways(actor: Actor, here: queries.Here, row: Message, words: queries.Words) -> dict[str, Any]:
    """What the actor may do with a message at this moment."""
    moment = now()
    there, is_over = not words.gone, why_not_talking(actor, here) is not None
    writes = policy.why_not_writing(actor, here, moment) is None and here.membership is not None and not is_over
    return {
        "reply": there and writes,
        "react": not is_over and policy.can_react(actor, here, row, moment),
        "change": writes and policy.can_change(actor, row, words.at, moment),
        "withdraw": policy.can_withdraw(actor, row),
        "take_out": policy.can_take_out(actor, here, row),
        "pin": there and not is_over and policy.can_pin(actor, here),
    }


def may_ask(actor: Actor, room: Room) -> bool:
    """Whether one may ask whoever wrote a message in this room to talk."""
    return room.kind is not RoomKind.DIRECT and can_ask(actor, connected=False)


def order_of(actor: Actor, here: queries.Here, words: queries.Words) -> dict[str, str]:
    """Where whoever keeps order pauses the writing of whoever wrote this, or puts them out; nothing for others."""
    nobody = words.author == queries.GONE or words.author.id == queries.me_here(actor, here).id
    if nobody or not policy.keeps_order(actor, here):
        return {}
    room, person = here.public_id, words.author.id
    return {way: url_for(f"chat.{way}", room=room, person=person) for way in ("pause", "put_out")}


def report_url(room: Room, seq: int) -> str:
    """Where a message is reported; in a conversation others can be picked with it."""
    if room.kind in PRIVATE:
        return url_for("chat.pick_for_report", room=room.public_id, around=seq)
    return url_for("moderation.report", kind="message", ref=queries.reference(room.public_id, seq))
