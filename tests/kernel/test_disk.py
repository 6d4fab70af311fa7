"""A quick disk is waited for in place, a slow one in a thread, and which of both it is shows by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.kernel import work
from app.kernel.actor import system
from app.kernel.audit import AuditEntry, record
from app.kernel.db import disk, run_here
from app.kernel.house import House
from app.kernel.work import action
from config import Settings


@action
def write(what: str) -> None:
    record(system("test"), what)


def test_the_wait_for_a_slow_disk_is_given_to_a_thread_and_that_for_a_quick_one_is_not(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def offload(job: Callable[..., Any], *args: Any) -> Any:
        given.append(args[-1])
        return job(*args)

    def commits(times: int) -> int:
        given.clear()
        for number in range(times):
            with work.scope(own):
                write(f"{number}")
        return given.count("COMMIT")

    monkeypatch.setattr(disk, "BELIEVED", 3)
    monkeypatch.setattr(disk, "HANDING_OVER", 1e-9)  # one slow one takes back all
    monkeypatch.setattr(disk, "QUICK", 0.0)  # nothing is as quick as that
    own = House.build(sqlite_settings, offload)
    commits(1)  # the first makes a key, in the other database
    assert commits(5) == 5
    monkeypatch.setattr(disk, "QUICK", 60.0)
    assert commits(5) == 3  # the first three, until it is believed
    assert commits(5) == 0
    monkeypatch.setattr(disk, "QUICK", 0.0)
    assert commits(5) == 4  # one was waited for in place, and was slow
    assert set(given) == {"COMMIT"}
    with work.scope(own):
        assert work.session().scalar(select(func.count()).select_from(AuditEntry)) == 21
    own.close()


class Clock:
    """A clock that goes on only where a job says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def take(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(disk, "time", clock)
    return clock


def quick_ones(waits: disk.Disk, clock: Clock) -> int:
    """How many it takes until the disk is believed to be quick."""
    asked = 0
    while not waits.is_quick:
        waits.run(clock.take, disk.QUICK / 2)
        asked += 1
    return asked


def test_a_disk_that_fails_is_not_taken_for_a_quick_one(clock: Clock) -> None:
    waits = disk.Disk(run_here)
    assert quick_ones(waits, clock) == disk.BELIEVED

    def fails() -> None:
        clock.take(disk.QUICK)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        waits.run(fails)
    assert not waits.is_quick


def test_a_slow_one_now_and_then_is_waited_for_in_place_and_one_in_ten_is_not(clock: Clock) -> None:
    waits = disk.Disk(run_here)
    quick_ones(waits, clock)
    slow = 3 * disk.QUICK
    for _hundred in range(5):
        for _quick in range(99):
            waits.run(clock.take, disk.QUICK / 2)
        waits.run(clock.take, slow)
        assert waits.is_quick
    for _ten in range(20):
        for _quick in range(9):
            waits.run(clock.take, disk.QUICK / 2)
        waits.run(clock.take, slow)
    assert not waits.is_quick


def test_whoever_stood_still_for_long_asks_for_more_before_they_believe_again(clock: Clock) -> None:
    waits = disk.Disk(run_here)
    assert quick_ones(waits, clock) == disk.BELIEVED
    waits.run(clock.take, disk.TOO_LONG)  # bearable
    assert quick_ones(waits, clock) == disk.BELIEVED
    waits.run(clock.take, 2 * disk.TOO_LONG)
    assert quick_ones(waits, clock) == disk.MORE * disk.BELIEVED
