"""Searching in rooms. What is looked for never stands in an address: see docs/decisions/0022."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.chat import queries
from app.chat.forms.search import SearchForm
from app.chat.queries import search as searching
from app.chat.queries.hits import Hit
from app.chat.queries.search import Place, Search
from app.chat.views.door import door
from app.chat.views.shown import name_of, room_url
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import TooMany
from app.kernel.web import present_actor, present_house
from app.kernel.web.asked import from_address, into_address

WHAT = "search"


@door.page("/rooms/search", access=Permission.ROOMS_USE, methods=("GET", "POST"))
def search() -> ResponseReturnValue:
    """The form, and a page of what was found. What is asked is sealed into the address of the results."""
    actor = present_actor()
    if request.method == "GET":
        return _results(actor)
    form = _form(actor)
    if not form.validate_on_submit():
        return form.answer(_page(form))
    asked = Search(
        words=form.words.data or "",
        person=form.person.data or "",
        room=form.room.data or "",
        first=form.first.data,
        last=form.last.data,
    )
    return redirect(_address(actor, asked), 303)


def _results(actor: Actor) -> ResponseReturnValue:
    asked, after = _asked(actor)
    if asked is None:
        room = request.args.get("room", "")
        form = _form(actor, room=room)
        is_mine = room and any(choice[0] == room for choice in form.room.choices or ())
        return _page(form, day_url=url_for("chat.day", room=room) if is_mine else None)
    form = _form(actor, **asdict(asked))
    try:
        found = searching.search(actor, asked, after)
    except TooMany as refusal:
        form.refuse(refusal, at=form.words)
        return form.answer(_page(form))
    return _page(
        form,
        found=found,
        hits=_hits(actor, found.hits),
        further_url=_address(actor, asked, found.further) if found.further else None,
        first_url=_address(actor, asked) if after else None,
    )


def _page(form: SearchForm, **shown: Any) -> str:
    context = {"found": None, "hits": [], "further_url": None, "first_url": None, "day_url": None, **shown}
    return render_template("chat/search.html", form=form, **context)


def _form(actor: Actor, **filled: Any) -> SearchForm:
    form = SearchForm(**filled) if request.method == "POST" else SearchForm(formdata=None, **filled)
    mine = [line for line in queries.rooms(actor) if line.joined]
    named = [(line.room.public_id, name_of(line.room, line.with_names, line.title)) for line in mine]
    form.room.choices = [("", gettext("All my rooms")), *named]
    return form


def _hits(actor: Actor, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """What was found. What somebody wrote whom the reader keeps away is there, as in its room, but not open."""
    away = {space: queries.kept_away(actor, room) for space, room in {hit.room.space: hit.room for hit in hits}.items()}
    return [_hit(hit, away=hit.author.id in away[hit.room.space]) for hit in hits]


def _hit(hit: Hit, *, away: bool) -> dict[str, Any]:
    return {
        "hit": hit,
        "away": away,
        "room": name_of(hit.room, hit.with_names, hit.title),
        "url": room_url(hit.room, around=hit.seq, _anchor=f"m{hit.seq}"),
    }


def _address(actor: Actor, asked: Search, after: Place | None = None) -> str:
    place = [after.last_on.toordinal(), after.epoch, after.seq] if after else None
    days = [day.toordinal() if day else None for day in (asked.first, asked.last)]
    value = [asked.words, asked.person, asked.room, *days, place]
    return url_for("chat.search", find=into_address(present_house(), actor, WHAT, value), _anchor="found")


def _asked(actor: Actor) -> tuple[Search | None, Place | None]:
    value = from_address(present_house(), actor, WHAT, request.args.get("find", ""))
    if value is None:
        return None, None
    words, person, room, first, last, place = value
    days = [date.fromordinal(day) if day else None for day in (first, last)]
    after = Place(date.fromordinal(place[0]), place[1], place[2]) if place else None
    return Search(words, person, room, *days), after
