"""The load program for XMPP servers: bench.crowd with another client, as small as bench.client.

Everybody signs in by SASL PLAIN over loopback and joins one room (XEP-0045). A post is acknowledged when its own writer hears it
back, by which time the server has archived it.
"""

import base64
import re
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from bench.crowd import ACK, Crowd, main

DOMAIN = "localhost"
PATIENCE = 120.0
_POST = re.compile(rb"bench-[0-9a-f]+-[0-9]+")
_END = b"</message>"


class Speaker:
    """One connected XMPP client. Connecting blocks; afterwards the socket is non-blocking."""

    __slots__ = ("buffer", "mine", "nick", "sock")

    def __init__(self, port: int, nick: str) -> None:
        """Connect, sign in and begin a session. Raises OSError, or RuntimeError when the server refuses."""
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.nick = b"", nick
        #: What stands in `from` of what comes back to whoever wrote it, in either kind of quotation mark.
        self.mine = re.compile(rb"from=(['\"])[^'\"]*/" + nick.encode() + rb"\1")
        self._begin_stream()
        secret = base64.b64encode(f"\0{nick}\0{nick}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        self._expect(b"<success")
        self._begin_stream()
        self.send(
            "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>b</resource></bind></iq>"
        )
        self._expect(b"</iq>")

    def _begin_stream(self) -> None:
        self.buffer = b""
        self.send(
            f"<stream:stream to='{DOMAIN}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        )
        self._expect(b"</stream:features>")

    def _expect(self, words: bytes) -> None:
        while words not in self.buffer:
            if b"<failure" in self.buffer or b"<stream:error" in self.buffer:
                raise RuntimeError(f"the server refused: {self.buffer[-300:]!r}")
            part = self.sock.recv(65536)
            if not part:
                raise ConnectionError("the server closed the connection")
            self.buffer += part
        self.buffer = b""

    def send(self, stanza: str) -> None:
        self.sock.sendall(stanza.encode())

    def join(self, room: str) -> None:
        entering = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
        self.send(f"<presence to='{room}/{self.nick}'>{entering}</presence>")

    def emit(self, _event: str, payload: Any) -> None:
        head = f"to='{payload['room']}' type='groupchat' id='{payload['client_id']}'"
        self.send(f"<message {head}><body>{payload['body']}</body></message>")


class Room(Crowd):
    """Everybody in one room of an XMPP server."""

    def __init__(self, address: str, room: str, cookies: list[str], people: int) -> None:  # of one shape
        self.room = room
        port = int(address.rpartition(":")[2])
        self.people: list[Any] = []
        self.by_number: dict[int, Any] = {}
        self.poll = select.epoll()
        self.posted = self.acknowledged = self.delivered = self.refused = 0
        for number in range(people):
            person = Speaker(port, f"p{number}")
            self.people.append(person)
            self.by_number[person.sock.fileno()] = person
            person.join(room)
            self._settle_in(person)
            person.sock.setblocking(False)
            self.poll.register(person.sock.fileno(), select.EPOLLIN)
        # Presence of everybody goes to everybody: read until nothing has come for a while.
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._drain(1.0):
            pass

    def _settle_in(self, person: Speaker) -> None:
        """Wait for the presence that ends joining (status 110), and read what the others are told meanwhile."""
        while b"110" not in person.buffer:
            person.buffer = person.buffer[-400:] + person.sock.recv(262_144)
            self._drain(0)
        person.buffer = b""

    def _drain(self, wait: float) -> bool:
        events = self.poll.poll(wait) if self.by_number else []
        for number, _ in events:
            self.by_number[number].sock.recv(262_144)
        return bool(events)

    def understand(self, person: Any, part: bytes, heard: Callable[[Any, bytes], None]) -> None:
        *stanzas, person.buffer = (person.buffer + part).split(_END)
        for stanza in stanzas:
            post = _POST.search(stanza)
            if post is None:
                continue
            self.delivered += 1
            heard(person, post[0] + b'"')
            if person.mine.search(stanza):
                self.acknowledged += 1
                heard(person, ACK)


if __name__ == "__main__":
    main(Room)
