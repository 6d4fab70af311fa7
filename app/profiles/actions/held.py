"""What verbs about two people share: both are held until the commit, and what is between them ends in one place."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, delete, select

from app.identity.models import Person
from app.kernel import work
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.signals import parted
from app.kernel.states import move
from app.profiles import policy
from app.profiles.models import Companionship, Connection, ConnectionState, ListEntry, PeopleList
from app.profiles.queries.known import are

#: Requests of every kind, by whoever makes them.
ASKING = Budget("people-ask", "5 per hour; 12 per day")
#: While a row is in one of these, there is no other one about the same two.
PRESENT = frozenset({ConnectionState.ASKED, ConnectionState.ACCEPTED})


def hold(one: int, other: int) -> None:
    """Let nobody else change what is between these two until our commit. Raises NotFound when one of them is gone.

    Always in the same order, so that two who do so at once wait for each other and never both.
    """
    wanted = select(Person.id).where(Person.id.in_({one, other})).order_by(Person.id)
    if len(work.session().scalars(wanted.with_for_update(key_share=True)).all()) < 2:
        raise NotFound


def pair_key(one: int, other: int) -> str:
    """The same for both of them: the database lets one row of each table carry it."""
    return f"{min(one, other)}-{max(one, other)}"


def connections_between(one: int, other: int) -> list[Connection]:
    """Every row about these two, whoever sees it: for verbs that hold them."""
    wanted = select(Connection).where(are(Connection.asker_id, Connection.asked_id, one, other))
    return list(work.session().scalars(wanted.execution_options(populate_existing=True)))


def pairs_between(one: int, other: int) -> list[Companionship]:
    """The same for mentors and mentees."""
    wanted = select(Companionship).where(are(Companionship.mentor_id, Companionship.mentee_id, one, other))
    return list(work.session().scalars(wanted.execution_options(populate_existing=True)))


def is_over(row: Connection | Companionship) -> bool:
    """Whether nobody answered this request in its time."""
    return row.state is ConnectionState.ASKED and (row.waits_until is None or row.waits_until <= now().date())


def rows_over(today: date) -> Sequence[Connection | Companionship]:
    """Every request whose time is over and that somebody still sees or could answer, locked."""
    found: list[Connection | Companionship] = []
    for table in (Connection, Companionship):
        over = select(table).where(table.waits_until <= today).order_by(table.id).with_for_update(skip_locked=True)
        found += work.session().scalars(over)
    return found


def hide_from_asker(row: Connection | Companionship) -> None:
    """Let whoever asked see it wait no more. Their words go with it."""
    row.waits_until = None
    if isinstance(row, Connection):
        shred_note(row)


def shred_note(row: Connection) -> None:
    """Take the note away for good."""
    if row.key_id is not None:
        enqueue("vault.shred", keys=[row.key_id])
    row.key_id = row.note = None


def close(row: Connection | Companionship, to: ConnectionState) -> None:
    """Take the row to its last state: the two may be asked, or ask, anew. Raises Conflict when it was moved meanwhile."""
    move(work.session(), row, to, pair=None)
    if to is not ConnectionState.DECLINED:
        hide_from_asker(row)


def part(one: int, other: int) -> None:
    """End all that these two agreed on, and take each off the other's lists. Nobody is told."""
    for row in _all_between(one, other):
        if row.state is ConnectionState.ACCEPTED:
            close(row, ConnectionState.ENDED)
    _off_lists(one, other)
    _off_lists(other, one)
    parted.send(people=(one, other))


def answer_all(answerer: int, other: int) -> None:
    """End every request between these two, so that none is left to see: as whoever answers would, one by one."""
    for row in _all_between(answerer, other):
        asker = row.asker_id if isinstance(row, Connection) else row.asked_by_id
        if row.state is ConnectionState.ASKED:
            close(row, ConnectionState.WITHDRAWN if asker == answerer else ConnectionState.DECLINED)
        hide_from_asker(row)


def sees(viewer: int, owner: int) -> bool:
    """Whether no block keeps the owner out of the viewer's sight: a notice must not say what a page would not."""
    return not work.session().scalar(select(policy.blocked(owner, viewer)))


def forget(condition: ColumnElement[bool], table: type[Connection | Companionship]) -> None:
    """Remove rows, with the words in them."""
    if table is Connection:
        keys = work.session().scalars(select(Connection.key_id).where(condition, Connection.key_id.is_not(None))).all()
        if keys:
            enqueue("vault.shred", keys=list(keys))
    work.session().execute(delete(table).where(condition))


def _all_between(one: int, other: int) -> list[Connection | Companionship]:
    rows: list[Connection | Companionship] = []
    rows += connections_between(one, other)
    rows += pairs_between(one, other)
    return rows


def _off_lists(owner: int, other: int) -> None:
    mine = select(PeopleList.id).where(PeopleList.person_id == owner)
    work.session().execute(delete(ListEntry).where(ListEntry.person_id == other, ListEntry.list_id.in_(mine)))
