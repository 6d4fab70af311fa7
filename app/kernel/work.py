"""The unit of work: one session for one request, event, job or command, and the only place that commits.

A *scope* is opened by each door and allows reading. An `@action` turns it into a writing transaction, commits once when
the outermost action returns, then runs the effects that were noted on the way. Any exception rolls everything back and
forgets the effects: nothing is emitted, mailed or enqueued for something that did not happen.
"""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.kernel.errors import Refusal, Unavailable, trail

if TYPE_CHECKING:
    from app.kernel.house import House

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

#: How long something that is noted in passing waits for its turn to write (seconds).
PASSING_SECONDS = 0.25


class Work:
    """What is going on in this request, event, job or command: its house, its connection, its pending effects.

    One connection serves the whole of it, taken when first needed. The session is made on that connection only where
    models are wanted, so that a hot path pays for prepared statements alone.
    """

    def __init__(self, house: "House") -> None:
        self.house = house
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._effects: list[Callable[[], None]] = []
        self._gathered: dict[Callable[..., None], list[Any]] = {}
        self._depth = 0
        self._spoilt = False
        self._read_only: Refusal | None = None
        #: How long to wait for the turn to write, where that is less than usual (seconds).
        self._patience: float | None = None

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self.house.databases.lend()
        return self._connection

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False, join_transaction_mode="control_fully")
        return self._session

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let the block write. The outermost block commits once and runs the effects; inner ones join it.

        What an inner one wrote before it failed cannot be told from the rest, so that nothing is committed then, even
        where the outer one caught the exception.
        """
        if self._read_only is not None:
            raise self._read_only
        if self._depth == 0:
            self._begin()
        self._depth += 1
        try:
            yield
        except BaseException:
            if self._depth == 1:
                self._abandon()
            else:
                self._spoilt = True
            raise
        finally:
            self._depth -= 1
        if self._depth == 0:
            self._finish()

    def _begin(self) -> None:
        if self._session is not None:
            # What was read before may be stale by the time our turn comes: it is read again inside the transaction. The
            # rollback forgets it only where a transaction was open, which after an earlier action of this scope it is
            # not.
            self._session.rollback()
            self._session.expire_all()
        self.connection.rollback()
        self.house.databases.begin_writing(self.connection, self._patience)

    def _finish(self) -> None:
        if self._spoilt:
            self._abandon()
            raise RuntimeError("an action went on after one inside it had failed")
        effects, self._effects = self._effects, []
        self._gathered = {}
        try:
            if self._session is not None:
                self._session.commit()
            if self.connection.in_transaction():
                self.connection.commit()
        except OperationalError as error:
            self._roll_back()
            raise Unavailable from error
        except BaseException:
            self._roll_back()
            raise
        self.house.databases.end_writing(self.connection)
        for effect in effects:
            try:
                effect()
            except Exception as error:
                # The work is committed and must be answered as such. What has to happen for certain goes through
                # the outbox (jobs.py), which tries again; an effect is only the quick path.
                log.error("an effect failed after its commit\n%s", trail(error))

    def _abandon(self) -> None:
        self._effects.clear()
        self._gathered.clear()
        self._spoilt = False
        self._roll_back()

    def _roll_back(self) -> None:
        if self._session is not None:
            self._session.rollback()
        self.connection.rollback()
        self.house.databases.end_writing(self.connection)

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Note something to do once the outermost action has been committed."""
        if self._depth == 0:
            raise RuntimeError("an effect outside an action would run for something that may never be stored")
        self._effects.append(effect)

    def gather(self, effect: Callable[[list[T]], None], item: T) -> None:
        """Note something for an effect that gets all of them at once, in their order."""
        if effect not in self._gathered:
            items = self._gathered[effect] = []
            self.after_commit(lambda: effect(items))
        self._gathered[effect].append(item)

    def refuse_writing(self, refusal: Refusal) -> None:
        """Answer whoever wants to write from here on with this refusal."""
        self._read_only = refusal

    def release(self) -> None:
        """Give the connection back before something slow that needs no database; what comes next takes one anew.

        Inside an action nothing is released: its transaction goes on.
        """
        if self._depth == 0:
            self.close()
            self._session = None

    def pause(self) -> None:
        """The same before a wait, where nothing was read as models: those would lose their session."""
        if self._session is None:
            self.release()

    def in_passing(self, verb: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Carry out a verb that what was asked for can do without, such as noting how far somebody has read.

        It is given up soon, and wherever nothing can be written: on a full disk people read on.
        """
        self._patience = PASSING_SECONDS
        try:
            verb(*args, **kwargs)
        except (SQLAlchemyError, Unavailable) as error:
            log.warning("something could not be noted in passing (%s)", type(error).__name__)
        finally:
            self._patience = None

    @property
    def may_write(self) -> bool:
        return self._depth > 0

    def close(self) -> None:
        try:
            if self._session is not None:
                self._session.close()
        finally:  # a lost connection fails at that, and must not be missing from the pool for ever
            connection, self._connection = self._connection, None
            if connection is not None:
                self.house.databases.take_back(connection)


_current: ContextVar[Work | None] = ContextVar("work", default=None)


class scope:  # noqa: N801  # reads as a verb where it stands: with work.scope(house)
    """Open the work of one door (a request, an event, a job, a command) and close it at the end."""

    __slots__ = ("_token", "_work")

    def __init__(self, house: "House") -> None:
        self._work = Work(house)

    def __enter__(self) -> Work:
        self._token = _current.set(self._work)
        return self._work

    def __exit__(self, *_raised: object) -> None:
        _current.reset(self._token)
        self._work.close()


def current() -> Work:
    """The work going on here. Raises RuntimeError outside a scope, which is a defect."""
    work = _current.get()
    if work is None:
        raise RuntimeError("no work is open here: enter through a door, or use work.scope(house)")
    return work


def house() -> "House":
    """The house that the current work belongs to."""
    return current().house


def session() -> Session:
    """The session of the current work, for reading in queries.py and, inside an action, for writing."""
    return current().session


def connection() -> Connection:
    """The current work's connection, for prepared statements on a hot path."""
    return current().connection


def release() -> None:
    """Give the connection back before something slow that needs no database, such as a passphrase's hash."""
    current().release()


def in_passing(verb: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Carry out a verb if that can be done now, and go on if not. For what nobody asked for."""
    current().in_passing(verb, *args, **kwargs)


def after_commit(effect: Callable[[], None]) -> None:
    """Run `effect` once the outermost action has been committed; never if it is not."""
    current().after_commit(effect)


def action(verb: Callable[P, T]) -> Callable[P, T]:
    """Mark a verb that changes something. It runs inside one transaction, together with every verb that it calls."""

    @functools.wraps(verb)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        with current().writing():
            return verb(*args, **kwargs)

    done.__sanad_action__ = True  # type: ignore[attr-defined]  # read by tests/house
    return done
