"""Realtime: the socket server, its handshake, the recheck on every event, and publishing after commit."""

from app.kernel.live.events import Events, SocketEvent
from app.kernel.live.gateway import Gateway, OpenSocket, publish

__all__ = ["Events", "Gateway", "OpenSocket", "SocketEvent", "publish"]
