"""Broadcasts reach everybody in order, whatever one receiver does. Against a real server in a process of its
own."""

import json
import os
import select
import signal
import socket
import struct
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from app.kernel.live.engine import unmask
from app.kernel.live.fanout import MAX_UNSENT_PACKETS
from tests.server import SERVERS, Copied, wait_for

PATIENCE = 10.0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Server:
    """The server's process."""

    def __init__(
        self, *, fast: bool = True, send_buffer: int | None = None, ping: Any = (25, 20), join: float = 60
    ) -> None:
        self.fast = fast
        options = {"fast": fast, "send_buffer": send_buffer, "ping": ping, "join": join}
        self._folder = tempfile.TemporaryDirectory()
        out, self.complaints = Path(self._folder.name) / "out", Path(self._folder.name) / "err"
        out.touch()
        program = ("-m", "tests.kernel.live.fanout_server", json.dumps(options))
        self.process = Copied(SERVERS, program, {**os.environ, "PYTHONWARNINGS": "ignore"}, out, self.complaints)
        wait_for(lambda: out.read_text().endswith("\n") or self.process.poll() is not None, what="the server")
        assert self.process.poll() is None, self.complaints.read_text()
        self.port = int(out.read_text())

    def stop(self) -> None:
        """End the process, which must have had nothing to complain about."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        complaints = self.complaints.read_text()
        self._folder.cleanup()
        assert "Traceback" not in complaints, complaints


class Receiver:
    """A WebSocket client by hand, which reads only when asked and insists on valid frames."""

    everyone: ClassVar[list["Receiver"]] = []

    def __init__(self, server: Server, *, buffer: int | None = None, headers: dict[str, str] | None = None) -> None:
        self.sock = socket.socket()
        self.everyone.append(self)
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", server.port))
        self.bytes = b""
        self.frames: list[tuple[int, bytes]] = []
        self.said: list[Any] = []
        self.answers: dict[int, Any] = {}
        self.pings = 0
        self.ended = False
        self._asked = 0
        self.head = self._shake_hands(headers or {})

    def _shake_hands(self, headers: dict[str, str]) -> str:
        wanted = {
            "Host": "127.0.0.1",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        lines = [f"{name}: {value}" for name, value in wanted.items() if value]
        request = ["GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", *lines, "", ""]
        self.sock.sendall("\r\n".join(request).encode())
        while b"\r\n\r\n" not in self.bytes:
            part = self.sock.recv(4096)
            if not part:
                break
            self.bytes += part
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        return head.decode()

    def join(self, room: str = "room") -> "Receiver":
        self.send("40")
        self.sid: str = self.ask("enter", room)
        return self

    def send(self, text: str) -> None:
        self.send_frame(TEXT, text.encode())

    def send_frame(self, opcode: int, payload: bytes, *, last: bool = True) -> None:
        length, mask = len(payload), os.urandom(4)
        start = bytes([opcode | (0x80 if last else 0)])
        start += bytes([0x80 | length]) if length < 126 else struct.pack("!BH", 0x80 | 126, length)
        self.sock.sendall(start + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def emit(self, event: str, *payload: Any) -> int:
        self._asked += 1
        self.send(f"42{self._asked}{json.dumps([event, *payload])}")
        return self._asked

    def ask(self, event: str, *payload: Any) -> Any:
        return self.read_answer(self.emit(event, *payload))

    def read(self, at_most: int = 65536) -> None:
        """Read once, waiting for something to arrive."""
        try:
            part = self.sock.recv(at_most)
        except ConnectionResetError:
            part = b""
        if not part:
            self.ended = True
        self.bytes += part
        while self._take_frame():
            pass

    def read_until(self, done: Callable[[], Any], *, at_most: int = 65536) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert not self.ended, "the connection ended"
            assert time.monotonic() < deadline, "not within the time"
            self.read(at_most)

    def read_answer(self, number: int) -> Any:
        self.read_until(lambda: number in self.answers)
        return self.answers[number]

    def read_said(self, count: int, *, at_most: int = 65536) -> None:
        self.read_until(lambda: len(self.said) >= count, at_most=at_most)

    def read_pings(self, count: int) -> None:
        self.read_until(lambda: self.pings >= count)

    def wait_for_end(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.ended:
            assert time.monotonic() < deadline
            self.read()

    def _take_frame(self) -> bool:
        if len(self.bytes) < 2:
            return False
        first, length = self.bytes[0], self.bytes[1]
        assert first & 0xF0 == 0x80, "whole, without extensions"
        assert first & 0x0F in (TEXT, BINARY, CLOSE, PING, PONG)
        assert not length & 0x80, "a server does not mask"
        body = 2
        if length == 126:
            body, length = 4, int.from_bytes(self.bytes[2:4], "big")
            assert length > 125, "the shortest form of the length"
        elif length == 127:
            body, length = 10, int.from_bytes(self.bytes[2:10], "big")
            assert length > 65535, "the shortest form of the length"
        if len(self.bytes) < body + length:
            return False
        payload, self.bytes = self.bytes[body : body + length], self.bytes[body + length :]
        self.frames.append((first & 0x0F, payload))
        if first & 0x0F == TEXT:
            self._hear(payload.decode())
        return True

    def _hear(self, message: str) -> None:
        if message == "2":
            self.pings += 1
            self.send("3")
        elif message.startswith("42"):
            name, *arguments = json.loads(message[2:])
            assert name == "said"
            self.said.append(arguments[0])
        elif message.startswith("43"):
            number, _, answer = message[2:].partition("[")
            self.answers[int(number)] = (json.loads("[" + answer) or [None])[0]


@pytest.fixture(autouse=True)
def everyone_leaves() -> Iterator[None]:
    """Close what a test opened, so that the next one is alone with the server."""
    yield
    for receiver in Receiver.everyone:
        receiver.sock.close()
    Receiver.everyone.clear()


@pytest.fixture(scope="module", params=[True, False], ids=["direct", "library"])
def either(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The same server with the direct path and with the library's own."""
    server = Server(fast=request.param, join=1)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def narrow() -> Iterator[Server]:
    """A server whose kernel buffers are small, so that frames are often taken in part."""
    server = Server(send_buffer=16_384)
    yield server
    server.stop()


@pytest.fixture
def quiet() -> Iterator[Server]:
    """A server that pings often and gives up soon."""
    server = Server(ping=(0.5, 1.5))
    yield server
    server.stop()


def heard(receiver: Receiver, numbers: list[int]) -> None:
    """The receiver hears exactly these, in this order."""
    receiver.read_said(len(numbers))
    assert [message["n"] for message in receiver.said] == numbers


def until(condition: Callable[[], Any]) -> None:
    """Ask again until it holds; each asking is a round trip to the server."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "not within the time"


# --- what arrives -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("characters", "length_bytes"), [(60, 1), (200, 3), (70_000, 9)])
def test_a_message_of_any_length_is_a_valid_frame(either: Server, characters: int, length_bytes: int) -> None:
    alice, omar = Receiver(either).join(), Receiver(either).join()
    alice.ask("say", {"sizes": [characters], "times": 3})
    omar.read_said(3)
    assert omar.said == alice.said == [{"n": n, "text": "x" * characters} for n in range(3)]
    payload = next(payload for _, payload in omar.frames if payload.startswith(b"42"))
    assert (1 if len(payload) < 126 else 3 if len(payload) < 65536 else 9) == length_bytes


def test_arabic_arrives_as_it_was_written(either: Server) -> None:
    alice, omar = Receiver(either).join(), Receiver(either).join()
    alice.ask("say", {"text": "أهلاً بك \u2028 in the room \N{HERB}"})
    omar.read_said(1)
    assert omar.said == [{"n": 0, "text": "أهلاً بك \u2028 in the room \N{HERB}"}]


def test_who_is_skipped_or_elsewhere_hears_nothing(either: Server) -> None:
    alice, omar, lina = Receiver(either).join(), Receiver(either).join(), Receiver(either).join("elsewhere")
    alice.ask("say", {"skip": omar.sid, "times": 2})
    alice.ask("say", {"skip": [omar.sid, alice.sid], "first": 2})
    alice.ask("say", {"room": ["room", "elsewhere"], "first": 3})
    heard(alice, [0, 1, 3])
    heard(omar, [3])
    heard(lina, [3])


def test_bytes_go_the_librarys_way_and_keep_their_place(either: Server) -> None:
    alice, omar = Receiver(either).join(), Receiver(either).join()
    alice.ask("say", {"first": 0})
    alice.ask("say", {"binary": True})
    alice.ask("say", {"first": 1})
    heard(omar, [0, 1])
    kinds = [BINARY if opcode == BINARY else payload[:3] for opcode, payload in omar.frames]
    assert kinds[-4:] == [b"42[", b"451", BINARY, b"42["]


def test_the_setting_chooses_the_path(either: Server) -> None:
    alice = Receiver(either).join()
    assert alice.ask("sockets")["here"][alice.sid]["direct"] is either.fast


# --- order --------------------------------------------------------------------------------------------------


def test_a_slow_receiver_hears_everything_in_order(narrow: Server) -> None:
    """Frames of all sizes, taken whole, in part and through the queue, with pings of its own in between."""
    alice, slow = Receiver(narrow).join(), Receiver(narrow, buffer=4096).join()
    for turn in range(6):
        alice.ask("say", {"sizes": [50, 3_000, 70_000, 200], "first": turn * 20, "times": 20})
        assert alice.ask("sockets")["here"][slow.sid]["unsent"] > 0, "it was meant to lag"
        slow.send_frame(PING, b"%d" % turn)
        asked = slow.emit("sockets")
        # Caught up half of the time, so that the next messages find it idle, lagging and in the middle of a
        # frame.
        enough = (turn + 1) * 20 if turn % 2 else turn * 20 + 7
        slow.read_said(enough, at_most=5_000)
        if turn % 2:
            slow.read_answer(asked)
            assert alice.ask("sockets")["here"][slow.sid]["unsent"] == 0, "it was meant to have caught up"
    heard(slow, list(range(120)))
    assert [len(m["text"]) for m in slow.said[:4]] == [50, 3_000, 70_000, 200]
    slow.read_until(lambda: sum(opcode == PONG for opcode, _ in slow.frames) == 6)


def test_what_is_said_together_is_heard_as_if_said_one_after_the_other(either: Server) -> None:
    alice, omar = Receiver(either).join(), Receiver(either).join()
    alice.ask("say_together", [10, 3_000, 70_000, 5])
    heard(omar, [0, 1, 2, 3])
    assert [len(m["text"]) for m in omar.said] == [10, 3_000, 70_000, 5]


def test_a_slow_receiver_hears_in_order_what_was_said_together(narrow: Server) -> None:
    alice, slow = Receiver(narrow).join(), Receiver(narrow, buffer=4096).join()
    for turn in range(4):
        alice.ask("say_together", [30_000, 50, 70_000] * 3)
        assert alice.ask("sockets")["here"][slow.sid]["unsent"] > 0 or turn == 0, "it was meant to lag"
    slow.read_said(36, at_most=5_000)
    assert [m["n"] for m in slow.said] == [*range(9)] * 4
    assert [len(m["text"]) for m in slow.said] == [30_000, 50, 70_000] * 12


def test_the_end_comes_after_what_was_said_before(narrow: Server) -> None:
    alice, lina = Receiver(narrow).join(), Receiver(narrow).join()
    alice.ask("say", {"times": 30})
    alice.ask("end", lina.sid)
    heard(lina, list(range(30)))
    lina.wait_for_end()
    assert [payload for opcode, payload in lina.frames if opcode == TEXT][-1] == b"1"


def test_one_who_was_ended_cannot_keep_the_connection_by_never_closing_it(narrow: Server) -> None:
    alice, stubborn = Receiver(narrow).join(), Receiver(narrow).join()
    alice.ask("end", stubborn.sid)
    with pytest.raises(ConnectionError):
        until(lambda: stubborn.send("3"))


# --- receivers in trouble -----------------------------------------------------------------------------------


def test_one_who_never_reads_is_cut_off_and_a_hundred_others_wait_for_nothing(narrow: Server) -> None:
    alice, stuck = Receiver(narrow).join(), Receiver(narrow, buffer=4096).join()
    others = [Receiver(narrow).join() for _ in range(100)]
    total = MAX_UNSENT_PACKETS + 300
    asked = alice.emit("say", {"sizes": [200], "times": total})
    waiting = {other.sock.fileno(): other for other in others}
    deadline = time.monotonic() + PATIENCE
    while waiting:
        assert time.monotonic() < deadline
        for number in select.select(list(waiting), [], [], 1.0)[0]:
            waiting[number].read(262_144)
            if len(waiting[number].said) == total:
                del waiting[number]
    assert all([m["n"] for m in other.said] == list(range(total)) for other in others)
    assert alice.read_answer(asked)["slowest_ms"] < 250
    until(lambda: stuck.sid in alice.ask("sockets")["gone"])
    stuck.wait_for_end()
    assert [m["n"] for m in stuck.said] == list(range(len(stuck.said))), "what did arrive is in order"
    assert len(stuck.said) < total


def test_a_receiver_whose_line_is_dead_does_not_stop_the_broadcast(narrow: Server) -> None:
    alice, dead, omar = (Receiver(narrow).join() for _ in range(3))
    alice.ask("close_sending", dead.sid)
    heard(omar, [0])
    heard(alice, [0])
    until(lambda: dead.sid in alice.ask("sockets")["gone"])


def test_receivers_that_vanish_while_they_are_spoken_to_are_forgotten(either: Server) -> None:
    alice, omar = Receiver(either).join(), Receiver(either).join()
    vanishing = [Receiver(either).join() for _ in range(10)]
    alice.emit("say", {"sizes": [2_000], "times": 50})
    for receiver in vanishing:
        # Closing with a reset, as a telephone does that lost its network and found another.
        receiver.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        receiver.sock.close()
    heard(omar, list(range(50)))
    until(lambda: {r.sid for r in vanishing} <= set(alice.ask("sockets")["gone"]))


def test_a_half_closed_receiver_is_let_go(either: Server) -> None:
    alice, half, omar = (Receiver(either).join() for _ in range(3))
    half.sock.shutdown(socket.SHUT_WR)
    alice.ask("say", {"times": 5})
    heard(omar, list(range(5)))
    half.wait_for_end()
    until(lambda: half.sid in alice.ask("sockets")["gone"])


def test_nobody_waits_for_a_stuck_receiver_to_be_ended(narrow: Server) -> None:
    alice, stuck = Receiver(narrow).join(), Receiver(narrow, buffer=4096).join()
    alice.ask("say", {"sizes": [70_000], "times": 10})
    assert alice.ask("sockets")["here"][stuck.sid]["unsent"] > 0
    assert alice.ask("end", stuck.sid) < 0.25
    until(lambda: stuck.sid not in alice.ask("sockets")["here"])
    stuck.wait_for_end()


def test_a_connection_with_nothing_in_its_queue_stays(quiet: Server) -> None:
    """The library's writer gives up when its queue is empty for long; what is written directly never enters
    it."""
    alice, omar = Receiver(quiet).join(), Receiver(quiet).join()
    for number in range(5):
        alice.read_pings(number + 1)
        omar.read_pings(number + 1)
        alice.ask("say", {"first": number})
    heard(omar, list(range(5)))


# --- clients that nobody trusts -----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 4096])
@pytest.mark.parametrize("offset", [0, 1, 2, 3, 4097])
def test_unmasking_undoes_the_mask(length: int, offset: int) -> None:
    part, mask = os.urandom(length), os.urandom(4)
    masked = bytes(b ^ mask[(offset + i) % 4] for i, b in enumerate(part))
    assert unmask(masked, mask, offset) == part


def test_no_compression_is_agreed(either: Server) -> None:
    receiver = Receiver(either, headers={"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"})
    assert " 101 " in receiver.head
    assert "extensions" not in receiver.head.lower()


def test_the_drafts_before_the_standard_are_refused(either: Server) -> None:
    alice = Receiver(either).join()
    until(lambda: len(alice.ask("sockets")["here"]) == 1)  # those of the test before have left
    receiver = Receiver(either, headers={"Sec-WebSocket-Version": "", "Sec-WebSocket-Key": ""})
    assert " 400 " in receiver.head
    assert len(alice.ask("sockets")["here"]) == 1, "and leaves nothing behind"


NONSENSE = [
    "",
    "x",
    "4",
    "4[",
    "49",
    "44",
    "42",
    "42{}",
    "42[]",
    "42[[1]]",
    "42[1]",
    "43{}",
    "42[" + "[" * 3000,
]
FORGERIES = [
    '42["connect",{}]',
    '42["disconnect","x"]',
    '42["*"]',
    '451-["say",{"_placeholder":true,"num":0}]',
]


@pytest.mark.parametrize("nonsense", NONSENSE + FORGERIES, ids=lambda nonsense: nonsense[:12])
def test_nonsense_ends_its_own_connection(either: Server, nonsense: str) -> None:
    alice, fool = Receiver(either).join(), Receiver(either).join()
    fool.send(nonsense)
    fool.wait_for_end()
    until(lambda: fool.sid in alice.ask("sockets")["gone"])


def test_one_who_was_refused_does_not_stay(either: Server) -> None:
    refused = Receiver(either)
    refused.send('40"refuse me"')
    refused.wait_for_end()
    assert [payload[:2] for opcode, payload in refused.frames if opcode == TEXT] == [b"0{", b"44", b"1"]


def test_one_who_never_joins_does_not_stay(either: Server) -> None:
    alice, silent = Receiver(either).join(), Receiver(either)
    silent.wait_for_end()
    assert alice.ask("say", {})


def test_a_message_in_endless_fragments_is_ended(either: Server) -> None:
    alice, endless = Receiver(either).join(), Receiver(either).join()
    endless.send_frame(TEXT, b"42", last=False)

    def go_on() -> None:
        for _ in range(10_000):
            endless.send_frame(0, b"x" * 1000, last=False)

    with pytest.raises((ConnectionError, TimeoutError)):
        go_on()
    until(lambda: endless.sid in alice.ask("sockets")["gone"])


def test_one_who_sends_without_pause_is_not_the_only_one_served(either: Server) -> None:
    alice, noisy = Receiver(either).join(), Receiver(either).join()
    noisy.sock.setblocking(False)
    ping = b"\x89\x80\0\0\0\0" * 10_000
    slowest = 0.0
    for _ in range(30):
        try:
            while noisy.sock.send(ping):
                pass
        except BlockingIOError:
            pass
        before = time.monotonic()
        alice.ask("say", {})
        slowest = max(slowest, time.monotonic() - before)
    assert slowest < 0.5
