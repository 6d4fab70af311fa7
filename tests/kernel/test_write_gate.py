"""The SQLite write gate: one writer at a time, readers never wait, and the turn is always given on."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select, update

from app.chat import queries
from app.chat.models import Room
from app.kernel import work
from app.kernel.actor import system
from app.kernel.audit import AuditEntry, record
from app.kernel.db import engines
from app.kernel.errors import Unavailable
from app.kernel.house import House
from app.kernel.vault import Purpose
from app.kernel.work import action
from config import Settings
from tests.conftest import environment
from tests.factories import Factory
from tests.server import ROOT

#: What a person would notice, as the largest time for which the loop serves nobody (milliseconds).
STALL_MS = 250
SOON = 0.2


@pytest.fixture
def house(sqlite_app: Flask) -> House:
    found: House = sqlite_app.extensions["house"]
    return found


@action
def write(act: str, then: Callable[[], None] = lambda: None) -> None:
    record(system("test"), act)
    then()


def written(house: House) -> list[str]:
    with work.scope(house) as opened:
        return list(opened.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))


@contextmanager
def another_process_writes(settings: Settings) -> Iterator[None]:
    """Hold SQLite's own lock, as a second process does in the middle of a write."""
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


def in_scope(house: House, verb: Callable[[], Any]) -> Any:
    with work.scope(house):
        return verb()


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "GATE_SECONDS", SOON)


def test_a_writer_that_fails_gives_the_turn_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)

    def fail() -> None:
        raise ValueError("on purpose")

    for _ in range(3):
        with work.scope(house), pytest.raises(ValueError, match="on purpose"):
            write("never", fail)
        in_scope(house, lambda: write("after"))
    assert written(house) == ["after"] * 3


def test_a_writer_that_is_interrupted_gives_the_turn_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with work.scope(house), pytest.raises(KeyboardInterrupt):
        write("never", interrupt)
    in_scope(house, lambda: write("after"))
    assert written(house) == ["after"]


def test_a_writer_that_loses_its_connection_gives_the_turn_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)

    def lose() -> None:
        work.connection().invalidate()
        raise ValueError("on purpose")

    with work.scope(house):
        with pytest.raises(ValueError, match="on purpose"):
            write("never", lose)
        write("in the same scope")
    in_scope(house, lambda: write("after"))
    assert written(house) == ["in the same scope", "after"]


def test_a_writer_who_waits_too_long_is_told_so_and_nothing_is_stuck(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    inside, done = threading.Event(), threading.Event()

    def stay() -> None:
        inside.set()
        done.wait(timeout=20)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_scope, house, lambda: write("first", stay))
        assert inside.wait(timeout=20)
        with work.scope(house):
            with pytest.raises(Unavailable):
                write("too late")
            assert written(house) == [], "reading goes on meanwhile"
            done.set()
            first.result(timeout=20)
            write("again")
    assert written(house) == ["first", "again"]


def test_another_process_that_writes_for_too_long_is_told_in_words(
    house: House, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    with another_process_writes(sqlite_settings), work.scope(house):
        with pytest.raises(Unavailable):
            write("too late")
        assert written(house) == []
    in_scope(house, lambda: write("after"))
    assert written(house) == ["after"]


def test_a_scope_whose_writing_failed_stands_in_nobodys_way_and_may_not_write(
    house: House, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    with work.scope(house) as opened, ThreadPoolExecutor(1) as pool:
        with another_process_writes(sqlite_settings), pytest.raises(Unavailable):
            write("too late")
        pool.submit(in_scope, house, lambda: write("somebody else")).result(timeout=20)
        with pytest.raises(RuntimeError, match="outside an action"):
            opened.session.execute(update(AuditEntry).values(act="stray"))
    assert written(house) == ["somebody else"]


def test_a_writer_asks_sqlite_only_when_it_is_their_turn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question that SQLite answers with "locked" blocks the whole process for some milliseconds."""
    asked: list[str] = []
    patiently = engines._patiently

    def spy(connection: Connection, statement: str, *details: Any) -> None:
        asked.append(statement)
        patiently(connection, statement, *details)

    with ThreadPoolExecutor(1) as pool:
        later: list[Future[None]] = []

        def let_another_come() -> None:
            monkeypatch.setattr(engines, "_patiently", spy)
            later.append(pool.submit(in_scope, house, lambda: write("second")))
            with pytest.raises(TimeoutError):
                later[0].result(timeout=0.2)
            assert asked == []

        in_scope(house, lambda: write("first", let_another_come))
        later[0].result(timeout=20)
    assert "BEGIN IMMEDIATE" in asked
    assert written(house) == ["first", "second"]


def test_a_writer_waits_for_another_process_and_then_writes(house: House, sqlite_settings: Settings) -> None:
    with ThreadPoolExecutor(1) as pool:
        with another_process_writes(sqlite_settings):
            waiting = pool.submit(in_scope, house, lambda: write("patient"))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
        waiting.result(timeout=20)
    assert written(house) == ["patient"]


def test_a_reader_does_not_see_what_is_not_committed_and_does_not_wait(house: House) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(written, house).result(timeout=20))

    in_scope(house, lambda: write("one", look))
    assert seen == [[]]
    assert written(house) == ["one"]


def test_what_was_read_before_ones_turn_came_is_read_again(house: House) -> None:
    """Two in one scope, with somebody else between: the second must not write from memory."""
    make = Factory(house)
    room = make.room(make.person())

    @action
    def one_more(number: int) -> None:
        here = work.session().get_one(Room, number)
        here.members += 1

    with work.scope(house) as opened:
        known = opened.session.get_one(Room, room.id)
        assert known.members == 1
        one_more(room.id)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(in_scope, house, lambda: one_more(room.id)).result(timeout=20)
        one_more(room.id)
        assert known.members == 4
    with work.scope(house) as opened:
        assert opened.session.get_one(Room, room.id).members == 4


def test_an_action_inside_an_action_joins_it(house: House) -> None:
    @action
    def outer() -> None:
        write("inner")
        raise ValueError("on purpose")

    with work.scope(house), pytest.raises(ValueError, match="on purpose"):
        outer()
    assert written(house) == []


def test_many_threads_each_write_in_their_own_turn(house: House) -> None:
    make = Factory(house)
    room = make.room()
    ready = threading.Barrier(12)

    @action
    def read_then_write() -> None:
        members = work.session().scalar(select(Room.members).where(Room.id == room.id)) or 0
        work.session().execute(update(Room).where(Room.id == room.id).values(members=members + 1))

    def come(_number: int) -> None:
        ready.wait()
        for _ in range(5):
            in_scope(house, read_then_write)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(come, range(12)))
    with work.scope(house) as opened:
        assert opened.session.scalar(select(Room.members).where(Room.id == room.id)) == 60


def test_an_action_may_make_a_key_while_it_has_its_turn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys have a gate of their own: with one gate for both, the action would wait for itself."""
    soon(monkeypatch)

    def make_key() -> None:
        house.vault.create_key(Purpose.RECORD)

    in_scope(house, lambda: write("with a key", make_key))
    assert written(house) == ["with a key"]


@pytest.mark.faults
def test_twenty_greenlets_write_while_others_read_and_nobody_waits_long(sqlite_app: Flask, house: House) -> None:
    settings = house.settings
    make = Factory(house)
    people = [make.token() for _ in range(20)]
    room = make.room(*(make.actor(token) for token in people))
    report = run_greenlets(settings, room.public_id, people)

    assert report["problems"] == []
    assert report["posted"] == 20 * 5 + 5
    assert report["reads"] > 20
    with work.scope(house):
        reader = make.actor(people[0])
        stretch = queries.since(reader, queries.get_here(reader, room.public_id), after=0, limit=500)
    assert [words.seq for words in stretch.words] == list(range(1, report["posted"] + 1))
    for phase in ("busy", "beside another process"):
        assert report["stall_ms"][phase] < STALL_MS, report
    assert report["waited_ms"] > 700, "the other process did hold the lock, and the writers did wait for it"


def run_greenlets(settings: Settings, room: str, people: list[str]) -> dict[str, Any]:
    """Run tests/faults/programs/greenlets.py on this instance. Its gaps leave out time for which it had no processor."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.programs.greenlets", room, *people],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment(settings.instance), "ASYNC_ENGINE": "eventlet", "LIMITS": "off"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
