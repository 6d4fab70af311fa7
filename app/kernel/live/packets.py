"""What a client may send over the socket, checked before the library acts on it.

The library trusts the form of a packet: an event that is no list ends in a traceback, which would let anybody
fill the log, and an event named `connect` runs the handler of the handshake with whatever the client says the
request was.
"""

import logging
from typing import Any

from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet

log = logging.getLogger(__name__)

#: Nothing here is binary: attachments would be collected without end.
KINDS = {CONNECT, DISCONNECT, EVENT, ACK}
#: Names by which the library calls its own handlers.
RESERVED = {"connect", "disconnect", "connect_error", "*"}


class Malformed(Exception):
    """Not a packet that a client of ours sends."""


class StrictPacket(Packet):  # type: ignore[misc]  # the library has no types
    """A Socket.IO packet that is read strictly. Written as always."""

    def decode(self, encoded_packet: str) -> int:
        """Read a packet. Returns the number of attachments, which is none; raises Malformed."""
        try:
            super().decode(encoded_packet)
        except (ValueError, RecursionError) as error:
            raise Malformed from error
        if self.packet_type not in KINDS:
            raise Malformed
        if self.packet_type == EVENT and not is_event(self.data):
            raise Malformed
        if self.packet_type == ACK and not isinstance(self.data, list):
            raise Malformed
        return 0


def acknowledgement(number: int, content: list[Any]) -> StrictPacket:
    """The packet that answers the event of this number."""
    return StrictPacket(ACK, data=content, id=number)


def read_strictly(server: Any) -> None:
    """Have the Socket.IO `server` end the connection of a client that sends anything malformed, with one line
    of log."""
    server.packet_class = StrictPacket
    handle = server.eio.handlers["message"]

    def receive(eio_sid: str, message: Any) -> None:
        try:
            if not isinstance(message, str) or not message:
                raise Malformed
            handle(eio_sid, message)
        except Malformed:
            end_malformed(server, eio_sid)

    server.eio.on("message", receive)


def end_malformed(server: Any, eio_sid: str) -> None:
    """End the connection of a client that sent something malformed."""
    log.info("a socket was closed: it sent what no client of ours sends")
    server.eio.disconnect(eio_sid)


def is_event(content: Any) -> bool:
    """Whether this is the content of an event: a name that is not the library's own, and what comes with it."""
    return isinstance(content, list) and bool(content) and isinstance(content[0], str) and content[0] not in RESERVED
