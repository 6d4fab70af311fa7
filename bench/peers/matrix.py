"""The load program for Matrix servers: bench.crowd with another client, as small as bench.client.

Everybody has one kept connection on which a /sync always waits (long polling, again as soon as it is answered) and, while
they write, a second one for PUT /send. One answer to /sync may bring several messages: each of them is a delivery. A post is
acknowledged by the answer to its PUT.
"""

import json
import re
import select
import socket
import time
from collections.abc import Callable
from http.client import OK
from typing import Any
from urllib.parse import quote

from bench.crowd import ACK, Crowd, main

SYNC = "/_matrix/client/v3/sync"
PATIENCE = 60.0
#: How many times longer than elsewhere late deliveries are waited for: a slow server is measured, not called broken.
PATIENT = 4
#: Milliseconds that the server may hold a /sync in which nothing happens. Longer than the usual half minute, so that this
#: crowd gives the first core nothing to do while other servers have their turn.
HOLD = 900_000
#: What clients ask for: members only of those who write, and more messages at once than ever wait.
FILTER = {"room": {"state": {"lazy_load_members": True}, "timeline": {"limit": 100}}, "presence": {"types": []}}
_POST = re.compile(rb'"client_id":"(bench-[0-9a-f]+-[0-9]+")')
_NEXT = re.compile(rb'"next_batch":"([^"]+)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


class Line:
    """One kept HTTP connection. Answers come in the order of the questions."""

    __slots__ = ("buffer", "head", "person", "sock")

    def __init__(self, port: int, token: str, person: "Person") -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nContent-Length: "
        self.buffer = b""
        self.person = person

    def send(self, method: str, path: str, words: Any = None) -> None:
        body = "" if words is None else json.dumps(words)
        self.sock.sendall(f"{method} {path} HTTP/1.1\r\n{self.head}{len(body)}\r\n\r\n{body}".encode())

    def read(self) -> list[tuple[int, bytes]]:
        """The status and the body of each answer that is complete. Raises ConnectionError at the end of the line."""
        part = self.sock.recv(262_144)
        if not part:
            raise ConnectionError("the server closed a connection")
        self.buffer += part
        found = []
        while (answer := split_answer(self.buffer)) is not None:
            status, body, self.buffer = answer
            found.append((status, body))
        return found

    def ask(self, method: str, path: str, words: Any = None) -> bytes:
        """Send and wait for the answer. Raises RuntimeError when it is a refusal."""
        self.send(method, path, words)
        while not (found := self.read()):
            pass
        status, body = found[0]
        if status != OK:
            raise RuntimeError(f"the server answered {status}: {body[:300]!r}")
        return body


def split_answer(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """The status, the body and what follows of the first answer; nothing while it is incomplete."""
    head, found, rest = buffer.partition(b"\r\n\r\n")
    if not found:
        return None
    status = int(head[9:12])
    if _CHUNKED.search(head):
        parts: list[bytes] = []
        while True:
            size, found, rest = rest.partition(b"\r\n")
            length = int(size, 16) if found else 0
            if not found or len(rest) < length + 2:
                return None
            if length == 0:
                return status, b"".join(parts), rest[2:]
            parts.append(rest[:length])
            rest = rest[length + 2 :]
    stated = _LENGTH.search(head)
    length = int(stated[1]) if stated else 0
    return None if len(rest) < length else (status, rest[:length], rest[length:])


class Person:
    """Somebody in the room: a line that listens, and one that writes."""

    __slots__ = ("filter", "listening", "port", "token", "writing")

    def __init__(self, port: int, token: str, name: str) -> None:
        self.port, self.token = port, token
        self.writing: Line | None = None
        self.listening = Line(port, token, self)
        asked = self.listening.ask("POST", f"/_matrix/client/v3/user/{quote(f'@{name}:localhost')}/filter", FILTER)
        self.filter = json.loads(asked)["filter_id"]
        # Where everybody stands now. What was before is of no interest here, so no room is asked for.
        nothing = quote(json.dumps({"room": {"rooms": []}}))
        self.go_on_from(self.listening.ask("GET", f"{SYNC}?filter={nothing}"))

    def go_on_from(self, answer: bytes) -> None:
        """Ask for what comes after this answer. Raises RuntimeError when it does not say where that begins."""
        found = _NEXT.search(answer)
        if found is None:
            raise RuntimeError(f"an answer without next_batch: {answer[:300]!r}")
        self.listening.send("GET", f"{SYNC}?filter={self.filter}&timeout={HOLD}&since={quote(found[1].decode())}")

    def emit(self, _event: str, payload: Any) -> None:
        assert self.writing
        words = {"msgtype": "m.text", "body": payload["body"], "client_id": payload["client_id"]}
        # Another name than in the message: whoever wrote it hears both.
        place = f"{quote(payload['room'])}/send/m.room.message/t{payload['client_id']}"
        self.writing.send("PUT", f"/_matrix/client/v3/rooms/{place}", words)


class Room(Crowd):
    """Everybody in one room of a Matrix server."""

    def __init__(self, address: str, room: str, cookies: list[str], people: int) -> None:  # of one shape
        self.room = room
        port = int(address.rpartition(":")[2])
        self.poll = select.epoll()
        self.lines: dict[int, Line] = {}
        self.posted = self.acknowledged = self.delivered = self.refused = 0
        self.people: list[Any] = [Person(port, cookies[number], f"p{number}") for number in range(people)]
        for person in self.people:
            self._watch(person.listening)

    def _watch(self, line: Line) -> None:
        line.sock.setblocking(False)
        self.lines[line.sock.fileno()] = line
        self.poll.register(line.sock.fileno(), select.EPOLLIN)

    def post(self, person: Any, body: str) -> str:
        if person.writing is None:
            person.writing = Line(person.port, person.token, person)
            self._watch(person.writing)
        return super().post(person, body)

    def settle(self, heard: Callable[[Any, bytes], None]) -> None:
        for _ in range(PATIENT):
            super().settle(heard)

    def read(self, wait: float, heard: Callable[[Any, bytes], None]) -> None:
        """Read whatever has arrived within `wait` seconds, as the other crowd does."""
        for number, _ in self.poll.poll(wait):
            line = self.lines[number]
            if line is line.person.writing:
                self._read_acknowledgements(line, heard)
            else:
                self._read_messages(line, heard)

    def _read_acknowledgements(self, line: Line, heard: Callable[[Any, bytes], None]) -> None:
        try:
            answers = line.read()
        except (
            ConnectionError
        ):  # the server closes lines on which nobody writes for a minute; the next post opens another
            self.poll.unregister(line.sock.fileno())
            del self.lines[line.sock.fileno()]
            line.sock.close()
            line.person.writing = None
            return
        for status, _body in answers:
            self.acknowledged += 1
            self.refused += status != OK
            heard(line.person, ACK)

    def _read_messages(self, line: Line, heard: Callable[[Any, bytes], None]) -> None:
        answers = line.read()
        self.arrived = time.perf_counter()
        for status, body in answers:
            if status != OK:
                raise RuntimeError(f"/sync was answered with {status}: {body[:300]!r}")
            line.person.go_on_from(body)
            for post in _POST.findall(body):
                self.delivered += 1
                heard(line.person, post)


if __name__ == "__main__":
    main(Room)
