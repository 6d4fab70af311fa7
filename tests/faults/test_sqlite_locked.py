"""Another program holds SQLite's lock for ten seconds: writers wait or are refused politely, everybody else goes on."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from app.chat.models import Message
from app.kernel import work
from config import Settings
from tests.faults.bystanders import BOUND
from tests.faults.chatter import last_seen_long_ago
from tests.faults.line import Line
from tests.faults.pages import Pages
from tests.faults.places import OwnProgram
from tests.faults.stopwatch import Stopwatch

pytestmark = pytest.mark.faults
#: How long the lock is held, and how patient the writers of this test are (seconds): in life they are for 15.
HELD, PATIENT = 10.0, 6.0
HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("begin immediate")
print("held", flush=True)
sys.stdin.read()
other.execute("rollback")
"""


@contextmanager
def locked(settings: Settings) -> Iterator[float]:
    """Another process holds the lock of the database for as long as the block lasts. Gives the moment it began."""
    path = settings.database_url.removeprefix("sqlite:///")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield time.monotonic()
        holder.communicate(timeout=10)


def test_with_sqlite_locked_for_ten_seconds_nobody_but_writers_waits_and_those_not_without_end(
    sqlite_settings: Settings,
) -> None:
    server = OwnProgram(
        sqlite_settings.instance,
        {"GATE_SECONDS": str(PATIENT)},
        program=("-m", "tests.faults.programs.impatient_server"),
    )
    make = server.factory()
    tokens = [make.token() for _ in range(7)]
    room = make.room(*(make.actor(token) for token in tokens))
    for _ in range(3):
        make.message(make.actor(tokens[0]), room)
    server.start()
    last_seen_long_ago(make)
    lines = [Line(server, token) for token in tokens]

    def post(number: int) -> int:
        sent = {"room": room.public_id, "client_id": f"message-{number}", "body": "أكتب وأنتظر"}
        return lines[number].tell("room.post", sent)

    slowest = 0.0
    answers: list[dict[str, Any]] = []
    with locked(sqlite_settings) as began, Pages(server, tokens[6]) as pages:
        asked = [post(number) for number in range(3)]
        later: list[int] = []
        while time.monotonic() < began + HELD:
            watch = Stopwatch(server)
            shown = pages.get(f"/rooms/{room.public_id}")
            assert shown.status_code == 200
            assert shown.text.count('class="message') >= 3
            assert lines[6].call("room.since", {"room": room.public_id, "since": 0})["ok"]
            slowest = max(slowest, watch.seconds())
            if len(asked) == 3 and time.monotonic() > began + PATIENT / 2:
                asked.append(post(3))  # behind those, in the same line
            if not later and time.monotonic() > began + PATIENT + 0.5:
                answers = [
                    lines[number].answer_to(one, seconds=began + HELD - time.monotonic())
                    for number, one in enumerate(asked)
                ]
                later = [post(4), post(5)]
            threading.Event().wait(0.2)
    assert slowest < BOUND, f"somebody who only reads waited {slowest:.1f} s"
    assert [answer["error"]["code"] for answer in answers] == ["unavailable"] * 4
    assert all("could not be saved" in answer["error"]["text"] for answer in answers)
    assert [lines[number].answer_to(one)["ok"] for number, one in zip((4, 5), later, strict=True)] == [True] * 2
    assert [lines[number].answer_to(post(number))["ok"] for number in range(4)] == [True] * 4

    with work.scope(make.house) as opened:
        stored = list(opened.session.execute(select(Message.seq, Message.client_id).order_by(Message.seq)))[3:]
    assert [row.seq for row in stored] == [4, 5, 6, 7, 8, 9]
    assert sorted(row.client_id for row in stored) == [f"message-{number}" for number in range(6)]
    for line in lines:
        line.close()
    server.stop()
    make.house.close()
