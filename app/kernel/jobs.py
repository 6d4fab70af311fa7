"""The queue, behind an outbox: what an action enqueues is stored in its own transaction, so that no job is lost and
none runs for something that was rolled back.

A job is a row first. After the commit its number goes to Huey (SQLite file or Redis), which wakes the worker; if that
never happens (kill -9, Redis down) the worker's sweep finds the row. Running a job claims its row in the same
transaction as the job's own writes: it is done once, or not at all and tried again.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import redis
from huey import Huey, RedisHuey, SqliteHuey
from huey.api import TaskWrapper
from huey.serializer import Serializer
from sqlalchemy import Integer, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure, system
from app.kernel.db import Base, Row, State, UtcTime, now
from app.kernel.errors import Conflict, trail
from app.kernel.states import States, move
from app.kernel.vault.box import Seal
from app.kernel.work import action

if TYPE_CHECKING:
    from app.kernel.house import House

log = logging.getLogger(__name__)

#: Attempts before a job is set aside for a person to look at. The first wait between them is twice RETRY_SECONDS, each
#: later one twice the one before.
ATTEMPTS = 8
RETRY_SECONDS = 5
#: How often the worker looks for rows that are due, whether Huey was told of them or not (seconds), and how many it
#: runs then.
SWEEP_SECONDS = 2
SWEEP_BATCH = 200
#: For how long done jobs stay, for whoever looks into what happened (days).
DONE_KEPT_DAYS = 2
#: A queue that did not answer is left alone for this long (seconds): nobody should wait for it each time.
REST_SECONDS = 2.0
#: How long one waits for Redis (seconds): more than the second for which the worker's own question stays open.
PATIENCE_SECONDS = 2.0

Task = Callable[..., None]


class JobState(States):
    WAITING = "waiting"
    DONE = "done"
    SET_ASIDE = "set-aside"

    @classmethod
    def steps(cls) -> "dict[JobState, frozenset[JobState]]":
        return {
            cls.WAITING: frozenset({cls.WAITING, cls.DONE, cls.SET_ASIDE}),
            cls.SET_ASIDE: frozenset({cls.WAITING}),
        }


class Job(Row, Base):
    """One thing to do after its action was committed. `ids` are identifiers only, never people's words."""

    __tablename__ = "job"

    task: Mapped[str] = mapped_column(String(64))
    ids: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[JobState] = mapped_column(State(JobState), default=JobState.WAITING, index=True)
    due_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    failure: Mapped[str | None] = mapped_column(String(120))
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Queue:
    """Knows the tasks, wakes the worker, and runs one job at a time for it."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._tasks: dict[str, Task] = {}
        self.huey = _transport(house)
        self._wake: TaskWrapper = self.huey.task(name="run_job")(self.run)
        self._again = 0.0

    def register(self, name: str, task: Task) -> None:
        """Make `task(actor, **ids)` known under a name that is stable across releases."""
        if name in self._tasks:
            raise RuntimeError(f"two tasks are called {name}")
        self._tasks[name] = task

    def knows(self, name: str) -> bool:
        return name in self._tasks

    def wake(self, job_id: int) -> None:
        """Tell the worker about a committed job. Failing is harmless: the sweep finds the row."""
        if time.monotonic() < self._again:
            return
        try:
            self._wake(job_id)
        except Exception as error:
            self._again = time.monotonic() + REST_SECONDS
            log.warning("the queue does not answer (%s); the sweep will find the job", type(error).__name__)

    def run(self, job_id: int) -> bool:
        """Run one job if it is still waiting. Returns whether this call did it."""
        with work.scope(self._house):
            try:
                return _run(job_id, self._tasks)
            except Exception as error:
                log.error("job %s failed\n%s", job_id, trail(error))
                with suppress(Conflict):  # another worker took the job meanwhile, and its outcome counts
                    _note_failure(job_id, type(error).__name__)
                return False

    def sweep(self) -> int:
        """Run what is due and not done. Returns how many jobs ran."""
        with work.scope(self._house):
            due = work.session().scalars(
                select(Job.id)
                .where(Job.state == JobState.WAITING, Job.due_at <= now())
                .order_by(Job.id)
                .limit(SWEEP_BATCH)
            )
            waiting = list(due)
        return sum(self.run(job_id) for job_id in waiting)

    def counts(self) -> dict[JobState, int]:
        """How many jobs are in each state, for `flask doctor` and the readiness page."""
        with work.scope(self._house):
            rows = work.session().execute(select(Job.state, func.count()).group_by(Job.state)).all()
        return {row[0]: row[1] for row in rows}


def enqueue(task: str, *, after: timedelta = timedelta(0), **ids: Any) -> Job:
    """Have `task` run once this action is committed, with these identifiers. For use inside actions."""
    queue = work.house().queue
    if not queue.knows(task):
        raise RuntimeError(f"no task is called {task}")
    job = Job(task=task, ids=orjson.dumps(ids), due_at=now() + after)
    work.session().add(job)
    work.session().flush()
    job_id = job.id
    if not after:
        work.after_commit(lambda: queue.wake(job_id))
    return job


@action
def _run(job_id: int, tasks: dict[str, Task]) -> bool:
    session = work.session()
    claimed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.WAITING, Job.due_at <= now())
        .values(state=JobState.DONE, done_at=now(), attempts=Job.attempts + 1)
        .returning(Job.task, Job.ids)
    ).one_or_none()
    if claimed is None:
        return False
    actor: Actor = system(claimed.task)
    tasks[claimed.task](actor, **orjson.loads(claimed.ids))
    return True


@action
def _note_failure(job_id: int, failure: str) -> None:
    """Put the job back with a longer wait, or aside after too many attempts. Only the kind of failure is kept."""
    job = work.session().get(Job, job_id)
    if job is None or job.state is not JobState.WAITING:
        return
    attempts = job.attempts + 1
    move(
        work.session(),
        job,
        JobState.SET_ASIDE if attempts >= ATTEMPTS else JobState.WAITING,
        attempts=attempts,
        failure=failure[:120],
        due_at=now() + timedelta(seconds=RETRY_SECONDS * 2**attempts),
    )


@action
def retry_set_aside(actor: Actor) -> int:
    """Let jobs that were set aside run again, once what they failed at is mended. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    again = update(Job).where(Job.state == JobState.SET_ASIDE).returning(Job.id)
    return len(work.session().execute(again.values(state=JobState.WAITING, attempts=0, due_at=now())).all())


class SealedSerializer(Serializer):  # type: ignore[misc]  # Huey carries no types
    """Seals what Huey pickles, since whoever can write to its queue could otherwise run code where the keys are.

    What was not written by one of us raises Tampered before anything looks at it.
    """

    def __init__(self, seal: Seal) -> None:
        super().__init__()
        self._seal = seal

    def _serialize(self, message: object) -> bytes:
        return self._seal.close(super()._serialize(message))

    def _deserialize(self, stored: bytes) -> object:
        return super()._deserialize(self._seal.open(stored))


def _transport(house: "House") -> Huey:
    settings = house.settings
    sealed = SealedSerializer(Seal(lambda: house.keyring.secret("queue"), "queue"))
    if settings.redis_url:
        pool = redis.ConnectionPool.from_url(
            settings.redis_url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS / 2
        )
        return RedisHuey("sanad", connection_pool=pool, results=False, store_none=False, serializer=sealed)
    settings.queue_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteHuey(
        "sanad",
        filename=str(settings.queue_file),
        results=False,
        store_none=False,
        fsync=False,
        timeout=1,
        serializer=sealed,
    )


def kernel_tasks(house: "House") -> dict[str, Task]:
    """Tasks that belong to no feature."""

    def shred(_actor: Actor, keys: list[str]) -> None:
        house.vault.shred(keys)

    def forget(_actor: Actor) -> None:
        _forget_done()

    return {"vault.shred": shred, "jobs.forget": forget}


#: What the worker enqueues once an hour for the kernel itself.
KERNEL_HOURLY = ("jobs.forget",)


@action
def _forget_done() -> None:
    """Remove the rows of jobs that were done a while ago."""
    over = now() - timedelta(days=DONE_KEPT_DAYS)
    work.session().execute(delete(Job).where(Job.state == JobState.DONE, Job.done_at < over))
