"""How a feature declares its socket events: a name, an access, a handler as thin as a view."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.kernel.access import Permission
from app.kernel.actor import Actor

if TYPE_CHECKING:
    from app.kernel.live.gateway import OpenSocket

Payload = dict[str, Any]
Handler = Callable[[Actor, Payload, "OpenSocket"], Payload]


@dataclass(frozen=True, slots=True)
class SocketEvent:
    """One event that a client may send. The handler returns the fields of the acknowledgement or raises a Refusal.

    `by_hand` says that a person did it, so that the idle limit begins anew; what a page asks by itself must not keep a
    session alive on a phone that lies somewhere.
    """

    name: str
    access: Permission
    handler: Handler
    by_hand: bool


class Events:
    """The socket events of one feature."""

    def __init__(self) -> None:
        self._events: dict[str, SocketEvent] = {}

    def on(self, name: str, *, access: Permission, by_hand: bool = False) -> Callable[[Handler], Handler]:
        """Declare the handler of an event together with who may send it."""

        def declare(handler: Handler) -> Handler:
            if name in self._events:
                raise RuntimeError(f"two handlers for {name}")
            self._events[name] = SocketEvent(name, access, handler, by_hand)
            return handler

        return declare

    def __iter__(self) -> Iterator[SocketEvent]:
        return iter(self._events.values())
