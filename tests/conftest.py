"""What tests stand on: real instances on SQLite and PostgreSQL, people, rooms, and doors to enter by."""

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text

from app import create_app
from app.kernel import work
from app.kernel.cli import make_instance
from app.kernel.house import House
from config import Settings, read_settings
from tests.factories import Factory
from tests.server import Server

POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432")
REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/9")
CI = os.environ.get("CI") == "true"


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


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The settings of a test instance, as environment variables."""
    return {"APP_ENV": "test", "SANAD_INSTANCE": str(folder), "ASYNC_ENGINE": "threading", **more}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template-sqlite")
    _make(read_settings(environment(folder)))
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
    folder = tmp_path_factory.mktemp("template-postgres")
    names = [f"sanad_t_{uuid.uuid4().hex[:10]}_{part}" for part in ("data", "keys")]
    for name in names:
        _sql(postgres_admin, f'create database "{name}"')
    urls = [f"{POSTGRES}/{name}" for name in names]
    _make(read_settings(environment(folder, DATABASE_URL=urls[0], KEYS_URL=urls[1])))
    yield Template("postgresql", folder, *names)
    for name in names:
        _sql(postgres_admin, f'drop database if exists "{name}" with (force)')


@pytest.fixture(params=["sqlite", "postgresql"])
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
    admin = request.getfixturevalue("postgres_admin")
    names = [f"sanad_c_{uuid.uuid4().hex[:12]}_{part}" for part in ("data", "keys")]
    for name, source in zip(names, (template.data, template.keys), strict=True):
        _sql(admin, f'create database "{name}" template "{source}"')
    urls = [f"{POSTGRES}/{name}" for name in names]
    try:
        yield read_settings(environment(folder, DATABASE_URL=urls[0], KEYS_URL=urls[1]))
    finally:
        for name in names:
            _sql(admin, f'drop database if exists "{name}" with (force)')


def _running(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["house"].close()


def _make(settings: Settings) -> None:
    app = create_app(settings, needs_key=False)
    make_instance(app)
    app.extensions["house"].close()


def _sql(admin: Engine, statement: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture
def server(sqlite_settings: Settings) -> Iterator[Server]:
    """A running server on a fresh SQLite instance. `server.factory()` makes people in it."""
    running = Server(sqlite_settings.instance).start()
    yield running
    running.stop()
