"""What pages show of conversations of a few, as plain objects."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from app.chat import queries
from app.chat.models import PRIVATE, Membership, RoomKind
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.chat.queries.conversations import Standing, Talk
from app.chat.views.shown import name_of
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now

Sorts = Mapping[str, Sequence[tuple[queries.RoomLine, Talk | None]]]


def conversations_shown(sorts: Sorts) -> dict[str, list[dict[str, Any]]]:
    """Conversations as lists show them: under `asked`, `on`, `waits` and `over`."""
    return {sort: [_line(line, talk) for line, talk in lines] for sort, lines in sorts.items()}


def asking_for_attention(actor: Actor, lines: Sequence[queries.RoomLine]) -> int:
    """In how many conversations something waits for the actor, without those that they muted."""
    sorts = talking.sorted_out(actor, lines)
    return len(sorts["asked"]) + sum(1 for line, _talk in sorts["on"] if line.unread and not line.muted(now()))


def talk_shown(actor: Actor, line: queries.RoomLine, here: queries.Here) -> dict[str, Any] | None:
    """What stands above a conversation of a few, or at its door for whoever is asked in. None for other rooms."""
    if here.kind not in PRIVATE:
        return None
    room, direct = line.room, here.kind is RoomKind.DIRECT
    talk = talking.talk_in(actor, room) if direct else None
    asked = here.membership is Membership.ASKED
    profile = queries.profile_of(actor, room, talk.other) if talk and talk.other and room.space is None else None
    return {
        **_line(line, talk),
        "direct": direct,
        "asked": asked,
        "waits": talk is not None and talk.standing is Standing.WAITS,
        "unanswered": talk is not None and talk.standing is Standing.UNANSWERED,
        "over": talk is not None and talk.standing is Standing.OVER,
        "by": talking.asked_by(actor, here) if asked and not direct else None,
        "kept_away": talking.kept_away_in(actor, here) if asked and not direct else [],
        "people": [] if direct else talking.people_in(here),
        "may_people": not direct and not asked,
        "may_name": rules.keeps_group(here),
        "may_keep": rules.can_choose_keep(here) and not (talk and talk.standing is Standing.OVER),
        "may_report": here.reads and actor.holds(Permission.REPORT),
        "may_block": direct and talk is not None and talk.other is not None and actor.holds(Permission.PROFILE_KEEP),
        "may_leave": not asked,
        "keeps": ngettext(
            "Messages are kept for %(num)d day, and at most a week longer.",
            "Messages are kept for %(num)d days, and at most a week longer.",
            room.keep_days,
        ),
        "profile_url": url_for("profiles.member", person=profile) if profile else None,
    }


def _line(line: queries.RoomLine, talk: Talk | None) -> dict[str, Any]:
    room = line.room
    return {
        "id": room.public_id,
        "name": name_of(room, line.with_names, line.title),
        "is_group": room.kind is RoomKind.GROUP,
        "with": gettext(", ").join(line.with_names) if line.title else "",
        "by_room_names": room.space is not None,
        "unread": line.unread,
        "mentions": line.mentions,
        "muted": line.muted(now()),
        "until": talk.until if talk else None,
        "url": url_for("chat.room", room=room.public_id),
    }
