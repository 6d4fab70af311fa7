"""Notifications, as it is listed in app/features.py."""

from flask import url_for
from flask_babel import gettext

from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import Feature, Need, NoticeKind
from app.notifications import jobs, queries
from app.notifications.views import door


def needs(actor: Actor) -> list[Need]:
    """Unread notices, as one line on Home."""
    unread = queries.unread(actor)
    return [Need(gettext("New notices"), url_for("notifications.notices"), unread)] if unread else []


feature = Feature(
    name="notifications",
    door=door,
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
        ),
    ),
)
