"""With whom somebody is connected, and the requests that wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, func, select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.text import fold
from app.kernel.vault import Place, Shredded
from app.profiles import policy
from app.profiles.models import Connection, ConnectionState
from app.profiles.queries.known import Known, are, known

#: One person asks another once in so many days, whatever became of it; for so long they see it wait.
DAYS_BETWEEN = 30
MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One of the actor's people, by the connection that makes them so."""

    connection: str
    person: Known


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that waits: `mine` when the actor made it. `note` is empty where none was written."""

    public_id: str
    person: Known
    note: str
    on: date
    mine: bool


def note_place(connection: str) -> Place:
    """The place of a request's note, which is sealed with a key of its own."""
    return Place("connection", connection, "note")


def people_lines(actor: Actor) -> list[PersonLine]:
    """Those with whom the actor is connected and who exist for them, by name. Nobody while they travel."""
    rows = _rows(actor, accepted=True)
    return _people(actor, rows, known(actor, [_other(actor, row) for row in rows]))


def asks_and_people(actor: Actor) -> tuple[list[Ask], list[PersonLine]]:
    """What the actor asked and was asked and waits, the newest first, and their people. Nothing while they travel."""
    asked, joined = _rows(actor, accepted=False), _rows(actor, accepted=True)
    # Whoever asks shows themselves by that, even where they show nothing else.
    others = known(actor, [_other(actor, row) for row in (*asked, *joined)], also_without_page=True)
    work.house().vault.prefetch(row.key_id for row in asked if row.key_id is not None)
    asks = [
        Ask(row.public_id, others[other], _note(row), row.asked_on, mine=row.asker_id == actor.id)
        for row in asked
        if (other := _other(actor, row)) in others
    ]
    return asks, _people(actor, joined, others)


def get_connection(actor: Actor, public_id: str) -> Connection:
    """One of the actor's connections or requests, as it is stored now. Raises NotFound."""
    found: Connection | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None or not policy.shows_people(actor):
        raise NotFound
    return found


def between(actor: Actor, person_id: int) -> list[Connection]:
    """What the actor sees between the two, whoever asked; what is accepted comes first."""
    found = work.session().scalars(*_between(actor, person_id))
    return sorted(found, key=lambda row: row.state is not ConnectionState.ACCEPTED)


def is_connected(actor: Actor, person_id: int) -> bool:
    """Whether the two are connected, and the actor sees it."""
    return any(row.state is ConnectionState.ACCEPTED for row in between(actor, person_id))


def may_ask_from(actor: Actor, person_id: int) -> date | None:
    """The day from which the actor may ask this person again; None when that is so already."""
    last = work.session().scalar(*_last_asked(actor, person_id))
    again = last + timedelta(days=DAYS_BETWEEN) if last else None
    return again if again and again > now().date() else None


def _rows(actor: Actor, *, accepted: bool) -> list[Connection]:
    if not policy.shows_people(actor):
        return []
    return list(work.session().scalars(*_all(actor, accepted)))


@built_once
def _all(actor: Actor, accepted: bool) -> Select[Connection]:
    here = Connection.state == ConnectionState.ACCEPTED if accepted else Connection.state != ConnectionState.ACCEPTED
    return policy.visible_connections(actor).where(here).order_by(Connection.id.desc()).limit(MOST_SHOWN)


@built_once
def _one(actor: Actor, public_id: str) -> Select[Connection]:
    wanted = policy.visible_connections(actor).where(Connection.public_id == public_id)
    return wanted.execution_options(populate_existing=True)


@built_once
def _between(actor: Actor, person_id: int) -> Select[Connection]:
    both = are(Connection.asker_id, Connection.asked_id, actor.person_id, person_id)
    wanted = policy.visible_connections(actor).where(both).order_by(Connection.id.desc())
    return wanted.execution_options(populate_existing=True)


@built_once
def _last_asked(actor: Actor, person_id: int) -> Select[date | None]:
    return select(func.max(Connection.asked_on)).where(
        Connection.asker_id == actor.person_id,
        Connection.asked_id == person_id,
        Connection.state != ConnectionState.ENDED,
    )


def _people(actor: Actor, rows: list[Connection], others: Mapping[int, Known]) -> list[PersonLine]:
    lines = [PersonLine(row.public_id, others[other]) for row in rows if (other := _other(actor, row)) in others]
    return sorted((line for line in lines if line.person.has_page), key=lambda line: fold(line.person.name))


def _other(actor: Actor, row: Connection) -> int:
    return row.asked_id if row.asker_id == actor.id else row.asker_id


def _note(row: Connection) -> str:
    if row.key_id is None or row.note is None:
        return ""
    try:
        return work.house().vault.open(row.key_id, note_place(row.public_id), row.note).decode()
    except Shredded:
        return ""
