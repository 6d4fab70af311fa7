"""Pages of rooms: load, form, action, redirect."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from app.chat import actions, policy, queries
from app.chat.forms import PostForm
from app.chat.models import Room, RoomMember
from app.identity.models import Space
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany, Unavailable
from app.kernel.i18n import language
from app.kernel.web import Door, present_actor
from app.profiles.views.blocks import block_page
from app.safety.actions import drafts as keeping
from app.safety.queries import drafts

door = Door("chat", __name__)
USE = Permission.ROOMS_USE


@door.page("/rooms", access=USE)
def rooms() -> ResponseReturnValue:
    lines = [
        {
            **_room(line.room),
            "joined": line.joined,
            "unread": line.unread,
            "newcomers": line.room.for_newcomers,
            "url": url_for("chat.room", room=line.room.public_id),
        }
        for line in queries.rooms(present_actor())
    ]
    return render_template("chat/rooms.html", rooms=lines)


@door.page("/rooms/<room>", access=USE)
def room(room: str) -> ResponseReturnValue:
    actor = present_actor()
    found = queries.get_room(actor, room)
    words = drafts.words_at(actor, policy.draft_place(room))
    form = PostForm(formdata=None, client_id=new_public_id(), body=words, draft="1" if words else "")
    return _room_page(actor, found, form)


@door.page("/rooms/<room>/messages", access=USE, methods=("POST",))
def post(room: str) -> ResponseReturnValue:
    actor = present_actor()
    found = queries.get_room(actor, room)
    form = PostForm()
    if form.validate_on_submit():
        try:
            here = queries.get_here(actor, room)
            words = actions.post_message(actor, here, client_id=form.client_id.data or "", body=form.body.data or "")
            if form.draft.data:
                keeping.drop(actor, policy.draft_place(room))
            return redirect(url_for("chat.room", room=room, _anchor=f"m{words.seq}"), 303)
        except (TooMany, Unavailable, Forbidden, Invalid) as refusal:
            form.refuse(refusal, at=form.body)
    return form.answer(_room_page(actor, found, form))


@door.page("/rooms/<room>/draft", access=USE, methods=("POST",))
def keep_draft(room: str) -> ResponseReturnValue:
    """Keep what stands in the form without sending it."""
    actor, form = present_actor(), PostForm()
    found = queries.get_room(actor, room)
    if queries.membership_in(actor, found) is None:
        raise NotFound
    try:
        keeping.keep(actor, policy.draft_place(found.public_id), form.body.data or "")
        flash(gettext("Kept. Nobody sees it until you send it."))
        return redirect(url_for("chat.room", room=room, _anchor="body"), 303)
    except (TooMany, Unavailable, Invalid) as refusal:
        form.refuse(refusal, at=form.body)
    return form.answer(_room_page(actor, found, form))


@door.page("/rooms/<room>/messages/<int:seq>", access=USE)
def message(room: str, seq: int) -> ResponseReturnValue:
    """One message on a page of its own: its lasting address, and where it is reported."""
    actor = present_actor()
    found = queries.get_room(actor, room)
    words = queries.get_message(actor, found, seq)
    own = words.author.id == queries.me_in_rooms(actor).id
    line = {
        "seq": words.seq,
        "author": words.author,
        "own": own,
        "html": words.html,
        "at": words.at,
        "gone": words.gone,
    }
    may_report = not (own or words.gone) and actor.holds(Permission.REPORT)
    meets = not own and words.author != queries.GONE and actor.holds(Permission.PROFILE_KEEP)
    profile = queries.profile_of(actor, queries.author_of(actor, found, seq)) if meets else None
    return render_template(
        "chat/message.html",
        room=_room(found),
        item=line,
        report_url=_report_url(found, seq) if may_report else None,
        block_url=url_for("chat.block", room=room, seq=seq) if meets else None,
        profile_url=url_for("profiles.member", person=profile) if profile else None,
    )


@door.page("/rooms/<room>/messages/<int:seq>/block", access=USE, methods=("GET", "POST"))
def block(room: str, seq: int) -> ResponseReturnValue:
    """Keep away whoever wrote a message, under the name that they have in rooms."""
    actor = present_actor()
    if not actor.holds(Permission.PROFILE_KEEP):
        raise NotFound
    found = queries.get_room(actor, room)
    author, name = queries.author_of(actor, found, seq), queries.get_message(actor, found, seq).author.name
    return block_page(author, name, back=url_for("chat.message", room=room, seq=seq), met_in=Space.ROOMS)


@door.page("/rooms/<room>/join", access=USE, methods=("POST",))
def join(room: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.join_room(actor, queries.get_room(actor, room))
    return redirect(url_for("chat.room", room=room), 303)


@door.page("/rooms/<room>/leave", access=USE, methods=("POST",))
def leave(room: str) -> ResponseReturnValue:
    actor = present_actor()
    actions.leave_room(actor, queries.get_room(actor, room))
    return redirect(url_for("chat.rooms"), 303)


def _room_page(actor: Actor, room: Room, form: PostForm) -> str:
    membership = queries.membership_in(actor, room)
    if membership is None:
        return _page(room, joined=False, form=form, me=queries.me_in_rooms(actor))
    before, seq = _number("before"), _number("around")
    if before is not None:
        stretch = queries.older(actor, room, before=before)
    elif seq is not None:
        stretch = queries.around(actor, room, seq=seq)
    else:
        stretch = queries.newest(actor, room)
    messages = _lines(actor, stretch, membership)
    newest = stretch.words[-1].seq if stretch.words and not stretch.after else 0
    if newest > membership.read_seq and request.method == "GET":
        actions.mark_read(actor, room, seq=newest)
    return _page(
        room,
        joined=True,
        form=form,
        me=queries.me_in_rooms(actor),
        messages=messages,
        older_url=_url(room, "before", stretch.words[0].seq) if stretch.before else None,
        newer_url=_url(room, "around", stretch.words[-1].seq + queries.PAGE // 2) if stretch.after else None,
        since=stretch.words[-1].seq if stretch.words else 0,
        live=not stretch.after,
        may_post=policy.can_post(actor),
    )


def _page(room: Room, **shown: Any) -> str:
    context = {
        "messages": [],
        "older_url": None,
        "newer_url": None,
        "since": None,
        "live": False,
        "may_post": False,
        **shown,
    }
    return render_template("chat/room.html", room={**_room(room), "joined": context["joined"]}, **context)


def _lines(actor: Actor, stretch: queries.Stretch, membership: RoomMember) -> list[dict[str, Any]]:
    """Messages with what the page marks: one's own, where the unread ones begin, where a day begins."""
    lines: list[dict[str, Any]] = []
    day, line_drawn, me = None, False, queries.me_in_rooms(actor).id
    for words in stretch.words:
        own = words.author.id == me
        unread = not line_drawn and words.seq > membership.read_seq and not own
        line_drawn = line_drawn or unread
        lines.append(
            {
                "seq": words.seq,
                "author": words.author,
                "own": own,
                "html": words.html,
                "gone": words.gone,
                "at": words.at,
                "unread_before": unread,
                "new_day": words.at.date() != day,
            }
        )
        day = words.at.date()
    return lines


def _room(room: Room) -> dict[str, Any]:
    arabic = language() == "ar"
    return {
        "id": room.public_id,
        "name": room.name_ar if arabic else room.name_en,
        "about": room.about_ar if arabic else room.about_en,
        "keeps": ngettext(
            "Messages are kept for %(num)d day, and at most a week longer.",
            "Messages are kept for %(num)d days, and at most a week longer.",
            room.keep_days,
        ),
        "members_text": ngettext("%(num)d member is here.", "%(num)d members are here.", room.members),
    }


def _report_url(room: Room, seq: int) -> str:
    return url_for("moderation.report", kind="message", ref=queries.reference(room.public_id, seq))


def _number(name: str) -> int | None:
    """A sequence number from the address, or None for what no message can have."""
    value = request.args.get(name, type=int)
    return value if value is not None and 0 <= value < 2**53 else None


def _url(room: Room, where: str, seq: int) -> str:
    return url_for("chat.room", room=room.public_id, **{where: seq})  # type: ignore[arg-type]  # a query argument
