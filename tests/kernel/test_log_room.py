"""The log of SQLite has its room before it is needed, and what was written to make it is nowhere."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.kernel.db.log_room import ROOM, make_room


@pytest.fixture
def database(tmp_path: Path) -> Path:
    made = tmp_path / "data.sqlite3"
    with closing(sqlite3.connect(made)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("CREATE TABLE word (said TEXT)")
    return made


def test_the_log_is_as_long_as_it_may_become_and_nothing_else_is_changed(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as open_one:
        open_one.execute("SELECT * FROM word").fetchall()
        before = database.stat().st_size
        make_room(database)
        log = database.with_name("data.sqlite3-wal")
        room = log.stat().st_size
        assert room >= ROOM
        assert database.stat().st_size == before
        assert [name for (name,) in open_one.execute("SELECT name FROM sqlite_schema")] == ["word"]
        for number in range(50):
            open_one.execute("INSERT INTO word VALUES (?)", (f"word {number}",))
        assert log.stat().st_size == room, "the log has grown although there was room"
        assert open_one.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(sqlite3.connect(database)) as again:
        assert again.execute("SELECT count(*) FROM word").fetchone() == (50,)


def test_what_is_left_of_a_disk_that_is_nearly_full_is_not_taken(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=ROOM * 2))
    with closing(sqlite3.connect(database, isolation_level=None)) as open_one:
        open_one.execute("SELECT * FROM word").fetchall()
        make_room(database)
        assert database.with_name("data.sqlite3-wal").stat().st_size == 0


def test_whoever_writes_just_then_is_not_disturbed(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO word VALUES ('mine')")
        make_room(database)
        writer.execute("COMMIT")
        assert writer.execute("SELECT said FROM word").fetchall() == [("mine",)]


def test_there_is_no_room_made_where_there_is_no_database(tmp_path: Path) -> None:
    make_room(tmp_path / "none.sqlite3")
    assert list(tmp_path.iterdir()) == []
