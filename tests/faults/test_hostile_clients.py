"""Clients that nobody would write but an attacker: whatever they send, the others hardly notice."""

import json
import os
import select
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from app.chat import actions, queries
from app.kernel import work
from app.kernel.live.fanout import MAX_UNSENT_CHARACTERS
from config import Settings
from tests.conftest import Template
from tests.factories import Factory
from tests.faults.bystanders import Bystanders
from tests.faults.chatter import Chatter, begin, check_whole, gather, settle
from tests.faults.line import Line
from tests.faults.places import copied
from tests.server import ROOT, Server, wait_for

pytestmark = pytest.mark.faults
TEXT, BINARY = 1, 2
MEGABYTES_5 = 5 * 1024 * 1024
LONGEST_EVENT = 8 * 1024
#: Characters of each message that somebody does not read.
WEIGHT = 3600


class Scene:
    """One server with its limits on, people who talk there, and a member with bad intentions."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.make: Factory = server.factory()
        self.server.start()
        self.bystanders = Bystanders(server, self.make)
        self.room = self.bystanders.room.public_id

    def attacker(self) -> str:
        """A member who is in the room; returns their token."""
        token = self.make.token()
        actor = self.make.actor(token)
        with work.scope(self.make.house):
            actions.join_room(actor, queries.get_room(actor, self.room))
        return token

    @contextmanager
    def line(self) -> Iterator[Line]:
        """The attacker's connection, open to the room."""
        line = Line(self.server, self.attacker())
        try:
            assert line.call("room.open", {"room": self.room, "since": None})["ok"]
            yield line
        finally:
            line.close()

    @contextmanager
    def attacked(self, attack: str, *tokens: str) -> Iterator[dict[str, int]]:
        """While the block lasts, somebody floods the server. Afterwards the mapping says what came of it."""
        came_of_it: dict[str, int] = {}
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.programs.attacker", attack, str(self.server.port), self.room, *tokens],
            cwd=ROOT, env={"PATH": os.environ["PATH"]}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as attacker:  # fmt: skip
            assert attacker.stdout is not None
            assert attacker.stdout.readline() == "at work\n"
            try:
                yield came_of_it
            finally:
                answer = attacker.communicate(timeout=60)[0]
        came_of_it |= json.loads(answer)


@pytest.fixture(scope="module")
def scene(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = copied(sqlite_template, tmp_path_factory.mktemp("hostile"))
    scene = Scene(Server(folder))
    yield scene
    scene.bystanders.leave()
    scene.server.stop()
    scene.make.house.close()


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame of any length, with a mask of nothing."""
    length = len(payload)
    if length < 126:
        start = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
    elif length < 65536:
        start = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
    else:
        start = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
    return start + b"\0\0\0\0" + payload


def event(*parts: object) -> bytes:
    return frame(TEXT, b"421" + json.dumps(parts).encode())


def deep(levels: int) -> bytes:
    return frame(TEXT, b'421["room.post",' + b"[" * levels + b"]" * levels + b"]")


def stretches(came_of_it: dict[str, int], seconds: int) -> int:
    """How many stretches of so many seconds an attack may have fallen into."""
    return came_of_it["seconds"] // seconds + 2


ENDS_IT = {
    "a frame of five megabytes": frame(TEXT, b'421["room.post",{"body":"' + b"x" * MEGABYTES_5 + b'"}]'),
    "a frame that says it has an exabyte": struct.pack("!BBQ", 0x81, 0xFF, 2**60) + b"\0\0\0\0x",
    "a frame just too long": frame(TEXT, b"4" * (LONGEST_EVENT + 1)),
    "an event as deep as it may be long": deep(LONGEST_EVENT // 2 - 20),
    "a binary frame": frame(BINARY, b"\x04\x00\x01"),
    "an event with attachments": frame(TEXT, b'451-["room.post",{"_placeholder":true,"num":0}]'),
    "an event by a name of the library": event("connect", {}),
    "a number that is none": event("room.since", {"since": float("nan")}),
    "half a character": event("room.open", {"room": "\ud800"}),
    "no text at all": frame(TEXT, b"\xff\xfe\xfd"),
}


@pytest.mark.parametrize("bytes_sent", ENDS_IT.values(), ids=list(ENDS_IT))
def test_what_no_client_of_ours_sends_ends_its_own_connection_alone(scene: Scene, bytes_sent: bytes) -> None:
    with scene.line() as line, scene.bystanders.unharmed():
        with suppress(OSError):  # best is to be ended before all of it is taken
            line.sock.sendall(bytes_sent)
        line.wait_for_end()


def test_odd_events_are_answered_politely_and_change_nothing(scene: Scene) -> None:
    room = scene.room
    odd: list[tuple[str, object]] = [
        ("no.such.event", {"room": room}),
        ("room.post", None),
        ("room.post", []),
        ("room.post", {"room": {"room": room}}),
        ("room.post", {"room": room, "client_id": ["a"] * 20, "body": {"a": {}}}),
        ("room.post", {"room": room, "client_id": "odd-odd-odd", "body": {"deep": json.loads("[" * 500 + "]" * 500)}}),
        ("room.since", {"room": room, "since": 2**80}),
        ("room.since", {"room": room, "since": -1}),
        ("room.read", {"room": room, "seq": "1e9"}),
        ("room.open", {"room": "x" * 4000}),
        ("room.open", {"room": "\u0000"}),
    ]
    with scene.line() as line, scene.bystanders.unharmed():
        for name, content in odd:
            answer = line.call(name, content)
            assert answer["ok"] is False, (name, content)
            assert answer["error"]["code"] in {"invalid", "not_found"}, answer
            assert answer["error"]["text"]


def test_five_megabytes_sent_to_a_page_are_refused_unread(scene: Scene) -> None:
    browser = scene.server.browser(scene.attacker())
    with scene.bystanders.unharmed():
        answer = browser.post(
            f"http://127.0.0.1:{scene.server.port}/rooms/{scene.room}/messages", data={"body": "x" * MEGABYTES_5}
        )
    assert answer.status_code == 413
    browser.close()


@pytest.mark.parametrize("attack", ["events", "posts"])
def test_a_flood_of_events_is_taken_at_the_pace_of_a_person(scene: Scene, attack: str) -> None:
    attackers = [scene.attacker() for _ in range(3)]
    with scene.attacked(attack, *attackers) as came_of_it, scene.bystanders.unharmed(8):
        pass
    assert came_of_it["writings"] > 100, "it was meant to be a flood"
    # 80 in ten seconds for each of three people, and those ten seconds may begin meanwhile.
    assert 0 < came_of_it["ok"] <= stretches(came_of_it, 10) * 3 * 80
    # Of twelve sockets each is told once a second at most that it was too much.
    assert came_of_it["too_many"] <= 12 * stretches(came_of_it, 1)


def test_a_flood_of_unknown_events_is_not_even_read(scene: Scene) -> None:
    attackers = [scene.attacker() for _ in range(3)]
    with scene.attacked("unknown", *attackers) as came_of_it, scene.bystanders.unharmed(8):
        pass
    assert came_of_it["writings"] > 100
    assert 0 < came_of_it["invalid"] <= stretches(came_of_it, 10) * 3 * 20
    assert came_of_it["too_many"] <= 12 * stretches(came_of_it, 1)


def test_a_flood_of_connections_is_refused(scene: Scene) -> None:
    with scene.attacked("connections", scene.attacker()) as came_of_it, scene.bystanders.unharmed(8):
        pass
    assert came_of_it["refused"] > 0
    assert came_of_it["let in"] <= stretches(came_of_it, 60) * 60, "what a session may open in a minute"


def test_strangers_who_connect_all_the_time_or_say_nothing_keep_nobody_waiting(scene: Scene) -> None:
    with scene.attacked("strangers") as came_of_it, scene.bystanders.unharmed(8):
        pass
    assert came_of_it["refused"] > 0
    assert "let in" not in came_of_it


def test_one_who_never_reads_is_cut_off_and_finds_everything_later(sqlite_settings: Settings) -> None:
    server = Server(sqlite_settings.instance, {"LIMITS": "off"}).start()
    make = server.factory()
    room, chatters = gather(server, make, 3, weight=WEIGHT)
    bystanders = Bystanders(server, make)
    stuck = Line(server, make.another_session(make.actor(chatters[0].token)))
    assert stuck.call("room.open", {"room": room.public_id, "since": 0})["ok"]
    stuck.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ended = select.poll()
    ended.register(stuck.sock, select.POLLHUP | select.POLLERR)
    with bystanders.unharmed():
        begin(chatters)
        # Megabytes stand in the system's own buffers before anybody can know.
        wait_for(lambda: ended.poll(0), seconds=180, what="the one who does not read to be cut off")
    settle(chatters)
    number = check_whole(make, room, chatters)
    assert number * WEIGHT * 5 > MAX_UNSENT_CHARACTERS, "it was given time to catch up"
    stuck.close()
    bystanders.leave()
    back = Chatter(server, chatters[0].token, room.public_id, "back")
    back.stopping.set()
    back.start()
    back.finish()
    assert len(back.heard) == number
    server.stop()
    make.house.close()
