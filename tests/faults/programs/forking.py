"""Processes to be killed: forked from one warm program, so that each start costs milliseconds and each kill a whole process.

A program calls `serve(tasks)`; a test holds `Forks` over it.
"""

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

Log = Callable[[str], None]
Task = Callable[[Log, list[str]], None]


@dataclass
class Forks:
    """The processes that a test starts and kills, and the files in which they say what they have done."""

    program: "subprocess.Popen[str]"
    folder: Path
    logs: dict[int, Path] = field(default_factory=dict)

    def start(self, task: str, *words: str) -> int:
        """Start a process at this task. Returns its number."""
        log = self.folder / f"{len(self.logs)}.log"
        log.touch()
        number = int(self._order("start", task, str(log), *words))
        self.logs[number] = log
        return number

    def kill(self, number: int) -> None:
        """SIGKILL, and wait until the process is gone. It must have been at work until then."""
        os.kill(number, signal.SIGKILL)
        assert self.wait(number) == -signal.SIGKILL, self.said(number)

    def wait(self, number: int) -> int:
        """Wait until the process has ended. Returns its exit status, or minus the signal that ended it."""
        return int(self._order("wait", str(number)))

    def said(self, number: int) -> list[list[str]]:
        """The whole lines that the process wrote, each as its words. Raises AssertionError when it says that it failed."""
        lines = self.logs[number].read_text().splitlines(keepends=True)
        assert [line for line in lines if line.startswith("failed")] == []
        return [line.split() for line in lines if line.endswith("\n")]

    def _order(self, *words: str) -> str:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(" ".join(words) + "\n")
        self.program.stdin.flush()
        return self.program.stdout.readline()


@contextmanager
def forks(module: str, environ: dict[str, str], folder: Path) -> Iterator[Forks]:
    """Run `python -m module` for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **environ}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as program:  # fmt: skip
        yield Forks(program, folder)
        assert program.stdin is not None
        program.stdin.close()


def serve(tasks: dict[str, Task]) -> None:
    """Take orders, one a line, until the input ends: `start TASK LOG WORD ...` and `wait NUMBER`."""
    for line in sys.stdin:
        order, *words = line.split()
        if order == "start":
            child = os.fork()
            if child == 0:
                _work(tasks[words[0]], Path(words[1]), words[2:])
            _answer(child)
        else:
            _answer(os.waitstatus_to_exitcode(os.waitpid(int(words[0]), 0)[1]))


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
