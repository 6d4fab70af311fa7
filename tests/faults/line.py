"""Somebody's connection to a room, by hand: no library that would hide what happens on a bad network."""

import json
import select
import time
from collections.abc import Callable
from typing import Any

from app.kernel.sessions import PLAIN_COOKIE
from bench.client import Client, split_frames
from tests.server import Server

#: Seconds that an answer is waited for.
PATIENCE = 10.0


class Gone(ConnectionError):
    """The connection ended, or nothing came for too long."""


class Line(Client):
    """One connected client that reads only when asked. `hear` gets the name and the content of every event."""

    def __init__(
        self, server: Server, token: str, *, port: int = 0, hear: Callable[[str, Any], None] | None = None
    ) -> None:
        """Connect, through `port` where that is another one. Raises Gone when that fails or is refused."""
        self.hear = hear or (lambda _event, _content: None)
        self.answers: dict[int, Any] = {}
        self.ended = False
        try:
            super().__init__(f"http://127.0.0.1:{port or server.port}", f"{PLAIN_COOKIE}={token}", server.address)
        except (OSError, RuntimeError) as error:
            raise Gone(str(error)) from error

    def call(self, event: str, content: Any, seconds: float = PATIENCE) -> Any:
        """Send an event and read until its answer is there. Raises Gone."""
        return self.answer_to(self.tell(event, content), seconds)

    def tell(self, event: str, content: Any) -> int:
        """Send an event; returns the number of the answer that will come."""
        try:
            return self.emit(event, content)
        except OSError as error:
            raise Gone(str(error)) from error

    def answer_to(self, number: int, seconds: float = PATIENCE) -> Any:
        self.read_until(lambda: number in self.answers, seconds)
        return self.answers.pop(number)

    def read_until(self, done: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Read until something is so. Raises Gone when the connection or the time ends before."""
        deadline = time.monotonic() + seconds
        self._take_what_is_there()
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                raise Gone("nothing came")
            self.read(left)

    def read(self, seconds: float) -> bool:
        """Read once, if anything comes within so many seconds. Raises Gone at the end of the connection."""
        poll = select.poll()  # takes any file's number, where `select` stops at 1,024
        poll.register(self.sock, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return False
        try:
            self._receive()
        except OSError as error:
            self.ended = True
            raise Gone(str(error)) from error
        self._take_what_is_there()
        return True

    def wait_for_end(self, seconds: float = PATIENCE) -> None:
        """Read until the other side has ended the connection. Raises AssertionError when it does not."""
        try:
            self.read_until(lambda: False, seconds)
        except Gone:
            assert self.ended, f"still connected after {seconds} s"

    def _take_what_is_there(self) -> None:
        if self.buffer:
            self.buffer = split_frames(self.buffer, self._take)

    def _take(self, message: bytes) -> None:
        if message == b"2":
            self.send("3")
        elif message.startswith(b"43"):
            number, _, answer = message[2:].partition(b"[")
            self.answers[int(number)] = json.loads(b"[" + answer)[0]
        elif message.startswith(b"42"):
            self.hear(*json.loads(message[2:]))
