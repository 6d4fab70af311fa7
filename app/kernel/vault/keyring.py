"""The master key file: a small JSON file outside data and backups, mode 0600, replaced atomically.

It holds one secret (for signing forms, never rotated with the masters) and one or more numbered master keys. Two
masters are in it only while a rotation is under way.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.kernel.vault import box


class Keyring:
    """The master keys of one instance, read from their file when first asked for and again when a new one is named."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._masters: dict[int, bytes] = {}
        #: Made of them when first needed: that takes longer than to open a data key with one.
        self._ciphers: dict[int, AESGCM] = {}
        self._secret = b""

    @classmethod
    def create(cls, path: Path) -> bool:
        """Make the file with fresh keys unless it is there. Returns whether it was made."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ring = cls(path)
        with ring._locked():
            if path.exists():
                return False
            ring._write(box.new_key(), {1: box.new_key()})
        return True

    def master(self, version: int) -> AESGCM:
        """What seals with the master key of this number, from the file if it is not known yet. Raises KeyError."""
        if version not in self._ciphers:
            if version not in self._masters:
                self._read()
            self._ciphers[version] = AESGCM(self._masters[version])
        return self._ciphers[version]

    def versions(self) -> list[int]:
        """The numbers of all masters in the file, oldest first."""
        self._read()
        return sorted(self._masters)

    def secret(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same in every process and across rotations."""
        if not self._secret:
            self._read()
        return box.derive(self._secret, purpose)

    def add_master(self) -> int:
        """Put a new master beside the present ones and return its number."""
        with self._locked():
            self._read()
            version = max(self._masters) + 1
            self._write(self._secret, {**self._masters, version: box.new_key()})
        return version

    def keep_only(self, version: int) -> None:
        """Drop every master but this one from the file."""
        with self._locked():
            self._read()
            self._write(self._secret, {version: self._masters[version]})

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """One rotation at a time: two would each drop the other's new master. A second one waits for the first."""
        with self._locked(".rotating"):
            yield

    def _read(self) -> None:
        stored = json.loads(self.path.read_text())
        self._secret = base64.b64decode(stored["secret"])
        self._hold({int(number): base64.b64decode(key) for number, key in stored["masters"].items()})

    def _hold(self, masters: dict[int, bytes]) -> None:
        self._masters, self._ciphers = masters, {}

    def _write(self, secret: bytes, masters: dict[int, bytes]) -> None:
        """Replace the file so that a crash at any moment leaves the old one or the new one, whole."""
        stored = {
            "secret": base64.b64encode(secret).decode(),
            "masters": {str(number): base64.b64encode(key).decode() for number, key in masters.items()},
        }
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(stored, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._secret = secret
        self._hold(masters)

    @contextmanager
    def _locked(self, suffix: str = ".lock") -> Iterator[None]:
        """One writer of the file at a time, across processes; the kernel lets go when the holder dies."""
        handle = os.open(self.path.with_suffix(suffix), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
