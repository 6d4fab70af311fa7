"""The ledger of erasures: who was erased, beside the data and not among it, so that no backup brings them back.

A data backup from before an erasure has the person in it still. Whoever restores it reads this ledger first, erases them
again, and only then serves (docs/operations.md). A line holds an opaque id, a day, and a proof that only this instance's
key file makes: nobody has a member erased by adding a line. No name, no reason.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from app.kernel.db import now
from app.kernel.house import House
from app.kernel.vault import box
from config import Settings, Unsafe

FILE = "erasures.txt"
#: While it is there the instance is being restored, and serves nobody.
RESTORING = "restoring"


class Manner(StrEnum):
    """At whose wish somebody was erased. The mark of the name of whoever was removed stays, so that they are known."""

    OWN = "own"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Erased:
    """One line of the ledger."""

    day: date
    person: str
    manner: Manner


def ledger_file(house: House) -> Path:
    """Where the lines are."""
    return house.settings.instance / FILE


def write(house: House, person: str, manner: Manner) -> bool:
    """Add somebody, by public id, unless they are there; on the disk when this returns. Returns whether it was added.

    Safe to call again, and in several processes at once.
    """
    if any(one.person == person for one in read(house)):
        return False
    line = Erased(now().date(), person, manner)
    add_lines(ledger_file(house), [_written(house, line)])
    return True


def read(house: House) -> list[Erased]:
    """Everybody in the ledger. Raises Unsafe for a line that this instance did not write, naming it."""
    path = ledger_file(house)
    return parse(house, path.read_text().splitlines()) if path.exists() else []


def parse(house: House, lines: Iterable[str]) -> list[Erased]:
    """The lines of a ledger. Raises Unsafe for one that was not written with this instance's key file."""
    found = []
    for line in filter(None, (line.strip() for line in lines)):
        try:
            day, person, manner, _proof = line.split()
            erased = Erased(date.fromisoformat(day), person, Manner(manner))
        except ValueError:
            raise Unsafe(f"this is no line of a ledger of erasures: {line[:60]}") from None
        if _written(house, erased) != line:
            raise Unsafe(f"the line of {day} in {FILE} was not written by this instance: take it out, or find out why")
        found.append(erased)
    return found


def add_lines(path: Path, lines: Iterable[str]) -> int:
    """Put lines into a ledger that are not in it yet. Returns how many. They are on the disk when this returns.

    The file is replaced as a whole, so that a power cut leaves no half line, and by one process at a time.
    """
    with _alone(path):
        present = path.read_text().splitlines() if path.exists() else []
        known = set(present)
        fresh = [line for line in dict.fromkeys(lines) if line and line not in known]
        if fresh:
            _replace(path, [*present, *fresh])
    return len(fresh)


def is_being_restored(instance: Path) -> bool:
    """Whether a restore has begun here and is not over: then nobody may be served."""
    return (instance / RESTORING).exists()


def check_not_restoring(settings: Settings) -> None:
    """Raise Unsafe while a restore has begun here and is not over."""
    if is_being_restored(settings.instance):
        raise Unsafe("a backup is being restored here, or was until something went wrong: run `flask restore` again")


def _written(house: House, erased: Erased) -> str:
    day, manner = erased.day.isoformat(), erased.manner.value
    proof = box.keyed_hash(house.keyring.secret("erasures"), day.encode(), erased.person.encode(), manner.encode())
    return f"{day} {erased.person} {manner} {proof.hex()}"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One writer at a time; the kernel lets go when the holder dies."""
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, lines: Iterable[str]) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
