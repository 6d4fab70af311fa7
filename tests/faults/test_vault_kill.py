"""kill -9 at any point of a rotation or a shredding: every key that remains opens, and nothing shredded comes back."""

import json
import random
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from app.kernel.db import Databases, new_public_id
from app.kernel.vault import Keyring, Purpose, Shredded, Vault, box
from app.kernel.vault.models import DataKey
from config import Settings
from tests.conftest import environment
from tests.faults.programs.forking import Forks, program
from tests.faults.programs.vault_children import PLACE, WORDS
from tests.server import wait_for

pytestmark = pytest.mark.faults

#: Fewer on PostgreSQL, where each key is a journey.
KEYS, KEYS_ON_POSTGRESQL = 240, 60


@dataclass
class Instance:
    """An instance with many keys, and the processes that are killed while they work on them."""

    settings: Settings
    databases: Databases
    forks: Forks
    sealed: dict[str, bytes] = field(default_factory=dict)

    def vault(self) -> Vault:
        """A vault with nothing in memory, as a process has it that was just started."""
        return Vault(self.databases, Keyring(self.settings.master_key_file))

    def masters(self) -> list[str]:
        """The numbers of the masters in the key file, which is whole and closed to others."""
        key_file = self.settings.master_key_file
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        return sorted(json.loads(key_file.read_text())["masters"])

    def check(self, when: str) -> list[str]:
        """Everything that was sealed and not shredded opens. Returns the masters in the key file."""
        masters = self.masters()
        vault = self.vault()
        assert vault.verify() == [], when
        vault.prefetch(self.sealed)
        for key_id, sealed in self.sealed.items():
            assert vault.open(key_id, PLACE, sealed) == WORDS, when
        return masters

    def finish(self) -> None:
        """One more rotation goes to its end and leaves one master."""
        self.vault().rotate()
        assert len(self.check("after the last rotation")) == 1

    def usual_seconds(self) -> float:
        """How long one rotation takes here and now, from which the moments of the kills are drawn."""
        vault = self.vault()
        vault.rotate()
        began = time.monotonic()
        vault.rotate()
        return min(time.monotonic() - began, 0.25)


@pytest.fixture(scope="module")
def warm() -> "Iterator[subprocess.Popen[str]]":
    with program("tests.faults.programs.vault_children") as running:
        yield running


@pytest.fixture
def on_sqlite(warm: "subprocess.Popen[str]", sqlite_settings: Settings, tmp_path: Path) -> Iterator[Instance]:
    yield from _instance(warm, sqlite_settings, tmp_path, KEYS)


@pytest.fixture
def on_postgresql(warm: "subprocess.Popen[str]", postgres_settings: Settings, tmp_path: Path) -> Iterator[Instance]:
    yield from _instance(warm, postgres_settings, tmp_path, KEYS_ON_POSTGRESQL)


def test_a_rotation_killed_anywhere_loses_no_key(on_sqlite: Instance) -> None:
    _kill_rotations(on_sqlite, times=50)


def test_a_rotation_killed_anywhere_loses_no_key_on_postgresql(on_postgresql: Instance) -> None:
    _kill_rotations(on_postgresql, times=12)


def _kill_rotations(instance: Instance, *, times: int) -> None:
    usual = instance.usual_seconds()
    chance = random.Random()
    midway = 0
    for turn in range(times):
        number = instance.forks.start("rotate")
        time.sleep(chance.uniform(0, 2 * usual))  # the point of the kill, not a wait for anything
        instance.forks.kill(number)
        masters = instance.check(f"kill {turn}, after {instance.forks.said(number)}")
        assert len(masters) in (1, 2)
        midway += len(masters) == 2
    assert midway >= times // 10, "most kills are meant to fall into the middle of a rotation"
    instance.finish()


def test_a_shredding_killed_anywhere_takes_the_shredded_keys_alone(on_sqlite: Instance) -> None:
    keys_folder = Path(on_sqlite.settings.keys_url.removeprefix("sqlite:///")).parent
    _kill_shreddings(on_sqlite, times=12, on_disk=lambda: b"".join(p.read_bytes() for p in keys_folder.iterdir()))


def test_a_shredding_killed_anywhere_takes_the_shredded_keys_alone_on_postgresql(on_postgresql: Instance) -> None:
    _kill_shreddings(on_postgresql, times=4, on_disk=lambda: b"")


def _kill_shreddings(instance: Instance, *, times: int, on_disk: Callable[[], bytes]) -> None:
    chance = random.Random()
    wrapped = _wrapped(instance)
    for turn in range(times):
        doomed = chance.sample(sorted(instance.sealed), len(wrapped) // times)
        number = instance.forks.start("shred", *doomed)
        _wait_until_said(instance.forks, number, "shredded", chance.randrange(len(doomed)))
        instance.forks.kill(number)
        said = instance.forks.said(number)
        begun = {key_id for word, key_id in said if word == "begin"}
        shredded = {key_id for word, key_id in said if word == "shredded"}
        assert len(begun - shredded) <= 1
        vault = instance.vault()
        for key_id in shredded:
            with pytest.raises(Shredded):
                vault.open(key_id, PLACE, instance.sealed.pop(key_id))
        for key_id in begun - shredded:
            try:
                assert vault.open(key_id, PLACE, instance.sealed[key_id]) == WORDS
            except Shredded:
                instance.sealed.pop(key_id)
        left = on_disk()
        assert [key_id for key_id in shredded if wrapped[key_id] in left] == []
        instance.check(f"kill {turn}")
    instance.finish()


def test_keys_made_while_rotations_are_killed_all_open(on_sqlite: Instance) -> None:
    _make_keys_meanwhile(on_sqlite, times=5)


def test_keys_made_while_rotations_are_killed_all_open_on_postgresql(on_postgresql: Instance) -> None:
    _make_keys_meanwhile(on_postgresql, times=3)


def _make_keys_meanwhile(instance: Instance, *, times: int) -> None:
    """Two processes make and open keys all the while. None may be wrapped with a master that is dropped from the file."""
    usual = instance.usual_seconds()
    chance = random.Random()
    makers = [instance.forks.start("make") for _ in range(2)]
    for _ in range(times):
        number = instance.forks.start("rotate")
        time.sleep(chance.uniform(usual, 3 * usual))  # the point of the kill, not a wait for anything
        instance.forks.kill(number)
    number = instance.forks.start("rotate")
    _wait_until_said(instance.forks, number, "rotated", 1)
    made: dict[str, bytes] = {}
    for maker in makers:
        _wait_until_said(instance.forks, maker, "made", 12)
    for maker in makers:
        instance.forks.kill(maker)
        made |= {key_id: bytes.fromhex(sealed) for _word, key_id, sealed in instance.forks.said(maker)}
    instance.forks.kill(number)
    assert len(made) >= 24
    instance.sealed |= made
    instance.check("with the keys that were made meanwhile")
    instance.finish()


def _instance(warm: "subprocess.Popen[str]", settings: Settings, folder: Path, number: int) -> Iterator[Instance]:
    urls = {"DATABASE_URL": settings.database_url, "KEYS_URL": settings.keys_url}
    databases = Databases(settings.database_url, settings.keys_url)
    instance = Instance(settings, databases, Forks(warm, environment(settings.instance, **urls), folder))
    instance.sealed = _filled(instance, number)
    yield instance
    databases.close()


def _filled(instance: Instance, number: int) -> dict[str, bytes]:
    """Many keys, each with something sealed, stored at once since a commit each would take seconds."""
    made, vault = [], instance.vault()
    with instance.databases.writing_keys() as keys:
        for _ in range(number):
            key_id, key = new_public_id(), box.new_key()
            values = {"id": key_id, "purpose": Purpose.PERSON, "master": 1, "made_on": date(2026, 1, 1)}
            keys.execute(insert(DataKey).values(wrapped=vault._wrap(1, key_id, key), **values))
            made.append(key_id)
    vault.prefetch(made)
    return {key_id: vault.seal(key_id, PLACE, WORDS) for key_id in made}


def _wait_until_said(running: Forks, process: int, word: str, times: int) -> None:
    def enough() -> bool:
        return [line[0] for line in running.said(process)].count(word) >= times

    wait_for(enough, seconds=30, what=f"{word} {times} times")


def _wrapped(instance: Instance) -> dict[str, bytes]:
    with instance.databases.reading_keys() as keys:
        return {row.id: row.wrapped for row in keys.execute(select(DataKey.id, DataKey.wrapped))}
