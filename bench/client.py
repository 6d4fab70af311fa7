"""The cheapest Socket.IO client that is still correct: one raw socket, frames parsed by hand, no library in
between."""

import base64
import json
import os
import socket
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

#: Seconds to wait for any single answer while connecting.
PATIENCE = 30.0


class Client:
    """One connected Socket.IO client. Connecting blocks; afterwards the socket is non-blocking."""

    __slots__ = ("buffer", "number", "sock")

    def __init__(self, address: str, cookie: str = "", origin: str = "") -> None:
        """Connect and shake hands. Raises OSError, or RuntimeError when the server refuses.

        `origin` is what people type, where that is another address than the one that is connected to.
        """
        url = urlsplit(address)
        self.sock = socket.create_connection((url.hostname or "127.0.0.1", url.port or 80), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.number = 0
        self._upgrade(origin or address, url.netloc, cookie)
        self._expect(b"0{")
        self.send("40")
        self._expect(b"40")

    def _upgrade(self, origin: str, host: str, cookie: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Origin: {origin}",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            *([f"Cookie: {cookie}"] if cookie else []),
        ]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"the server refused: {head[:80]!r}")

    def _receive(self) -> None:
        part = self.sock.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part

    def _expect(self, start: bytes) -> bytes:
        """The first message that begins so; others before it are dropped."""
        while True:
            found: list[bytes] = []
            self.buffer = split_frames(self.buffer, found.append)
            for place, message in enumerate(found):
                if message.startswith(start):
                    # Frames after the expected one are put back, in order.
                    self.buffer = b"".join(server_frame(m) for m in found[place + 1 :]) + self.buffer
                    return message
                if message.startswith(b"44"):
                    raise RuntimeError(f"the server refused: {message!r}")
            self._receive()

    def send(self, text: str) -> None:
        self.sock.sendall(client_frame(text.encode()))

    def emit(self, event: str, payload: Any) -> int:
        """Send an event that asks for an acknowledgement; returns its number."""
        self.number += 1
        self.send(f"42{self.number}{json.dumps([event, payload], separators=(',', ':'))}")
        return self.number

    def ask(self, event: str, payload: Any) -> Any:
        """Send an event and wait for its acknowledgement."""
        start = f"43{self.emit(event, payload)}["
        return json.loads(self._expect(start.encode())[len(start) - 1 :])[0]

    def close(self) -> None:
        self.sock.close()


def client_frame(payload: bytes) -> bytes:
    """A masked text frame. The mask is zero, so that masking costs the load program nothing."""
    length = len(payload)
    if length < 126:
        return struct.pack("!BBI", 0x81, 0x80 | length, 0) + payload
    return struct.pack("!BBHI", 0x81, 0x80 | 126, length, 0) + payload


def server_frame(payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return struct.pack("!BB", 0x81, length) + payload
    if length < 65536:
        return struct.pack("!BBH", 0x81, 126, length) + payload
    return struct.pack("!BBQ", 0x81, 127, length) + payload


def split_frames(buffer: bytes, found: Callable[[bytes], None]) -> bytes:
    """Hand each whole frame's payload to `found`; returns what is left of the buffer."""
    start, end = 0, len(buffer)
    while end - start >= 2:
        length = buffer[start + 1]
        body = start + 2
        if length == 126:
            body = start + 4
            length = int.from_bytes(buffer[start + 2 : body], "big")
        elif length == 127:
            body = start + 10
            length = int.from_bytes(buffer[start + 2 : body], "big")
        if body + length > end:
            break
        found(buffer[body : body + length])
        start = body + length
    return buffer[start:]
