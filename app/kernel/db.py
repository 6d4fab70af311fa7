"""Engines, the declarative base, column types and the SQLite write gate.

Two databases: `data`, and `keys` which holds wrapped data keys and nothing else (see vault). Nobody but work.py and the
vault opens a transaction that writes.
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.kernel.errors import Unavailable

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: How long a writer waits for its turn before the person is told that saving is not possible now (seconds).
GATE_SECONDS = 15.0
#: A write statement in a transaction that was not opened for writing is a defect, found here at once.
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")


class Base(DeclarativeBase):
    """Tables of the data database."""

    metadata = MetaData(naming_convention=NAMING)


class KeysBase(DeclarativeBase):
    """Tables of the keys database."""

    metadata = MetaData(naming_convention=NAMING)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime. Stored naive in UTC where the database has no time zones."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is ambiguous: use now()")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


E = TypeVar("E", bound=StrEnum)


class State(TypeDecorator[E]):
    """A StrEnum stored by its value, so that a state reads the same in code, in SQL and in the audit record."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.kind(value)


#: 64-bit keys on PostgreSQL; on SQLite only INTEGER PRIMARY KEY counts by itself.
RowId = BigInteger().with_variant(Integer, "sqlite")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def new_public_id() -> str:
    """An opaque id for addresses and sealing contexts: 96 random bits, 16 URL-safe characters."""
    return secrets.token_urlsafe(12)


class Row:
    """Mixin: an internal number that never leaves the program, and an opaque public id that may."""

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_public_id)


Offload = Callable[..., Any]


def run_here(job: Callable[..., Any], *args: Any) -> Any:
    """Run slow work on the spot: for tests, commands and the worker, which have no loop to keep free."""
    return job(*args)


def insert_once(session: Session, model: type[DeclarativeBase]) -> Any:
    """An INSERT, still without values, that leaves alone a row which is there already.

    Of two at once the second waits for the first, and then finds theirs. Both databases have it, under two names.
    """
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    return insert(model).on_conflict_do_nothing()


def hold(session: Session, what: str) -> None:
    """Keep whoever holds the same thing waiting until this transaction is over. On SQLite one writes at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


class WriteGate:
    """Lets one writer at a time into a SQLite file.

    A greenlet that yields inside a SQLite write transaction would make every other writer block the whole process in C,
    so writers queue here, where waiting is cooperative. Between processes SQLite's own lock decides; it is asked
    without waiting and asked again after a short cooperative sleep, for the same reason.
    """

    def __init__(self) -> None:
        self._turn = threading.Semaphore(1)

    def enter(self, connection: Connection) -> None:
        """Take the turn and begin a write transaction. Raises Unavailable after GATE_SECONDS."""
        deadline = time.monotonic() + GATE_SECONDS
        if not connection.info.get("in_gate") and not self._turn.acquire(timeout=GATE_SECONDS):
            raise Unavailable
        connection.info["in_gate"] = True
        _patiently(connection, "BEGIN IMMEDIATE", deadline)

    def leave(self, connection: Connection) -> None:
        """Give the turn on once COMMIT or ROLLBACK has really run: SQLAlchemy's events fire before the statement."""
        if connection.info.pop("in_gate", False):
            self._turn.release()

    def returned(self, _raw: Any, record: Any) -> None:
        """The same for a connection that goes back to the pool, however that came about."""
        if record.info.pop("in_gate", False):
            self._turn.release()


def _patiently(connection: Connection, statement: str, deadline: float, run: Offload = run_here) -> None:
    """Run a statement that takes a lock of the SQLite file, asking again after short cooperative sleeps.

    Raises Unavailable when another process still holds it at the deadline, or when anything else is wrong.
    """
    # The driver itself: SQLAlchemy would roll the transaction back after a statement that failed while it begins.
    raw: Any = connection.connection.driver_connection
    pause = 0.002
    while True:
        try:
            run(raw.execute, statement).close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise Unavailable from error
            time.sleep(pause)
            pause = min(pause * 2, 0.05)


class Databases:
    """The two engines of one instance, with the rules of each kind of database attached to them."""

    def __init__(self, data_url: str, keys_url: str, offload: Offload = run_here) -> None:
        self._gate = WriteGate()
        self.data = _engine(data_url, journal="WAL", gate=self._gate, offload=offload)
        self.keys = _engine(keys_url, journal="DELETE", gate=WriteGate(), offload=offload)

    def begin_writing(self, connection: Connection) -> None:
        """Turn a connection from reading to writing. Waits for its turn on SQLite; raises Unavailable when in vain."""
        connection.execution_options(writes=True)
        try:
            connection.begin()
        except BaseException:
            self.end_writing(connection)
            raise

    def end_writing(self, connection: Connection) -> None:
        """Turn it back, after its commit or rollback."""
        connection.execution_options(writes=False)
        if not connection.invalidated:  # to ask a lost connection anything would open a new one
            self._gate.leave(connection)

    @contextmanager
    def writing_keys(self) -> Iterator[Connection]:
        """A short transaction of its own on the keys database, committed at the end. For the vault alone."""
        with self.keys.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading_keys(self) -> Iterator[Connection]:
        """A connection that reads the keys database. For the vault, and for asking whether it answers."""
        with self.keys.connect() as connection:
            yield connection

    def for_migrations(self) -> dict[str, Engine]:
        """Engines under the names that migrations use. They may write without an action: a migration has no actor."""
        return {
            name: engine.execution_options(writes=True) for name, engine in (("data", self.data), ("keys", self.keys))
        }

    def close(self) -> None:
        self.data.dispose()
        self.keys.dispose()


def _engine(url: str, *, journal: str, gate: WriteGate, offload: Offload) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite(url, journal, gate, offload)
    engine = create_engine(
        url,
        pool_size=20,
        max_overflow=20,
        pool_timeout=15,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "before_cursor_execute", _refuse_stray_write)
    return engine


def _sqlite(url: str, journal: str, gate: WriteGate, offload: Offload) -> Engine:
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=20,
        max_overflow=40,
        pool_timeout=15,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 0.005, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: Any) -> None:
        # Waits for the lock are ours to make (see WriteGate); journal_mode is the only statement that may need the
        # file to itself, so it alone is given SQLite's own patience.
        raw.execute("PRAGMA busy_timeout = 3000")
        raw.execute(f"PRAGMA journal_mode = {journal}")
        raw.execute("PRAGMA busy_timeout = 5")
        # EXTRA also syncs the folder once the rollback journal is gone. Without that a power cut may bring the journal
        # back and undo a rotation whose old master is already out of the key file.
        raw.execute(f"PRAGMA synchronous = {'FULL' if journal == 'WAL' else 'EXTRA'}")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute("PRAGMA secure_delete = ON")
        raw.execute("PRAGMA temp_store = MEMORY")
        # Pages that many messages change are written back once for all of them; the log stays under 16 MB.
        raw.execute("PRAGMA wal_autocheckpoint = 4000")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            gate.enter(connection)
        elif journal != "WAL":
            # A statement that only reads needs no BEGIN: each sees what is committed then, as on PostgreSQL. But
            # without WAL another process that commits keeps readers out for a moment, and what waits for it is this.
            connection.exec_driver_sql("BEGIN")
            _patiently(connection, "SELECT 1 FROM sqlite_schema LIMIT 1", time.monotonic() + GATE_SECONDS)

    @event.listens_for(engine, "commit")
    def commit(connection: Connection) -> None:
        # In a thread, since it waits for the disk: a tenth of a second on a cheap one, for which everybody would stand
        # still. Without WAL a reader in another process keeps it waiting, which must be cooperative too. The driver
        # then finds nothing left to commit.
        raw: Any = connection.connection.driver_connection
        if raw.in_transaction:
            _patiently(connection, "COMMIT", time.monotonic() + GATE_SECONDS, offload)

    event.listen(engine, "before_cursor_execute", _refuse_stray_write)
    event.listen(engine, "checkin", gate.returned)
    return engine


def _refuse_stray_write(
    connection: Connection, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
) -> None:
    if statement.lstrip()[:8].upper().startswith(WRITES) and not connection.get_execution_options().get("writes"):
        raise RuntimeError(f"a write outside an action: {statement[:60]}")
