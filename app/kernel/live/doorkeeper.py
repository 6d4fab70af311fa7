"""Connections that should not be open: who was disconnected, who was refused, who never joined.

The library only tells them and leaves the connection for the client to close. A client that does not would
keep it for ever, without ever having signed in.
"""

from typing import Any

from socketio.manager import Manager

from app.kernel.live.packets import read_strictly

#: How long a connection may stay without having joined (seconds): at least this, at most twice this.
JOIN_SECONDS = 10.0


class Doorkeeper(Manager):  # type: ignore[misc]  # the library has no types
    """A client manager that also closes the connections of those who are not, or no longer, let in."""

    _watching = False

    def set_server(self, server: Any) -> None:
        """Called by `socketio.Server` as it is made, before any client can connect."""
        read_strictly(server)
        super().set_server(server)
        welcome = server.eio.handlers["connect"]

        def connect(eio_sid: str, environ: dict[str, Any]) -> Any:
            if not self._watching:
                self._watching = True
                server.start_background_task(self._watch)
            return welcome(eio_sid, environ)

        server.eio.on("connect", connect)

    def disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        """Forget a client and close its connection."""
        eio_sid = self.eio_sid_from_sid(sid, namespace)
        super().disconnect(sid, namespace, **options)
        self._close(eio_sid)

    def _watch(self) -> None:
        sockets = self.server.eio.sockets
        strangers: set[str] = set()
        while sockets:
            self.server.sleep(JOIN_SECONDS)
            joined = {eio_sid for everyone in list(self.rooms.values()) for eio_sid in everyone[None].values()}
            for eio_sid in strangers - joined:
                self._close(eio_sid)
            strangers = set(sockets) - joined
        self._watching = False

    def _close(self, eio_sid: str | None) -> None:
        connection = self.server.eio.sockets.get(eio_sid)
        if connection and not connection.closing:
            connection.close(wait=False, reason=self.server.reason.SERVER_DISCONNECT)
