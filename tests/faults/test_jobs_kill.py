"""Jobs under kill -9: what was committed is done, once; what was not is never done. And the worker itself."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from app import create_app
from app.kernel import work
from app.kernel.audit import AuditEntry, verify
from app.kernel.house import House
from app.kernel.jobs import Job, JobState, enqueue
from app.kernel.vault import Purpose
from app.kernel.vault.models import DataKey
from app.kernel.work import action
from config import Settings, read_settings
from tests.conftest import environment
from tests.faults.programs.forking import Forks, program
from tests.faults.programs.jobs_children import open_house
from tests.server import COMMANDS, Copied, free_port, wait_for

pytestmark = pytest.mark.faults


@dataclass
class Instance:
    """An instance, the processes that are killed while they work on it, and a house of the test's own."""

    house: House
    forks: Forks

    def acts(self, act: str) -> "Counter[str]":
        """How often each number was asked for, or noted by a job."""
        with work.scope(self.house) as opened:
            return Counter(opened.session.scalars(select(AuditEntry.target).where(AuditEntry.act == act)))

    def states(self) -> dict[JobState, int]:
        return self.house.queue.counts()


@pytest.fixture(scope="module")
def warm() -> "Iterator[subprocess.Popen[str]]":
    with program("tests.faults.programs.jobs_children") as running:
        yield running


@pytest.fixture
def instance(warm: "subprocess.Popen[str]", settings: Settings, tmp_path: Path) -> Iterator[Instance]:
    yield from _instance(warm, settings, tmp_path)


@pytest.fixture
def on_sqlite(warm: "subprocess.Popen[str]", sqlite_settings: Settings, tmp_path: Path) -> Iterator[Instance]:
    yield from _instance(warm, sqlite_settings, tmp_path)


def _instance(warm: "subprocess.Popen[str]", settings: Settings, folder: Path) -> Iterator[Instance]:
    environ = environment(settings.instance, DATABASE_URL=settings.database_url, KEYS_URL=settings.keys_url)
    house = open_house(settings)
    yield Instance(house, Forks(warm, environ, folder))
    house.close()


def test_a_job_whose_asker_is_killed_after_the_commit_is_done_once(instance: Instance) -> None:
    number = instance.forks.start("asking_until_committed")
    assert instance.forks.wait(number) == -signal.SIGKILL
    assert instance.acts("asked") == {"0": 1}
    assert len(instance.house.queue.huey) == 0, "the queue was never told"
    assert instance.house.queue.sweep() == 1
    assert instance.house.queue.sweep() == 0
    assert instance.acts("note") == {"0": 1}


def test_nothing_is_done_for_somebody_who_is_killed_before_the_commit(instance: Instance) -> None:
    number = instance.forks.start("asking_until_almost_committed")
    assert instance.forks.wait(number) == -signal.SIGKILL
    assert instance.house.queue.sweep() == 0
    assert instance.states() == {}
    assert instance.acts("asked") == {}
    assert instance.acts("note") == {}


def test_a_job_whose_worker_is_killed_in_its_middle_is_done_again_from_the_start(instance: Instance) -> None:
    asker = instance.forks.start("asking", "0", "0")
    assert instance.forks.wait(asker) == 0
    job_id = instance.forks.said(asker)[0][1]
    for _ in range(2):
        assert instance.forks.wait(instance.forks.start("doing_half", job_id)) == -signal.SIGKILL
    assert instance.acts("note") == {}
    assert instance.states() == {JobState.WAITING: 1}
    wait_for(instance.house.queue.sweep, what="the database to notice that the worker is gone")
    assert instance.acts("note") == {"0": 1}
    assert instance.states() == {JobState.DONE: 1}


def test_jobs_are_done_once_each_while_workers_are_killed_again_and_again(instance: Instance) -> None:
    chance, wanted = random.Random(), 0
    for _ in range(6):
        asker = instance.forks.start("asking", str(wanted), str(wanted + 11))
        assert instance.forks.wait(asker) == 0
        wanted += 12
        sweepers = [instance.forks.start("sweeping") for _ in range(2)]
        time.sleep(chance.uniform(0.02, 0.2))  # the point of the kill, not a wait for anything
        for sweeper in sweepers:
            instance.forks.kill(sweeper)
    last = instance.forks.start("sweeping")
    wait_for(lambda: instance.states() == {JobState.DONE: wanted}, seconds=30, what="all jobs to be done")
    instance.forks.kill(last)
    expected = {str(number): 1 for number in range(wanted)}
    assert instance.acts("asked") == expected
    assert instance.acts("note") == expected
    with work.scope(instance.house) as opened:
        assert verify(opened.session, instance.house.vault) == []


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_finishes_what_it_does(
    on_sqlite: Instance, tmp_path: Path, end: signal.Signals
) -> None:
    go = tmp_path / "go"
    worker = on_sqlite.forks.start("working", str(go))
    on_sqlite.forks.wait(on_sqlite.forks.start("asking", "0", "0"))
    wait_for(lambda: on_sqlite.forks.said(worker) == [["begun", "0"]], seconds=30, what="the job to begin")
    os.kill(worker, end)
    assert on_sqlite.acts("note") == {}
    go.touch()
    assert on_sqlite.forks.wait(worker) == 0
    assert on_sqlite.states() == {JobState.DONE: 1}
    assert on_sqlite.acts("note") == {"0": 1}


def test_a_worker_does_its_jobs_while_redis_is_down(on_sqlite: Instance, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    worker = on_sqlite.forks.start("working", str(go), f"redis://127.0.0.1:{free_port()}/0")
    on_sqlite.forks.wait(on_sqlite.forks.start("asking", "0", "2"))
    wait_for(lambda: on_sqlite.states() == {JobState.DONE: 3}, seconds=30, what="the sweep to find the jobs")
    os.kill(worker, signal.SIGTERM)
    assert on_sqlite.forks.wait(worker) == 0


@pytest.mark.parametrize("grown", [False, True], ids=["embedded", "with-redis"])
def test_the_worker_command_does_what_an_action_asked_for(
    sqlite_settings: Settings, grown: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    more = {"REDIS_URL": request.getfixturevalue("redis_url")} if grown else {}
    environ = environment(sqlite_settings.instance, **more)
    house: House = create_app(read_settings(environ)).extensions["house"]
    key_id = house.vault.create_key(Purpose.RECORD)

    @action
    def forget() -> None:
        enqueue("vault.shred", keys=[key_id])

    said = tmp_path / "worker.log"
    worker = Copied(COMMANDS, ["-m", "flask", "worker"], {"PATH": os.environ["PATH"], **environ}, said, said)
    try:
        with work.scope(house):
            forget()
        wait_for(lambda: _shredded(house, key_id), seconds=30, what=f"the worker, see {said}")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0, said.read_text()
    finally:
        worker.send_signal(signal.SIGKILL)
    with work.scope(house) as opened:  # the hourly jobs, begun meanwhile, may still wait
        assert opened.session.scalars(select(Job.state).where(Job.task == "vault.shred")).all() == [JobState.DONE]
    house.close()


def _shredded(house: House, key_id: str) -> bool:
    with house.databases.reading_keys() as keys:
        return keys.execute(select(DataKey.id).where(DataKey.id == key_id)).one_or_none() is None
