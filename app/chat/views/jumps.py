"""Ways from one page of a room to another: to what is unread on earlier pages, and to a day."""

from dataclasses import dataclass
from datetime import datetime

from app.chat import queries
from app.chat.views.shown import room_url
from app.kernel.actor import Actor
from app.kernel.vault import Shredded


@dataclass(frozen=True, slots=True)
class Behind:
    """What is unread before the page that is shown: how much in all, since when, and where it begins."""

    count: int
    since: datetime | None
    url: str


def behind_shown(actor: Actor, line: queries.RoomLine, stretch: queries.Stretch) -> Behind | None:
    """What is unread on earlier pages than this one; None where nothing is."""
    if not (line.unread and line.member and stretch.words and stretch.before):
        return None
    first = queries.first_unread(actor, line.room, line.member)
    if first is None or first.seq >= stretch.words[0].seq:
        return None
    try:
        since = queries.content_of(first).at
    except Shredded:
        since = None
    return Behind(line.unread, since, room_url(line.room, around=first.seq, _anchor="unread"))
