"""Processes that ask for jobs and do them, on the instance in the environment, until they are killed or kill themselves.

Each effect of a job can be counted: it is an entry in the record of acts.
"""

import dataclasses
import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NoReturn

from app.kernel import audit, work
from app.kernel.actor import Actor, system
from app.kernel.house import House
from app.kernel.jobs import Queue, enqueue
from app.kernel.work import action
from app.kernel.worker import run_worker
from config import Settings, read_settings
from tests.faults.programs.forking import Log, serve
from tests.server import wait_for


def note(actor: Actor, number: int) -> None:
    """The effect of a job."""
    audit.record(actor, "note", target_kind="number", target=str(number))


def note_and_die(actor: Actor, number: int) -> None:
    note(actor, number)
    die()


def die(*_details: object) -> NoReturn:
    """End as a power cut would, at exactly this point."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


@action
def ask(number: int) -> int:
    """Do something, and have something done after it."""
    audit.record(system("test"), "asked", target_kind="number", target=str(number))
    return enqueue("test.note", number=number).id


def asking(log: Log, words: list[str]) -> None:
    """Ask for the jobs of these numbers, one after the other: `asking FIRST LAST`."""
    house = open_house(read_settings())
    for number in range(int(words[0]), int(words[1]) + 1):
        with work.scope(house):
            log(f"asked {ask(number)}")


def asking_until_committed(_log: Log, _words: list[str]) -> None:
    """Ask for one job and be killed after the commit, before the queue is told."""
    house = open_house(read_settings())
    house.queue.wake = die  # type: ignore[assignment, method-assign]  # the moment of the kill
    with work.scope(house):
        ask(0)


def asking_until_almost_committed(_log: Log, _words: list[str]) -> None:
    """Ask for one job and be killed just before the commit."""
    house = open_house(read_settings())

    @action
    def ask_and_die() -> None:
        ask(0)
        die()

    with work.scope(house):
        ask_and_die()


def doing_half(_log: Log, words: list[str]) -> None:
    """Begin a job and be killed in its middle."""
    open_house(read_settings(), note_and_die).queue.run(int(words[0]))


def sweeping(log: Log, _words: list[str]) -> None:
    """Do what waits, again and again."""
    house = open_house(read_settings())
    for _ in count():
        if done := house.queue.sweep():
            log(f"swept {done}")


def working(log: Log, words: list[str]) -> None:
    """The worker itself, whose jobs say that they have begun and then wait for a file: `working FILE [REDIS_URL]`."""
    go = Path(words[0])

    def wait_and_note(actor: Actor, number: int) -> None:
        log(f"begun {number}")
        wait_for(go.exists, seconds=30, what=str(go))
        note(actor, number)

    settings = dataclasses.replace(read_settings(), redis_url=words[1] if words[1:] else None)
    run_worker(open_house(settings, wait_and_note))


def open_house(settings: Settings, task: Callable[[Actor, int], None] = note) -> House:
    """A house with a queue and one task."""
    house = House.build(settings)
    house.attach(queue=Queue(house), live=None, features=())  # type: ignore[arg-type]  # nothing here is live
    house.queue.register("test.note", task)
    return house


if __name__ == "__main__":
    serve(
        {
            task.__name__: task
            for task in (
                asking,
                asking_until_committed,
                asking_until_almost_committed,
                doing_half,
                sweeping,
                working,
            )
        }
    )
