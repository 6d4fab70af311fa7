"""Rooms, as they are listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.chat import jobs, queries
from app.chat.cli import bench_seed
from app.chat.demo import load_rooms
from app.chat.live import events
from app.chat.views import door
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import Feature, NavEntry, Need


def needs(actor: Actor) -> list[Need]:
    """Unread messages, as one line on Home."""
    unread = queries.unread_total(actor)
    if not unread:
        return []
    return [Need(gettext("Messages you have not read"), url_for("chat.rooms"), unread)]


feature = Feature(
    name="chat",
    door=door,
    events=events,
    tasks={"chat.forget": jobs.forget},
    hourly=("chat.forget",),
    commands=(bench_seed,),
    needs=needs,
    demo=load_rooms,
    navigation=(NavEntry("chat.rooms", N_("Rooms"), Permission.ROOMS_USE, order=10),),
)
