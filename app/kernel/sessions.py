"""What the kernel must be told about sessions, which the identity feature keeps."""

import logging
from collections.abc import Collection
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from app.kernel.actor import Actor
from app.kernel.errors import Unavailable

log = logging.getLogger(__name__)

#: Name of the cookie over TLS and on loopback without it. The `__Host-` prefix (RFC 6265bis, section 4.1.3.2) binds it
#: to this very host and to TLS, so that a neighbouring site cannot plant one.
TLS_COOKIE, PLAIN_COOKIE = "__Host-sanad", "sanad"


def session_cookie(tls: bool) -> str:
    """The cookie name for this instance."""
    return TLS_COOKIE if tls else PLAIN_COOKIE


class SessionKeeper(Protocol):
    """Recognises tokens and knows which sessions are over. Each call happens inside an open work scope."""

    def recognise(self, token: str) -> Actor:
        """The signed-in actor of this token, or STRANGER when the session is over or never was."""
        ...

    def touch(self, actor: Actor) -> None:
        """Note that the person did something, so that the idle limit counts from now."""
        ...

    def ended_within(self, seconds: float) -> Collection[int]:
        """Row numbers of the sessions that were ended during the last `seconds`."""
        ...

    def expired(self, session_ids: Collection[int]) -> Collection[int]:
        """Those of the given sessions that are no longer alive for any reason."""
        ...


def note_visit(keeper: SessionKeeper, actor: Actor) -> None:
    """Let the idle limit begin anew. Where nothing can be written, as on a full disk, what was asked for goes on."""
    try:
        keeper.touch(actor)
    except (SQLAlchemyError, Unavailable) as error:
        log.warning("a visit could not be noted (%s)", type(error).__name__)
