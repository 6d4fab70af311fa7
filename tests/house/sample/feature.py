"""Letters as a feature: a page and a socket event over the same query, and an event that only some may send."""

from flask.typing import ResponseReturnValue

from app.features import FEATURES
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.feature import Feature
from app.kernel.live import Events, OpenSocket
from app.kernel.live.events import Payload
from app.kernel.web import Door, present_actor
from tests.house.sample import queries


def letters() -> Feature:
    """The feature, made anew each time, since a blueprint belongs to one app."""
    door, events = Door("letters", __name__), Events()

    @door.page("/letters/<id>", access=Permission.SIGNED_IN)
    def letter(id: str) -> ResponseReturnValue:
        return queries.get_letter(present_actor(), id).words

    @events.on("letter.read", access=Permission.SIGNED_IN)
    def read(actor: Actor, payload: Payload, _socket: OpenSocket) -> Payload:
        return {"words": queries.get_letter(actor, str(payload.get("letter"))).words}

    @events.on("letter.count", access=Permission.INVITATIONS_MAKE)
    def count(_actor: Actor, _payload: Payload, _socket: OpenSocket) -> Payload:
        return {"count": 0}

    return Feature(name="letters", door=door, events=events)


def with_letters() -> tuple[Feature, ...]:
    """The features of Sanad, and letters after them."""
    return (*FEATURES, letters())
