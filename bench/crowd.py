"""The load program: many connected people in one process of its own, told what to do line by line.

The first line of its input is the job, {"address", "room", "cookies" (may be empty), "people"}, answered when all are in
the room. Each later line is an order, answered when it is done:

    {"do": "flood", "seconds": s, "in_flight": n, "body": text}   n people post, each again when acknowledged
    {"do": "pace", "seconds": s, "per_second": r, "body": text}   posts at a steady rate; how long each delivery took
    {"do": "turn", "times": n, "body": text}                      one person posts and waits, n times
"""

import json
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.client import Client, split_frames

#: Seconds that late deliveries are waited for after the last post.
PATIENCE = 15.0
MESSAGE = b'42["room.message"'
ACK = b"43"
PING = b"2"
#: What is received goes here first: room for so much, made anew for each receiver, would take longer than to read.
_ROOM = memoryview(bytearray(262_144))


class Crowd:
    """Everybody in one room, read by one epoll loop."""

    def __init__(self, address: str, room: str, cookies: list[str], people: int) -> None:
        self.room = room
        self.people = [self.connect(address, cookies[i] if cookies else "", i) for i in range(people)]
        for person in self.people:
            answer = person.ask("room.open", {"room": self.room_of(person), "since": None})
            if not answer.get("ok"):
                raise RuntimeError(f"the room did not open: {answer}")
        self.by_number = {person.sock.fileno(): person for person in self.people}
        self.poll = select.epoll()
        for number, person in self.by_number.items():
            person.sock.setblocking(False)
            self.poll.register(number, select.EPOLLIN)
        self.posted = self.acknowledged = self.delivered = self.refused = 0
        #: The clock when what is being understood was taken from its socket.
        self.arrived = 0.0

    def connect(self, address: str, cookie: str, _place: int) -> Client:
        return Client(address, cookie)

    def room_of(self, _person: Client) -> str:
        return self.room

    def post(self, person: Client, body: str) -> str:
        """Post as this person; returns the id that comes back in every delivery."""
        self.posted += 1
        client_id = f"bench-{time.monotonic_ns():x}-{self.posted}"
        person.emit("room.post", {"room": self.room_of(person), "client_id": client_id, "body": body})
        return client_id

    def read(self, wait: float, heard: Callable[[Any, bytes], None]) -> None:
        """Read whatever arrives within `wait` seconds; `heard` gets the acknowledgements and the messages.

        All that is there is taken from the sockets before any of it is looked at, and `arrived` says when that was: what this
        program thinks about one delivery is not counted as waiting of the next.
        """
        taken: list[tuple[float, Any, bytes]] = []
        while events := self.poll.poll(0 if taken else wait):
            for number, _ in events:
                person = self.by_number[number]
                part = self.take(person)
                if part is not None:
                    taken.append((time.perf_counter(), person, part))
        for self.arrived, person, part in taken:
            self.understand(person, part, heard)

    def take(self, person: Any) -> bytes | None:
        """What has arrived for this person. Raises ConnectionError at the end of the connection."""
        length = person.sock.recv_into(_ROOM)
        if not length:
            raise ConnectionError("the server closed a connection")
        return bytes(_ROOM[:length])

    def understand(self, person: Any, part: bytes, heard: Callable[[Any, bytes], None]) -> None:
        """What this part of somebody's stream completes."""

        def found(message: bytes) -> None:
            if message.startswith(MESSAGE):
                self.delivered += 1
                heard(person, message)
            elif message.startswith(ACK):
                self.acknowledged += 1
                if b'"ok":true' not in message:
                    self.refused += 1
                heard(person, message)
            elif message == PING:
                person.send("3")

        person.buffer = split_frames(person.buffer + part if person.buffer else part, found)

    def settle(self, heard: Callable[[Client, bytes], None]) -> None:
        """Wait until everything posted has been acknowledged and has reached everybody."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.acknowledged >= self.posted and self.delivered >= self.expected:
                return
            self.read(0.05, heard)

    @property
    def expected(self) -> int:
        return (self.posted - self.refused) * len(self.people)

    def start_counting(self) -> None:
        self.posted = self.acknowledged = self.delivered = self.refused = 0

    def posters(self, number: int) -> list[Client]:
        """So many of the people, from all over the crowd."""
        step = max(1, len(self.people) // number)
        return self.people[: step * number : step]

    def flood(self, seconds: float, in_flight: int, body: str) -> dict[str, Any]:
        """As many posts as the server takes, `in_flight` at a time."""
        self.start_counting()
        until = time.monotonic() + seconds

        def heard(person: Client, message: bytes) -> None:
            if message.startswith(ACK) and time.monotonic() < until:
                self.post(person, body)

        for person in self.posters(in_flight):
            self.post(person, body)
        while time.monotonic() < until:
            self.read(0.05, heard)
        self.settle(heard)
        return self.counts()

    def pace(self, seconds: float, per_second: float, body: str) -> dict[str, Any]:
        """A steady rate; milliseconds from each send to each receiver's reading, once everybody has posted after the pause.

        At a rate at which that would take more than half of the time, the second half of it counts.
        """
        self.start_counting()
        sent: dict[bytes, float] = {}
        taken: list[float] = []

        def heard(_person: Client, message: bytes) -> None:
            if not message.startswith(ACK):
                start = message.index(b"bench-")
                post = message[start : message.index(b'"', start)]
                if post in sent:
                    taken.append((self.arrived - sent[post]) * 1000)

        posts = int(seconds * per_second)
        first = min(len(self.people), posts // 2)
        start = time.perf_counter()
        for turn in range(posts):
            while (wait := start + turn / per_second - time.perf_counter()) > 0:
                self.read(wait, heard)
            before = time.perf_counter()
            post = self.post(self.people[turn % len(self.people)], body)
            if turn >= first:
                sent[post.encode()] = before
        self.settle(heard)
        return {**self.counts(), "taken_ms": taken}

    def turn(self, times: int, body: str) -> dict[str, Any]:
        """One person posts and waits for the acknowledgement: milliseconds of each round trip."""
        self.start_counting()
        taken: list[float] = []

        def heard(_person: Client, _message: bytes) -> None: ...

        for _ in range(times):
            before = time.perf_counter()
            self.post(self.people[0], body)
            while self.acknowledged < self.posted:
                self.read(1.0, heard)
            taken.append((time.perf_counter() - before) * 1000)
            self.settle(heard)
        return {**self.counts(), "taken_ms": taken}

    def counts(self) -> dict[str, Any]:
        return {
            "posted": self.posted,
            "refused": self.refused,
            "delivered": self.delivered,
            "missing": self.expected - self.delivered,
        }


def main(kind: type[Crowd] = Crowd) -> None:
    """Do what is ordered, with a crowd of this kind."""
    job = json.loads(sys.stdin.readline())
    crowd = kind(job["address"], job["room"], job["cookies"], job["people"])
    print(json.dumps({"people": len(crowd.people)}), flush=True)
    while line := _next_order(crowd):
        order = json.loads(line)
        acts: dict[str, Callable[..., Any]] = {"flood": crowd.flood, "pace": crowd.pace, "turn": crowd.turn}
        act = acts[order.pop("do")]
        print(json.dumps(act(**order)), flush=True)


def _next_order(crowd: Crowd) -> str:
    """The next line, waited for while everybody goes on answering pings; nothing at the end."""
    while sys.stdin not in select.select([sys.stdin, crowd.poll], [], [])[0]:
        crowd.read(0, lambda _person, _message: None)
    return sys.stdin.readline()


if __name__ == "__main__":
    main()
