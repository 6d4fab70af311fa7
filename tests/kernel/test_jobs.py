"""Jobs: none is lost, none runs for something that did not happen, and each takes effect once."""

import dataclasses
import logging
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from huey.storage import BaseStorage
from sqlalchemy import func, select, update

from app.chat import queries
from app.chat.models import Epoch, Message
from app.kernel import audit, files, jobs, work
from app.kernel.actor import STRANGER, Actor, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Forbidden
from app.kernel.house import House
from app.kernel.jobs import Job, JobState, Queue, enqueue, retry_set_aside
from app.kernel.vault import Place, Purpose, Shredded, Tampered
from app.kernel.work import action
from app.kernel.worker import start_hourly
from config import Settings
from tests.factories import Factory
from tests.server import free_port

#: What a task may know but no row and no log may show.
WORDS = "what somebody wrote"
Opener = Callable[..., House]


@pytest.fixture
def open_house(settings: Settings) -> Iterator[Opener]:
    """Opens houses over one instance, each with its own queue, as each process has its own. They know two small tasks."""
    opened: list[House] = []

    def open_one(**changes: Any) -> House:
        house = House.build(dataclasses.replace(settings, **changes))
        house.attach(queue=Queue(house), live=None, features=())  # type: ignore[arg-type]  # nothing here is live
        house.queue.register("test.note", note)
        house.queue.register("test.fail", fail)
        opened.append(house)
        return house

    yield open_one
    for house in opened:
        house.close()


@pytest.fixture
def house(open_house: Opener) -> House:
    return open_house()


def note(actor: Actor, number: int) -> None:
    """A task whose effect can be counted."""
    audit.record(actor, "note", target_kind="number", target=str(number))


def fail(actor: Actor, number: int) -> None:
    """A task that writes and then fails."""
    note(actor, number)
    raise ValueError(WORDS)


@action
def ask(task: str = "test.note", *, then: Callable[[], None] = lambda: None, **options: Any) -> int:
    """An action that wants something done after it."""
    job = enqueue(task, **{"number": 1, **options})
    then()
    return job.id


def asked(house: House, *args: Any, **options: Any) -> int:
    with work.scope(house):
        return ask(*args, **options)


def notes(house: House) -> int:
    """How often a task took effect."""
    with work.scope(house) as opened:
        return opened.session.scalar(select(func.count()).where(AuditEntry.act == "note")) or 0


def job_of(house: House, job_id: int) -> Job:
    with work.scope(house) as opened:
        job = opened.session.get_one(Job, job_id)
        opened.session.expunge(job)
        return job


def told(house: House) -> int:
    """How many jobs the queue knows of."""
    storage: BaseStorage = house.queue.huey.storage
    return int(storage.queue_size())


def make_due(house: House, job_id: int) -> None:
    """As if the wait were over."""

    @action
    def put_back() -> None:
        work.session().execute(update(Job).where(Job.id == job_id).values(due_at=now() - timedelta(seconds=1)))

    with work.scope(house):
        put_back()


def test_a_job_is_told_to_the_worker_only_once_its_action_is_committed(house: House) -> None:
    before: list[int] = []
    job_id = asked(house, then=lambda: before.append(told(house)))
    assert (before, told(house)) == ([0], 1)
    house.queue.huey.execute(house.queue.huey.dequeue())
    assert job_of(house, job_id).state is JobState.DONE
    assert notes(house) == 1


def test_nothing_is_done_for_an_action_that_was_rolled_back(house: House) -> None:
    def fail() -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        asked(house, then=fail)
    assert told(house) == 0
    assert house.queue.sweep() == 0
    assert house.queue.counts() == {}
    assert notes(house) == 0
    with work.scope(house):
        with pytest.raises(ValueError, match="on purpose"):
            ask(then=fail)
        ask()
    assert told(house) == 1, "the next action in the same scope tells of its own job alone"


def test_a_task_that_nobody_knows_is_refused_when_it_is_asked_for(house: House) -> None:
    with pytest.raises(RuntimeError, match="no task is called"):
        asked(house, "test.unheard-of")
    with pytest.raises(RuntimeError, match="two tasks"):
        house.queue.register("test.note", note)


def test_a_job_asked_for_outside_an_action_is_refused(house: House) -> None:
    with work.scope(house), pytest.raises(RuntimeError, match="outside an action"):
        enqueue("test.note", number=1)


def test_a_job_that_the_queue_was_never_told_of_is_found_by_the_sweep_and_done_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.queue, "wake", lambda job_id: None)
    job_id = asked(house)
    assert told(house) == 0
    assert house.queue.sweep() == 1
    assert house.queue.sweep() == 0
    assert house.queue.run(job_id) is False
    done = job_of(house, job_id)
    assert (done.state, done.attempts) == (JobState.DONE, 1)
    assert done.done_at is not None
    assert notes(house) == 1


def test_a_job_for_later_waits_for_its_time(house: House) -> None:
    job_id = asked(house, after=timedelta(hours=1))
    assert told(house) == 0
    assert house.queue.sweep() == 0
    assert house.queue.run(job_id) is False
    make_due(house, job_id)
    assert house.queue.sweep() == 1
    assert notes(house) == 1


def test_a_job_taken_by_two_workers_at_once_is_done_once(open_house: Opener) -> None:
    first, second = open_house(), open_house()
    inside, tried = threading.Event(), threading.Event()

    def slow(actor: Actor, number: int) -> None:
        note(actor, number)
        inside.set()
        tried.wait(timeout=0.3)

    for house in (first, second):
        house.queue.register("test.slow", slow)
    job_id = asked(first, "test.slow")
    with ThreadPoolExecutor(2) as pool:
        doing = pool.submit(first.queue.run, job_id)
        assert inside.wait(timeout=20)
        again = pool.submit(second.queue.run, job_id)
        again.add_done_callback(lambda _: tried.set())
        assert (doing.result(timeout=20), again.result(timeout=20)) == (True, False)
    assert notes(first) == 1


def test_a_job_is_done_by_the_second_worker_when_the_first_one_fails(open_house: Opener) -> None:
    first, second = open_house(), open_house()
    inside = threading.Event()

    def failing(actor: Actor, number: int) -> None:
        note(actor, number)
        inside.set()
        raise ValueError(WORDS)

    first.queue.register("test.odd", failing)
    second.queue.register("test.odd", note)
    job_id = asked(first, "test.odd")
    with ThreadPoolExecutor(2) as pool:
        doing = pool.submit(first.queue.run, job_id)
        assert inside.wait(timeout=20)
        pool.submit(second.queue.run, job_id).result(timeout=20)
        assert doing.result(timeout=20) is False
    make_due(first, job_id)
    second.queue.sweep()
    assert job_of(first, job_id).state is JobState.DONE
    assert notes(first) == 1


def test_a_failing_job_is_tried_again_after_growing_waits_and_then_set_aside(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = asked(house, "test.fail")
    waits: list[float] = []
    for attempt in range(1, jobs.ATTEMPTS + 1):
        assert house.queue.sweep() == 0
        job = job_of(house, job_id)
        assert (job.attempts, job.failure) == (attempt, "ValueError")
        waits.append((job.due_at - now()).total_seconds())
        assert job.state is (JobState.SET_ASIDE if attempt == jobs.ATTEMPTS else JobState.WAITING)
        assert house.queue.run(job_id) is False, "not before its time"
        make_due(house, job_id)
    assert [round(wait / waits[0]) for wait in waits] == [2**step for step in range(jobs.ATTEMPTS)]
    assert waits[0] > jobs.RETRY_SECONDS
    assert house.queue.sweep() == 0
    assert job_of(house, job_id).attempts == jobs.ATTEMPTS, "set aside is set aside"
    assert notes(house) == 0, "what a failing job wrote is not kept"
    assert house.queue.counts() == {JobState.SET_ASIDE: 1}
    assert WORDS not in caplog.text
    assert "ValueError" in caplog.text


def test_a_job_that_was_set_aside_is_done_once_what_it_failed_at_is_mended(open_house: Opener) -> None:
    broken, mended = open_house(), open_house()
    broken.queue.register("test.mended", fail)
    mended.queue.register("test.mended", note)
    job_id = asked(broken, "test.mended")
    for _ in range(jobs.ATTEMPTS):
        broken.queue.run(job_id)
        make_due(broken, job_id)
    assert mended.queue.sweep() == 0
    with work.scope(mended):
        with pytest.raises(Forbidden):
            jobs.retry_set_aside(STRANGER)
        assert jobs.retry_set_aside(system("test")) == 1
        assert jobs.retry_set_aside(system("test")) == 0
    assert mended.queue.sweep() == 1
    assert notes(mended) == 1


def test_a_failing_job_does_not_hold_up_the_others(house: House) -> None:
    failing, fine = asked(house, "test.fail"), asked(house)
    assert house.queue.sweep() == 1
    assert job_of(house, failing).state is JobState.WAITING
    assert job_of(house, fine).state is JobState.DONE


def test_a_job_of_a_task_that_this_release_does_not_know_waits(open_house: Opener) -> None:
    newer, older = open_house(), open_house()
    newer.queue.register("test.new", note)
    job_id = asked(newer, "test.new")
    assert older.queue.sweep() == 0
    assert job_of(older, job_id).state is JobState.WAITING
    make_due(newer, job_id)
    assert newer.queue.sweep() == 1


def test_an_action_succeeds_at_once_while_redis_is_down(open_house: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    house = open_house(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    began = time.monotonic()
    for _ in range(3):
        asked(house)
    assert time.monotonic() - began < jobs.PATIENCE_SECONDS
    assert caplog.text.count("the queue does not answer") == 1, "it is left alone for a while, not asked each time"
    assert house.queue.sweep() == 3
    assert notes(house) == 3


def test_an_action_does_not_wait_for_a_redis_that_hangs(open_house: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE_SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        house = open_house(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        for _ in range(5):
            asked(house)
        assert time.monotonic() - began < 3
    assert house.queue.sweep() == 5


def test_a_job_waits_in_redis_for_a_worker(open_house: Opener, redis_url: str) -> None:
    house = open_house(redis_url=redis_url)
    asked(house)
    waiting = house.queue.huey.dequeue()
    assert waiting is not None
    house.queue.huey.execute(waiting)
    assert notes(house) == 1


def test_what_somebody_else_put_into_the_queue_is_not_even_looked_at(house: House, tmp_path: Path) -> None:
    """Huey pickles its messages, and to open a pickle is to run it."""

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    house.queue.huey.storage.enqueue(pickle.dumps(Trap()))
    with pytest.raises(Tampered):
        house.queue.huey.dequeue()
    assert not (tmp_path / "sprung").exists()
    asked(house)
    house.queue.huey.execute(house.queue.huey.dequeue())
    assert notes(house) == 1


def test_what_every_feature_wants_hourly_is_enqueued(app: Flask) -> None:
    house: House = app.extensions["house"]
    theirs = (name for feature in house.features for name in feature.hourly)
    wanted = sorted([*jobs.KERNEL_HOURLY, *files.HOURLY, *theirs])
    assert {"chat.forget", "jobs.forget"} <= set(wanted)
    start_hourly(house)
    with work.scope(house) as opened:
        assert sorted(opened.session.scalars(select(Job.task))) == wanted
    assert house.queue.sweep() == len(wanted)


def test_messages_whose_time_is_over_are_gone_and_so_is_their_key(app: Flask) -> None:
    house: House = app.extensions["house"]
    make = Factory(house)
    writer = make.person()
    room, kept = make.room(writer), make.room(writer)
    make.message(writer, room, WORDS)
    make.message(writer, kept, WORDS)

    @action
    def let_time_pass() -> None:
        long_ago = date(2020, 1, 7)
        work.session().execute(update(Epoch).where(Epoch.room_id == room.id).values(last_on=long_ago))

    with work.scope(house) as opened:
        let_time_pass()
        old = opened.session.scalars(select(Epoch).where(Epoch.room_id == room.id)).one()
        message = opened.session.scalars(select(Message).where(Message.room_id == room.id)).one()
        key_id, place, sealed = old.key_id, queries.sealed_place(message.public_id), message.sealed
    assert WORDS.encode() in house.vault.open(key_id, place, sealed)

    start_hourly(house)
    while house.queue.sweep():
        pass
    assert house.queue.counts().keys() == {JobState.DONE}
    with work.scope(house) as opened:
        assert opened.session.scalars(select(Message.room_id)).all() == [kept.id]
        assert opened.session.scalars(select(Epoch.room_id)).all() == [kept.id]
        acts = opened.session.scalars(select(AuditEntry.act).where(AuditEntry.act == "room.forget")).all()
        assert len(acts) == 1
    with pytest.raises(Shredded):
        house.vault.open(key_id, place, sealed)
    with work.scope(house):
        here = queries.get_room(writer, kept.public_id)
        assert len(queries.newest(writer, here).words) == 1


def test_what_was_done_is_forgotten_after_some_days_and_nothing_else(house: House) -> None:
    for name, task in jobs.kernel_tasks(house).items():
        house.queue.register(name, task)
    old, fresh, failing, waiting = asked(house), asked(house), asked(house, "test.fail"), asked(house)
    for job_id in (old, fresh, failing):
        house.queue.run(job_id)

    @action
    def let_time_pass() -> None:
        long_ago = now() - timedelta(days=jobs.DONE_KEPT_DAYS, seconds=1)
        work.session().execute(update(Job).where(Job.id != fresh).values(due_at=long_ago))
        work.session().execute(update(Job).where(Job.id == old).values(done_at=long_ago))
        enqueue("jobs.forget")

    with work.scope(house):
        let_time_pass()
    with work.scope(house) as opened:
        forgetting = opened.session.scalars(select(Job.id).where(Job.task == "jobs.forget")).one()
    assert house.queue.run(forgetting)
    with work.scope(house) as opened:
        assert sorted(opened.session.scalars(select(Job.id))) == [fresh, failing, waiting, forgetting]


def test_a_shredding_that_was_rolled_back_shreds_nothing(house: House) -> None:
    house.queue.register("vault.shred", jobs.kernel_tasks(house)["vault.shred"])
    key_id = house.vault.create_key(Purpose.RECORD)

    @action
    def forget_and_fail() -> None:
        enqueue("vault.shred", keys=[key_id])
        raise ValueError("on purpose")

    with work.scope(house), pytest.raises(ValueError, match="on purpose"):
        forget_and_fail()
    assert house.queue.sweep() == 0
    house.vault.seal(key_id, Place("test", "row", "field"), b"still there")


def test_a_job_that_was_set_aside_runs_when_it_is_asked_for_again(house: House) -> None:
    done: list[int] = []
    house.queue.register("test.again", lambda _actor, number: done.append(number))

    @action
    def ask() -> None:
        job = enqueue("test.again", number=7)
        job.state, job.attempts = JobState.SET_ASIDE, 8

    with work.scope(house):
        ask()
    assert house.queue.sweep() == 0
    with work.scope(house):
        assert retry_set_aside(system("test")) == 1
    house.queue.sweep()
    assert done == [7]
