"""The vault: makes, opens, rotates and shreds data keys, and seals and opens values with them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError

from app.kernel.db import Databases, new_public_id
from app.kernel.errors import NotFound
from app.kernel.prepared import Prepared
from app.kernel.vault import box
from app.kernel.vault.box import Place, Tampered
from app.kernel.vault.keyring import Keyring
from app.kernel.vault.models import DataKey, MasterInUse, Purpose

#: Opened keys kept in memory at most; the one opened longest ago goes first.
CACHE_KEYS = 10_000
#: Keys wrapped anew in one transaction of a rotation. A kill loses at most one such batch, which is then done again.
ROTATE_BATCH = 200
#: Keys read at once when all are tried: a long read would keep every writer of a SQLite file waiting.
VERIFY_BATCH = 500


class _Wrapped(NamedTuple):
    """A data key as it is stored."""

    id: str
    purpose: Purpose
    wrapped: bytes
    master: int


_STORED = select(DataKey.id, DataKey.purpose, DataKey.wrapped, DataKey.master)
_ONE = Prepared(_STORED.where(DataKey.id == bindparam("key")))
_NAMED = Prepared(_STORED.where(DataKey.name == bindparam("name")))
_MASTER = Prepared(select(MasterInUse.version).with_for_update(read=True))
_SEVERAL = _STORED.where(DataKey.id.in_(bindparam("keys", expanding=True)))

#: Until when it may be used (monotonic seconds), what seals with it, and its bytes.
_Opened = tuple[float, AESGCM, bytes]


class Shredded(NotFound):
    """The key is gone, and with it whatever it sealed."""


class Vault:
    """Every sealed value of the instance goes in and comes out here."""

    def __init__(self, databases: Databases, keyring: Keyring) -> None:
        self._databases = databases
        self._keyring = keyring
        self._opened: OrderedDict[str, _Opened] = OrderedDict()
        self._index_keys: dict[str, bytes] = {}
        self._reserved: dict[Purpose, list[str]] = {}

    def prepare(self) -> None:
        """Name the first master as the one in use. Called once when an instance is made; harmless afterwards."""
        try:
            with self._databases.writing_keys() as keys:
                if keys.scalar(select(func.count()).select_from(MasterInUse)) == 0:
                    keys.execute(insert(MasterInUse).values(id=1, version=self._keyring.versions()[-1]))
        except IntegrityError:
            pass  # two at once: the other one has done it

    # --- keys -------------------------------------------------------------------------------------------------------

    def create_key(self, purpose: Purpose, *, name: str | None = None) -> str:
        """Make a data key and return its id.

        Committed at once, before the record that it will seal: an unused key is harmless, a missing one is a loss.
        """
        if name is None and self._reserved.get(purpose):
            return self._reserved[purpose].pop()
        return self._create_keys(purpose, 1, name)[0]

    def reserve_keys(self, purpose: Purpose, count: int) -> None:
        """Make many keys in one transaction for the next calls of `create_key`, before many records are made."""
        self._reserved[purpose] = self._create_keys(purpose, count, None)

    def _create_keys(self, purpose: Purpose, count: int, name: str | None) -> list[str]:
        made = [(new_public_id(), box.new_key()) for _ in range(count)]
        with self._databases.writing_keys() as keys:
            version = self._master_in_use(keys)
            rows = [
                {
                    "id": key_id,
                    "purpose": purpose,
                    "name": name,
                    "wrapped": self._wrap(version, key_id, key),
                    "master": version,
                    "made_on": datetime.now(UTC).date(),
                }
                for key_id, key in made
            ]
            keys.execute(insert(DataKey), rows)
        for key_id, key in made:
            self._remember(key_id, purpose, key)
        return [key_id for key_id, _key in made]

    def shred(self, key_ids: Iterable[str]) -> int:
        """Destroy keys. Returns how many were still there. What they sealed can never be opened again."""
        wanted = list(key_ids)
        with self._databases.writing_keys() as keys:
            gone = keys.execute(delete(DataKey).where(DataKey.id.in_(wanted))).rowcount
        for key_id in wanted:
            self._opened.pop(key_id, None)
        return gone

    def prefetch(self, key_ids: Iterable[str]) -> None:
        """Open many keys with one query, so that a page of fifty names costs one. Missing ones are left out."""
        wanted = [key_id for key_id in set(key_ids) if self._cached(key_id) is None]
        if not wanted:
            return
        with self._databases.reading_keys() as keys:
            rows = [_Wrapped._make(row) for row in keys.execute(_SEVERAL, {"keys": wanted})]
        for row in rows:
            with suppress(Shredded):
                self._remember(row.id, row.purpose, self._unwrap_row(row))

    # --- values -----------------------------------------------------------------------------------------------------

    def seal(self, key_id: str, place: Place, plain: bytes) -> bytes:
        """Seal bytes for one place. Raises Shredded when the key is gone."""
        return box.seal(self._cipher(key_id), key_id, place, plain)

    def open(self, key_id: str, place: Place, sealed: bytes) -> bytes:
        """The bytes sealed for this place. Raises Shredded when the key is gone, Tampered when anything was moved."""
        return box.unseal(self._cipher(key_id), key_id, place, sealed)

    def held(self, key_id: str) -> object:
        """Stands for a key as it was last read: the same object until it is read again. Raises Shredded when it is gone."""
        return self._opened_key(key_id)

    def still_holds(self, key_id: str, held: object) -> bool:
        """Whether that is how the key was last read, and not so long ago that it is to be read again."""
        return self._cached(key_id) is held

    def blind_index(self, name: str, value: str) -> bytes:
        """A keyed fingerprint (32 bytes) by which an equal value is found again without being stored."""
        return box.keyed_hash(self._index_key(name), value.encode())

    def fingerprints(self, key_id: str, what: str, values: Iterable[bytes]) -> list[bytes]:
        """A short keyed fingerprint (8 bytes) of each value, under a data key: once that is shredded nobody can make one.

        Raises Shredded when the key is gone.
        """
        return box.short_hashes(self._opened_key(key_id)[2], what, values)

    def chain(self, name: str, *parts: bytes) -> bytes:
        """A keyed hash over several parts, for records that must prove that nobody changed them."""
        return box.keyed_hash(self._index_key(name), *parts)

    def named_key(self, name: str, purpose: Purpose) -> str:
        """The id of the one key with this name, made when first asked for. Two at once get the same one."""
        found = self._find_named(name)
        if found is None:
            try:
                return self.create_key(purpose, name=name)
            except IntegrityError:
                found = self._find_named(name)
        if found is None:
            raise Shredded
        return found.id

    # --- rotation and checks ----------------------------------------------------------------------------------------

    def rotate(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Wrap every data key with a new master and forget the old one. Returns the number of keys wrapped anew.

        Killed at any point it goes on where it was: the file holds both masters until no key needs the old one, and
        each key names the master that wraps it.
        """
        with self._keyring.rotating():
            return self._rotate(progress)

    def _rotate(self, progress: Callable[[int, int], None]) -> int:
        versions = self._keyring.versions()
        target = versions[-1] if len(versions) > 1 else self._keyring.add_master()
        with self._databases.writing_keys() as keys:
            keys.execute(update(MasterInUse).values(version=target))
        with self._databases.reading_keys() as keys:
            total = keys.scalar(select(func.count()).where(DataKey.master != target)) or 0
        done = 0
        while batch := self._rewrap_some(target):
            done += batch
            progress(done, total)
        self._keyring.keep_only(target)
        return done

    def _rewrap_some(self, target: int) -> int:
        with self._databases.writing_keys() as keys:
            rows = keys.execute(
                select(DataKey.id, DataKey.master, DataKey.wrapped)
                .where(DataKey.master != target)
                .limit(ROTATE_BATCH)
                .with_for_update()
            ).all()
            for row in rows:
                key = self._unwrap(row.master, row.id, row.wrapped)
                keys.execute(
                    update(DataKey)
                    .where(DataKey.id == row.id)
                    .values(wrapped=self._wrap(target, row.id, key), master=target)
                )
        return len(rows)

    def verify(self) -> list[str]:
        """Try to unwrap every key. Returns one line for each that does not open, naming it."""
        problems = []
        with self._databases.reading_keys() as keys:
            in_use = keys.scalar(select(MasterInUse.version))
            if in_use is None:
                problems.append("no master key is named as the one in use: run `flask instance`")
            elif in_use not in self._keyring.versions():
                problems.append(f"master {in_use} is in use but not in the key file")
        for row in self._all_keys():
            try:
                self._unwrap_row(row)
            except KeyError:
                problems.append(f"data key {row.id}: its master {row.master} is not in the key file")
            except Tampered:
                problems.append(f"data key {row.id}: does not open, it was changed")
            except Shredded:
                pass  # while we looked at others
        return problems

    def holds_keys(self) -> bool:
        """Whether any data key is stored here. Also answers before the tables are made."""
        with self._databases.reading_keys() as keys:
            made = inspect(keys).has_table(DataKey.__tablename__)
            return made and keys.scalar(select(DataKey.id).limit(1)) is not None

    def count_keys(self) -> int:
        """How many data keys there are."""
        with self._databases.reading_keys() as keys:
            return keys.scalar(select(func.count()).select_from(DataKey)) or 0

    # --- inside -----------------------------------------------------------------------------------------------------

    def _master_in_use(self, keys: Connection) -> int:
        # Locked until our key is stored: a rotation that names a new master waits for us, and then sees our key.
        found = _MASTER.rows_on(keys, {})
        if not found:
            raise RuntimeError("the vault is not prepared: run `flask instance`")
        version: int = found[0][0]
        return version

    def _all_keys(self) -> Iterator[Row[Any]]:
        """Every key, in several short reads."""
        last = ""
        while True:
            with self._databases.reading_keys() as keys:
                rows = keys.execute(
                    select(DataKey).where(DataKey.id > last).order_by(DataKey.id).limit(VERIFY_BATCH)
                ).all()
            if not rows:
                return
            yield from rows
            last = rows[-1].id

    def _find_named(self, name: str) -> "_Wrapped | None":
        found = self._databases.read_keys(lambda keys: _NAMED.rows_on(keys, {"name": name}))
        return _Wrapped._make(found[0]) if found else None

    def _index_key(self, name: str) -> bytes:
        if name not in self._index_keys:
            full = f"index:{name}"
            row = self._find_named(full) or self._row(self.named_key(full, Purpose.INDEX))
            self._index_keys[name] = self._unwrap_row(row)
        return self._index_keys[name]

    def _cipher(self, key_id: str) -> AESGCM:
        return self._opened_key(key_id)[1]

    def _opened_key(self, key_id: str) -> _Opened:
        opened = self._cached(key_id)
        if opened is not None:
            return opened
        row = self._row(key_id)
        return self._remember(row.id, row.purpose, self._unwrap_row(row))

    def _row(self, key_id: str) -> "_Wrapped":
        found = self._databases.read_keys(lambda keys: _ONE.rows_on(keys, {"key": key_id}))
        if not found:
            raise Shredded
        return _Wrapped._make(found[0])

    def _cached(self, key_id: str) -> _Opened | None:
        entry = self._opened.get(key_id)
        if entry is None:
            return None
        if entry[0] < time.monotonic():
            self._opened.pop(key_id, None)
            return None
        return entry

    def _remember(self, key_id: str, purpose: Purpose, key: bytes) -> _Opened:
        opened = (time.monotonic() + purpose.cache_seconds, AESGCM(key), key)
        if purpose.cache_seconds:
            self._opened[key_id] = opened
            while len(self._opened) > CACHE_KEYS:
                self._opened.popitem(last=False)
        return opened

    def _wrap(self, version: int, key_id: str, key: bytes) -> bytes:
        return box.seal(self._keyring.master(version), str(version), _wrapping(key_id), key)

    def _unwrap_row(self, row: "_Wrapped | Row[Any]") -> bytes:
        """The key of a row that was just read. Raises KeyError when its master is not in the key file."""
        try:
            return self._unwrap(row.master, row.id, row.wrapped)
        except KeyError:
            # A rotation may have ended between our reading the row and the file: then the row is another one now.
            row = self._row(row.id)
            return self._unwrap(row.master, row.id, row.wrapped)

    def _unwrap(self, version: int, key_id: str, wrapped: bytes) -> bytes:
        return box.unseal(self._keyring.master(version), str(version), _wrapping(key_id), wrapped)


def _wrapping(key_id: str) -> Place:
    return Place("data_key", key_id, "wrapped")
