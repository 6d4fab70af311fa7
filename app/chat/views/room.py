"""A room: reading it page by page, writing in it, keeping a draft."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import actions, policy, queries
from app.chat.forms import PostForm
from app.chat.models import Room, RoomMember
from app.chat.views.door import door
from app.chat.views.shown import number_asked, room_shown, room_url
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id, now
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany, Unavailable
from app.kernel.web import present_actor
from app.safety.actions import drafts as keeping
from app.safety.queries import drafts

USE = Permission.ROOMS_USE


@door.page("/rooms/<room>", access=USE)
def room(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line = queries.get_line(actor, room)
    words = drafts.words_at(actor, policy.draft_place(room))
    form = PostForm(formdata=None, client_id=new_public_id(), body=words, draft="1" if words else "")
    return room_page(actor, line, form)


@door.page("/rooms/<room>/messages", access=USE, methods=("POST",))
def post(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line = queries.get_line(actor, room)
    form = PostForm()
    if form.validate_on_submit():
        try:
            words = actions.post_message(actor, queries.get_here(actor, room), **form.written())
            if form.draft.data:
                keeping.drop(actor, policy.draft_place(room))
            return redirect(url_for("chat.room", room=room, _anchor=f"m{words.seq}"), 303)
        except (TooMany, Unavailable, Forbidden, Invalid) as refusal:
            form.refuse(refusal, at=form.body)
    return form.answer(room_page(actor, line, form))


@door.page("/rooms/<room>/draft", access=USE, methods=("POST",))
def keep_draft(room: str) -> ResponseReturnValue:
    """Keep what stands in the form without sending it."""
    actor, form = present_actor(), PostForm()
    line = queries.get_line(actor, room)
    if not line.joined:
        raise NotFound
    try:
        keeping.keep(actor, policy.draft_place(line.room.public_id), form.body.data or "")
        flash(gettext("Kept. Nobody sees it until you send it."))
        return redirect(url_for("chat.room", room=room, _anchor="body"), 303)
    except (TooMany, Unavailable, Invalid) as refusal:
        form.refuse(refusal, at=form.body)
    return form.answer(room_page(actor, line, form))


def room_page(actor: Actor, line: queries.RoomLine, form: PostForm) -> str:
    """The page of a room: its door for whoever is not in, its messages and the composer for whoever is."""
    room, member = line.room, line.member
    here = queries.get_here(actor, room.public_id)
    if member is None or not here.reads:
        return _page(line, form=form, me=queries.me_here(actor, room))
    stretch = _stretch(actor, room)
    newest = stretch.words[-1].seq if stretch.words and not stretch.after else 0
    if newest > member.read_seq and request.method == "GET":
        actions.mark_read(actor, room, seq=newest)
    return _page(
        line,
        form=form,
        me=queries.me_here(actor, room),
        inside=True,
        messages=lines_shown(actor, room, stretch, member),
        older_url=room_url(room, before=stretch.words[0].seq) if stretch.before and stretch.words else None,
        newer_url=room_url(room, after=stretch.words[-1].seq) if stretch.after and stretch.words else None,
        since=stretch.words[-1].seq if stretch.words else 0,
        live=not stretch.after,
        why_not=gettext(why) if (why := policy.why_not_writing(actor, here, now())) else None,
    )


def _stretch(actor: Actor, room: Room) -> queries.Stretch:
    before, after, seq = number_asked("before"), number_asked("after"), number_asked("around")
    if before is not None:
        return queries.older(actor, room, before=before)
    if after is not None:
        return queries.newer(actor, room, after=after)
    if seq is not None:
        return queries.around(actor, room, seq=seq)
    return queries.newest(actor, room)


def _page(line: queries.RoomLine, **shown: Any) -> str:
    context = {
        "inside": False,
        "messages": [],
        "older_url": None,
        "newer_url": None,
        "since": None,
        "live": False,
        "why_not": None,
        **shown,
    }
    return render_template("chat/room.html", room=room_shown(line), **context)


def lines_shown(actor: Actor, room: Room, stretch: queries.Stretch, member: RoomMember) -> list[dict[str, Any]]:
    """Messages with what the page marks: one's own, where the unread ones begin, where a day begins."""
    lines: list[dict[str, Any]] = []
    day, line_drawn, me = None, False, queries.me_here(actor, room).id
    for words in stretch.words:
        own = words.author.id == me
        unread = not line_drawn and words.seq > member.read_seq and not own
        line_drawn = line_drawn or unread
        lines.append(
            {
                "words": words,
                "own": own,
                "unread_before": unread,
                "new_day": words.at.date() != day,
            }
        )
        day = words.at.date()
    return lines
