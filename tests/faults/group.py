"""The grown shape: several server processes over one PostgreSQL and one Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from config import Settings
from tests.factories import Factory
from tests.faults.line import Gone, Line
from tests.server import Server

WORDS = ("one", "two", "three", "four")


@dataclass
class Group:
    """Processes that serve one instance."""

    servers: list[Server]
    make: Factory

    @property
    def one(self) -> Server:
        return self.servers[0]

    @property
    def two(self) -> Server:
        return self.servers[1]


@contextmanager
def group(settings: Settings, redis_url: str, number: int = 2, **more: str) -> Iterator[Group]:
    """So many processes, for as long as the block lasts."""
    shared = {
        "DATABASE_URL": settings.database_url,
        "KEYS_URL": settings.keys_url,
        "REDIS_URL": redis_url,
        "PROCESSES": str(number),
        "ADDRESS": "http://127.0.0.1:5999",
        **more,
    }
    servers = [Server(settings.instance, shared, log=settings.instance / f"{word}.log") for word in WORDS[:number]]
    running = Group(servers, servers[0].factory())
    try:
        for server in servers:
            server.start()
        yield running
    finally:
        for server in servers:
            server.stop()
        running.make.house.close()


class Across:
    """Somebody on one process who speaks to somebody on another."""

    def __init__(self, group: Group) -> None:
        nour, lina = group.make.token(), group.make.token()
        self.room = group.make.room(group.make.actor(nour), group.make.actor(lina)).public_id
        self.heard: set[str] = set()
        self.here, self.there = Line(group.one, nour), Line(group.two, lina)
        self.there.hear = lambda _event, content: self.heard.add(content["client_id"])
        for line in (self.here, self.there):
            assert line.call("room.open", {"room": self.room, "since": None})["ok"]
        self._numbers = count(1)

    def is_heard(self) -> bool:
        """Say something. Returns whether the other one hears it at once, without asking."""
        client_id = f"across-{next(self._numbers):06d}"
        assert self.here.call("room.post", {"room": self.room, "client_id": client_id, "body": "أتسمع؟"})["ok"]
        try:
            self.there.read_until(lambda: client_id in self.heard, seconds=0.6)
        except Gone:
            return False
        return True

    def close(self) -> None:
        self.here.close()
        self.there.close()
