"""A room: reading it page by page, writing in it, keeping a draft."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import actions, policy, queries
from app.chat.actions import circles
from app.chat.actions.posting import TOPIC_CLOSED
from app.chat.actions.private import why_not_talking
from app.chat.forms import PostForm
from app.chat.forms.attachments import BringForm
from app.chat.models import Room, Topic, TopicState
from app.chat.queries import hosting, topics
from app.chat.views.attached import attaching
from app.chat.views.door import door
from app.chat.views.doorway import door_page, ways_shown
from app.chat.views.jumps import behind_shown
from app.chat.views.lines import Reader, found_shown, private_shown
from app.chat.views.shown import number_asked, room_shown, room_url
from app.chat.views.talks import talk_shown
from app.kernel import work
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
    topic = request.args.get("topic", "")
    reply_to = number_asked("reply")
    form = PostForm(
        formdata=None,
        client_id=new_public_id(),
        body=words,
        draft="1" if words else "",
        topic=topic,
        reply_to=str(reply_to) if reply_to else "",
    )
    return room_page(actor, line, form)


@door.page("/rooms/<room>/messages", access=USE, methods=("POST",))
def post(room: str) -> ResponseReturnValue:
    actor = present_actor()
    line = queries.get_line(actor, room)
    form = PostForm()
    if form.validate_on_submit() and not form.warns(lambda: queries.private_names(actor)):
        try:
            words = actions.post_message(actor, queries.get_here(actor, room), **form.written())
            if form.draft.data:
                keeping.drop(actor, policy.draft_place(room))
            return redirect(room_url(line.room, topic=words.topic or None, _anchor=f"m{words.seq}"), 303)
        except (TooMany, Unavailable, Forbidden, Invalid) as refusal:
            form.refuse(refusal, at=form.body)
    page = room_page(actor, line, form)
    return (page, 422) if form.found else form.answer(page)


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


def room_page(actor: Actor, line: queries.RoomLine, form: PostForm, *, bringing: BringForm | None = None) -> str:
    """The page of a room: its door for whoever is not in, its messages and the composer for whoever is."""
    room, member = line.room, line.member
    here = queries.get_here(actor, room.public_id)
    talk = talk_shown(actor, line, here)
    if member is not None and talk is not None and not here.reads:
        return render_template("chat/conversation_door.html", room=room_shown(line), talk=talk)
    if member is None or not here.reads:
        return door_page(actor, line)
    topic = topics.get_topic(actor, room, form.topic.data) if form.topic.data else None
    stretch = _stretch(actor, room, topic.id if topic else None)
    reader = Reader(actor, room, stretch.words)
    circles.note_host(here)
    # Before anything is marked: they show what was unread as the page was asked for.
    behind, lines = behind_shown(actor, line, stretch), lines_shown(reader, stretch, member.read_seq)
    # Under one topic nobody has read what stands beside it, nor what is on an earlier page that they have not seen.
    if stretch.words and stretch.words[-1].seq > member.read_seq and request.method == "GET" and not (topic or behind):
        work.in_passing(actions.mark_read, actor, room, seq=stretch.words[-1].seq)
    at = {"topic": topic.public_id} if topic else {}
    return _page(
        line,
        form=form,
        me=queries.me_here(actor, room),
        inside=True,
        messages=lines,
        away=" ".join(sorted(reader.away)),
        private=private_shown(actor),
        answered=_answered(actor, room, form),
        found=found_shown(form.found),
        attach=attaching(actor, here, bringing),
        has_pins=queries.has_pins(room),
        may=_may(actor, here),
        topic=topic_shown(room, topic) if topic else None,
        topics=topics.topic_names(actor, room),
        ways=ways_shown(actor, here),
        pause=hosting.own_pause(actor, room) if here.paused_until else None,
        older_url=room_url(room, before=stretch.words[0].seq, **at) if stretch.before and stretch.words else None,
        newer_url=room_url(room, after=stretch.words[-1].seq, **at) if stretch.after and stretch.words else None,
        since=max(stretch.words[-1].seq if stretch.words else 0, room.last_seq if topic else 0),
        behind=behind,
        live=not stretch.after and line.joined,
        talk=talk,
        paused=not policy.can_post(actor),
        why_not=gettext(why) if (why := _why_not(actor, here, topic)) else None,
    )


def _why_not(actor: Actor, here: queries.Here, topic: Topic | None) -> str | None:
    why = policy.why_not_writing(actor, here, now()) or why_not_talking(actor, here)
    return why or (TOPIC_CLOSED if topic is not None and topic.state is TopicState.CLOSED else None)


def topic_shown(room: Room, topic: Topic) -> dict[str, Any]:
    """The topic under which one reads."""
    name = topics.name_of_topic(room, topic)
    return {"id": topic.public_id, "name": name, "open": topic.state is TopicState.OPEN}


def _stretch(actor: Actor, room: Room, topic: int | None) -> queries.Stretch:
    before, after, seq = number_asked("before"), number_asked("after"), number_asked("around")
    if before is not None:
        return queries.older(actor, room, before=before, topic=topic)
    if after is not None:
        return queries.newer(actor, room, after=after, topic=topic)
    if seq is not None:
        return queries.around(actor, room, seq=seq, topic=topic)
    return queries.newest(actor, room, topic=topic)


def _page(line: queries.RoomLine, **shown: Any) -> str:
    context = {
        "inside": False,
        "messages": [],
        "older_url": None,
        "newer_url": None,
        "since": None,
        "live": False,
        "paused": False,
        "why_not": None,
        "topic": None,
        "topics": {},
        "ways": {},
        "pause": None,
        "away": "",
        "private": "",
        "answered": None,
        "found": [],
        "attach": None,
        "has_pins": False,
        "may": "",
        "talk": None,
        "behind": None,
        **shown,
    }
    return render_template("chat/room.html", room=room_shown(line), **context)


def _may(actor: Actor, here: queries.Here) -> str:
    """What the menu of a message offers besides; whether it may be done is asked again when it is."""
    why_not = policy.why_not_writing(actor, here, now()) or why_not_talking(actor, here)
    offered = {
        "answer": why_not is None,
        "react": why_not in (None, policy.HOSTS_WRITE),
        "take-out": policy.keeps_order(actor, here),
    }
    return " ".join(name for name, may in offered.items() if may)


def _answered(actor: Actor, room: Room, form: PostForm) -> queries.Quote | None:
    """What the message in the composer answers. What cannot be answered is not, and the words stay."""
    try:
        return queries.answered(actor, room, form.answers) if form.answers else None
    except NotFound:
        form.reply_to.data = ""
        return None


def lines_shown(reader: Reader, stretch: queries.Stretch, read_seq: int) -> list[dict[str, Any]]:
    """Messages with what the page marks for this reader, where the unread ones begin, and where a day begins."""
    lines: list[dict[str, Any]] = []
    day, line_drawn = None, False
    for words in stretch.words:
        line = reader.line(words)
        unread = not line_drawn and words.seq > read_seq and not line["own"]
        line_drawn = line_drawn or unread
        lines.append({**line, "unread_before": unread, "new_day": words.at.date() != day})
        day = words.at.date()
    return lines
