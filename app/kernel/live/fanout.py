"""Broadcasts by WebSocket frames that are built once and written straight to each receiver's socket.

The library puts a packet in the queue of each receiver, wakes a writer for each, and each writer builds the
same frame again. Here the frame is built once and sent at once, without yielding, to every receiver that is
idle, together with the others of the same commit; the rest get the packets through the library's queue. What
keeps the order of each receiver right:

- Greenlets of one operating system thread yield only where they wait. Nothing between "is it idle?" and "it
  is written" waits, so nobody else can write in between.
- A receiver is idle when its library writer waits for a packet, with nothing queued or in hand
  (`unsent == 0`), and nobody is in the middle of a frame (the WebSocket's send lock is free).
- A frame that the kernel took only in part leaves the receiver busy: the send lock is held until a greenlet
  of its own has written the rest. Whatever comes meanwhile waits in the queue, behind it.
- A receiver that lags too far is cut off: it reconnects and asks for what it missed. Cutting only shuts the
  socket down, so that the library's own reader sees the end and cleans up; a broadcast never waits and never
  runs a handler.
"""

import socket
import struct
from collections.abc import Sequence
from typing import Any

import orjson
from engineio.packet import MESSAGE, PING
from engineio.packet import Packet as EnginePacket
from engineio.socket import Socket as EngineSocket

from app.kernel.live import engine
from app.kernel.live.answers import answer_directly
from app.kernel.live.doorkeeper import Doorkeeper
from app.kernel.live.packets import Malformed, end_malformed
from app.kernel.live.pinger import Pinger, QuietSocket

#: How far a receiver may lag before it is cut off.
MAX_UNSENT_PACKETS = 500
MAX_UNSENT_CHARACTERS = 4_000_000

#: How long a connection that the server ends may go on reading what was already sent.
LAST_WORDS_SECONDS = 1.0

#: A closed socket drops what it has not sent and answers with a reset, instead of keeping it for minutes.
ABORT_ON_CLOSE = struct.pack("ii", 1, 0)

#: Send what the kernel takes at once. Looked up here: a broadcast asks for it once per receiver.
AT_ONCE = socket.MSG_DONTWAIT

TEXT, BINARY = 0x81, 0x82


def frame(message: str | bytes) -> bytes:
    """One whole, unmasked WebSocket frame from server to client (RFC 6455, section 5.2)."""
    if isinstance(message, str):
        return _frame(TEXT, message.encode())
    return _frame(BINARY, message)


def _frame(opcode: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((opcode, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", opcode, 126, length) + payload
    return struct.pack("!BBQ", opcode, 127, length) + payload


class DirectSocket(QuietSocket):
    """An Engine.IO socket that writes to the operating system's socket itself while nothing is in the way."""

    raw: socket.socket
    websocket: Any
    #: The engine's own lock around one frame.
    send_lock: Any
    #: Packets given to the library's queue and not known to be written; what it took last counts until it
    #: comes back.
    unsent: int
    unsent_characters: int
    #: Characters in the packets that the library's writer took last.
    in_hand: int
    cut_off: bool

    @classmethod
    def take_over(cls, connection: EngineSocket, websocket: Any) -> None:
        """Make `connection` one of us. Must run before its library writer starts.

        The library has no place to choose the class of its sockets, hence the change of class. On an engine
        whose raw socket cannot be reached the connection stays as it is.
        """
        raw = engine.raw_socket(websocket)
        if raw is None:
            return
        connection.__class__ = cls
        connection.raw = raw
        connection.websocket = websocket
        connection.send_lock = websocket._sendlock
        connection.unsent = connection.queue.qsize()
        connection.unsent_characters = 0
        connection.in_hand = 0
        connection.cut_off = False

    def send(self, packet: EnginePacket) -> None:
        """Send anything the library sends: acknowledgements, answers, the end."""
        if not self.check_ping_timeout():
            return
        if packet.packet_type == PING:
            # The library's writer closes a connection whose queue stays empty for too long; pings keep it
            # from that.
            self._enqueue(packet)
        else:
            self.deliver(frame(packet.encode()), (packet,))

    def deliver(self, frames: bytes, packets: Sequence[EnginePacket]) -> None:
        """Send the frames now, or the packets that say the same after what is already waiting. Never waits."""
        if self.unsent or self.send_lock.locked():
            for packet in packets:
                self._enqueue(packet)
        else:
            self._write(frames)

    def say(self, message: bytes) -> None:
        """Send one message of Socket.IO, unless the connection is over. Never waits."""
        if self.closed or not self.check_ping_timeout():
            return
        if self.unsent or self.send_lock.locked():
            self._enqueue(EnginePacket(MESSAGE, message.decode()))
        else:
            self._write(_frame(TEXT, b"4" + message))

    def _write(self, frames: bytes) -> None:
        try:
            written = self.raw.send(frames, AT_ONCE)
        except BlockingIOError:
            written = 0
        except OSError:
            self.cut()
            return
        if written < len(frames):
            self.send_lock.acquire(blocking=False)
            self.server.start_background_task(self._finish, frames[written:])

    def poll(self) -> list[EnginePacket]:
        """The next packets for the library's writer, which asks when it has written all it was given before."""
        self.unsent = self.queue.qsize()
        self.unsent_characters -= self.in_hand
        packets: list[EnginePacket] = super().poll()
        self.in_hand = sum(_length(packet) for packet in packets)
        return packets

    def close(self, wait: bool = False, abort: bool = False, reason: str | None = None) -> None:
        """End the connection. The client has a moment to read what is left; nobody waits for it.

        The library would `wait` until everything is written: a client that never reads could hold up whoever
        ends it.
        """
        last_words = not abort and not self.closing
        super().close(wait=False, abort=abort, reason=reason)
        if last_words:
            self.server.start_background_task(self._cut_later)

    def cut(self) -> None:
        """End the connection without waiting: its reader and its writer both wake up to an ended socket."""
        self.cut_off = True
        try:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
            self.raw.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # already gone, which is what we want

    def _enqueue(self, packet: EnginePacket) -> None:
        if self.cut_off:
            return
        self.unsent += 1
        self.unsent_characters += _length(packet)
        if self.unsent > MAX_UNSENT_PACKETS or self.unsent_characters > MAX_UNSENT_CHARACTERS:
            self.cut()
        else:
            self.queue.put(packet)

    def _cut_later(self) -> None:
        self.server.sleep(LAST_WORDS_SECONDS)
        self.cut()

    def _finish(self, rest: bytes) -> None:
        try:
            self.websocket.socket.sendall(rest)
        except OSError:
            self.cut()
        finally:
            self.send_lock.release()


class Fanout(Doorkeeper):
    """A client manager that delivers broadcasts directly.

    With `fast=False`, or on an engine without raw sockets, the library's own path is used. Stands behind a manager
    with a message queue too: `class Shared(RedisManager, Fanout)`.
    """

    fast = True

    def set_server(self, server: Any) -> None:
        """Called by `socketio.Server` as it is made, before any client can connect."""
        super().set_server(server)
        engine.adapt(server.eio, self._opened)
        receive = server.eio.handlers["message"]
        sockets = server.eio.sockets
        welcome, pinger = server.eio.handlers["connect"], Pinger(server.eio)

        def connect(eio_sid: str, environ: dict[str, Any]) -> Any:
            if self.fast:
                pinger.take_over(sockets[eio_sid])
            return welcome(eio_sid, environ)

        server.eio.on("connect", connect)

        def heard(eio_sid: str, message: Any) -> None:
            connection = sockets.get(eio_sid)
            if type(connection) is not DirectSocket or type(message) is not str:
                receive(eio_sid, message)
                return
            try:
                done = answer_directly(server, connection, message)
            except Malformed:
                end_malformed(server, eio_sid)
            else:
                if not done:
                    receive(eio_sid, message)

        server.eio.on("message", heard)

    def _opened(self, connection: EngineSocket, websocket: Any) -> None:
        if self.fast:
            DirectSocket.take_over(connection, websocket)

    def emit(  # noqa: PLR0917  # the library's signature
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: str | list[str] | None = None,
        callback: Any = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """Send an event to everyone connected to this process who is in a room, or in one of a list of rooms."""
        payload = None if callback or not self.fast else _event(event, data, namespace)
        if payload is None:
            super().emit(event, data, namespace, room, skip_sid, callback, to, **options)
        else:
            self._broadcast([payload], namespace, to or room, skip_sid)

    def emit_all(self, events: Sequence[tuple[str, Any]], room: str) -> None:
        """Send several events, in their order, to everyone in a room: one write to each idle receiver's socket."""
        payloads = [_event(event, data, "/") for event, data in events] if self.fast else [None]
        ready = [payload for payload in payloads if payload is not None]
        if len(ready) == len(events):
            self._broadcast(ready, "/", room, None)
        else:
            for event, data in events:
                self.emit(event, data, "/", room)

    def _broadcast(
        self, payloads: Sequence[bytes], namespace: str, room: Any, skip_sid: str | list[str] | None
    ) -> None:
        shared = b"".join([_frame(TEXT, b"4" + payload) for payload in payloads])
        packets = [EnginePacket(MESSAGE, payload.decode()) for payload in payloads]
        skipped = skip_sid if isinstance(skip_sid, list) else (skip_sid,)
        sockets = self.server.eio.sockets
        for sid, eio_sid in self.get_participants(namespace, room):
            if sid in skipped:
                continue
            connection = sockets.get(eio_sid)
            if type(connection) is not DirectSocket:
                for packet in packets:
                    self.server._send_eio_packet(eio_sid, packet)
            elif not connection.closed:
                connection.deliver(shared, packets)


def _event(event: str, data: Any, namespace: str) -> bytes | None:
    """The Socket.IO packet of an event, or None for what only the library can encode (bytes, above all)."""
    arguments = data if isinstance(data, tuple) else () if data is None else (data,)
    try:
        body = orjson.dumps([event, *arguments])
    except TypeError:
        return None
    return b"2" + body if namespace == "/" else b"2" + namespace.encode() + b"," + body


def _length(packet: EnginePacket) -> int:
    return len(packet.data) if isinstance(packet.data, (str, bytes)) else 0
