"""Lines on the terminal: numbered steps with their seconds, and the one error that stops everything."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


class CannotStart(Exception):
    """Something that the person at the terminal must mend first. Its text is one line that says how."""


def say(line: str, out: TextIO | None = None) -> None:
    """Print a line at once. A character that the terminal cannot show is replaced, and never a reason to stop."""
    _write(f"{line}\n", out or sys.stdout)


@contextmanager
def step(number: int, total: int, title: str) -> Iterator[None]:
    """Show `[number/total] title … seconds`; on a terminal the seconds count up while the step runs.

    Anything that the step raises passes through, after the line has been ended.
    """
    label = f"[{number}/{total}] {title} … "
    began = time.monotonic()
    done = threading.Event()
    counter = threading.Thread(target=_count_up, args=(label, began, done), daemon=True)
    _write(label)
    if sys.stdout.isatty():
        counter.start()
    outcome = "stopped"
    try:
        yield
        outcome = f"{time.monotonic() - began:.1f} s"
    except Exception:
        outcome = "failed"
        raise
    finally:
        done.set()
        if counter.is_alive():
            counter.join()
        _write(f"\r{label}{outcome}\n" if sys.stdout.isatty() else f"{outcome}\n")


def _count_up(label: str, began: float, done: threading.Event) -> None:
    while not done.wait(0.1):
        _write(f"\r{label}{time.monotonic() - began:.1f} s")


def _write(text: str, stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    # Where nobody reads any more (make run | head), children must still be ended in order.
    with suppress(BrokenPipeError):
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
