"""Processes to be killed: forked from one warm program, so that each start costs milliseconds and each kill a whole process.

A program calls `serve(tasks)`; a module of tests runs it with `program`, and each test holds `Forks` over it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from tests.server import ROOT

#: How long a process that should end is waited for (seconds).
LONGEST_WAIT = 30

Log = Callable[[str], None]
Task = Callable[[Log, list[str]], None]


@dataclass
class Forks:
    """The processes that one test starts and kills, and the files in which they say what they have done."""

    program: "subprocess.Popen[str]"
    environ: dict[str, str]
    folder: Path
    logs: dict[int, Path] = field(default_factory=dict)

    def start(self, task: str, *words: str) -> int:
        """Start a process at this task. Returns its number."""
        log = self.folder / f"{len(self.logs)}.log"
        log.touch()
        number = self._order(task=task, log=str(log), words=words, environ=self.environ)
        self.logs[number] = log
        return number

    def kill(self, number: int) -> None:
        """SIGKILL, and wait until the process is gone. It must have been at work until then."""
        os.kill(number, signal.SIGKILL)
        assert self.wait(number) == -signal.SIGKILL, self.said(number)

    def wait(self, number: int) -> int:
        """Wait until the process has ended. Returns its exit status, or minus the signal that ended it.

        One that is still there after LONGEST_WAIT is ended with SIGKILL.
        """
        return self._order(wait=number)

    def said(self, number: int) -> list[list[str]]:
        """The whole lines that the process wrote, each as its words. Raises AssertionError when it says that it failed."""
        lines = self.logs[number].read_text().splitlines(keepends=True)
        assert [line for line in lines if line.startswith("failed")] == []
        return [line.split() for line in lines if line.endswith("\n")]

    def _order(self, **order: object) -> int:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(json.dumps(order) + "\n")
        self.program.stdin.flush()
        return int(self.program.stdout.readline())


@contextmanager
def program(module: str) -> "Iterator[subprocess.Popen[str]]":
    """Run `python -m module` for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        yield running
        assert running.stdin is not None
        running.stdin.close()


def serve(tasks: dict[str, Task]) -> None:
    """Take orders, one a line, until the input ends: to start a task in a new process, or to wait for one.

    Whoever is still at work then is ended with SIGKILL.
    """
    signal.signal(signal.SIGALRM, _too_long)
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _answer(_outcome(order["wait"]))
            running.discard(order["wait"])
            continue
        child = os.fork()
        if child == 0:
            os.environ.update(order["environ"])
            _work(tasks[order["task"]], Path(order["log"]), order["words"])
        running.add(child)
        _answer(child)
    for child in running:
        os.kill(child, signal.SIGKILL)


def _outcome(child: int) -> int:
    try:
        signal.alarm(LONGEST_WAIT)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        signal.alarm(0)


def _too_long(*_signal: object) -> NoReturn:
    raise TimeoutError


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _work(task: Task, path: Path, words: list[str]) -> NoReturn:
    """What a forked process does; it never returns to the orders."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)

    def log(line: str) -> None:
        os.write(handle, line.encode() + b"\n")

    try:
        task(log, words)
    except BaseException as error:
        log(f"failed {type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)
