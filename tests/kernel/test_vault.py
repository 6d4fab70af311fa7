"""The vault: what is sealed opens in its own place alone, with its own key, and for as long as that key lives."""

import base64
import json
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event, select, update

from app import create_app
from app.chat import queries
from app.chat.models import Epoch, Message
from app.identity import queries as people
from app.identity.models import Person
from app.kernel import work
from app.kernel.db import Databases, KeysBase
from app.kernel.house import House
from app.kernel.vault import Keyring, Place, Purpose, Shredded, Tampered, Vault, box
from app.kernel.vault import vault as vault_module
from app.kernel.vault.models import DataKey, MasterInUse
from config import Settings
from tests.factories import Factory

NAME = Place("person", "aaaaaaaaaaaaaaaa", "name")
WORDS = b"what nobody else may read"

Another = Callable[[], Vault]
Lasting = tuple[Vault, str, str]


@pytest.fixture
def another(settings: Settings) -> Iterator[Another]:
    """Makes vaults over the same keys, each with its own connections and memory, as each process has its own."""
    opened: list[Databases] = []

    def make() -> Vault:
        opened.append(Databases(settings.database_url, settings.keys_url))
        return Vault(opened[-1], Keyring(settings.master_key_file))

    with make()._databases.writing_keys() as keys:
        keys.execute(delete(DataKey))  # a new instance has a key or two of its own
    yield make
    for databases in opened:
        databases.close()


@pytest.fixture
def vault(another: Another) -> Vault:
    return another()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    """One vault with two keys for all the examples of the properties below."""
    folder = tmp_path_factory.mktemp("vault")
    databases = Databases(f"sqlite:///{folder / 'data'}", f"sqlite:///{folder / 'keys'}")
    KeysBase.metadata.create_all(databases.for_migrations()["keys"])
    Keyring.create(folder / "secrets" / "master.key")
    vault = Vault(databases, Keyring(folder / "secrets" / "master.key"))
    vault.prepare()
    yield vault, vault.create_key(Purpose.PERSON), vault.create_key(Purpose.PERSON)
    databases.close()


# --- sealing --------------------------------------------------------------------------------------------------------

words = st.text(alphabet="abc_-", max_size=4)
places = st.builds(Place, words, words, words)


@st.composite
def places_that_read_alike(draw: st.DrawFn) -> tuple[Place, Place]:
    """Two places whose parts, written one after the other with a bar between, give the same line."""
    line = draw(
        st.lists(st.sampled_from("ab|"), min_size=2, max_size=8).map("".join).filter(lambda s: s.count("|") > 1)
    )
    return _cut_somewhere(draw, line), _cut_somewhere(draw, line)


def _cut_somewhere(draw: st.DrawFn, line: str) -> Place:
    bars = [index for index, letter in enumerate(line) if letter == "|"]
    first, second = sorted(draw(st.lists(st.sampled_from(bars), min_size=2, max_size=2, unique=True)))
    return Place(line[:first], line[first + 1 : second], line[second + 1 :])


@given(place=places, plain=st.binary(max_size=200))
def test_what_was_sealed_for_a_place_opens_there(lasting: Lasting, place: Place, plain: bytes) -> None:
    vault, key_id, _ = lasting
    sealed = vault.seal(key_id, place, plain)
    assert vault.open(key_id, place, sealed) == plain
    assert vault.seal(key_id, place, plain) != sealed, "the same words sealed twice must not look the same"


@given(place=places, elsewhere=places)
def test_a_value_moved_to_another_table_row_column_or_key_does_not_open(
    lasting: Lasting, place: Place, elsewhere: Place
) -> None:
    vault, key_id, other_key = lasting
    sealed = vault.seal(key_id, place, WORDS)
    if elsewhere != place:
        with pytest.raises(Tampered):
            vault.open(key_id, elsewhere, sealed)
    with pytest.raises(Tampered):
        vault.open(other_key, place, sealed)


@given(alike=places_that_read_alike())
def test_two_places_are_never_mistaken_for_one_another(lasting: Lasting, alike: tuple[Place, Place]) -> None:
    vault, key_id, _ = lasting
    place, elsewhere = alike
    if place != elsewhere:
        with pytest.raises((Tampered, ValueError)):
            vault.open(key_id, elsewhere, vault.seal(key_id, place, WORDS))


@given(cut=st.integers(min_value=1, max_value=200), more=st.binary(min_size=1, max_size=20))
def test_a_shortened_or_lengthened_value_does_not_open(lasting: Lasting, cut: int, more: bytes) -> None:
    vault, key_id, _ = lasting
    sealed = vault.seal(key_id, NAME, WORDS)
    for changed in (sealed[:-cut], sealed[cut:], sealed + more, more + sealed):
        with pytest.raises(Tampered):
            vault.open(key_id, NAME, changed)


@given(bit=st.integers(min_value=0))
def test_a_value_with_one_flipped_bit_does_not_open(lasting: Lasting, bit: int) -> None:
    vault, key_id, _ = lasting
    sealed = bytearray(vault.seal(key_id, NAME, WORDS))
    bit %= len(sealed) * 8
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Tampered):
        vault.open(key_id, NAME, bytes(sealed))


@given(invented=st.binary(max_size=80))
def test_bytes_that_were_never_sealed_do_not_open(lasting: Lasting, invented: bytes) -> None:
    vault, key_id, _ = lasting
    with pytest.raises(Tampered):
        vault.open(key_id, NAME, invented)


def test_a_value_names_the_key_that_sealed_it(lasting: Lasting) -> None:
    """Whoever copies a key to another id, too, has still moved the value."""
    vault, key_id, other_id = lasting
    sealed = vault.seal(key_id, NAME, WORDS)
    with pytest.raises(Tampered):
        box.unseal(vault._cipher(key_id), other_id, NAME, sealed)


def test_names_swapped_between_two_people_in_the_database_do_not_open(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    rows = {actor.id: make.person_row(actor) for actor in (nour, lina)}
    with house.databases.for_migrations()["data"].begin() as data:
        for mine, theirs in ((nour, lina), (lina, nour)):
            data.execute(
                update(Person)
                .where(Person.id == mine.id)
                .values(name=rows[theirs.id].name, key_id=rows[theirs.id].key_id)
            )
    for actor in (nour, lina):
        with work.scope(house), pytest.raises(Tampered):
            people.name_of(make.person_row(actor))


# --- keys -----------------------------------------------------------------------------------------------------------


def test_without_its_key_a_value_cannot_be_opened_nor_another_sealed(vault: Vault, another: Another) -> None:
    key_id = vault.create_key(Purpose.RECORD)
    sealed = vault.seal(key_id, NAME, WORDS)
    assert vault.shred([key_id, "neverwas"]) == 1
    for here in (vault, another()):
        with pytest.raises(Shredded):
            here.open(key_id, NAME, sealed)
        with pytest.raises(Shredded):
            here.seal(key_id, NAME, WORDS)
    assert vault.shred([key_id]) == 0


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_shredded_key_does_not_open_in_the_process_that_shredded_it(vault: Vault, purpose: Purpose) -> None:
    key_id = vault.create_key(purpose)
    sealed = vault.seal(key_id, NAME, WORDS)
    vault.shred([key_id])
    with pytest.raises(Shredded):
        vault.open(key_id, NAME, sealed)


@pytest.mark.parametrize("purpose", [Purpose.PERSON, Purpose.ROOM_EPOCH, Purpose.RECORD])
def test_a_key_shredded_by_another_process_opens_no_longer_than_its_purpose_allows(
    another: Another, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = another(), another()
    clock = Clock()
    monkeypatch.setattr(vault_module, "time", clock)
    key_id = elsewhere.create_key(purpose)
    sealed = elsewhere.seal(key_id, NAME, WORDS)
    assert here.open(key_id, NAME, sealed) == WORDS
    here.prefetch([key_id])
    elsewhere.shred([key_id])
    if purpose.cache_seconds:
        clock.now += purpose.cache_seconds - 0.01
        assert here.open(key_id, NAME, sealed) == WORDS, "it is kept for this long, to spare the keys database"
        clock.now += 0.02
    with pytest.raises(Shredded):
        here.open(key_id, NAME, sealed)


def test_records_are_never_opened_from_memory() -> None:
    assert Purpose.RECORD.cache_seconds == 0
    assert max(Purpose.PERSON.cache_seconds, Purpose.ROOM_EPOCH.cache_seconds) <= 15


def test_a_page_of_keys_is_opened_with_one_query(vault: Vault, another: Another) -> None:
    keys = [vault.create_key(Purpose.PERSON) for _ in range(8)]
    sealed = {key_id: vault.seal(key_id, NAME, WORDS) for key_id in keys}
    here = another()
    asked: list[str] = []
    event.listen(
        here._databases.keys,
        "before_cursor_execute",
        lambda *call: asked.append(call[2]) if "data_key" in call[2] else None,
    )
    here.prefetch([*keys, "neverwas"])
    assert [here.open(key_id, NAME, sealed[key_id]) for key_id in keys] == [WORDS] * 8
    assert len(asked) == 1


def test_the_memory_for_opened_keys_has_an_end(vault: Vault, another: Another, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault_module, "CACHE_KEYS", 3)
    here = another()
    keys = [vault.create_key(Purpose.PERSON) for _ in range(5)]
    for key_id in keys:
        here.seal(key_id, NAME, WORDS)
    assert len(here._opened) == 3


def test_a_name_asked_for_by_twenty_at_once_gets_one_key(another: Another) -> None:
    vaults = [another() for _ in range(4)]
    ready = threading.Barrier(20)

    def ask(number: int) -> str:
        ready.wait()
        return vaults[number % 4].named_key("audit", Purpose.RECORD)

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(ask, range(20)))
    assert len(set(found)) == 1
    assert vaults[0].count_keys() == 1


def test_keys_made_by_twenty_at_once_all_open(another: Another) -> None:
    vaults = [another() for _ in range(4)]
    ready = threading.Barrier(20)

    def make(number: int) -> list[tuple[str, bytes]]:
        ready.wait()
        vault = vaults[number % 4]
        made = [vault.create_key(Purpose.RECORD) for _ in range(3)]
        return [(key_id, vault.seal(key_id, NAME, WORDS)) for key_id in made]

    with ThreadPoolExecutor(20) as pool:
        for made in pool.map(make, range(20)):
            for key_id, sealed in made:
                assert vaults[0].open(key_id, NAME, sealed) == WORDS


def test_a_key_is_made_and_opened_while_another_process_uses_the_keys_file(sqlite_settings: Settings) -> None:
    """Without WAL a reader keeps a commit out and a commit keeps readers out: for a moment, not with an error."""
    databases = Databases(sqlite_settings.database_url, sqlite_settings.keys_url)
    vault = Vault(databases, Keyring(sqlite_settings.master_key_file))
    key_id = vault.create_key(Purpose.RECORD)
    sealed = vault.seal(key_id, NAME, WORDS)
    for held, verb in (
        ("begin; select * from data_key", lambda: vault.create_key(Purpose.RECORD)),
        ("begin immediate", lambda: vault.shred([vault.create_key(Purpose.RECORD)])),
        ("begin exclusive", lambda: vault.open(key_id, NAME, sealed)),
        ("begin exclusive", vault.verify),
    ):
        with _another_process(sqlite_settings) as other, ThreadPoolExecutor(1) as pool:
            for statement in held.split("; "):
                other.execute(statement).fetchone()
            waiting = pool.submit(verb)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.1)
            other.execute("rollback")
            waiting.result(timeout=20)
    assert vault.verify() == []
    databases.close()


def test_equal_values_are_found_again_without_being_stored(vault: Vault, another: Another) -> None:
    fingerprint = vault.blind_index("email", "nour@example.org")
    assert len(fingerprint) == 32
    assert another().blind_index("email", "nour@example.org") == fingerprint
    assert vault.blind_index("email", "nour@example.com") != fingerprint
    assert vault.blind_index("name", "nour@example.org") != fingerprint
    vault.rotate()
    assert another().blind_index("email", "nour@example.org") == fingerprint


@given(parts=st.lists(st.binary(max_size=4), max_size=4), others=st.lists(st.binary(max_size=4), max_size=4))
def test_two_lists_of_parts_never_share_a_hash(lasting: Lasting, parts: list[bytes], others: list[bytes]) -> None:
    vault, _, _ = lasting
    assert (vault.chain("test", *parts) == vault.chain("test", *others)) == (parts == others)


# --- rotation -------------------------------------------------------------------------------------------------------


def test_after_a_rotation_everything_opens_and_the_old_master_is_gone(
    vault: Vault, another: Another, settings: Settings
) -> None:
    sealed = [(key_id, vault.seal(key_id, NAME, WORDS)) for key_id in _some_keys(vault, 7)]
    before = json.loads(settings.master_key_file.read_text())
    steps: list[tuple[int, int]] = []
    assert vault.rotate(lambda done, total: steps.append((done, total))) == 7
    assert steps[-1] == (7, 7)
    after = json.loads(settings.master_key_file.read_text())
    assert list(before["masters"]) == ["1"]
    assert list(after["masters"]) == ["2"]
    assert after["masters"]["2"] != before["masters"]["1"]
    assert before["masters"]["1"] not in settings.master_key_file.read_text()
    assert after["secret"] == before["secret"], "open forms stay valid"
    assert stat.S_IMODE(settings.master_key_file.stat().st_mode) == 0o600
    for here in (vault, another()):
        assert here.verify() == []
        assert [here.open(key_id, NAME, kept) for key_id, kept in sealed] == [WORDS] * 7
    assert vault.rotate() == 7
    assert another().verify() == []


def test_a_rotation_that_was_stopped_goes_on_where_it_was(
    vault: Vault, another: Another, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_module, "ROTATE_BATCH", 2)
    _some_keys(vault, 7)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.rotate(stop)
    assert _masters(settings) == ["1", "2"]
    assert another().verify() == []
    made_meanwhile = another().create_key(Purpose.RECORD)
    assert another().rotate() == 5, "two were done, and the new one was made with the new master"
    assert _masters(settings) == ["2"]
    last = another()
    assert last.verify() == []
    last.seal(made_meanwhile, NAME, WORDS)


def test_two_rotations_at_once_lose_no_key(
    another: Another, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a lock around the whole rotation each would make a master of its own and drop the other's from the file."""
    monkeypatch.setattr(vault_module, "ROTATE_BATCH", 3)
    first, second = another(), another()
    _some_keys(first, 12)
    meeting = threading.Barrier(2)

    def versions(ring: Keyring) -> list[int]:
        found = _versions(ring)
        with suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=0.3)
        return found

    _versions = Keyring.versions
    monkeypatch.setattr(Keyring, "versions", versions)
    with ThreadPoolExecutor(2) as pool:
        outcomes = [pool.submit(vault.rotate) for vault in (first, second)]
    assert [outcome.exception() for outcome in outcomes] == [None, None]
    assert len(_masters(settings)) == 1
    assert another().verify() == []


def test_a_key_made_while_a_rotation_names_a_new_master_opens_afterwards(
    another: Another, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The maker has read the old master's number and is slow to store its key; the rotation must not overtake it."""
    maker, rotator = another(), another()
    _some_keys(rotator, 3)
    about_to_store, rotated = threading.Event(), threading.Event()
    wrap = maker._wrap

    def slow_wrap(version: int, key_id: str, key: bytes) -> bytes:
        about_to_store.set()
        rotated.wait(timeout=0.5)
        return wrap(version, key_id, key)

    monkeypatch.setattr(maker, "_wrap", slow_wrap)
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(maker.create_key, Purpose.RECORD)
        assert about_to_store.wait(timeout=20)
        rotation = pool.submit(rotator.rotate)
        rotation.add_done_callback(lambda _: rotated.set())
        key_id = made.result(timeout=20)
        rotation.result(timeout=20)
    fresh = another()
    assert fresh.verify() == []
    fresh.seal(key_id, NAME, WORDS)
    assert len(_masters(settings)) == 1


def test_a_key_that_is_being_opened_while_its_master_is_dropped_still_opens(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row was read with the old master's number; when the file is read, only the new master is in it."""
    rotator = another()
    key_id, other = _some_keys(rotator, 2)
    sealed = rotator.seal(key_id, NAME, WORDS)

    def by_opening(vault: Vault) -> object:
        return vault.open(key_id, NAME, sealed)

    def by_page(vault: Vault) -> object:
        vault.prefetch([key_id, other])
        return vault.open(key_id, NAME, sealed)

    def by_index(vault: Vault) -> object:
        return vault.blind_index("name", "Nour") == rotator.blind_index("name", "Nour")

    def by_trying_all(vault: Vault) -> object:
        return vault.verify()

    for door, expected in ((by_opening, WORDS), (by_page, WORDS), (by_index, True), (by_trying_all, [])):
        rotator.blind_index("name", "Nour")
        here = another()
        unwrap = here._unwrap

        def rotate_first(
            version: int, key_id: str, wrapped: bytes, here: Vault = here, unwrap: Callable[..., bytes] = unwrap
        ) -> bytes:
            monkeypatch.setattr(here, "_unwrap", unwrap)
            rotator.rotate()
            return unwrap(version, key_id, wrapped)

        monkeypatch.setattr(here, "_unwrap", rotate_first)
        assert door(here) == expected


def test_the_commands_rotate_and_verify_say_what_they_did(sqlite_app: Flask) -> None:
    _some_keys(_house(sqlite_app).vault, 3)
    commands = sqlite_app.test_cli_runner()
    rotated = commands.invoke(args=["keys", "rotate"])
    assert rotated.exit_code == 0, rotated.output
    number = _house(sqlite_app).vault.count_keys()
    assert number >= 3
    assert f"{number} keys wrapped anew" in rotated.output
    verified = commands.invoke(args=["keys", "verify"])
    assert (verified.exit_code, verified.output) == (0, f"{number} keys open\n")


def test_keys_verify_names_a_changed_key_and_one_whose_master_is_missing(sqlite_app: Flask) -> None:
    untouched, changed, orphan = _some_keys(_house(sqlite_app).vault, 3)
    with _house(sqlite_app).databases.writing_keys() as keys:
        wrapped = keys.scalar(select(DataKey.wrapped).where(DataKey.id == changed)) or b""
        bent = wrapped[:-1] + bytes((wrapped[-1] ^ 1,))
        keys.execute(update(DataKey).where(DataKey.id == changed).values(wrapped=bent))
        keys.execute(update(DataKey).where(DataKey.id == orphan).values(master=9))
    verified = sqlite_app.test_cli_runner().invoke(args=["keys", "verify"])
    assert verified.exit_code == 1
    lines = sorted(verified.output.splitlines())
    assert lines == sorted(
        [
            f"data key {changed}: does not open, it was changed",
            f"data key {orphan}: its master 9 is not in the key file",
        ]
    )
    assert untouched not in verified.output


def test_a_wrapped_key_moved_to_another_row_is_found(sqlite_app: Flask) -> None:
    one, other = _some_keys(_house(sqlite_app).vault, 2)
    with _house(sqlite_app).databases.writing_keys() as keys:
        wrapped = keys.scalar(select(DataKey.wrapped).where(DataKey.id == other))
        keys.execute(update(DataKey).where(DataKey.id == one).values(wrapped=wrapped))
    verified = sqlite_app.test_cli_runner().invoke(args=["keys", "verify"])
    assert verified.output == f"data key {one}: does not open, it was changed\n"


def test_making_an_instance_twice_at_once_names_one_master(another: Another, settings: Settings) -> None:
    vaults = [another() for _ in range(6)]
    assert [vault.count_keys() for vault in vaults] == [0] * 6, "all are connected before they race"
    with vaults[0]._databases.writing_keys() as keys:
        keys.execute(delete(MasterInUse))
    ready = threading.Barrier(6)

    def prepare(vault: Vault) -> None:
        ready.wait()
        vault.prepare()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(prepare, vaults))
    assert vaults[0].verify() == []


# --- the key file ---------------------------------------------------------------------------------------------------


def test_the_key_file_is_for_its_owner_alone_and_is_not_made_twice(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    assert Keyring.create(path)
    first = path.read_bytes()
    assert not Keyring.create(path)
    assert path.read_bytes() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(base64.b64decode(json.loads(first)["masters"]["1"])) == 32


def test_the_key_file_made_by_twenty_at_once_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.key"
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda _: Keyring.create(path), range(20)))
    assert made.count(True) == 1
    assert Keyring(path).versions() == [1]


def test_a_secret_for_one_purpose_says_nothing_about_another(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    Keyring.create(path)
    assert Keyring(path).secret("forms") == Keyring(path).secret("forms")
    assert Keyring(path).secret("forms") != Keyring(path).secret("network-tag")


# --- shredding and backups ------------------------------------------------------------------------------------------


def test_a_shredded_record_does_not_open_from_a_backup_of_the_data(sqlite_settings: Settings, tmp_path: Path) -> None:
    app = create_app(sqlite_settings)
    house: House = app.extensions["house"]
    make = Factory(house)
    writer = make.person("Nour")
    room = make.room(writer)
    make.message(writer, room, WORDS.decode())
    data = Path(sqlite_settings.database_url.removeprefix("sqlite:///"))
    assert data.with_name(data.name + "-wal").stat().st_size > 0
    by_command, by_copy = tmp_path / "backup.sqlite3", tmp_path / "copy"
    with closing(sqlite3.connect(data)) as source, closing(sqlite3.connect(by_command)) as target:
        source.backup(target)
    shutil.copytree(data.parent, by_copy)
    with work.scope(house) as opened:
        epoch = opened.session.scalars(select(Epoch)).one()
    house.vault.shred([epoch.key_id])
    house.close()

    for backup in (by_command, by_copy / data.name):
        restored = Databases(f"sqlite:///{backup}", sqlite_settings.keys_url)
        vault = Vault(restored, Keyring(sqlite_settings.master_key_file))
        with restored.data.connect() as connection:
            message = connection.execute(select(Message)).one()
        with pytest.raises(Shredded):
            vault.open(epoch.key_id, queries.sealed_place(message.public_id), message.sealed)
        restored.close()


def test_nothing_of_a_shredded_or_rotated_key_is_left_in_the_keys_file(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    databases = Databases(sqlite_settings.database_url, sqlite_settings.keys_url)
    vault = Vault(databases, Keyring(sqlite_settings.master_key_file))
    keys_file = Path(sqlite_settings.keys_url.removeprefix("sqlite:///"))
    keys = _some_keys(vault, 150)
    wrapped = _wrapped(databases)
    assert all(value in keys_file.read_bytes() for value in wrapped.values())

    doomed = keys[::2]
    vault.shred(doomed[:-1])
    vault.shred(doomed[-1:])
    left = _left_on_disk(keys_file)
    assert [key_id for key_id in doomed if wrapped[key_id] in left] == []
    assert [key_id for key_id in doomed if key_id.encode() in left] == []
    kept = {key_id: wrapped[key_id] for key_id in keys[1::2]}
    assert all(value in left for value in kept.values())

    vault.rotate()
    left = _left_on_disk(keys_file)
    assert [key_id for key_id, value in kept.items() if value in left] == []
    assert vault.verify() == []
    databases.close()


class Clock:
    """Stands in for the time module, so that a test need not wait."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def _house(app: Flask) -> House:
    found: House = app.extensions["house"]
    return found


@contextmanager
def _another_process(settings: Settings) -> Iterator[sqlite3.Connection]:
    path = settings.keys_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        yield other


def _some_keys(vault: Vault, number: int) -> list[str]:
    return [vault.create_key(Purpose.RECORD) for _ in range(number)]


def _masters(settings: Settings) -> list[str]:
    return sorted(json.loads(settings.master_key_file.read_text())["masters"])


def _wrapped(databases: Databases) -> dict[str, bytes]:
    with databases.reading_keys() as keys:
        return {row.id: row.wrapped for row in keys.execute(select(DataKey.id, DataKey.wrapped))}


def _left_on_disk(keys_file: Path) -> bytes:
    """Everything beside the keys file, its journal included."""
    return b"".join(path.read_bytes() for path in keys_file.parent.iterdir())
