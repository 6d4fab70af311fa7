"""What must be known about the engine's WebSocket object, found by its shape, so that no engine is imported
here.

Every WebSocket of an Engine.IO server is opened through `adapt`. On an object of eventlet's shape it mends
six things, each a way in which one client could hurt the others; on any other engine it only closes what a
failed socket leaves open.
"""

import functools
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any

log = logging.getLogger(__name__)

#: Bytes asked of the system at once: whole frames, as people send them.
READ_AT_ONCE = 4096
#: First byte of a whole text frame, and the bit of the second that says it is masked (RFC 6455, section 5.2).
WHOLE_TEXT, MASKED = 0x81, 0x80


def adapt(eio: Any, opened: Callable[[Any, Any], None]) -> None:
    """Open every later WebSocket of the Engine.IO server `eio` in our way, and tell `opened(engineio_socket,
    websocket)`.

    WebSocket must be the only transport: an Engine.IO socket does not outlive its WebSocket.
    """
    driver = eio._async["websocket"]

    def open_websocket(handler: Any, server: Any) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
        connection = handler.__self__

        def run(websocket: Any) -> Any:
            harden(websocket, server.sleep)
            opened(connection, websocket)
            try:
                return handler(websocket)
            except (ValueError, OSError) as error:
                # A frame that is not an Engine.IO packet ends here. It is the client's mistake: no traceback,
                # which would let anybody fill the log.
                log.info("a socket was closed: %s", type(error).__name__)
                return []

        opening = driver(run, server)
        # The drafts before RFC 6455 have no frame length, so the engine would collect such a "frame" without
        # end.
        opening.support_legacy_versions = False

        def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            # Per-message deflate costs four fifths of the fan-out, and a shared frame cannot be compressed
            # per receiver.
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            try:
                body: Iterable[bytes] = opening(environ, start_response)
                return body
            finally:
                # A refused handshake or a failed socket must not wait for its ping to be forgotten.
                if not connection.closed:
                    connection.close(wait=False, abort=True, reason=server.reason.TRANSPORT_ERROR)

        return respond

    eio._async = {**eio._async, "websocket": open_websocket}


def raw_socket(websocket: Any) -> socket.socket | None:
    """The operating system's socket under the engine's WebSocket, or None where bytes must not bypass the
    engine."""
    # Not isinstance: once the engine has patched the process, the name `socket.socket` means its own class.
    raw: socket.socket | None = getattr(getattr(websocket, "socket", None), "fd", None)
    return raw if hasattr(websocket, "_sendlock") else None


def harden(websocket: Any, sleep: Callable[[float], None]) -> None:
    """Give a WebSocket of eventlet's shape fast unmasking, a turn per frame and a bound on fragments."""
    if hasattr(websocket, "_recv_frame"):
        shape: Any = type(websocket)
        websocket.__class__ = _hardened(shape, sleep)
        websocket.socket = Arrived(websocket.socket)


class Arrived:
    """The engine's socket, read in large parts: what came with one read is not asked of the system piece by piece.

    Everything but reading is the engine's own.
    """

    __slots__ = ("_rest", "_socket")

    def __init__(self, green: Any) -> None:
        self._socket, self._rest = green, b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def recv(self, most: int, _flags: int = 0) -> bytes:
        """At most so many bytes, waited for while there are none; nothing at the end."""
        if not self._rest:
            self._rest = self._socket.recv(READ_AT_ONCE)
        part, self._rest = self._rest[:most], self._rest[most:]
        return part

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Return once something is there to be read, or the end is, having let everybody else have a turn."""
        if not self._rest:
            try:
                self._rest = self._socket.fd.recv(READ_AT_ONCE)
            except OSError:  # nothing there yet, or broken: the engine waits, or tells
                self._rest = self._socket.recv(READ_AT_ONCE)
                return
        sleep(0)

    def text(self, longest: int) -> str | None:
        """The words of a masked text frame that has arrived whole. Anything else is left for the engine: None."""
        arrived = self._rest
        if len(arrived) < 6 or arrived[0] != WHOLE_TEXT or not arrived[1] & MASKED:
            return None
        length, start = arrived[1] & ~MASKED, 2
        if length == 126:
            length, start = int.from_bytes(arrived[2:4]), 4
        end = start + 4 + length
        if length in (0, 127) or length > longest or len(arrived) < end:
            return None
        try:
            words = unmask(arrived[start + 4 : end], arrived[start : start + 4]).decode()
        except UnicodeDecodeError:
            return None
        self._rest = arrived[end:]
        return words


class Text:
    """A whole text message, as the engine asks one."""

    __slots__ = ("_words",)
    opcode, finished = 1, True

    def __init__(self, words: str) -> None:
        self._words = words

    def getvalue(self) -> str:
        return self._words


@functools.cache
def _hardened(base: Any, sleep: Callable[[float], None]) -> type:
    class BoundedMessage(base.Message):  # type: ignore[misc]  # the base is known only at run time
        """The engine bounds a frame but not the number of fragments in a message."""

        collected = 0

        def push(self, part: bytes, final: bool = False) -> None:
            # One more per part, so that empty fragments have an end too; twice the limit leaves room for
            # that.
            self.collected += len(part) + 1
            if self.collected > 2 * self.max_frame_length:
                raise ValueError("message too large")
            super().push(part, final)

    class HardenedWebSocket(base):  # type: ignore[misc]  # the base is known only at run time
        """The engine's WebSocket, for clients that nobody trusts."""

        Message = BoundedMessage

        @staticmethod
        def _apply_mask(  # the engine's signature: its frames are unmasked as they come, in parts
            part: bytes,
            mask: tuple[int, ...],
            length: int | None = None,  # noqa: ARG004
            offset: int = 0,
        ) -> bytes:
            return unmask(part, bytes(mask), offset)

        def _recv_frame(self, message: Any = None) -> Any:
            # Reading what has already arrived never yields: a client that sends without pause would be the
            # only one served. One frame per turn, pings and fragments included.
            self.socket.wait(sleep)
            words = self.socket.text(self.max_frame_length) if message is None else None
            return super()._recv_frame(message) if words is None else Text(words)

    return HardenedWebSocket


def unmask(part: bytes, mask: bytes, offset: int = 0) -> bytes:
    """`part` of a masked frame in the clear; it starts `offset` bytes into the frame (RFC 6455, section 5.3).

    One XOR of two big integers: the engine's own loop over bytes takes 0.6 ms for 4 KB, which is a way to be
    flooded.
    """
    length = len(part)
    start = offset % 4
    key = (mask * (length // 4 + 2))[start : start + length]
    return (int.from_bytes(part, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")
