"""The search index: it goes on where it stopped, does nothing twice, and is asked for in time."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from app.chat import actions, queries
from app.chat.actions import indexing
from app.chat.models import Message, Posting, Room
from app.chat.queries import terms
from app.kernel import work
from app.kernel.actor import system
from app.kernel.db import now
from app.kernel.errors import Forbidden
from app.kernel.house import House
from app.kernel.jobs import Job
from tests.at_once import at_once
from tests.factories import Factory


def fill(house: House, make: Factory, number: int) -> Room:
    """A room with so many messages, of which nothing is in the index."""
    nour = make.person()
    room = make.room(nour)
    with work.scope(house):
        lines = [(nour.person_id, f"Line {line} of olive trees", now()) for line in range(number)]
        actions.import_messages(system("test"), room, lines)
    return room


def indexed(house: House, room: Room) -> tuple[int, int]:
    """How far the index of a room came, and how many rows it has."""
    with work.scope(house) as opened:
        until = opened.session.scalars(select(Room.indexed_seq).where(Room.id == room.id)).one()
        return until, opened.session.scalar(select(func.count()).select_from(Posting)) or 0


def expected(house: House, until: int) -> int:
    with work.scope(house) as opened:
        rows = opened.session.scalars(select(Message.terms).where(Message.seq <= until))
        return sum(len(terms.numbers(row)) for row in rows)


def test_the_job_goes_through_a_room_in_parts_until_nothing_is_left(house: House, make: Factory) -> None:
    room = fill(house, make, indexing.BATCH * 2 + 7)
    house.queue.sweep()
    assert indexed(house, room)[0] == indexing.BATCH
    house.queue.sweep()
    house.queue.sweep()
    until, rows = indexed(house, room)
    assert until == indexing.BATCH * 2 + 7
    assert rows == expected(house, until)
    with work.scope(house) as opened:
        waiting = select(func.count()).where(Job.task == indexing.INDEX, Job.done_at.is_(None))
        assert opened.session.scalar(waiting) == 0
        with pytest.raises(Forbidden):
            actions.index_room(make.person(), room.id)


def test_killed_in_between_it_loses_nothing_and_again_it_adds_nothing(house: House, make: Factory) -> None:
    room = fill(house, make, 40)
    with work.scope(house):
        actions.index_room(system("test"), room.id)
    whole = indexed(house, room)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(Room.__table__.update().values(indexed_seq=0))  # type: ignore[attr-defined]
    with work.scope(house):
        actions.index_room(system("test"), room.id)
    assert indexed(house, room) == whole, "what was there already is not there twice"


KILLED = """
import os, sys
from app import create_app
from app.chat import actions
from app.chat.actions import indexing
from app.kernel import work
from app.kernel.actor import system
from config import read_settings
from sqlalchemy import event

indexing.BATCH = 10
house = create_app(read_settings({**os.environ})).extensions["house"]
room, inserts = int(sys.argv[1]), 0

def die_at_the_third(connection, cursor, statement, *rest):
    global inserts
    if statement.startswith("UPDATE room SET indexed_seq"):
        inserts += 1
        if inserts == 3:
            os.kill(os.getpid(), 9)

event.listen(house.databases.data, "before_cursor_execute", die_at_the_third)
while True:
    with work.scope(house):
        actions.index_room(system("test"), room)
"""


@pytest.mark.one_database
def test_kill_9_between_writing_and_committing_leaves_whole_parts(
    house: House, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, settings = fill(house, make, 45), house.settings
    environment = {"APP_ENV": "test", "SANAD_INSTANCE": str(settings.instance), "ASYNC_ENGINE": "threading"}
    if settings.database_url.startswith("postgresql"):
        environment |= {"DATABASE_URL": settings.database_url, "KEYS_URL": settings.keys_url}
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(room.id)], env=environment, cwd=Path(__file__).parents[2], check=False
    )
    assert died.returncode == -9
    assert indexed(house, room) == (20, expected(house, 20))
    with work.scope(house):
        actions.index_room(system("test"), room.id)
    assert indexed(house, room) == (45, expected(house, 45))


def test_writing_asks_for_the_index_once_for_each_stretch_and_costs_no_statement_otherwise(
    house: House, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "TAIL", 5)
    house.budgets._enabled = False
    nour = make.person()
    room = make.room(nour)
    asked: list[str] = []
    event.listen(house.databases.data, "before_cursor_execute", lambda _c, _k, statement, *_r: asked.append(statement))
    for number in range(12):
        make.message(nour, room, f"Line {number}")
    assert sum("INTO job" in statement for statement in asked) == 1
    assert sum("message_term" in statement for statement in asked) == 0
    house.queue.sweep()
    assert indexed(house, room)[0] == 12


def test_what_was_written_before_there_was_a_search_is_found(house: House, make: Factory) -> None:
    room = fill(house, make, 6)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(Message.__table__.update().values(terms=b""))  # type: ignore[attr-defined]
    with work.scope(house):
        actions.ask_for_index(system("test"))
    house.queue.sweep()
    until, rows = indexed(house, room)
    assert until == 6
    assert rows == expected(house, 6) > 0


def test_a_word_that_changes_while_it_is_indexed_leaves_no_earlier_word_behind(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    for number in range(5):
        make.message(nour, room, f"early words {number}")

    def change(seq: int) -> None:
        actions.change_message(nour, queries.get_here(nour, room.public_id), seq, body=f"later words {seq}")

    refused = at_once(
        house,
        [lambda: actions.index_room(system("test"), room.id), *(lambda seq=seq: change(seq) for seq in (1, 2, 3))],
    )
    assert refused == [None] * 4
    with work.scope(house) as opened:
        actions.index_room(system("test"), room.id)
        stored = {
            (message.seq, term)
            for message in opened.session.scalars(select(Message))
            for term in terms.numbers(message.terms)
        }
        assert {(seq, term) for seq, term in opened.session.execute(select(Posting.seq, Posting.term))} == stored
