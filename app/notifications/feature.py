"""Notifications, as it is listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from app.kernel.errors import N_
from app.kernel.feature import Feature, MeEntry, Need, NoticeKind
from app.kernel.signals import Security, security_changed
from app.notifications import jobs, queries
from app.notifications.actions import notify
from app.notifications.own_parts import part as own_part
from app.notifications.views import door


def needs(actor: Actor) -> list[Need]:
    """Unread notices, as one line on Home."""
    unread = queries.unread(actor)
    return [Need(gettext("New notices"), url_for("notifications.notices"), unread)] if unread else []


def tell_of_security(_actor: Actor, *, person_id: int, what: Security) -> None:
    """Whoever changed it: its person hears that it was changed."""
    notify([person_id], f"security.{what}", new_public_id())


security_changed.connect(tell_of_security)

feature = Feature(
    name="notifications",
    own_data=(own_part,),
    door=door,
    me=(
        MeEntry(
            "notifications.settings",
            N_("How you are told"),
            N_("Of what is new, here and outside."),
            Permission.SETTINGS_CHANGE,
            order=50,
        ),
    ),
    tasks={
        "notifications.tell": jobs.tell,
        "notifications.deliver": jobs.deliver,
        "notifications.forget": jobs.forget,
    },
    hourly=("notifications.forget",),
    needs=needs,
    notices=(
        NoticeKind(
            "notifications.mail-broken",
            N_("Messages to your mail address come back. It gets none until you look at it."),
            lambda _ref: url_for("notifications.settings"),
            access=Permission.SETTINGS_CHANGE,
        ),
    ),
)
