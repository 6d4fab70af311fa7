"""Archives on the disk: sealed for their person alone, each written whole, and taken away when its days are over."""

import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from app.kernel.house import House

#: For how long a file that no row knows may be one that is being made (seconds).
ORPHAN_SECONDS = 3600
SUFFIX = ".zip.age"


def path_of(house: House, archive: str) -> Path:
    """Where an archive is, by its public id."""
    return house.settings.instance / "data" / "archives" / f"{archive}{SUFFIX}"


def write(house: House, archive: str, sealed: bytes) -> None:
    """Put a whole archive there, or none, on the disk when this returns."""
    path = path_of(house, archive)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def remove(house: House, archives: Collection[str]) -> None:
    """Take archives away. Those that are gone already are no matter."""
    for archive in archives:
        path_of(house, archive).unlink(missing_ok=True)


def strays(house: House, known: Collection[str]) -> Iterator[Path]:
    """Files that belong to none of the known archives, left by a worker that was killed."""
    folder = path_of(house, "").parent
    if not folder.is_dir():
        return
    names, before = {f"{archive}{SUFFIX}" for archive in known}, time.time() - ORPHAN_SECONDS
    for path in folder.iterdir():
        if path.name not in names and path.stat().st_mtime < before:
            yield path
