"""From a request's cookie to its actor."""

from flask import Request

from app.kernel.actor import STRANGER, Actor
from app.kernel.sessions import SESSION_COOKIES, SessionKeeper


def identify(request: Request, keeper: SessionKeeper) -> Actor:
    """The actor of this request. Being recognised counts as being there, so the idle limit begins anew."""
    token = next((request.cookies[name] for name in SESSION_COOKIES if name in request.cookies), None)
    if token is None:
        return STRANGER
    actor = keeper.recognise(token)
    keeper.touch(actor)
    return actor
