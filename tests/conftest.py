"""What tests stand on: real instances on SQLite and PostgreSQL, people, rooms, and doors to enter by."""

import functools
import gc
import importlib
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, Table, create_engine, delete, select, text, tuple_, update

from app import create_app
from app.identity import passphrases
from app.kernel import work
from app.kernel.cli import make_instance
from app.kernel.db import Base
from app.kernel.house import House
from app.kernel.vault.models import DataKey, MasterInUse, Purpose
from config import Settings, read_settings
from tests import shared
from tests.factories import Factory
from tests.server import COMMANDS, ROOT, SERVERS, Server

POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432")
#: Each worker of a parallel run has a Redis database of its own: every test that uses one empties it.
REDIS_NUMBER = 9 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS = os.environ.get("TEST_REDIS", f"redis://127.0.0.1:6379/{REDIS_NUMBER}")
CI = os.environ.get("CI") == "true"
#: Folders whose tests wait most of the time, for browsers and for what has been killed, and in which part of a run they are.
WAITING, WAITED = ("browser", "faults"), 0.75
#: Others in which one file takes up to half a minute.
LONG = ("house", "own_data", "kernel")
#: Every commit of the instances under test waits for its disk, so they live in memory where the system offers it.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


shared.share()


def missing(what: str) -> None:
    """Skip at home, fail in CI: a suite that quietly leaves parts out proves nothing."""
    if CI:
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing on this machine")


@dataclass(frozen=True)
class Template:
    """A made instance from which each test gets its own copy."""

    kind: str
    folder: Path
    data: str = ""
    keys: str = ""
    #: Ids of the keys that every test with a person in it would otherwise make, and the keys as they are stored.
    kept: Sequence[tuple[str, bytes]] = ()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The settings of a test instance, as environment variables."""
    return {"APP_ENV": "test", "SANAD_INSTANCE": str(folder), "ASYNC_ENGINE": "threading", **more}


def pytest_configure(config: pytest.Config) -> None:
    """Each worker of a parallel run begins to read the tests at another place, and finds the rest compiled by the others."""
    worker, workers = (os.environ.get(f"PYTEST_XDIST_WORKER{part}", "") for part in ("", "_COUNT"))
    if not worker:
        return
    wanted = [(ROOT / argument.partition("::")[0]).resolve() for argument in config.args]
    files = [file for file in sorted((ROOT / "tests").rglob("test_*.py")) if any(map(file.is_relative_to, wanted))]
    begin = len(files) * int(worker.removeprefix("gw")) // int(workers)
    for file in files[begin:] + files[:begin]:
        try:
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        except Exception:
            return  # collecting it says what is wrong with it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait among those that work, so that no core does; none of the long ones at the end, when others are done."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    folder = {file: file.relative_to(ROOT / "tests").parts[0] for file in files}
    waiting = _by_turns({file: folder[file] for file in files if folder[file] in WAITING})
    long = _by_turns({file: folder[file] for file in files if folder[file] in LONG})
    working = [*long, *(file for file in files if folder[file] not in WAITING + LONG)]
    place = {file: turn / len(working) for turn, file in enumerate(working)}
    place |= {file: turn / len(waiting) * WAITED for turn, file in enumerate(waiting)}
    items[:] = [item for file in sorted(files, key=place.__getitem__) for item in files[file]]


def _by_turns(folders: dict[Path, str]) -> list[Path]:
    """The first file of each folder, then the second of each."""
    turns: Counter[str] = Counter()
    place = {}
    for file, folder in folders.items():
        turns[folder] += 1
        place[file] = turns[folder]
    return sorted(folders, key=place.__getitem__)


def pytest_collection_finish() -> None:
    shared.look_for_less_garbage()


def pytest_sessionfinish() -> None:
    for zygote in (SERVERS, COMMANDS):
        zygote.end()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template-sqlite")
    settings = read_settings(environment(folder))
    make_instance_at(settings)
    _name_the_first_key(settings)
    return Template("sqlite", folder)


@pytest.fixture(scope="session")
def postgres_admin() -> Iterator[Engine]:
    engine = create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except Exception:
        missing("PostgreSQL on 127.0.0.1:5432")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres_admin: Engine) -> Iterator[Template]:
    """One pair of databases for each worker; every test empties it, which is much faster than making it anew."""
    folder = tmp_path_factory.mktemp("template-postgres")
    names = [f"sanad_t_{uuid.uuid4().hex[:10]}_{part}" for part in ("data", "keys")]
    for name in names:
        _sql(postgres_admin, f'create database "{name}"')
        # What a test writes need not outlive the machine; without this the disk's pace sets the suite's.
        _sql(postgres_admin, f'alter database "{name}" set synchronous_commit = off')
    urls = [f"{POSTGRES}/{name}" for name in names]
    settings = read_settings(environment(folder, DATABASE_URL=urls[0], KEYS_URL=urls[1]))
    make_instance_at(settings)
    _name_the_first_key(settings)
    named = select(DataKey.id, DataKey.wrapped).where(DataKey.purpose == Purpose.INDEX)
    with _emptying(urls[1]).connect() as connection:
        kept = [(key_id, wrapped) for key_id, wrapped in connection.execute(named)]
    yield Template("postgresql", folder, urls[0], urls[1], kept)
    for url in urls:
        _emptying(url).dispose()
    for name in names:
        _sql(postgres_admin, f'drop database if exists "{name}" with (force)')


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what meets a database once on each kind, and what is marked `one_database` on SQLite alone."""
    if "settings" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("one_database") is not None
        metafunc.parametrize("settings", ["sqlite"] if alone else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh, migrated, empty instance: once on each kind of database."""
    yield from _instance(request, request.param, tmp_path)


@pytest.fixture
def sqlite_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The same on SQLite alone, for what does not depend on the database."""
    yield from _instance(request, "sqlite", tmp_path)


@pytest.fixture
def postgres_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    yield from _instance(request, "postgresql", tmp_path)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    yield from _running(settings)


@pytest.fixture
def sqlite_app(sqlite_settings: Settings) -> Iterator[Flask]:
    yield from _running(sqlite_settings)


@pytest.fixture
def house(app: Flask) -> House:
    found: House = app.extensions["house"]
    return found


@pytest.fixture
def make(house: House) -> Factory:
    """Makes people, rooms and messages in the instance of this test."""
    return Factory(house)


@pytest.fixture
def open_work(house: House) -> Iterator[work.Work]:
    """An open unit of work, as a door would open it, for calling queries and actions directly."""
    with work.scope(house) as opened:
        yield opened


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis database that is empty before and after."""
    server = redis.Redis.from_url(REDIS, socket_connect_timeout=2)
    try:
        server.flushdb()
    except redis.RedisError:
        missing("Redis on 127.0.0.1:6379")
    yield REDIS
    server.flushdb()
    server.close()


def _instance(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Settings]:
    template: Template = request.getfixturevalue("sqlite_template" if kind == "sqlite" else "postgres_template")
    folder = tmp_path / "instance"
    shutil.copytree(template.folder, folder)
    if kind == "sqlite":
        yield read_settings(environment(folder))
        return
    yield read_settings(environment(folder, DATABASE_URL=template.data, KEYS_URL=template.keys))
    _empty(template.data, Base.metadata.sorted_tables)
    _empty_keys(template)


def _empty(url: str, tables: list[Table]) -> None:
    """Take every row out. Whoever still holds a lock has forgotten to close something, and is found by the timeout."""
    with _emptying(url).connect() as connection:
        connection.execute(text("set lock_timeout = '10s'"))
        # Few tables have rows after a test: to delete those takes a tenth of what it takes to truncate all.
        asked = " union all ".join(
            f"select '{table.name}' where exists (select from \"{table.name}\")" for table in tables
        )
        used = set(connection.scalars(text(asked)))
        for table in reversed(tables):
            if table.name in used:
                connection.execute(delete(table))


def _empty_keys(template: Template) -> None:
    """Leave what the template had: the keys of its indexes, and the master of its key file as the one in use."""
    with _emptying(template.keys).connect() as connection:
        connection.execute(text("set lock_timeout = '10s'"))
        connection.execute(delete(DataKey).where(tuple_(DataKey.id, DataKey.wrapped).not_in(template.kept)))
        connection.execute(update(MasterInUse).values(version=1))


@functools.cache
def _emptying(url: str) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT")


def _running(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.jinja_env.bytecode_cache = shared.COMPILED
    yield app
    app.extensions["house"].close()


def make_instance_at(settings: Settings) -> None:
    """Make an instance where these settings say, as `flask instance` does."""
    app = create_app(settings, needs_key=False)
    make_instance(app)
    app.extensions["house"].close()


def _name_the_first_key(settings: Settings) -> None:
    """The key of the index of names, which every test with a person in it would otherwise make."""
    app = create_app(settings)
    house: House = app.extensions["house"]
    house.vault.blind_index("name", "")
    house.close()


def _sql(admin: Engine, statement: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost what they cost in use: for tests of them, and of how long an answer takes."""
    for name, value in shared.REAL_HASHES.items():
        monkeypatch.setattr(passphrases, name, value)


@pytest.fixture
def forgetful_clients() -> Iterator[None]:
    """For tests whose Socket.IO clients lose their server: the library forgets to close what died. Found here, not later."""
    gc.freeze()  # what was there before is not looked through
    yield
    gc.collect()


@pytest.fixture
def server(sqlite_settings: Settings) -> Iterator[Server]:
    """A running server on a fresh SQLite instance. `server.factory()` makes people in it."""
    running = Server(sqlite_settings.instance).start()
    yield running
    running.stop()
