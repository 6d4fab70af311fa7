"""What the kernel must be told about sessions, which the identity feature keeps."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Protocol

from app.kernel import work
from app.kernel.actor import Actor

#: Name of the cookie over TLS and on loopback without it. The `__Host-` prefix (RFC 6265bis, section 4.1.3.2) binds it
#: to this very host and to TLS, so that a neighbouring site cannot plant one.
TLS_COOKIE, PLAIN_COOKIE = "__Host-sanad", "sanad"


def session_cookie(tls: bool) -> str:
    """The cookie name for this instance."""
    return TLS_COOKIE if tls else PLAIN_COOKIE


class Silence(StrEnum):
    """Why a session hears nothing more on its sockets."""

    ENDED = "ended"
    LOCKED = "locked"


class SessionKeeper(Protocol):
    """Recognises tokens and knows which sessions are over. Each call happens inside an open work scope."""

    def recognise(self, token: str) -> Actor:
        """The signed-in actor of this token, or STRANGER when the session is over or never was."""
        ...

    def touch(self, actor: Actor) -> None:
        """Note that the person did something, so that the idle limit counts from now."""
        ...

    def formerly(self, token: str) -> Actor:
        """Whose session this token was, if it ended lately: somebody who may do nothing. Else STRANGER."""
        ...

    def silent_within(self, seconds: float) -> Mapping[int, Silence]:
        """Row numbers of the sessions that were ended or locked during the last `seconds`."""
        ...

    def silent(self, session_ids: Collection[int]) -> Mapping[int, Silence]:
        """Those of the given sessions that are locked, or no longer alive for any reason."""
        ...


def note_visit(keeper: SessionKeeper, actor: Actor) -> None:
    """Let the idle limit begin anew. Where nothing can be written, as on a full disk, what was asked for goes on."""
    work.in_passing(keeper.touch, actor)
