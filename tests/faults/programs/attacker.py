"""Somebody who floods a server until told to stop, in a process of their own so that whoever measures is not slowed by it.

`python -m tests.faults.programs.attacker ATTACK PORT ROOM TOKEN ...` says "at work" once it is, goes on until its input
ends, and then prints what happened as one JSON object.
"""

import json
import math
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bench.client import Client, client_frame, split_frames

#: Frames of one writing, and connections of each kind that are held open.
BATCH, HELD = 100, 300
COOKIE = "sanad"
#: Seconds after which an attack to which nothing happens is over.
LONGEST = 15


class Attacker:
    """What an attack knows, and what came of it."""

    def __init__(self, port: int, room: str, tokens: list[str]) -> None:
        self.port, self.room, self.tokens = port, room, tokens
        self.came_of_it: Counter[str] = Counter()
        self.began = time.monotonic()

    def connected(self) -> list[Client]:
        """As many sockets as may be had with these sessions."""
        clients = []
        for token in self.tokens:
            for _ in range(4):
                with suppress(OSError, RuntimeError):
                    clients.append(Client(f"http://127.0.0.1:{self.port}", f"{COOKIE}={token}"))
        for client in clients:
            client.sock.setblocking(False)
        return clients

    def going_on(self, until: str) -> bool:
        """Whether nobody has ended our input yet, or what is to come of it has not come yet."""
        over = self.came_of_it[until] > 0 or time.monotonic() > self.began + LONGEST
        return not (over and select.select([sys.stdin], [], [], 0)[0])

    def flood(self, event: str) -> None:
        """The same event again and again on every socket, without waiting for answers, which are read."""
        text = f"421{json.dumps([event, {'room': self.room, 'since': 0, 'client_id': 'flood-flood', 'body': 'x'}])}"
        batch = client_frame(text.encode()) * BATCH
        clients = self.connected()
        say_at_work()
        left = dict.fromkeys(clients, b"")
        while self.going_on("too_many"):
            if not left:
                time.sleep(0.02)
            for client in list(left):
                try:
                    self._hear(client)
                    left[client] = left[client] or batch
                    left[client] = left[client][client.sock.send(left[client]) :]
                    self.came_of_it["writings"] += 1
                except BlockingIOError:
                    continue
                except OSError:
                    self.came_of_it["closed"] += 1
                    del left[client]

    def _hear(self, client: Client) -> None:
        with suppress(BlockingIOError):
            part = client.sock.recv(1_000_000)
            if not part:
                raise ConnectionError
            client.buffer = split_frames(client.buffer + part, self._count)

    def _count(self, message: bytes) -> None:
        for outcome, sign in (("too_many", b'"too_many"'), ("invalid", b'"invalid"'), ("ok", b'"ok":true')):
            self.came_of_it[outcome] += sign in message

    def events(self) -> None:
        self.flood("room.since")

    def posts(self) -> None:
        self.flood("room.post")

    def unknown(self) -> None:
        self.flood("no.such.event")

    def connections(self) -> None:
        """Handshakes with a session, as fast as they go."""
        say_at_work()
        while self.going_on("refused"):
            try:
                Client(f"http://127.0.0.1:{self.port}", f"{COOKIE}={self.tokens[0]}").close()
                self.came_of_it["let in"] += 1
            except (OSError, RuntimeError):
                self.came_of_it["refused"] += 1

    def strangers(self) -> None:
        """Handshakes without a session, as fast as they go, and connections that are held open and say nothing."""
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(HELD)]
        for slow in silent[::2]:
            slow.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0")
        say_at_work()
        while self.going_on("refused"):
            try:
                Client(f"http://127.0.0.1:{self.port}").close()
                self.came_of_it["let in"] += 1
            except (OSError, RuntimeError):
                self.came_of_it["refused"] += 1


def say_at_work() -> None:
    say("at work")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(attack: str, port: str, room: str, *tokens: str) -> None:
    attacker = Attacker(int(port), room, list(tokens))
    attacks: dict[str, Callable[[], Any]] = {
        name: getattr(attacker, name) for name in ("events", "posts", "unknown", "connections", "strangers")
    }
    attacks[attack]()
    attacker.came_of_it["seconds"] = math.ceil(time.monotonic() - attacker.began)
    say(json.dumps(attacker.came_of_it))


if __name__ == "__main__":
    main(*sys.argv[1:])
