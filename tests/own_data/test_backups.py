"""Backups: sealed for somebody who is elsewhere, and no way by which somebody who was erased comes back."""

import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text, update

from app import create_app
from app.chat.models import Message
from app.identity.models import Person, Standing
from app.kernel import audit, erasures, files, work
from app.kernel.actor import system
from app.kernel.backup import Backup, restore, take
from app.kernel.backup.taking import STAMP, taken_at
from app.kernel.cli import make_instance
from app.kernel.db import now
from app.kernel.doctor import Finding, examine
from app.kernel.house import House
from app.kernel.vault import age
from app.own_data import jobs
from app.own_data.models import Erasure
from config import Settings, Unsafe, read_settings
from tests.conftest import POSTGRES, environment
from tests.factories import Factory
from tests.own_data.planted import Planted
from tests.own_data.test_erasing import ask, erased, hourly, left_behind
from tests.server import run

PAIR = age.new_pair()


@dataclass
class Elsewhere:
    """An empty instance on another machine: of the first one it has the key file alone."""

    settings: Settings

    def app(self) -> Flask:
        return create_app(self.settings, needs_key=False)

    def examined(self) -> dict[str, Finding]:
        """What the doctor says, by part."""
        app = self.app()
        found = {finding.part: finding for finding in examine(app)}
        app.extensions["house"].close()
        return found

    def restored(self, backup: Backup) -> tuple[House, list[str]]:
        app = self.app()
        house: House = app.extensions["house"]
        done = restore(house, backup, lambda: make_instance(app))
        return house, done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Elsewhere]:
    instance = tmp_path / "elsewhere"
    (instance / "secrets").mkdir(parents=True)
    shutil.copy(settings.master_key_file, instance / "secrets" / "master.key")
    (instance / "secrets" / "master.key").chmod(0o600)
    if settings.sqlite:
        yield Elsewhere(read_settings(environment(instance)))
        return
    admin: Engine = request.getfixturevalue("postgres_admin")
    names = [f"sanad_r_{uuid.uuid4().hex[:10]}_{part}" for part in ("data", "keys")]
    for name in names:
        _sql(admin, f'create database "{name}"')
    urls = [f"{POSTGRES}/{name}" for name in names]
    yield Elsewhere(read_settings(environment(instance, DATABASE_URL=urls[0], KEYS_URL=urls[1])))
    for name in names:
        _sql(admin, f'drop database if exists "{name}" with (force)')


def _sql(admin: Engine, statement: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(statement))


def backed_up(house: House, folder: Path) -> Backup:
    taken = take(house, folder, PAIR.recipient)
    return Backup(taken.data, taken.keys, PAIR.secret)


def standing_of(house: House, public_id: str) -> Standing | None:
    with work.scope(house) as opened:
        return opened.session.scalar(select(Person.standing).where(Person.public_id == public_id))


def test_a_backup_opens_for_its_recipient_alone_and_holds_no_master_key(
    house: House, planted: Planted, folder: Path
) -> None:
    backup = backed_up(house, folder)
    master = json.loads(house.settings.master_key_file.read_text())
    secrets = [master["secret"], *master["masters"].values()]
    for path in (backup.data, backup.keys):
        sealed = path.read_bytes()
        assert sealed.startswith(b"age-encryption.org/v1")
        with pytest.raises(age.NoAge):
            age.decrypt(sealed, age.new_pair().secret)
        plain = age.decrypt(sealed, PAIR.secret)
        assert not [one for one in secrets if one.encode() in plain]
        assert not [words for words in planted.words.values() if words.encode() in plain], "it is sealed within, too"
        assert path.stat().st_mode & 0o077 == 0
    # What opens the data is not in the file that has the data.
    with house.databases.keys.connect() as keys:
        wrapped = [bytes(one) for one in keys.scalars(text("select wrapped from data_key"))]
    data = age.decrypt(backup.data.read_bytes(), PAIR.secret)
    if house.settings.sqlite:
        assert not [one for one in wrapped if one in data]
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".age") == [
        backup.data.name,
        backup.keys.name,
    ]


def test_a_restored_instance_is_the_same_one(
    house: House, planted: Planted, folder: Path, elsewhere: Elsewhere
) -> None:
    backup = backed_up(house, folder)
    there, done = elsewhere.restored(backup)
    try:
        assert [line for line in done if "erased" in line] == []
        person = Factory(there).actor(Factory(there).another_session_of(planted.actor.person_id))
        assert person.name == planted.name
        assert sorted(one.name for one in files.folder(there).iterdir()) == sorted(
            one.name for one in files.folder(house).iterdir()
        )
        with work.scope(there) as opened:
            assert opened.session.scalar(select(func.count()).select_from(Message)) == 3
            assert audit.verify(opened.session, there.vault) == []
        assert not erasures.is_being_restored(there.settings.instance)
        assert all(finding.well for finding in elsewhere.examined().values())
    finally:
        there.close()


def test_who_was_erased_since_is_not_in_a_restored_backup(
    house: House, planted: Planted, folder: Path, elsewhere: Elsewhere
) -> None:
    before = backed_up(house, folder)
    erased(house, planted.actor)
    after = backed_up(house, folder / "later")
    # The worst case: data and keys both from before, so that every key is there that was shredded since. What tells is
    # the ledger, which the later backup left in its folder.
    shutil.copy(folder / "later" / erasures.FILE, folder / erasures.FILE)
    assert planted.that_open(house), "messages of rooms that others are in"
    there, done = elsewhere.restored(before)
    try:
        assert done[-1].startswith("1 erased again")
        assert standing_of(there, planted.actor.public_id) is Standing.CLOSED
        assert {one.place.table for one in planted.that_open(there)} <= {"message", "vouch"}
        places = left_behind(there)
        for what, words in planted.words.items():
            assert [place for place, content in places.items() if words.encode() in content] == [], what
        assert not [path for path in files.folder(there).iterdir() if path.is_file()]
        with work.scope(there) as opened:
            assert opened.session.scalars(select(Message.author_id).order_by(Message.id)).all()[:2] == [None, None]
    finally:
        there.close()
    assert after.data.exists()


@pytest.mark.parametrize("where", ["in the key backup", "given by hand"])
@pytest.mark.one_database
def test_the_ledger_is_found_wherever_it_was_kept(
    house: House, make: Factory, folder: Path, elsewhere: Elsewhere, where: str
) -> None:
    person = make.person("Gone By Then")
    before = backed_up(house, folder / "old")
    erased(house, person)
    if where == "in the key backup":
        later = backed_up(house, folder / "new")
        backup = replace(before, keys=later.keys)
    else:
        backup = replace(before, ledgers=(erasures.ledger_file(house),))
    there, done = elsewhere.restored(backup)
    try:
        assert done[-1].startswith("1 erased again")
        assert standing_of(there, person.public_id) is Standing.CLOSED
        assert [one.person for one in erasures.read(there)] == [person.public_id]
    finally:
        there.close()


def test_an_instance_that_was_put_back_by_hand_erases_again_before_it_serves(
    house: House, make: Factory, settings: Settings
) -> None:
    person = make.person()
    ask(house, person)
    erasures.write(house, person.public_id, erasures.Manner.OWN)  # the ledger stayed, the database came back
    app = create_app(settings)
    try:
        assert make_instance(app) == ["1 erased again: a backup had brought them back"]
        assert make_instance(app) == []
    finally:
        app.extensions["house"].close()
    assert standing_of(house, person.public_id) is Standing.CLOSED
    with work.scope(house) as opened:
        assert opened.session.scalars(select(Erasure.state)).all() == ["done"]


def test_the_worker_erases_again_within_the_hour_too(house: House, make: Factory) -> None:
    person = make.person()
    erasures.write(house, person.public_id, erasures.Manner.OWN)
    with work.scope(house):
        jobs.erase_again(system("test"))
    hourly(house)
    assert standing_of(house, person.public_id) is Standing.CLOSED


def test_a_backup_goes_into_an_empty_instance_alone(house: House, folder: Path, settings: Settings) -> None:
    backup = backed_up(house, folder)
    with pytest.raises(Unsafe, match="already"):
        restore(house, backup, list)
    assert not erasures.is_being_restored(settings.instance)


def test_until_a_restore_is_over_nobody_is_served_and_it_can_begin_anew(
    house: House, make: Factory, folder: Path, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make.person("Comes Through")
    backup = backed_up(house, folder)

    def fails() -> list[str]:
        raise KeyboardInterrupt

    app = elsewhere.app()
    with pytest.raises(KeyboardInterrupt):
        restore(app.extensions["house"], backup, fails)
    app.extensions["house"].close()
    with pytest.raises(Unsafe, match="restore"):
        create_app(elsewhere.settings)
    assert "restore" in elsewhere.examined()["erasures"].words
    there, _done = elsewhere.restored(backup)
    try:
        assert standing_of(there, person.public_id) is Standing.ACTIVE
        create_app(elsewhere.settings).extensions["house"].close()
    finally:
        there.close()


@pytest.mark.parametrize("wrong", ["identity", "swapped", "cut short", "another key file"])
@pytest.mark.one_database
def test_what_does_not_fit_is_refused_in_one_line(
    house: House, make: Factory, folder: Path, elsewhere: Elsewhere, wrong: str
) -> None:
    make.person()
    backup = backed_up(house, folder)
    if wrong == "identity":
        backup = replace(backup, secret=age.new_pair().secret)
    elif wrong == "swapped":
        backup = replace(backup, data=backup.keys, keys=backup.data)
    elif wrong == "cut short":
        backup.data.write_bytes(backup.data.read_bytes()[:-500])
    else:
        stored = json.loads(elsewhere.settings.master_key_file.read_text())
        stored["masters"] = {"1": "A" * 43 + "="}
        elsewhere.settings.master_key_file.write_text(json.dumps(stored))
    app = elsewhere.app()
    try:
        with pytest.raises(Unsafe) as refused:
            restore(app.extensions["house"], backup, lambda: make_instance(app))
    finally:
        app.extensions["house"].close()
    assert "\n" not in str(refused.value)
    assert erasures.is_being_restored(elsewhere.settings.instance)


@pytest.mark.one_database
def test_a_file_that_names_places_outside_is_refused(house: House, folder: Path, elsewhere: Elsewhere) -> None:
    backup = backed_up(house, folder)
    evil = folder / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        tar.add(house.settings.master_key_file, "../outside")
    with evil.open("rb") as source:
        age.encrypt_file(source, folder / "evil.age", PAIR.recipient)
    app = elsewhere.app()
    try:
        with pytest.raises(Unsafe, match="no backup of ours"):
            restore(app.extensions["house"], replace(backup, data=folder / "evil.age"), list)
    finally:
        app.extensions["house"].close()
    assert not (elsewhere.settings.instance.parent / "outside").exists()


@pytest.mark.one_database
def test_key_backups_are_destroyed_after_seven_days_and_data_backups_stay(house: House, folder: Path) -> None:
    folder.mkdir()
    old = (now() - timedelta(days=8)).strftime(STAMP)
    young = (now() - timedelta(days=6)).strftime(STAMP)
    kept = [folder / f"data-{old}.age", folder / f"keys-{young}.age", folder / "keys-of-somebody.age"]
    for path in (*kept, folder / f"keys-{old}.age"):
        path.write_bytes(b"sealed")
    taken = take(house, folder, PAIR.recipient)
    assert taken.destroyed == (folder / f"keys-{old}.age",)
    assert not taken.destroyed[0].exists()
    assert all(path.exists() for path in kept)


@pytest.mark.one_database
def test_no_backup_is_taken_without_somebody_elsewhere_or_into_the_instance(house: House, folder: Path) -> None:
    for recipient in ("", "age1nobody", PAIR.secret):
        with pytest.raises(Unsafe):
            take(house, folder, recipient)
    for inside in ("data", "keys"):
        with pytest.raises(Unsafe):
            take(house, house.settings.instance / inside / "backups", PAIR.recipient)
    with pytest.raises(Unsafe):
        read_settings({**environment(house.settings.instance), "BACKUP_RECIPIENT": PAIR.secret})


@pytest.mark.one_database
def test_the_doctor_knows_when_the_last_backup_was_taken(house: House, settings: Settings, folder: Path) -> None:
    def told() -> tuple[bool, str]:
        app = create_app(replace(settings, backup_recipient=PAIR.recipient))
        try:
            found = next(finding for finding in examine(app) if finding.part == "backup")
            return found.well, found.words
        finally:
            app.extensions["house"].close()

    assert told()[0] is False
    take(house, folder, PAIR.recipient)
    assert told() == (True, "0 h ago")
    assert taken_at(house) is not None
    (settings.instance / "last-backup.txt").write_text((now() - timedelta(hours=31)).strftime(STAMP))
    assert told()[0] is False


def test_both_commands_work_from_a_shell(make: Factory, settings: Settings, folder: Path, elsewhere: Elsewhere) -> None:
    person = make.person("From A Shell")
    key = folder.parent / "key.txt"
    key.write_text(f"# made elsewhere\n{PAIR.secret}\n")

    def flask(at: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
        urls = {} if at.sqlite else {"DATABASE_URL": at.database_url, "KEYS_URL": at.keys_url}
        environ = environment(at.instance, BACKUP_RECIPIENT=PAIR.recipient, **urls)
        return run("-m", "flask", *words, environment={**os.environ, **environ})

    taken = flask(settings, "backup", str(folder))
    assert taken.returncode == 0, taken.stderr
    (data,), (keys,) = folder.glob("data-*.age"), folder.glob("keys-*.age")
    done = flask(elsewhere.settings, "restore", str(data), str(keys), "--identity", str(key))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "restored, and well" in done.stdout
    again = flask(elsewhere.settings, "restore", str(data), str(keys), "--identity", str(key))
    assert again.returncode == 1
    assert "already" in again.stderr
    there = create_app(elsewhere.settings).extensions["house"]
    try:
        assert standing_of(there, person.public_id) is Standing.ACTIVE
    finally:
        there.close()


@pytest.mark.one_database
def test_people_write_on_while_a_backup_is_taken(house: House, make: Factory, folder: Path) -> None:
    person = make.person()
    room = make.room(person)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Person).values(demo=False))
        take(house, folder, PAIR.recipient)
    make.message(person, room, "While it was taken")
    assert take(house, folder / "again", PAIR.recipient).data.exists()
