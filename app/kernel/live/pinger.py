"""Pings of all connections from one background task.

The library sleeps in a task of its own for each connection between two pings. A task costs 16 KB of memory at least, the first
part of a Python stack, which is a quarter of what an idle connection takes in all.
"""

import time
from collections import deque
from typing import Any

from engineio.packet import PING
from engineio.packet import Packet as EnginePacket
from engineio.socket import Socket as EngineSocket


class QuietSocket(EngineSocket):  # type: ignore[misc]  # the library has no types
    """An Engine.IO socket whose pings are sent by the pinger of its server."""

    pinger: "Pinger"
    last_ping: float | None

    def schedule_ping(self) -> None:
        """Send the next ping in due time, unless the last one has not been answered yet. Called by the library."""
        if self.last_ping:
            self.last_ping = None
            self.pinger.expect(self)


class Pinger:
    """Who is to be pinged when, in that order: everybody waits equally long."""

    def __init__(self, eio: Any) -> None:
        self._eio = eio
        self._due: deque[tuple[float, QuietSocket]] = deque()
        self._running = False

    def take_over(self, connection: EngineSocket) -> None:
        """Ping this connection from now on. Must run before the library schedules its first ping."""
        connection.__class__ = QuietSocket
        connection.pinger = self

    def expect(self, connection: QuietSocket) -> None:
        self._due.append((time.monotonic() + self._eio.ping_interval, connection))
        if not self._running:
            self._running = True
            self._eio.start_background_task(self._run)

    def _run(self) -> None:
        try:
            while self._due:
                due, connection = self._due[0]
                wait = due - time.monotonic()
                if wait > 0 and not connection.closed:
                    # Not as long as that: one that is closed meanwhile is let go of soon.
                    self._eio.sleep(min(wait, 1.0))
                    continue
                self._due.popleft()
                if not connection.closing and not connection.closed:
                    connection.last_ping = time.time()
                    connection.send(EnginePacket(PING))
        finally:
            self._running = False
