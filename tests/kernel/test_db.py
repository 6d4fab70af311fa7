"""Engines and column types: what both databases promise alike, and what SQLite is told."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError, StatementError

from app import create_app
from app.identity.models import LoginSession
from app.kernel import audit, work
from app.kernel.actor import system
from app.kernel.audit import AuditEntry
from app.kernel.db import Databases, State, UtcTime, new_public_id, now
from app.kernel.house import House
from app.kernel.jobs import Job, JobState
from app.kernel.work import action
from config import Settings

CANARY = "canary words of a person"


@pytest.fixture
def databases(settings: Settings) -> Iterator[Databases]:
    opened = Databases(settings.database_url, settings.keys_url)
    yield opened
    opened.close()


@action
def keep_time(at: datetime) -> int:
    job = Job(task="test", ids=b"{}", due_at=at)
    work.session().add(job)
    work.session().flush()
    return job.id


def test_a_time_comes_back_as_the_same_moment_in_utc(house: House) -> None:
    damascus = datetime(2026, 3, 1, 14, 30, 15, 123456, tzinfo=timezone(timedelta(hours=3)))
    with work.scope(house):
        kept = keep_time(damascus)
    with work.scope(house) as opened:
        found = opened.session.get_one(Job, kept).due_at
    assert found == damascus
    assert found.tzinfo is UTC
    assert found.isoformat() == "2026-03-01T11:30:15.123456+00:00"


def test_times_are_compared_as_moments_in_the_database_too(house: House) -> None:
    damascus = datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=3)))
    with work.scope(house):
        keep_time(damascus)
    with work.scope(house) as opened:
        before = select(Job).where(Job.due_at < datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
        after = select(Job).where(Job.due_at < datetime(2026, 3, 1, 11, 0, tzinfo=UTC))
        assert len(opened.session.scalars(before).all()) == 1
        assert len(opened.session.scalars(after).all()) == 0


def test_a_time_without_a_zone_is_refused(house: House) -> None:
    with work.scope(house), pytest.raises(StatementError, match="ambiguous"):
        keep_time(datetime(2026, 3, 1, 14, 30))  # noqa: DTZ001  # the mistake under test
    assert UtcTime().process_result_value(None, house.databases.data.dialect) is None
    assert now().tzinfo is UTC


def test_a_state_is_stored_by_its_value_and_nothing_else_is(house: House) -> None:
    class Other(StrEnum):
        WAITING = "elsewhere"

    with work.scope(house):
        kept = keep_time(now())
    with work.scope(house) as opened:
        assert opened.session.execute(text("select state from job")).scalar_one() == "waiting"
        assert opened.session.get_one(Job, kept).state is JobState.WAITING
        with pytest.raises(StatementError, match="elsewhere"):
            opened.session.scalars(select(Job).where(Job.state == Other.WAITING)).all()
    assert State(JobState).process_bind_param(None, house.databases.data.dialect) is None


def test_public_ids_are_opaque_and_do_not_repeat() -> None:
    made = {new_public_id() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(public_id) for public_id in made} == {16}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into job (task) values ('x')",
        "  update job set task = 'x'",
        "\n\tDELETE FROM job",
        "drop table job",
        "create table other (id integer)",
        "alter table job add column other integer",
    ],
)
def test_a_write_outside_an_action_is_refused_before_it_reaches_the_database(
    databases: Databases, statement: str
) -> None:
    for engine in (databases.data, databases.keys):
        with engine.connect() as connection, pytest.raises(RuntimeError, match="outside an action"):
            connection.execute(text(statement))


def test_what_somebody_typed_is_not_part_of_a_database_error(house: House) -> None:
    @action
    def nonsense() -> None:
        work.session().execute(text("select :words from nowhere"), {"words": CANARY})

    with work.scope(house), pytest.raises(SQLAlchemyError, match="hidden due to hide_parameters") as caught:
        nonsense()
    assert CANARY not in str(caught.value)


def test_a_row_of_somebody_who_is_not_there_is_refused(house: House) -> None:
    """Foreign keys are off in SQLite unless asked for on each connection."""

    @action
    def orphan() -> None:
        work.session().add(
            LoginSession(
                token_hash=b"x" * 32,
                person_id=999,
                device="phone",
                started_at=now(),
                last_seen_at=now(),
                expires_at=now(),
            )
        )

    with work.scope(house), pytest.raises(IntegrityError):
        orphan()


def test_an_action_whose_database_connection_dies_writes_nothing_and_the_next_one_succeeds(
    postgres_settings: Settings,
) -> None:
    house: House = create_app(postgres_settings).extensions["house"]

    @action
    def act(then: str) -> None:
        audit.record(system("test"), "test.act")
        work.connection().execute(text(then))

    def acts(opened: work.Work) -> int:
        return opened.session.scalar(select(func.count()).where(AuditEntry.act == "test.act")) or 0

    with work.scope(house) as opened:
        with pytest.raises(OperationalError):
            act("select pg_terminate_backend(pg_backend_pid())")
        assert acts(opened) == 0
        act("select 1")
    with work.scope(house) as opened:
        assert acts(opened) == 1
    house.close()


def test_sqlite_syncs_each_commit_and_wipes_what_is_deleted(sqlite_settings: Settings) -> None:
    """2 is FULL; 3 is EXTRA, which also syncs the removal of a rollback journal (sqlite.org/pragma.html)."""
    databases = Databases(sqlite_settings.database_url, sqlite_settings.keys_url)
    expected = {"data": (databases.data, "wal", 2), "keys": (databases.keys, "delete", 3)}
    for engine, journal, synchronous in expected.values():
        for _ in range(2):
            with engine.connect() as connection:
                asked = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "busy_timeout")
                }
            assert asked == {
                "journal_mode": journal,
                "synchronous": synchronous,
                "secure_delete": 1,
                "foreign_keys": 1,
                "busy_timeout": 5,
            }
    databases.close()


def test_folders_of_the_databases_are_closed_to_others(tmp_path: Path) -> None:
    Databases(f"sqlite:///{tmp_path / 'data' / 'x'}", f"sqlite:///{tmp_path / 'keys' / 'x'}").close()
    for folder in ("data", "keys"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
