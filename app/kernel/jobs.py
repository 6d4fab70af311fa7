"""The queue, behind an outbox: what an action enqueues is stored in its own transaction, so that no job is lost and
none runs for something that was rolled back.

A job is a row first. After the commit its number goes to Huey (SQLite file or Redis), which wakes the worker; if that
never happens (kill -9, Redis down) the worker's sweep finds the row. Running a job claims its row in the same
transaction as the job's own writes: it is done once, or not at all and tried again.

What leaves the house (a mail, a push) cannot be part of any transaction, and no transaction may be open while somebody
else is slow. Such a task is an `Outward`: it is prepared in one transaction, carried out in none, and settled in
another.
"""

import logging
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import redis
from huey import Huey, RedisHuey, SqliteHuey
from huey.api import TaskWrapper
from huey.serializer import Serializer
from sqlalchemy import Integer, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import heads, work
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
#: For how long an outward job that was begun is left to whoever began it (seconds): longer than the longest talk with a
#: slow mail server. If that worker died, another one begins again then.
LEASE_SECONDS = 600
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


@dataclass(frozen=True, slots=True)
class Outward:
    """A task that talks to something outside.

    `prepare(actor, **ids)` reads, in the transaction that leases the job, what `carry_out(house, prepared)` needs; None
    ends the job. `carry_out` runs with no work open, and its outcome goes to `settle(actor, outcome, **ids)`, in the
    transaction that marks the job as done. A worker that dies in between leaves the job to be begun again after
    LEASE_SECONDS: whoever is told outside may be told twice then, never not at all.
    """

    prepare: Callable[..., Any]
    carry_out: "Callable[[House, Any], Any]"
    settle: Callable[..., None]


Task = Callable[..., None] | Outward


@dataclass(frozen=True, slots=True)
class _Errand:
    """An outward job that is leased to us."""

    job_id: int
    attempts: int
    name: str
    task: Outward
    ids: dict[str, Any]
    prepared: Any


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
        errand: _Errand | None = None
        try:
            with work.scope(self._house):
                begun = _run(job_id, self._tasks)
            if not isinstance(begun, _Errand):
                return begun
            errand = begun
            outcome = errand.task.carry_out(self._house, errand.prepared)
            with work.scope(self._house):
                return _settle(errand, outcome)
        except Exception as error:
            log.error("job %s failed\n%s", job_id, trail(error))
            # Another worker may have taken the job meanwhile, and its outcome counts.
            with work.scope(self._house), suppress(Conflict):
                _note_failure(job_id, type(error).__name__, attempts=errand.attempts if errand else None)
            return False

    def sweep(self, only: Collection[str] = ()) -> int:
        """Run what is due and not done, or of it only these tasks. Returns how many jobs ran."""
        which = [Job.task.in_(only)] if only else []
        with work.scope(self._house):
            due = work.session().scalars(
                select(Job.id)
                .where(Job.state == JobState.WAITING, Job.due_at <= now(), *which)
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
def _run(job_id: int, tasks: dict[str, Task]) -> bool | _Errand:
    """Do the job, or begin it when it leads outside. Returns whether it is done, or what is left to carry out."""
    session = work.session()
    claimed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.WAITING, Job.due_at <= now())
        .values(due_at=now() + timedelta(seconds=LEASE_SECONDS), attempts=Job.attempts + 1)
        .returning(Job.task, Job.ids, Job.attempts)
    ).one_or_none()
    if claimed is None:
        return False
    actor: Actor = system(claimed.task)
    task, ids = tasks[claimed.task], orjson.loads(claimed.ids)
    if isinstance(task, Outward):
        prepared = task.prepare(actor, **ids)
        if prepared is not None:
            return _Errand(job_id, claimed.attempts, claimed.task, task, ids, prepared)
    else:
        task(actor, **ids)
    done = update(Job).where(Job.id == job_id, Job.state == JobState.WAITING)
    session.execute(done.values(state=JobState.DONE, done_at=now()))
    return True


@action
def _settle(errand: _Errand, outcome: Any) -> bool:
    """Note what became of an errand. Returns False when the lease was over and somebody else began it anew."""
    done = work.session().execute(
        update(Job)
        .where(Job.id == errand.job_id, Job.state == JobState.WAITING, Job.attempts == errand.attempts)
        .values(state=JobState.DONE, done_at=now())
        .returning(Job.id)
    )
    if done.one_or_none() is None:
        return False
    errand.task.settle(system(errand.name), outcome, **errand.ids)
    return True


@action
def _note_failure(job_id: int, failure: str, *, attempts: int | None = None) -> None:
    """Put the job back with a longer wait, or aside after too many attempts. Only the kind of failure is kept.

    `attempts` are those that a leased job had when it failed: they are counted already, and who leased it since counts.
    """
    job = work.session().get(Job, job_id)
    if job is None or job.state is not JobState.WAITING or attempts not in (None, job.attempts):
        return
    counted = job.attempts + 1 if attempts is None else attempts
    move(
        work.session(),
        job,
        JobState.SET_ASIDE if counted >= ATTEMPTS else JobState.WAITING,
        attempts=counted,
        failure=failure[:120],
        due_at=now() + timedelta(seconds=RETRY_SECONDS * 2**counted),
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

    def keep_head(actor: Actor) -> None:
        heads.write_head(actor)

    return {"vault.shred": shred, "jobs.forget": forget, "audit.keep-head": keep_head}


#: What the worker enqueues once an hour for the kernel itself.
KERNEL_HOURLY = ("jobs.forget", "audit.keep-head")


@action
def _forget_done() -> None:
    """Remove the rows of jobs that were done a while ago."""
    over = now() - timedelta(days=DONE_KEPT_DAYS)
    work.session().execute(delete(Job).where(Job.state == JobState.DONE, Job.done_at < over))
