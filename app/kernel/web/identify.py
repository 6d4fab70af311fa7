"""From a request's cookie to its actor."""

import logging

from flask import Request, g
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.actor import STRANGER, Actor
from app.kernel.errors import Unavailable
from app.kernel.sessions import SessionKeeper

log = logging.getLogger(__name__)


def identify(request: Request, keeper: SessionKeeper, cookie: str) -> Actor:
    """The actor of this request. Being recognised counts as being there, so the idle limit begins anew.

    Only the one cookie of this instance counts: over TLS a plain one could have been planted by a neighbouring site.
    Raises Unavailable when the database does not answer; asked again, by the page that says so, it is nobody.
    """
    token = request.cookies.get(cookie)
    if token is None or g.get("nobody_recognised"):
        return STRANGER
    try:
        actor = keeper.recognise(token)
    except SQLAlchemyError as error:
        g.nobody_recognised = True
        raise Unavailable from error
    try:
        keeper.touch(actor)
    except (SQLAlchemyError, Unavailable) as error:
        # Reading goes on while nothing can be written, as on a full disk.
        log.warning("a visit could not be noted (%s)", type(error).__name__)
    return actor
