"""The measure to compare with: Flask-SocketIO on the same engine and listener, doing nothing but `emit` to a
room.

Usage: python -m bench.bare_server PORT
"""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import eventlet

eventlet.monkey_patch()

import socket
import sys
from typing import Any

import eventlet.wsgi
from flask import Flask, render_template_string
from flask_socketio import SocketIO, emit, join_room

#: Of the same shape and length as what the real server sends for the same post.
MESSAGE = {
    "seq": 123456,
    "id": "a1B2c3D4e5F6g7H8",
    "author": {"id": "p1B2c3D4e5F6g7H8", "name": "Person 17"},
    "at": "2026-01-01T12:00:00.000000+00:00",
}
PAGE = "<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1><p>{{ text }}</p>"


def create_app() -> Flask:
    """A page, and a room in which everybody hears everybody."""
    app = Flask(__name__)
    socketio = SocketIO(app, async_mode="eventlet", transports=["websocket"], cors_allowed_origins="*")

    @app.get("/")
    def page() -> str:
        return render_template_string(PAGE, title="Bare", text="One small page from a template.")

    @socketio.on("room.open")  # type: ignore[untyped-decorator]  # the library has no types
    def enter(payload: dict[str, Any]) -> dict[str, Any]:
        join_room(payload["room"])
        return {"ok": True}

    @socketio.on("room.post")  # type: ignore[untyped-decorator]  # the library has no types
    def post(payload: dict[str, Any]) -> dict[str, Any]:
        message = {
            **MESSAGE,
            "room": payload["room"],
            "client_id": payload["client_id"],
            "html": f"<p>{payload['body']}</p>",
        }
        emit("room.message", message, to=payload["room"])
        return {"ok": True, "message": message}

    return app


def serve(port: int) -> None:
    """Serve on loopback until ended, with the listener of wsgi.py."""
    listener = eventlet.listen(("127.0.0.1", port), backlog=1024, reuse_port=False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    eventlet.wsgi.server(listener, create_app(), log_output=False, max_size=10_000, debug=False)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
