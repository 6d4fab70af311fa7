"""Jobs that lead outside: prepared in one transaction, carried out in none, settled in another."""

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.kernel import audit, jobs, work
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.jobs import Job, JobState, Outward, Queue, enqueue
from app.kernel.work import action
from config import Settings


@dataclasses.dataclass
class Outside:
    """What is out there: notes who knocks, and does what a test wants of it meanwhile."""

    knocks: list[int] = dataclasses.field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    wanted: bool = True

    def prepare(self, _actor: Actor, number: int) -> int | None:
        return number if self.wanted else None

    def carry_out(self, _house: House, number: int) -> str:
        self.knocks.append(number)
        self.meanwhile()
        return "well"

    def settle(self, actor: Actor, outcome: str, number: int) -> None:
        audit.record(actor, f"outside.{outcome}", target_kind="number", target=str(number))


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def house(settings: Settings, outside: Outside) -> Iterator[House]:
    made = House.build(settings)
    made.attach(queue=Queue(made), live=None, features=())  # type: ignore[arg-type]  # nothing here is live
    made.queue.register("test.outside", Outward(outside.prepare, outside.carry_out, outside.settle))
    yield made
    made.close()


def asked(house: House) -> int:
    @action
    def ask() -> int:
        return enqueue("test.outside", number=7).id

    with work.scope(house):
        return ask()


def job_of(house: House, job_id: int) -> Job:
    with work.scope(house) as opened:
        return opened.session.get_one(Job, job_id)


def settled(house: House) -> int:
    with work.scope(house) as opened:
        return opened.session.scalar(select(func.count()).where(AuditEntry.act == "outside.well")) or 0


def make_due(house: House) -> None:
    @action
    def due() -> None:
        work.session().execute(update(Job).values(due_at=now() - timedelta(seconds=1)))

    with work.scope(house):
        due()


def test_while_it_is_outside_nothing_is_held_and_everybody_writes(house: House, outside: Outside) -> None:
    job_id = asked(house)
    seen: list[object] = []

    def look() -> None:
        with pytest.raises(RuntimeError, match="no work is open"):
            work.current()
        asked(house)
        job = job_of(house, job_id)
        seen.append((job.state, job.attempts, job.due_at - now() > timedelta(seconds=jobs.LEASE_SECONDS - 30)))

    outside.meanwhile = look
    assert house.queue.run(job_id)
    assert seen == [(JobState.WAITING, 1, True)]
    done = job_of(house, job_id)
    assert (done.state, done.attempts, settled(house)) == (JobState.DONE, 1, 1)


def test_two_workers_at_once_go_outside_once(house: House, outside: Outside) -> None:
    job_id = asked(house)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(house.queue.run, [job_id] * 4))
    assert sorted(done) == [False, False, False, True]
    assert (outside.knocks, settled(house)) == ([7], 1)


def test_what_is_not_wanted_any_more_ends_without_going_outside(house: House, outside: Outside) -> None:
    outside.wanted = False
    job_id = asked(house)
    assert house.queue.run(job_id)
    assert (outside.knocks, settled(house)) == ([], 0)
    assert job_of(house, job_id).state is JobState.DONE


def test_a_failure_outside_is_tried_again_after_growing_waits_and_then_set_aside(
    house: House, outside: Outside
) -> None:
    def fail() -> None:
        raise ValueError("what somebody wrote")

    outside.meanwhile = fail
    job_id = asked(house)
    waits = []
    for attempt in range(1, jobs.ATTEMPTS + 1):
        assert house.queue.run(job_id) is False
        job = job_of(house, job_id)
        assert (job.attempts, job.failure) == (attempt, "ValueError")
        waits.append(round((job.due_at - now()).total_seconds() / jobs.RETRY_SECONDS))
        make_due(house)
    assert waits == [2**attempt for attempt in range(1, jobs.ATTEMPTS + 1)]
    assert job_of(house, job_id).state is JobState.SET_ASIDE
    assert settled(house) == 0


def test_whoever_comes_back_after_the_lease_finds_that_another_one_did_it(house: House, outside: Outside) -> None:
    job_id = asked(house)

    def be_slow() -> None:
        outside.meanwhile = lambda: None
        make_due(house)
        assert house.queue.run(job_id)

    outside.meanwhile = be_slow
    assert house.queue.run(job_id) is False
    assert (outside.knocks, settled(house)) == ([7, 7], 1)


def test_a_failure_after_the_lease_does_not_undo_what_another_one_did(house: House, outside: Outside) -> None:
    job_id = asked(house)

    def be_slow_and_fail() -> None:
        outside.meanwhile = lambda: None
        make_due(house)
        assert house.queue.run(job_id)
        raise ValueError("too late")

    outside.meanwhile = be_slow_and_fail
    assert house.queue.run(job_id) is False
    assert job_of(house, job_id).state is JobState.DONE
    assert settled(house) == 1


def test_what_cannot_be_settled_is_not_done(house: House, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome and the job's end are one transaction."""

    def refuse(*_args: object, **_more: object) -> None:
        raise ValueError("on purpose")

    house.queue.register("test.unsettled", Outward(outside.prepare, outside.carry_out, refuse))

    @action
    def ask() -> int:
        return enqueue("test.unsettled", number=1).id

    with work.scope(house):
        job_id = ask()
    assert house.queue.run(job_id) is False
    assert job_of(house, job_id).state is JobState.WAITING


@pytest.mark.parametrize("fails", [False, True])
def test_whoever_comes_back_while_another_one_is_outside_leaves_the_job_to_them(
    house: House, outside: Outside, fails: bool
) -> None:
    job_id = asked(house)

    def be_overtaken() -> None:
        @action
        def lease_again() -> None:
            work.session().execute(update(Job).values(attempts=Job.attempts + 1))

        with work.scope(house):
            lease_again()
        if fails:
            raise ValueError("too late")

    outside.meanwhile = be_overtaken
    assert house.queue.run(job_id) is False
    job = job_of(house, job_id)
    assert (job.state, job.attempts, job.failure, settled(house)) == (JobState.WAITING, 2, None, 0)
