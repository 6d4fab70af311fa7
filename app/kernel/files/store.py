"""Sealed files on the disk, in a folder beside the data database.

A file is written whole before the row that knows it is committed, and its row is gone before it is. So whatever is killed
in between leaves at most a file that nobody knows, without anything readable in it, and the hourly job takes it away.
"""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import delete, select

from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id
from app.kernel.errors import NotFound, Unavailable
from app.kernel.files.models import FileKind, KeptFile
from app.kernel.house import House
from app.kernel.jobs import enqueue
from app.kernel.vault import Place, Purpose

#: For how long a file that nobody knows may be one whose row is not committed yet (seconds).
ORPHAN_SECONDS = 3600
#: Files that are looked for in one statement.
MANY = 500


@dataclass(frozen=True, slots=True)
class Written:
    """A sealed file on the disk that no row knows yet."""

    public_id: str
    key_id: str
    kind: FileKind


def folder(house: House) -> Path:
    """Where the files are. A backup copies it after the data database: then it has every file that a row names."""
    return house.settings.instance / "data" / "files"


def write(plain: bytes, kind: FileKind) -> Written:
    """Seal a file with a new key of its own and write it, before the action that keeps it.

    Raises Unavailable when the disk takes no more; nothing is left then.
    """
    house, public_id = work.house(), new_public_id()
    key_id = house.vault.create_key(Purpose.RECORD)
    sealed = house.vault.seal(key_id, _place(public_id), plain)
    try:
        house.offload(_write, folder(house), public_id, sealed)
    except OSError as error:
        raise Unavailable from error
    return Written(public_id, key_id, kind)


def keep(written: Written) -> KeptFile:
    """Keep a file that was written, from this action's commit on."""
    kept = KeptFile(public_id=written.public_id, key_id=written.key_id, kind=written.kind)
    work.session().add(kept)
    work.session().flush()
    return kept


def open(public_id: str) -> tuple[bytes, FileKind]:
    """What is in a file, and its kind. Whether somebody may see it was asked before. Raises NotFound."""
    house = work.house()
    kept = work.session().scalars(select(KeptFile).where(KeptFile.public_id == public_id)).one_or_none()
    if kept is None:
        raise NotFound
    try:
        sealed = house.offload((folder(house) / kept.public_id).read_bytes)
    except FileNotFoundError:
        raise NotFound from None
    return house.vault.open(kept.key_id, _place(kept.public_id), sealed), kept.kind


def remove(*public_ids: str) -> None:
    """Take files away with this action's commit; their keys are shredded for certain. Nothing of those gone already."""
    keys = discard(*public_ids)
    if keys:
        enqueue("vault.shred", keys=keys)


def discard(*public_ids: str) -> list[str]:
    """The same for whoever shreds keys themselves. Returns the keys of those that were there."""
    keys: list[str] = []
    for start in range(0, len(public_ids), MANY):
        some = KeptFile.public_id.in_(public_ids[start : start + MANY])
        gone = delete(KeptFile).where(some).returning(KeptFile.public_id, KeptFile.key_id)
        for public_id, key_id in work.session().execute(gone).all():
            keys.append(key_id)
            work.after_commit(partial((folder(work.house()) / public_id).unlink, missing_ok=True))
    return keys


def keys_of(public_ids: Collection[str]) -> dict[str, str]:
    """With which key each file is sealed, so that what is said of it can be sealed with the same and goes with it."""
    if not public_ids:
        return {}
    wanted = select(KeptFile.public_id, KeptFile.key_id).where(KeptFile.public_id.in_(public_ids))
    return dict(work.session().execute(wanted).all())


def sweep(actor: Actor) -> None:
    """The hourly job: take away files that nobody knows. They are left by what was killed, or by a backup."""
    ensure(actor.kind is Kind.SYSTEM)
    there, before = folder(work.house()), time.time() - ORPHAN_SECONDS
    if not there.is_dir():
        return
    old = {path.name: path for path in there.iterdir() if _written_at(path) < before}
    names = sorted(old)
    for start in range(0, len(names), MANY):
        some = names[start : start + MANY]
        known = set(work.session().scalars(select(KeptFile.public_id).where(KeptFile.public_id.in_(some))))
        for name in set(some) - known:
            old[name].unlink(missing_ok=True)


def _write(into: Path, name: str, sealed: bytes) -> None:
    """Write a whole file or none, and have the disk keep it before anybody is told."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = into / f"{name}.part"
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(into / name)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    listing = os.open(into, os.O_RDONLY)
    try:
        os.fsync(listing)
    finally:
        os.close(listing)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # somebody else takes it away at this moment
        return float("inf")


def _place(public_id: str) -> Place:
    return Place("kept_file", public_id, "content")
