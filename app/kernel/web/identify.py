"""From a request's cookie to its actor."""

from flask import Request, g
from sqlalchemy.exc import SQLAlchemyError

from app.kernel.actor import STRANGER, Actor
from app.kernel.errors import Unavailable
from app.kernel.sessions import SessionKeeper, note_visit


def identify(request: Request, keeper: SessionKeeper, cookie: str) -> Actor:
    """The actor of this request. Being recognised counts as being there, so the idle limit begins anew.

    Only the one cookie of this instance counts: over TLS a plain one could have been planted by a neighbouring site.
    Raises Unavailable when the database does not answer.
    """
    token = request.cookies.get(cookie)
    if token is None or g.get("asked_who"):
        return STRANGER
    # Flask-Login asks again only where this raised: then the page that says so is drawn as for nobody.
    g.asked_who = True
    try:
        actor = keeper.recognise(token)
    except SQLAlchemyError as error:
        raise Unavailable from error
    note_visit(keeper, actor)
    return actor
