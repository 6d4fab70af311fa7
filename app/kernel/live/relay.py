"""The relay between processes, and the options of the socket server.

What passes through Redis is sealed with a key derived from the instance's secret: Redis sees no address and no word,
and a copy of its memory or of its traffic tells nothing.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import redis
import socketio

from app.kernel.house import House
from app.kernel.live.fanout import Fanout
from app.kernel.vault.box import Seal

log = logging.getLogger(__name__)

CHANNEL = "sanad-live"
#: A Redis that failed is left alone for this long (seconds): posting must not wait for it each time.
REST_SECONDS = 2.0
#: Publishing waits this long for Redis at most (seconds).
PATIENCE_SECONDS = 1.0


class Json:
    """orjson under the two names that the socket libraries ask for."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(value: str | bytes, **_options: Any) -> Any:
        return orjson.loads(value)


class SealedJson:
    """The same, sealed: what does not open was not written by one of us and raises Tampered."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def dumps(self, value: Any) -> bytes:
        return self._seal.close(orjson.dumps(value))

    def loads(self, value: bytes) -> Any:
        return orjson.loads(self._seal.open(value))


class Alone(Fanout):
    """One process: everybody who listens is connected here."""

    def __init__(self, *, fast: bool) -> None:
        super().__init__()
        self.fast = fast


class Relayed(socketio.RedisManager, Fanout):  # type: ignore[misc]  # the library has no types
    """Several processes: each delivers to its own sockets and tells the others through Redis.

    A Redis that does not answer costs the others' sockets a moment, not the message: they find it by sequence.
    """

    def __init__(self, url: str, seal: Seal, *, fast: bool) -> None:
        super().__init__(url, channel=CHANNEL)
        self.fast = fast
        self._sealed = SealedJson(seal)
        self._sender = redis.Redis.from_url(
            url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )
        self._again = 0.0

    def set_server(self, server: Any) -> None:
        super().set_server(server)
        self.json = self._sealed

    def emit_all(self, events: Sequence[tuple[str, Any]], room: str) -> None:
        super().emit_all(events, room)
        for event, data in events:
            self._publish(
                {
                    "method": "emit",
                    "event": event,
                    "data": [data],
                    "binary": False,
                    "namespace": "/",
                    "room": room,
                    "skip_sid": None,
                    "callback": None,
                    "host_id": self.host_id,
                }
            )

    def _publish(self, message: dict[str, Any]) -> None:
        if time.monotonic() < self._again:
            return
        try:
            self._sender.publish(self.channel, self._sealed.dumps(message))
        except redis.RedisError as error:
            self._again = time.monotonic() + REST_SECONDS
            log.warning("the relay does not answer (%s)", type(error).__name__)

    def _listen(self) -> Iterator[bytes]:
        # The library doubles its waits up to a minute; people should not be without each other for that long.
        client = redis.Redis.from_url(self.redis_url, health_check_interval=10)
        while True:
            try:
                with client.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]  # its own
                    heard.subscribe(self.channel)
                    for message in heard.listen():
                        yield message["data"]
            except redis.RedisError as error:
                log.warning("the relay is not heard (%s)", type(error).__name__)
                time.sleep(REST_SECONDS)


def make_socket_options(house: House) -> dict[str, Any]:
    """What Flask-SocketIO is started with. WebSocket only: polling would put the connection id into addresses."""
    settings = house.settings
    manager: Fanout
    if settings.redis_url:
        seal = Seal(lambda: house.keyring.secret("live-relay"), "live-relay")
        manager = Relayed(settings.redis_url, seal, fast=settings.fast_fanout)
    else:
        manager = Alone(fast=settings.fast_fanout)
    return {
        "client_manager": manager,
        "async_mode": settings.async_engine,
        "async_handlers": False,  # one after the other for each client, so that its messages keep their order
        "cors_allowed_origins": [settings.address],
        "transports": ["websocket"],
        "allow_upgrades": False,
        "max_http_buffer_size": settings.event_bytes,
        "http_compression": False,
        "ping_interval": 25,
        "ping_timeout": 20,
        "cookie": None,
        "manage_session": False,
        "json": Json,
        "always_connect": False,
    }
