"""Taking a backup: data and files into one sealed file, keys and the ledger of erasures into another."""

import json
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.kernel import erasures, files
from app.kernel.backup.copies import copy_database
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.vault import age
from config import Unsafe

#: Beside the data: when the last backup was taken, for `flask doctor`.
LAST = "last-backup.txt"
#: A key backup that is kept for longer breaks our promise about deletion.
KEYS_KEPT = timedelta(days=7)
STAMP = "%Y%m%dT%H%M%SZ"
DATA, KEYS, MANIFEST, FILES = "data", "keys", "manifest.json", "files"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was written, and which key backups were destroyed because their days are over."""

    data: Path
    keys: Path
    destroyed: tuple[Path, ...]


def take(house: House, folder: Path, recipient: str, progress: Progress = lambda _step: None) -> Taken:
    """Write a backup into a folder, sealed for whoever holds the secret half of the recipient.

    Killed at any point it leaves no half file under a whole one's name. Raises Unsafe with what is wrong.
    """
    if not age.is_recipient(recipient):
        raise Unsafe("BACKUP_RECIPIENT must be a recipient of age (age1...): make one with `age-keygen`, elsewhere")
    instance = house.settings.instance
    if folder.resolve().is_relative_to(instance / "data") or folder.resolve().is_relative_to(instance / "keys"):
        raise Unsafe("a backup inside the instance is none: name another folder, or another disk")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp, room = now().strftime(STAMP), folder / ".unfinished"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700)
    try:
        # Data first and keys after them: a key too many is harmless, a missing one is a loss.
        progress(DATA)
        data = _data(house, room, folder / f"{DATA}-{stamp}.age", recipient, stamp)
        progress(KEYS)
        keys = _keys(house, room, folder / f"{KEYS}-{stamp}.age", recipient, stamp)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    ledger = erasures.ledger_file(house)
    if ledger.exists():
        erasures.add_lines(folder / erasures.FILE, ledger.read_text().splitlines())
    destroyed = tuple(_destroy_old(folder))
    _write(instance / LAST, f"{stamp}\n")
    return Taken(data, keys, destroyed)


def taken_at(house: House) -> datetime | None:
    """When the last backup was taken, if ever."""
    path = house.settings.instance / LAST
    return _moment(path.read_text().strip()) if path.exists() else None


def _data(house: House, room: Path, target: Path, recipient: str, stamp: str) -> Path:
    copy = room / DATA
    copy_database(house.settings.database_url, copy)
    with tarfile.open(room / "data.tar", "w") as tar:
        _add_manifest(tar, room, house, DATA, stamp)
        tar.add(copy, DATA)
        there = files.folder(house)
        for path in sorted(there.iterdir()) if there.is_dir() else ():
            # One may be taken away, or still be written, while we look.
            if path.is_file() and path.suffix != ".part":
                try:
                    tar.add(path, f"{FILES}/{path.name}")
                except FileNotFoundError:
                    continue
    return _seal(room / "data.tar", room, target, recipient)


def _keys(house: House, room: Path, target: Path, recipient: str, stamp: str) -> Path:
    copy, ledger = room / KEYS, erasures.ledger_file(house)
    copy_database(house.settings.keys_url, copy)
    with tarfile.open(room / "keys.tar", "w") as tar:
        _add_manifest(tar, room, house, KEYS, stamp)
        tar.add(copy, KEYS)
        if ledger.exists():
            tar.add(ledger, erasures.FILE)
    return _seal(room / "keys.tar", room, target, recipient)


def _add_manifest(tar: tarfile.TarFile, room: Path, house: House, what: str, stamp: str) -> None:
    kind = "sqlite" if house.settings.sqlite else "postgresql"
    _write(room / MANIFEST, json.dumps({"what": what, "kind": kind, "taken": stamp}))
    tar.add(room / MANIFEST, MANIFEST)


def _seal(plain: Path, room: Path, target: Path, recipient: str) -> Path:
    sealed = room / target.name
    with plain.open("rb") as source:
        age.encrypt_file(source, sealed, recipient)
    plain.unlink()
    handle = os.open(sealed, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    sealed.replace(target)
    return target


def _destroy_old(folder: Path) -> list[Path]:
    """Only what we wrote, by its name: who keeps backups of keys elsewhere destroys them there."""
    gone = []
    for path in sorted(folder.glob(f"{KEYS}-*.age")):
        taken = _moment(path.name.removeprefix(f"{KEYS}-").removesuffix(".age"))
        if taken is not None and taken < now() - KEYS_KEPT:
            path.unlink(missing_ok=True)
            gone.append(path)
    return gone


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _write(path: Path, words: str) -> None:
    path.write_text(words)
    path.chmod(0o600)
