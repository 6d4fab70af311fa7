"""The two engines of an instance, their connections, and the gate before every write into a SQLite file."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from app.kernel.db.disk import Disk, Offload
from app.kernel.db.log_room import LOG_PAGES, make_room
from app.kernel.errors import Unavailable

T = TypeVar("T")

#: How long a writer waits for its turn before the person is told that saving is not possible now (seconds).
GATE_SECONDS = 15.0
#: Connections to a SQLite file that wait outside the pool at most.
KEPT_READY = 4
#: A write statement in a transaction that was not opened for writing is a defect, found here at once.
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")


def run_here(job: Callable[..., Any], *args: Any) -> Any:
    """Run slow work on the spot: for tests, commands and the worker, which have no loop to keep free."""
    return job(*args)


class WriteGate:
    """Lets one writer at a time into a SQLite file.

    A greenlet that yields inside a SQLite write transaction would make every other writer block the whole process in C,
    so writers queue here, where waiting is cooperative. Between processes SQLite's own lock decides; it is asked
    without waiting and asked again after a short cooperative sleep, for the same reason.
    """

    def __init__(self) -> None:
        self._turn = threading.Semaphore(1)

    def enter(self, connection: Connection) -> None:
        """Take the turn and begin a write transaction. Raises Unavailable after GATE_SECONDS, or when told before that."""
        patience = connection.get_execution_options().get("patience") or GATE_SECONDS
        deadline = time.monotonic() + patience
        if not connection.info.get("in_gate") and not self._turn.acquire(timeout=patience):
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
        #: Connections to the data, ready for the next work. To take one from the pool and give it back costs as much as
        #: to ask it something; but one that may have been cut off by a server must be asked first, which the pool does.
        self._ready: list[Connection] = []
        self._most_ready = KEPT_READY if self.data.dialect.name == "sqlite" else 0
        #: The same for the keys.
        self._keys_ready: list[Connection] = []

    def lend(self) -> Connection:
        """A connection to the data, to be given back with `take_back`."""
        return self._ready.pop() if self._ready else self.data.connect()

    def take_back(self, connection: Connection) -> None:
        """Take a connection that was lent, and end what is still open on it."""
        keep = len(self._ready) < self._most_ready and not (connection.closed or connection.invalidated)
        if keep and not connection.in_transaction() and not connection.info.get("in_gate"):
            self._ready.append(connection)
        else:
            connection.close()

    @property
    def lent(self) -> int:
        """How many connections to the data are in use."""
        taken: int = self.data.pool.checkedout()  # type: ignore[attr-defined]  # of the pool that we use
        return taken - len(self._ready)

    def begin_writing(self, connection: Connection, patience: float | None = None) -> None:
        """Turn a connection from reading to writing. Waits for its turn on SQLite; raises Unavailable when in vain."""
        connection.execution_options(writes=True, patience=patience)
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

    def read_keys(self, ask: Callable[[Connection], T]) -> T:
        """What one statement finds in the keys database, which `ask` runs on this connection. For the vault alone.

        Raises Unavailable when another process holds the file for too long.
        """
        connection = self._keys_ready.pop() if self._keys_ready else self.keys.connect()
        deadline, pause = time.monotonic() + GATE_SECONDS, 0.002
        try:
            while True:
                try:
                    return ask(connection)
                except OperationalError as error:
                    if "locked" not in str(error.orig) or time.monotonic() > deadline:
                        raise Unavailable from error
                    time.sleep(pause)
        finally:
            # On PostgreSQL what was asked has opened a transaction, which ends as the connection goes back to the pool.
            if self.keys.dialect.name == "sqlite" and len(self._keys_ready) < KEPT_READY and not connection.invalidated:
                self._keys_ready.append(connection)
            else:
                connection.close()

    def for_migrations(self) -> dict[str, Engine]:
        """Engines under the names that migrations use. They may write without an action: a migration has no actor."""
        return {
            name: engine.execution_options(writes=True) for name, engine in (("data", self.data), ("keys", self.keys))
        }

    def make_room(self) -> None:
        """Give SQLite's log its room on the disk, as a server starts."""
        if self.data.dialect.name == "sqlite" and self.data.url.database:
            with self.data.connect() as open_one:  # stays in the pool: when the last one is closed, the log goes
                open_one.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1")
                make_room(Path(self.data.url.database))

    def close(self) -> None:
        for kept in (self._ready, self._keys_ready):
            while kept:
                kept.pop().close()
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
        pool_use_lifo=True,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "before_cursor_execute", _refuse_stray_write, retval=True)
    return engine


def _sqlite(url: str, journal: str, gate: WriteGate, offload: Offload) -> Engine:
    wait = Disk(offload).run if journal == "WAL" else offload
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=20,
        max_overflow=40,
        pool_timeout=15,
        # The one given back last: it has the pages in memory that it has just written or read.
        pool_use_lifo=True,
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
        # Pages that many messages change are written back once for all of them; the log stays under 17 MB.
        raw.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")

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
        # In a thread where it waits for the disk: a tenth of a second on a cheap one, for which everybody would stand
        # still. Without WAL a reader in another process keeps it waiting, which must be cooperative too. The driver
        # then finds nothing left to commit.
        raw: Any = connection.connection.driver_connection
        if raw.in_transaction:
            _patiently(connection, "COMMIT", time.monotonic() + GATE_SECONDS, wait)

    event.listen(engine, "before_cursor_execute", _refuse_stray_write, retval=True)
    event.listen(engine, "checkin", gate.returned)
    return engine


def _refuse_stray_write(
    connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    if statement.lstrip()[:8].upper().startswith(WRITES) and not connection.get_execution_options().get("writes"):
        raise RuntimeError(f"a write outside an action: {statement[:60]}")
    return statement, parameters
