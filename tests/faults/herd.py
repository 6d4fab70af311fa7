"""A thousand browsers in one loop: each connects, opens a room where it was, and goes on reading."""

import json
import select
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.kernel.sessions import PLAIN_COOKIE
from bench.client import client_frame, split_frames
from tests.server import Server

UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nOrigin: {origin}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nCookie: {cookie}={token}\r\n\r\n"
)


@dataclass(eq=False)
class Browser:
    """One connection, and what was read by it and by those before it."""

    token: str
    sock: socket.socket | None = None
    buffer: bytes = b""
    asked: bool = False
    upgraded: bool = False
    heard: list[str] = field(default_factory=list)
    last: int = 0
    #: When it had all that was said before it came back (monotonic seconds), and whether it missed something since.
    caught_up: float = 0.0
    behind: bool = False


class Herd:
    """Everybody in one room, moved on by one epoll loop. Connections that are refused or lost are made again at once."""

    def __init__(self, server: Server, room: str, tokens: Iterable[str]) -> None:
        self.server, self.room = server, room
        self.browsers = [Browser(token) for token in tokens]
        self.lost = 0
        self._poll = select.epoll()
        self._by_number: dict[int, Browser] = {}

    def come(self) -> None:
        """Everybody connects at the same moment."""
        for browser in self.browsers:
            self._connect(browser)

    def run(self, until: Callable[[], bool], seconds: float) -> None:
        """Read and answer until something is so. Raises AssertionError when the time is over before."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, (
                f"{sum(not one.caught_up for one in self.browsers)} have not caught up, of whom"
                f" {sum(not one.asked for one in self.browsers)} are not connected and"
                f" {sum(not one.upgraded for one in self.browsers)} not let in; {self.lost} lines were lost"
            )
            for number, _events in self._poll.poll(0.05):
                browser = self._by_number.get(number)
                if browser is not None:
                    self._go_on(browser)

    def has_caught_up(self) -> bool:
        return all(browser.caught_up and not browser.behind for browser in self.browsers)

    def has_heard(self, number: int) -> bool:
        return all(browser.last >= number for browser in self.browsers)

    def close(self) -> None:
        for browser in self.browsers:
            self._forget(browser)
        self._poll.close()

    def _connect(self, browser: Browser) -> None:
        self._forget(browser)
        browser.sock = sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect_ex(("127.0.0.1", self.server.port))
        self._by_number[sock.fileno()] = browser
        self._poll.register(sock, select.EPOLLOUT)

    def _forget(self, browser: Browser) -> None:
        if browser.sock is not None:
            self._by_number.pop(browser.sock.fileno(), None)
            browser.sock.close()
        browser.sock, browser.buffer, browser.caught_up = None, b"", 0.0
        browser.asked = browser.upgraded = browser.behind = False

    def _go_on(self, browser: Browser) -> None:
        assert browser.sock is not None
        try:
            if not browser.asked:
                self._ask_to_be_let_in(browser)
                return
            part = browser.sock.recv(262_144)
            if not part:
                raise ConnectionError
            self._take(browser, browser.buffer + part)
        except BlockingIOError:
            return
        except OSError:
            self.lost += 1
            self._connect(browser)

    def _ask_to_be_let_in(self, browser: Browser) -> None:
        assert browser.sock is not None
        if browser.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionError
        wanted = {"port": self.server.port, "origin": self.server.address, "cookie": PLAIN_COOKIE}
        browser.sock.sendall(UPGRADE.format(**wanted, token=browser.token).encode())
        browser.asked = True
        self._poll.modify(browser.sock, select.EPOLLIN)

    def _take(self, browser: Browser, received: bytes) -> None:
        if not browser.upgraded:
            head, ended, rest = received.partition(b"\r\n\r\n")
            if not ended:
                browser.buffer = received
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                raise ConnectionError
            browser.upgraded, received = True, rest
        messages: list[bytes] = []
        browser.buffer = split_frames(received, messages.append)
        for message in messages:
            self._hear(browser, message)

    def _hear(self, browser: Browser, message: bytes) -> None:
        if message.startswith(b"0{"):
            self._send(browser, "40")
        elif message.startswith(b"44"):
            raise ConnectionError
        elif message.startswith(b"40"):
            self._ask(browser, "room.open")
        elif message == b"2":
            self._send(browser, "3")
        elif message.startswith(b"431["):
            answer = json.loads(message[3:])[0]
            assert answer["ok"], answer
            self._apply(browser, answer["messages"])
            if answer["more"] or browser.behind:
                self._ask(browser, "room.since")
            else:
                browser.caught_up = browser.caught_up or time.monotonic()
        elif message.startswith(b'42["room.message"'):
            self._apply(browser, [json.loads(message[2:])[1]])
            if browser.behind:
                self._ask(browser, "room.since")

    def _apply(self, browser: Browser, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["seq"] == browser.last + 1:
                browser.last += 1
                browser.heard.append(message["client_id"])
                browser.behind = False
            elif message["seq"] > browser.last + 1:
                browser.behind = True

    def _ask(self, browser: Browser, event: str) -> None:
        self._send(browser, f"421{json.dumps([event, {'room': self.room, 'since': browser.last}])}")

    def _send(self, browser: Browser, text: str) -> None:
        assert browser.sock is not None
        browser.sock.sendall(client_frame(text.encode()))
