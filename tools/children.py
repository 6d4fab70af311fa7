"""The programs that `make run` starts: each in its own session, its lines shown under its name."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.bootstrap import ROOT, environment
from tools.progress import say

PATIENCE = 10.0  # seconds that a child has to finish what it is doing
_PR_SET_PDEATHSIG = 1


class Child:
    """A running program. `on_end` is called, in another thread, once it has ended and its lines were read."""

    def __init__(self, name: str, command: Sequence[str | Path], on_end: Callable[["Child"], None]) -> None:
        self.name = name
        self.last_line = ""
        self._held: list[str] | None = []
        self._showing = threading.Lock()
        # A session of its own: Ctrl-C at the terminal reaches make and us, and we pass it on once, in order.
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment(PYTHONUNBUFFERED="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_ending_with(os.getpid()),  # noqa: PLW1509  # one system call, loaded before the fork
        )
        self._reader = threading.Thread(target=self._read, args=(on_end,), daemon=True)
        self._reader.start()

    def show_lines(self) -> None:
        """Print what it has written so far, and from now on each line at once."""
        with self._showing:
            for line in self._held or []:
                say(line)
            self._held = None

    @property
    def knows_why(self) -> bool:
        """Whether it ended with exit code 2: its last line says what must be mended, nothing else matters."""
        return self._process.poll() == 2

    def why(self) -> str:
        """Return in words how it ended, with the last line that it wrote if that was a failure."""
        code = self._process.wait()
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}: {self.last_line}" if code and self.last_line else f"exit code {code}"

    def ask_to_end(self) -> None:
        """Send SIGTERM, unless it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def see_it_end(self, seconds: float = PATIENCE) -> None:
        """Wait until it has ended; after these seconds it is killed, and that is said."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            say(f"{self.name} did not end within {seconds:g} s and was killed.")
        self._reader.join(1)

    def _read(self, on_end: Callable[["Child"], None]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                text = line.decode("utf-8", "replace").rstrip()
                if text:
                    self.last_line = text.removeprefix("sanad: ")
                    self._show_or_hold(f"{self.name:<6} | {text}")
        self._process.wait()
        on_end(self)

    def _show_or_hold(self, line: str) -> None:
        with self._showing:
            if self._held is None:
                say(line)
            else:
                self._held.append(line)


def _ending_with(parent: int) -> Callable[[], None] | None:
    """Return what a child does first: ask for SIGTERM when its parent dies, even by kill -9.

    So no forgotten server holds the port. Linux has this; elsewhere None.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded here, since little may be done between fork and exec

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above; nobody is left to end us
            os._exit(1)

    return ask_the_kernel
