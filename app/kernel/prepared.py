"""Statements of the hot path, compiled once for each kind of database and run on the driver's own cursor.

To execute a Core statement costs SQLAlchemy five times what the database takes to answer it: a key for its cache, a context, a
result, a class for its rows, each time anew. A `Prepared` statement keeps what comes out of the compiler: the SQL, the order of
the parameters, and what turns values into the driver's and back. It runs on the connection of the current work, in the
transaction that is open there if one is, tells those who listen before a statement runs (who refuses stray writes, who counts
in tests), and raises SQLAlchemy's errors. What is not on a hot path is better off with `work.session()`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect

from app.kernel import work

Parameters = Mapping[str, Any]
#: Turns a value into what the driver takes, or what the driver gives into a value.
_Turn = Callable[[Any], Any]


class _Place(NamedTuple):
    """A place in the SQL: whose parameter stands there, or always the same value."""

    name: str
    is_given: bool
    always: Any
    turn: _Turn | None


class _Ready(NamedTuple):
    """A statement as one kind of database takes it."""

    sql: str
    #: In the order of the SQL where the driver counts places; otherwise each once, by its name.
    places: tuple[_Place, ...]
    counts: bool
    #: What turns which columns of a row.
    gives: tuple[tuple[int, _Turn], ...]

    def bound(self, given: Parameters) -> Any:
        values = [
            (turn(given[name]) if turn else given[name]) if is_given else always
            for name, is_given, always, turn in self.places
        ]
        return values if self.counts else {place.name: value for place, value in zip(self.places, values, strict=True)}

    def found(self, connection: Connection, given: Parameters) -> list[Sequence[Any]]:
        cursor = _run(connection, self.sql, self.bound(given), many=False)
        found: list[Sequence[Any]] = cursor.fetchall()
        cursor.close()
        return found

    def turned(self, found: list[Sequence[Any]]) -> list[Sequence[Any]]:
        if not self.gives:
            return found
        rows: list[Sequence[Any]] = []
        for row in found:
            values = list(row)
            for place, turn in self.gives:
                values[place] = turn(values[place])
            rows.append(values)
        return rows


class Prepared:
    """One statement, prepared when it is first run. All its parameters are given each time."""

    def __init__(self, statement: Any, *, columns: Sequence[str] | None = None) -> None:
        """`columns` are those that an INSERT without values is given: every one that has a default is among them."""
        self._statement, self._columns = statement, columns
        self._ready: dict[str, _Ready] = {}

    def rows(self, given: Parameters) -> list[Sequence[Any]]:
        """Run it in the current work. Returns all rows, each a sequence of values."""
        return self.rows_on(work.connection(), given)

    def rows_on(self, connection: Connection, given: Parameters) -> list[Sequence[Any]]:
        """The same on a connection that is nobody's work: for the keys database, beside all work."""
        ready = self._for(connection.dialect)
        return ready.turned(ready.found(connection, given))

    def as_stored(self, given: Parameters) -> list[Sequence[Any]]:
        """The rows as the driver gives them, for whoever knows already what becomes of such rows, or asks `turned`."""
        connection = work.connection()
        return self._for(connection.dialect).found(connection, given)

    def turned(self, found: list[Sequence[Any]]) -> list[Sequence[Any]]:
        """What `rows` would have returned for rows that are as stored."""
        return self._for(work.connection().dialect).turned(found)

    def row(self, given: Parameters) -> Sequence[Any] | None:
        """The row that it finds, or None. Raises RuntimeError where it finds several."""
        found = self.rows(given)
        if len(found) > 1:
            raise RuntimeError("more than one row")
        return found[0] if found else None

    def each(self, given: Sequence[Parameters]) -> int:
        """Run it for each set of parameters, in their order. Returns how many rows that changed in all."""
        connection = work.connection()
        ready = self._for(connection.dialect)
        sets = [ready.bound(one) for one in given]
        many = len(sets) > 1
        cursor = _run(connection, ready.sql, sets if many else sets[0], many=many)
        changed: int = cursor.rowcount
        cursor.close()
        return changed

    def _for(self, dialect: Dialect) -> _Ready:
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = self._prepare(dialect)
        return ready

    def _prepare(self, dialect: Dialect) -> _Ready:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
        if {*compiled.insert_prefetch, *compiled.update_prefetch}:
            raise RuntimeError("a prepared statement is given every value: name also the columns that have defaults")
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        if any(bind.callable for bind in binds.values()):
            raise RuntimeError("a prepared statement is given its moment: it would be the same for ever")
        # A list of values that is always the same (IN) becomes places of its own here, not each time.
        state = compiled.construct_expanded_state({bind.key: None for bind in binds.values() if bind.required})
        places = [
            _given(binds[name], dialect, name)
            if name in binds and binds[name].required
            else _always(name, state.parameters[name], state.processors.get(name) or _binding(binds.get(name), dialect))
            for name in state.positiontup or state.parameters
        ]
        turns = [_giving(column, dialect) for column in getattr(self._statement, "exported_columns", ())]
        gives = tuple((place, turn) for place, turn in enumerate(turns) if turn)
        return _Ready(state.statement, tuple(places), state.positiontup is not None, gives)


def _given(bind: Any, dialect: Dialect, name: str) -> _Place:
    if bind.key != name:
        raise RuntimeError(f"the parameter {bind.key} of a prepared statement has a name that the driver does not take")
    return _Place(name, True, None, _binding(bind, dialect))


def _always(name: str, value: Any, turn: _Turn | None) -> _Place:
    return _Place(name, False, turn(value) if turn else value, None)


def _binding(bind: Any, dialect: Dialect) -> _Turn | None:
    turn: _Turn | None = bind.type.dialect_impl(dialect).bind_processor(dialect) if bind is not None else None
    return turn


def _giving(column: Any, dialect: Dialect) -> _Turn | None:
    turn: _Turn | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return turn


def _run(connection: Connection, sql: str, parameters: Any, *, many: bool) -> Any:
    # Without a transaction of SQLAlchemy's the driver's own is rolled back as the connection returns to its pool.
    raw: Any = connection.connection.dbapi_connection
    cursor = raw.cursor()
    try:
        for listener in connection.engine.dispatch.before_cursor_execute:
            sql, parameters = listener(connection, cursor, sql, parameters, None, many)
        if many:
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters)
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, connection.dialect.loaded_dbapi.Error):
            cursor.close()
            raise
        # It raises: the driver's errors as SQLAlchemy's, after it has given up a connection that was lost, or that somebody
        # who was ended in the middle leaves in nobody knows which state.
        connection._handle_dbapi_exception(error, sql, parameters, cursor, None)
    return cursor
