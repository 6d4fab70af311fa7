"""`flask doctor`: a house that is well is told so; each thing that is not is named, with what to do about it."""

import contextlib
import shutil
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.kernel import work
from app.kernel.doctor import Finding, examine
from app.kernel.jobs import Job, JobState
from app.kernel.vault import Keyring, Purpose
from config import Settings, read_settings
from tests.conftest import environment
from tests.server import free_port

PARTS = [
    "key file", "modes", "data database", "keys database", "data tables", "keys tables", "keys", "erasures", "backup",
    "queue", "redis", "mail", "disk", "clock",
]  # fmt: skip
Examined = Callable[..., dict[str, Finding]]


@pytest.fixture
def examined(settings: Settings) -> Iterator[Examined]:
    """Examines the instance of this test, with more settings if they are given."""
    apps: list[Flask] = []

    def look(folder: Path = settings.instance, **more: str) -> dict[str, Finding]:
        urls = {} if settings.sqlite else {"DATABASE_URL": settings.database_url, "KEYS_URL": settings.keys_url}
        app = create_app(read_settings(environment(folder, **{**urls, **more})), needs_key=False)
        apps.append(app)
        return {finding.part: finding for finding in examine(app)}

    yield look
    for app in apps:
        app.extensions["house"].close()


def told(findings: dict[str, Finding], *parts: str) -> str:
    """What is said about these parts, which must be all that are not well."""
    assert {part for part, finding in findings.items() if not finding.well} == set(parts), findings
    assert all("\n" not in finding.words for finding in findings.values())
    return " ".join(findings[part].words for part in parts)


def test_a_house_that_is_well_is_told_so_part_by_part(examined: Examined) -> None:
    findings = examined()
    assert told(findings) == ""
    assert list(findings) == PARTS


@pytest.mark.one_database
def test_the_command_says_it_all_and_fails_when_something_is_bad(app: Flask, settings: Settings) -> None:
    with app.app_context():
        well = app.test_cli_runner().invoke(args=["doctor"])
        settings.master_key_file.chmod(0o644)
        bad = app.test_cli_runner().invoke(args=["doctor"])
    assert (well.exit_code, bad.exit_code) == (0, 1)
    assert [line[:4] for line in well.output.splitlines()] == ["ok  "] * len(PARTS)
    assert f"BAD  key file: the master key can be read by others: chmod 600 '{settings.master_key_file}'" in bad.output


@pytest.mark.one_database
def test_a_key_file_that_is_gone_is_named(examined: Examined, settings: Settings) -> None:
    settings.master_key_file.unlink()
    assert "no master key at" in told(examined(), "key file", "keys")


@pytest.mark.parametrize("folder", ["data", "keys"])
@pytest.mark.one_database
def test_a_folder_that_others_can_look_into_is_named(examined: Examined, settings: Settings, folder: str) -> None:
    place = settings.instance / folder
    place.chmod(0o755)
    assert told(examined(), "modes") == f"others can look into {place}: chmod 700 '{place}'"
    place.chmod(0o700)
    told(examined())


def test_tables_that_are_out_of_date_are_named(examined: Examined, app: Flask) -> None:
    for engine in app.extensions["house"].databases.for_migrations().values():
        with engine.begin() as connection:
            connection.execute(text("update alembic_version set version_num = '0'"))
    try:
        words = told(examined(), "data tables", "keys tables")
    finally:
        with app.app_context():
            head = app.extensions["alembic"].heads()[0].revision
        for engine in app.extensions["house"].databases.for_migrations().values():
            with engine.begin() as connection:
                connection.execute(text("update alembic_version set version_num = :head"), {"head": head})
    assert words == " ".join(["out of date: run `flask instance`"] * 2)


@pytest.mark.one_database
def test_a_house_that_was_never_made_is_told_how_to_make_it(examined: Examined, tmp_path: Path) -> None:
    findings = examined(tmp_path / "nothing")
    words = told(findings, "key file", "data tables", "keys tables", "keys", "queue")
    assert "run `flask init`" in words
    assert "run `flask instance`" in words


def test_a_database_that_is_away_is_named_with_its_setting(examined: Examined) -> None:
    away = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    findings = examined(DATABASE_URL=away)
    assert "check DATABASE_URL" in findings["data database"].words
    assert not findings["data database"].well
    assert findings["keys database"].well
    findings = examined(KEYS_URL=away)
    assert "check KEYS_URL" in findings["keys database"].words
    assert findings["data database"].well


@pytest.mark.one_database
def test_the_key_file_of_another_house_is_found_out(examined: Examined, app: Flask, settings: Settings) -> None:
    with work.scope(app.extensions["house"]) as opened, opened.writing():
        opened.house.vault.create_key(Purpose.PERSON)
    told(examined())
    settings.master_key_file.unlink()
    Keyring.create(settings.master_key_file)
    assert "restore the key file that belongs to them" in told(examined(), "keys")


def test_jobs_that_were_set_aside_and_jobs_that_nobody_runs_are_named(examined: Examined, app: Flask) -> None:
    def put(number: int, state: JobState) -> None:
        with work.scope(app.extensions["house"]) as opened, opened.writing():
            opened.session.add_all([Job(task="vault.shred", ids=b"{}", state=state) for _ in range(number)])

    put(1000, JobState.WAITING)
    assert examined()["queue"] == Finding("queue", True, "1000 waiting")
    put(1, JobState.WAITING)
    assert told(examined(), "queue") == "1001 jobs wait: is the worker running? `flask worker`"
    put(2, JobState.SET_ASIDE)
    assert told(examined(), "queue") == "2 jobs failed too often: the worker's log says why; then `flask jobs retry`"


@pytest.mark.one_database
def test_redis_is_named_when_it_is_away_and_not_when_it_answers(examined: Examined, redis_url: str) -> None:
    assert examined(REDIS_URL=redis_url)["redis"] == Finding("redis", True, "answers")
    words = told(examined(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"), "redis")
    assert words == "does not answer (ConnectionError): start it or check REDIS_URL"


@pytest.mark.one_database
def test_mail_is_named_when_it_is_away_and_not_when_it_answers(examined: Examined) -> None:
    port = free_port()
    post = Controller(Sink(), hostname="127.0.0.1", port=port)
    post.start()
    try:
        assert examined(SMTP_URL=f"smtp://127.0.0.1:{port}", MAIL_FROM="post@example.org")["mail"] == Finding(
            "mail", True, "answers"
        )
    finally:
        post.stop()
    words = told(examined(SMTP_URL=f"smtp://127.0.0.1:{port}", MAIL_FROM="post@example.org"), "mail")
    assert words == "does not answer (ConnectionRefusedError): check SMTP_URL and the mail server"


Usage = namedtuple("Usage", "total used free")


@pytest.mark.one_database
def test_a_disk_that_is_nearly_full_is_named(examined: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 400 * 2**20))
    assert told(examined(), "disk") == "400 MB free: make room, or writing stops"


def test_a_clock_that_differs_from_the_databases_is_named(
    postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(postgres_settings)
    with contextlib.closing(app.extensions["house"]):
        monkeypatch.setattr("app.kernel.doctor.time", lambda: time.time() + 120)
        clock = next(finding for finding in examine(app) if finding.part == "clock")
    assert not clock.well
    assert "start a time service" in clock.words
