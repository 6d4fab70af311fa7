"""Twenty greenlets write to SQLite while others read, as in the real server, and a heartbeat measures the stalls.

`python -m tests.faults.programs.greenlets ROOM TOKEN ...` takes its instance from the environment and prints one JSON object.
The engine is patched first, as in wsgi.py.
"""

import os
import sys

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

import warnings

warnings.filterwarnings("ignore", message="\nEventlet is deprecated")
import eventlet  # noqa: E402

eventlet.monkey_patch()

import json  # noqa: E402  # everything below must be imported after patching
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from app import create_app  # noqa: E402
from app.chat import actions, queries  # noqa: E402
from app.identity.keeper import Sessions  # noqa: E402
from app.kernel import work  # noqa: E402
from app.kernel.house import House  # noqa: E402
from config import read_settings  # noqa: E402

#: Messages of each writer, and how often the heart beats (seconds).
EACH = 5
BEAT = 0.005
#: How long another process holds SQLite's lock (seconds).
HELD = 2.0
SCHEDULE = Path("/proc/self/schedstat")
HOLDER = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("begin immediate")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
other.execute("rollback")
"""


class Heart:
    """Beats as often as it is let, and remembers its longest pause that was of our own making (seconds)."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.beating = True

    def beat(self) -> None:
        before, waited = time.monotonic(), _without_processor()
        while self.beating:
            eventlet.sleep(BEAT)
            at, waited_now = time.monotonic(), _without_processor()
            self.longest = max(self.longest, at - before - BEAT - (waited_now - waited))
            before, waited = at, waited_now


@contextmanager
def heartbeat() -> Iterator[Heart]:
    heart = Heart()
    beating = eventlet.spawn(heart.beat)
    eventlet.sleep(0)
    yield heart
    heart.beating = False
    beating.wait()


def _without_processor() -> float:
    """For how long this process has wanted a processor and not had one (seconds): other people's load, not our stall."""
    try:
        return int(SCHEDULE.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0  # a system that does not say: then every pause counts as ours


class Crowd:
    """Writers and readers of one room, each in scopes of their own, as requests are."""

    def __init__(self, house: House, room: str) -> None:
        self.house, self.room = house, room
        self.posted = self.reads = self.writing = 0
        self.slowest = 0.0
        self.problems: list[str] = []

    def write(self, token: str, number: int, phase: str) -> None:
        for step in range(EACH if phase == "busy" else 1):
            began = time.monotonic()
            with work.scope(self.house) as opened:
                actor = Sessions().recognise(token)
                eventlet.sleep(0)  # whoever else comes between must not change whose work this is
                room = queries.get_here(actor, self.room)
                actions.post_message(actor, room, client_id=f"{phase}-{number}-{step}", body=f"Message {number} {step}")
                if work.current() is not opened:
                    self.problems.append("the work of one greenlet was seen in another")
            self.posted += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    def read(self, token: str, number: int) -> None:
        seen = 0
        while self.writing:
            with work.scope(self.house):
                actor = Sessions().recognise(token)
                room = queries.get_here(actor, self.room)
                known = room.last_seq
                eventlet.sleep(0)
                found = [words.seq for words in queries.since(actor, room, after=0, limit=1000).words]
            if found != list(range(1, len(found) + 1)) or len(found) < max(known, seen):
                self.problems.append(f"reader {number} knew of {known} and saw {found}")
            seen = len(found)
            self.reads += 1
            eventlet.sleep(0.01)

    def run(self, tokens: list[str], phase: str) -> float:
        """Everybody writes at once while four read. Returns the longest stall (seconds)."""
        self.writing, self.slowest = len(tokens), 0.0
        with heartbeat() as heart:
            readers = [self._go(self.read, tokens[number], number) for number in range(4)]
            writers = [self._go(self.write, token, number, phase) for number, token in enumerate(tokens)]
            for writer in writers:
                writer.wait()
            self.writing = 0
            for reader in readers:
                reader.wait()
        return heart.longest

    def _go(self, verb: Callable[..., None], *details: Any) -> Any:
        def run() -> None:
            try:
                verb(*details)
            except Exception as error:
                self.problems.append(f"{type(error).__name__}: {error}")

        return eventlet.spawn(run)


def main(room: str, tokens: list[str]) -> None:
    settings = read_settings()
    crowd = Crowd(create_app(settings).extensions["house"], room)
    stalls = {"busy": crowd.run(tokens, "busy")}
    path = settings.database_url.removeprefix("sqlite:///")
    subprocess = eventlet.import_patched("subprocess")
    with subprocess.Popen([sys.executable, "-c", HOLDER, path, str(HELD)], stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        stalls["beside another process"] = crowd.run(tokens[:5], "beside")
    report = {
        "posted": crowd.posted,
        "reads": crowd.reads,
        "problems": crowd.problems,
        "stall_ms": {phase: round(seconds * 1000, 1) for phase, seconds in stalls.items()},
        "waited_ms": round(crowd.slowest * 1000),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
