"""kill -9 at any point of a rotation or a shredding: every key that remains opens, and nothing shredded comes back."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
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
from tests.faults.programs.vault_children import PLACE, WORDS
from tests.server import ROOT, wait_for

pytestmark = pytest.mark.faults

#: Fewer on PostgreSQL, where each key is a journey.
KEYS, KEYS_ON_POSTGRESQL = 240, 60


@dataclass
class Victims:
    """A keys database with keys in it, and the program that forks the processes to be killed."""

    keys_url: str
    key_file: Path
    folder: Path
    program: "subprocess.Popen[str]"
    sealed: dict[str, bytes] = field(default_factory=dict)
    logs: int = 0

    def vault(self) -> Vault:
        """A vault with nothing in memory, as a process has it that was just started."""
        return Vault(Databases(f"sqlite:///{self.folder / 'none'}", self.keys_url), Keyring(self.key_file))

    def start(self, task: str, *keys: str) -> tuple[int, Path]:
        """A new process at this task: its number, and the file in which it says what it has done."""
        self.logs += 1
        log = self.folder / f"{self.logs}.log"
        log.touch()
        return int(self._order("start", task, str(log), *keys)), log

    def kill(self, number: int) -> None:
        """SIGKILL, and wait until the process is gone."""
        os.kill(number, signal.SIGKILL)
        assert int(self._order("reap", str(number))) == -signal.SIGKILL, "it was still at work when it was killed"

    def masters(self) -> list[str]:
        """The numbers of the masters in the key file, which is whole and closed to others."""
        assert stat.S_IMODE(self.key_file.stat().st_mode) == 0o600
        stored = json.loads(self.key_file.read_text())
        return sorted(stored["masters"])

    def check(self, what: str) -> list[str]:
        """Everything that was sealed and not shredded opens. Returns the masters in the key file."""
        masters = self.masters()
        vault = self.vault()
        try:
            assert vault.verify() == [], what
            vault.prefetch(self.sealed)
            for key_id, sealed in self.sealed.items():
                assert vault.open(key_id, PLACE, sealed) == WORDS, what
        finally:
            vault._databases.close()
        return masters

    def finish(self) -> None:
        """One more rotation goes to its end and leaves one master."""
        vault = self.vault()
        vault.rotate()
        vault._databases.close()
        assert len(self.check("after the last rotation")) == 1

    def _order(self, *words: str) -> str:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write(" ".join(words) + "\n")
        self.program.stdin.flush()
        return self.program.stdout.readline()


@pytest.fixture
def sqlite_victims(sqlite_settings: Settings, tmp_path: Path) -> Iterator[Victims]:
    yield from _victims(sqlite_settings, tmp_path, KEYS)


@pytest.fixture
def postgres_victims(postgres_settings: Settings, tmp_path: Path) -> Iterator[Victims]:
    yield from _victims(postgres_settings, tmp_path, KEYS_ON_POSTGRESQL)


def test_a_rotation_killed_anywhere_loses_no_key(sqlite_victims: Victims) -> None:
    _kill_rotations(sqlite_victims, times=50)


def test_a_rotation_killed_anywhere_loses_no_key_on_postgresql(postgres_victims: Victims) -> None:
    _kill_rotations(postgres_victims, times=12)


def _kill_rotations(victims: Victims, *, times: int) -> None:
    usual = _usual_seconds(victims)
    chance = random.Random()
    midway = 0
    for turn in range(times):
        number, log = victims.start("rotate")
        time.sleep(chance.uniform(0, 2 * usual))  # the point of the kill, not a wait for anything
        victims.kill(number)
        masters = victims.check(f"kill {turn} after {log.read_text()!r}")
        assert len(masters) in (1, 2)
        midway += len(masters) == 2
    assert midway >= times // 10, "most kills are meant to fall into the middle of a rotation"
    victims.finish()


def test_a_shredding_killed_anywhere_loses_the_shredded_keys_alone(sqlite_victims: Victims) -> None:
    keys_folder = Path(sqlite_victims.keys_url.removeprefix("sqlite:///")).parent
    _kill_shreddings(sqlite_victims, times=15, on_disk=lambda: b"".join(p.read_bytes() for p in keys_folder.iterdir()))


def test_a_shredding_killed_anywhere_loses_the_shredded_keys_alone_on_postgresql(postgres_victims: Victims) -> None:
    _kill_shreddings(postgres_victims, times=5, on_disk=lambda: b"")


def _kill_shreddings(victims: Victims, *, times: int, on_disk: Callable[[], bytes]) -> None:
    chance = random.Random()
    wrapped = _wrapped(victims)
    for turn in range(times):
        doomed = chance.sample(sorted(victims.sealed), len(wrapped) // times)
        enough = chance.randrange(len(doomed))
        number, log = victims.start("shred", *doomed)
        _wait_for_lines(log, "shredded", enough)
        victims.kill(number)
        said = [line.split() for line in log.read_text().splitlines()]
        assert [line for line in said if line[0] == "failed"] == []
        shredded = {key_id for word, key_id in said if word == "shredded"}
        begun = {key_id for word, key_id in said if word == "begin"}
        assert len(begun - shredded) <= 1
        vault = victims.vault()
        for key_id in shredded:
            with pytest.raises(Shredded):
                vault.open(key_id, PLACE, victims.sealed.pop(key_id))
        for key_id in begun - shredded:
            try:
                assert vault.open(key_id, PLACE, victims.sealed[key_id]) == WORDS
            except Shredded:
                victims.sealed.pop(key_id)
        left = on_disk()
        assert [key_id for key_id in shredded if wrapped[key_id] in left] == []
        vault._databases.close()
        victims.check(f"kill {turn}")
    victims.finish()


def test_keys_made_while_rotations_are_killed_all_open(sqlite_victims: Victims) -> None:
    _make_keys_meanwhile(sqlite_victims, times=6)


def test_keys_made_while_rotations_are_killed_all_open_on_postgresql(postgres_victims: Victims) -> None:
    _make_keys_meanwhile(postgres_victims, times=3)


def _make_keys_meanwhile(victims: Victims, *, times: int) -> None:
    """Two processes make and open keys all the while. None may be wrapped with a master that is dropped from the file."""
    usual = _usual_seconds(victims)
    chance = random.Random()
    before = len(victims.sealed)
    makers = [victims.start("make") for _ in range(2)]
    for _ in range(times):
        number, _log = victims.start("rotate")
        time.sleep(chance.uniform(usual, 3 * usual))  # the point of the kill, not a wait for anything
        victims.kill(number)
    number, log = victims.start("rotate")
    _wait_for_lines(log, "rotated", 2)
    for maker, said in makers:
        victims.kill(maker)
        lines = [line.split() for line in said.read_text().splitlines()]
        assert [line for line in lines if line[0] == "failed"] == []
        victims.sealed |= {key_id: bytes.fromhex(sealed) for _word, key_id, sealed in lines}
    victims.kill(number)
    assert len(victims.sealed) > before + 20
    victims.check("with the keys that were made meanwhile")
    victims.finish()


def _victims(settings: Settings, folder: Path, number: int) -> Iterator[Victims]:
    keys_url, key_file = settings.keys_url, settings.master_key_file
    databases = Databases(settings.database_url, keys_url)
    vault = Vault(databases, Keyring(key_file))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.programs.vault_children", keys_url, str(key_file)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as program:  # fmt: skip
        victims = Victims(keys_url, key_file, folder, program)
        victims.sealed = _filled(vault, number)
        databases.close()
        yield victims
        assert program.stdin is not None
        program.stdin.close()


def _filled(vault: Vault, number: int) -> dict[str, bytes]:
    """Many keys, each with something sealed, stored at once since a commit each would take seconds."""
    made = {}
    with vault._databases.writing_keys() as keys:
        for _ in range(number):
            key_id, key = new_public_id(), box.new_key()
            keys.execute(
                insert(DataKey).values(
                    id=key_id,
                    purpose=Purpose.PERSON,
                    wrapped=vault._wrap(1, key_id, key),
                    master=1,
                    made_on=date(2026, 1, 1),
                )
            )
            made[key_id] = key
    vault.prefetch(made)
    return {key_id: vault.seal(key_id, PLACE, WORDS) for key_id in made}


def _wait_for_lines(log: Path, word: str, number: int) -> None:
    wait_for(lambda: log.read_text().count(word) >= number, seconds=30, what=f"{word} {number} times")


def _wrapped(victims: Victims) -> dict[str, bytes]:
    vault = victims.vault()
    with vault._databases.reading_keys() as keys:
        found = {row.id: row.wrapped for row in keys.execute(select(DataKey.id, DataKey.wrapped))}
    vault._databases.close()
    return found


def _usual_seconds(victims: Victims) -> float:
    """How long one rotation takes here and now, from which the moments of the kills are drawn."""
    vault = victims.vault()
    vault.rotate()
    began = time.monotonic()
    vault.rotate()
    taken = time.monotonic() - began
    vault._databases.close()
    return taken
