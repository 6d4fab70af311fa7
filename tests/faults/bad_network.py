"""A network between people and the server that holds back, doubles, turns round and loses what they send."""

import random
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

#: Seconds for which a frame is held back at most.
HELD_BACK = 0.15
EVENT = b"42"


@dataclass
class BadNetwork:
    """Listens on a port of its own and carries every connection on to the server, not very well.

    What it does is decided frame by frame: a sender's frame passes, comes twice, comes again later, is held back until
    the next one has passed it, or is the last one before the line breaks, before or after it arrived.
    """

    server_port: int
    seed: int
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0), backlog=64))
    did: dict[str, int] = field(default_factory=dict)
    good: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # chance that can be repeated
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def close(self) -> None:
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.server_port))
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        with client, server, suppress(OSError):
            self._mistreat(client, server)
            for one in (client, server):  # wakes the other direction, which reads from it
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            back.join()

    def _mistreat(self, client: socket.socket, server: socket.socket) -> None:
        reader = client.makefile("rb")
        while (line := reader.readline()) not in (b"\r\n", b""):
            server.sendall(line)
        server.sendall(b"\r\n")
        held: list[bytes] = []
        again: list[bytes] = []
        with reader:
            while True:
                frame, payload = _read_frame(reader)
                if not payload.startswith(EVENT) or self.good.is_set():
                    server.sendall(b"".join([*held, frame]))
                    held.clear()
                    continue
                what = self._what()
                if what == "lost before":
                    return
                if what == "broken in the middle":
                    server.sendall(frame[: len(frame) // 2])
                    return
                if what == "turned round" and not held:
                    held.append(frame)
                    threading.Event().wait(self._chance.uniform(0, HELD_BACK))
                    if not _is_there_more(client):  # nothing to turn round with: only late
                        server.sendall(held.pop())
                    continue
                server.sendall(frame * (2 if what == "doubled" else 1) + b"".join([*again, *held]))
                held.clear()
                again = [frame] if what == "again later" else []
                if what == "lost after":
                    return

    def _what(self) -> str:
        what = self._chance.choices(
            ["passes", "doubled", "again later", "turned round", "lost before", "lost after", "broken in the middle"],
            [40, 15, 15, 15, 4, 8, 3],
        )[0]
        self.did[what] = self.did.get(what, 0) + 1
        return what


def _is_there_more(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        client.setblocking(True)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _read_frame(reader: "socket.SocketIO | object") -> tuple[bytes, bytes]:
    """One frame as it came, and what is in it. Raises OSError at the end."""
    read = reader.read  # type: ignore[union-attr]
    head = read(2)
    if len(head) < 2:
        raise OSError("the end")
    length = head[1] & 0x7F
    more = read(2 if length == 126 else 8 if length == 127 else 0)
    length = int.from_bytes(more, "big") if more else length
    mask, payload = read(4), read(length)
    return head + more + mask + payload, bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
