"""Restoring a backup into an empty instance. Until every erasure is done again, and all of it is well, nobody is served."""

import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.kernel import audit, erasures, files, work
from app.kernel.backup.copies import is_empty, put_back
from app.kernel.backup.taking import DATA, FILES, KEYS, MANIFEST, Progress
from app.kernel.house import House
from app.kernel.vault import age
from config import Unsafe, check_key_file

Ready = Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Backup:
    """Two files of a backup, the secret half of its recipient, and ledgers of erasures that are newer than it."""

    data: Path
    keys: Path
    secret: str
    ledgers: Sequence[Path] = ()


def restore(house: House, backup: Backup, make_ready: Ready, progress: Progress = lambda _step: None) -> list[str]:
    """Put a backup back, bring it up to date, and erase again whoever was erased since. Returns what was done, in words.

    `make_ready` brings tables up to date and has the features prepare. Into an empty instance alone, or one whose restore
    was killed. Raises Unsafe with what is wrong; then the instance still serves nobody, and restoring begins anew.
    """
    settings = house.settings
    check_key_file(settings.master_key_file)
    again = erasures.is_being_restored(settings.instance)
    if not again and not (is_empty(settings.database_url) and is_empty(settings.keys_url)):
        raise Unsafe("there is an instance here already: a backup is restored into an empty one")
    room = settings.instance / "restore.part"
    _mark(settings.instance / erasures.RESTORING)
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700, parents=True)
    try:
        progress(DATA)
        data = _unpacked(backup.data, backup.secret, room, DATA, settings.sqlite)
        progress(KEYS)
        keys = _unpacked(backup.keys, backup.secret, room, KEYS, settings.sqlite)
        _put_files(data / FILES, files.folder(house))
        put_back(settings.database_url, data / DATA, anew=again)
        put_back(settings.keys_url, keys / KEYS, anew=again)
        _merge(house, [keys / erasures.FILE, backup.data.parent / erasures.FILE, *backup.ledgers])
    except age.NoAge as wrong:
        raise Unsafe(str(wrong)) from None
    finally:
        shutil.rmtree(room, ignore_errors=True)
    progress(erasures.FILE)
    _insist(house.vault.verify())
    done = list(make_ready())
    with work.scope(house):
        _insist(audit.verify(work.session(), house.vault))
    (settings.instance / erasures.RESTORING).unlink()
    return done


def _unpacked(sealed: Path, secret: str, room: Path, what: str, sqlite: bool) -> Path:
    """The folder in which the content of one sealed file is."""
    plain, folder = room / f"{what}.tar", room / f"of-{what}"
    plain.touch(mode=0o600)
    with plain.open("wb") as target:
        age.decrypt_file(sealed, target, secret)
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(plain) as tar:
            for member in tar.getmembers():
                if not member.isfile() or not _is_expected(member.name, what):
                    raise Unsafe(f"{sealed.name} is no backup of ours: it holds {member.name[:60]!r}")
            # File by file: `extractall` is safe by its filters alone, which Debian 12's Python does not know yet.
            for member in tar.getmembers():
                _unpack(tar, member, folder / member.name)
        manifest = json.loads((folder / MANIFEST).read_text())
    except (tarfile.TarError, OSError, ValueError):
        raise Unsafe(f"{sealed.name} is no whole backup") from None
    finally:
        plain.unlink()
    kind = "sqlite" if sqlite else "postgresql"
    if manifest.get("what") != what or manifest.get("kind") != kind:
        raise Unsafe(f"{sealed.name} is of {manifest.get('what')} on {manifest.get('kind')}, not of {what} on {kind}")
    return folder


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.touch(mode=0o600, exist_ok=False)
    with tar.extractfile(member) as source, target.open("wb") as file:  # type: ignore[union-attr]  # it is a file
        shutil.copyfileobj(source, file)


def _is_expected(name: str, what: str) -> bool:
    path = PurePosixPath(name)
    if len(path.parts) == 2:
        return what == DATA and path.parts[0] == FILES and ".." not in path.parts
    return name in {MANIFEST, what} or (what == KEYS and name == erasures.FILE)


def _put_files(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    if source.is_dir():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(source, target)
        target.chmod(0o700)
        for path in target.iterdir():
            path.chmod(0o600)


def _merge(house: House, ledgers: Iterable[Path]) -> None:
    """All ledgers in one: what any of them knows was erased is erased."""
    lines = [line for path in ledgers if path.exists() for line in path.read_text().splitlines()]
    erasures.parse(house, lines)
    erasures.add_lines(erasures.ledger_file(house), lines)


def _insist(problems: Sequence[str]) -> None:
    if problems:
        raise Unsafe(f"restored, and not well: {problems[0]} ({len(problems)} in all)")


def _mark(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.fsync(descriptor)
    os.close(descriptor)
