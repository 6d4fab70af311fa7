"""What pages show of rooms and messages, as plain objects."""

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext, ngettext

from app.chat import queries
from app.chat.models import Room, RoomKind
from app.kernel.i18n import language

#: How a page says what was not done, where there is no form that could.
REFUSED = "danger"


def room_shown(line: queries.RoomLine) -> dict[str, Any]:
    """A room as pages show it."""
    room, arabic = line.room, language() == "ar"
    return {
        "id": room.public_id,
        "kind": room.kind.value,
        "name": name_of(room, line.with_names, line.title),
        "about": room.about_ar if arabic else room.about_en,
        "joined": line.joined,
        "keeps": keeps_said(room.keep_days),
    }


def keeps_said(days: int) -> str:
    """For how long what is written is there, and at most how long."""
    said: str = ngettext(
        "Messages are kept for %(num)d day, and at most a week longer.",
        "Messages are kept for %(num)d days, and at most a week longer.",
        days,
    )
    return said


def name_of(room: Room, with_names: Sequence[str] = (), title: str = "") -> str:
    """What a room is called for whoever looks: conversations of a few by the names of the others."""
    if room.kind is RoomKind.DIRECT:
        return with_names[0] if with_names else gettext("A former member")
    if room.kind is RoomKind.GROUP:
        return title or gettext(", ").join(with_names) or gettext("A small group")
    return called(room.name_ar, room.name_en)


def called(name_ar: str, name_en: str) -> str:
    """Of the two names of a room the one for whoever looks."""
    return (name_ar or name_en) if language() == "ar" else (name_en or name_ar)


def number_asked(name: str) -> int | None:
    """A sequence number from the address, or None for what no message can have."""
    value = request.args.get(name, type=int)
    return value if value is not None and 0 <= value < 2**53 else None


def room_url(room: Room, **where: Any) -> str:
    """The address of a room, or of a place in it."""
    return url_for("chat.room", room=room.public_id, **where)
