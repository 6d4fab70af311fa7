"""A small real server on the real engine, for test_fanout: it broadcasts what it is told and says how its
sockets are.

Usage: python -m tests.kernel.live.fanout_server OPTIONS, where OPTIONS is JSON:
{"fast": bool, "send_buffer": bytes or null, "ping": [interval, timeout], "join": seconds}. Prints its port.
"""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import eventlet

eventlet.monkey_patch()

import json
import socket
import sys
import time
from typing import Any

import eventlet.wsgi
import socketio

from app.kernel.live import doorkeeper
from app.kernel.live.fanout import Fanout

ROOM = "room"
MAX_EVENT_BYTES = 8192


class Stage:
    """The events of the test server."""

    def __init__(self, server: socketio.Server) -> None:
        self.server = server
        self.gone: list[str] = []
        for name in ("enter", "say", "say_together", "sockets", "close_sending", "end"):
            server.on(name, getattr(self, name))
        server.on("connect", lambda sid, environ, auth=None: auth != "refuse me")
        server.on("disconnect", lambda sid, reason: self.gone.append(sid))

    def enter(self, sid: str, room: str) -> str:
        self.server.enter_room(sid, room)
        return sid

    def say(self, sid: str, order: dict[str, Any]) -> dict[str, Any]:
        """Broadcast `times` numbered messages; returns how long the slowest broadcast took, in
        milliseconds."""
        slowest = 0.0
        sizes = order.get("sizes", [0])
        for number in range(order.get("first", 0), order.get("first", 0) + order.get("times", 1)):
            text = order.get("text", "x" * sizes[number % len(sizes)])
            before = time.perf_counter()
            self.server.emit(
                "said",
                b"\x00\x01" if order.get("binary") else {"n": number, "text": text},
                room=order.get("room", ROOM),
                skip_sid=order.get("skip"),
            )
            slowest = max(slowest, time.perf_counter() - before)
            if number % 10 == 9:
                eventlet.sleep(0)
        return {"slowest_ms": slowest * 1000}

    def say_together(self, _sid: str, sizes: list[int]) -> None:
        """Broadcast numbered messages as those of one commit are, in one go."""
        self.server.manager.emit_all(
            [("said", {"n": number, "text": "x" * size}) for number, size in enumerate(sizes)], ROOM
        )

    def close_sending(self, _sid: str, target: str) -> None:
        """Break the connection of `target` under the server's hands, and broadcast before anybody could
        notice."""
        connection = self.server.eio.sockets[self.server.manager.eio_sid_from_sid(target, "/")]
        connection.raw.shutdown(socket.SHUT_WR)
        self.server.emit("said", {"n": 0, "text": "after the break"}, room=ROOM)

    def end(self, _sid: str, target: str) -> float:
        """Disconnect `target`; returns the seconds it took."""
        before = time.perf_counter()
        self.server.disconnect(target)
        return time.perf_counter() - before

    def sockets(self, _sid: str) -> dict[str, Any]:
        """How each connection is, and which have gone."""
        manager = self.server.manager
        here = {}
        for eio_sid, connection in self.server.eio.sockets.items():
            sid = manager.sid_from_eio_sid(eio_sid, "/")
            here[sid] = {
                "direct": hasattr(connection, "raw"),
                "unsent": getattr(connection, "unsent", None),
                "queued": connection.queue.qsize(),
            }
        return {"here": here, "gone": self.gone}


def main() -> None:
    options = json.loads(sys.argv[1])
    doorkeeper.JOIN_SECONDS = options["join"]
    manager = Fanout()
    manager.fast = options["fast"]
    interval, timeout = options["ping"]
    server = socketio.Server(
        client_manager=manager,
        async_mode="eventlet",
        async_handlers=False,
        transports=["websocket"],
        cors_allowed_origins="*",
        max_http_buffer_size=MAX_EVENT_BYTES,
        ping_interval=interval,
        ping_timeout=timeout,
    )
    Stage(server)
    listener = eventlet.listen(("127.0.0.1", 0), backlog=512, reuse_port=False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if options["send_buffer"]:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options["send_buffer"])
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    eventlet.wsgi.server(listener, socketio.WSGIApp(server), log_output=False, max_size=2000, debug=False)


if __name__ == "__main__":
    main()
