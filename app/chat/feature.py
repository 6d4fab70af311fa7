"""Rooms, as they are listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.chat import actions, jobs, policy, queries
from app.chat.actions.posting import MENTIONED
from app.chat.cli import bench_seed
from app.chat.demo import load_rooms
from app.chat.live import events
from app.chat.own_parts import part as own_part
from app.chat.views import door
from app.chat.views.shown import name_of
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import DraftKind, Feature, Hideable, NavEntry, Need, NoticeKind, Reportable
from app.kernel.signals import Words, words_handled


def needs(actor: Actor) -> list[Need]:
    """Unread messages, as one line on Home."""
    unread = queries.unread_total(actor)
    if not unread:
        return []
    return [Need(gettext("Messages you have not read"), url_for("chat.rooms"), unread)]


def handle_words(actor: Actor, *, person_id: int, how: Words) -> None:
    """What a measure says of a person's messages."""
    if how is not Words.KEEP:
        actions.handle_words(actor, person_id, how)


def rooms_to_hide(actor: Actor) -> list[tuple[str, str]]:
    """The rooms that the actor may know of, their own first."""
    lines = queries.rooms(actor)
    return [(line.room.public_id, name_of(line.room, line.with_names, line.title)) for line in lines]


words_handled.connect(handle_words)

feature = Feature(
    name="chat",
    own_data=(own_part,),
    door=door,
    events=events,
    tasks={"chat.forget": jobs.forget},
    hourly=("chat.forget",),
    commands=(bench_seed,),
    needs=needs,
    demo=load_rooms,
    hideable=(Hideable(policy.ROOM, N_("Rooms"), rooms_to_hide),),
    notices=(
        NoticeKind(
            MENTIONED,
            N_("You are named in a room"),
            url=lambda ref: url_for("chat.room", room=ref),
            access=Permission.ROOMS_USE,
            about=policy.ROOM,
        ),
    ),
    drafts=(
        DraftKind(
            policy.ROOM,
            N_("In a room"),
            endpoints=("chat.post", "chat.keep_draft"),
            part="room",
            url=lambda ref: url_for("chat.room", room=ref),
        ),
    ),
    reportable=(
        Reportable(
            "message",
            N_("A message"),
            find=queries.find_reported,
            context=queries.around_reported,
            remove=actions.remove_message,
        ),
    ),
    navigation=(NavEntry("chat.rooms", N_("Rooms"), Permission.ROOMS_USE, order=10),),
)
