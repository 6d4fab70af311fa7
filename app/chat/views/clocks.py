"""By whose clock times of circles are typed and read: that which somebody chose for their notices, else UTC."""

from datetime import datetime

from flask import g

from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.i18n import UTC
from app.notifications.queries import choices


def zone_of(actor: Actor) -> str:
    """The zone by whose clock somebody reads times, asked once in a request; UTC where they chose none.

    While they travel too: which clock somebody lives by says where they live.
    """
    if "zone" not in g:
        hours = choices(actor).hours if actor.holds(Permission.HIDDEN_SEE) else None
        g.zone = hours.zone if hours is not None else UTC
    zone: str = g.zone
    return zone


def by_clock(actor: Actor, at: datetime | None) -> tuple[datetime, str] | None:
    """A moment with the zone in which it is read, for `chat/_when.html`. Nothing is asked where there is none."""
    return (at, zone_of(actor)) if at is not None else None
