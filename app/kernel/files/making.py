"""Making a file anew from one that somebody brought: in a process of its own, one at a time, within limits."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.kernel.errors import Invalid, TooMany

MOST_BYTES = 5 * 1024 * 1024
#: For how long somebody waits for those before them (seconds). For their own file the program has limits.
PATIENCE_SECONDS = 30.0
ENCLOSED = Path(__file__).parent / "programs" / "enclosed.py"

#: Exit codes by which programs refuse; each kind of file has its own words for them. Every other one broke the program.
TOO_LARGE, BROKEN, LOCKED, STRANGE = 3, 4, 5, 6

#: One file at a time in each process, so that several at once take no more memory than one.
_turn = threading.Semaphore(1)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that makes one kind of file anew, within how much memory (megabytes) and work (seconds), and its refusals."""

    name: str
    megabytes: int
    seconds: int
    refusals: Mapping[int, str]


def run(program: Program, brought: bytes, *told: object) -> tuple[bytes, dict[str, Any]]:
    """What the program made of it, and what it says about that, with the most memory that it took (`peak`, bytes).

    Raises Invalid in the words of this kind of file, TooMany when many others wait.
    """
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        raise TooMany(retry_after=int(PATIENCE_SECONDS))
    try:
        within = (program.name, program.megabytes, program.seconds)
        answer = subprocess.run(  # noqa: S603  # our own program, and nothing of what was typed
            [sys.executable, "-I", "-B", str(ENCLOSED), *(str(word) for word in (*within, *told))],
            input=brought,
            capture_output=True,
            check=False,
            env={},
            cwd="/",
        )
    finally:
        _turn.release()
    if answer.returncode != 0:
        raise Invalid(program.refusals.get(answer.returncode, program.refusals[BROKEN]))
    about, _, plain = answer.stdout.partition(b"\n")
    return plain, orjson.loads(about)
