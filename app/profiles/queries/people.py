"""Whom somebody knows here, for their pages, for the member page and for other features."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, func, select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.profiles import policy
from app.profiles.models import Companionship, Connection, ConnectionState
from app.profiles.queries import companions, connections
from app.profiles.queries.companions import CompanionLine, Part, companions_of
from app.profiles.queries.connections import Ask, PersonLine
from app.profiles.queries.known import Known
from app.profiles.queries.lists import ListLine, lists_of

__all__ = [
    "Between",
    "Known",
    "ListLine",
    "People",
    "Way",
    "companions_of",
    "lists_of",
    "people_known",
    "people_of",
    "standing_between",
    "waiting",
]


@dataclass(frozen=True, slots=True)
class People:
    """The page of one's people."""

    asked_of_me: list[Ask]
    asked_by_me: list[Ask]
    people: list[PersonLine]
    companions: list[CompanionLine]


class Way(StrEnum):
    """How it stands between two people, as the one who looks is told."""

    NOTHING = "nothing"
    ASK = "ask"
    LATER = "later"
    WAITS = "waits"
    ASKED = "asked"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Between:
    """What the member page offers. `connection` and `companion` are public ids, where there is one.

    `part` is what the other one is to the actor, or is to become. `from_on` is the day on which one may ask again.
    """

    way: Way = Way.NOTHING
    connection: str = ""
    from_on: date | None = None
    companion_way: Way = Way.NOTHING
    companion: str = ""
    part: Part | None = None


def people_known(actor: Actor) -> list[Known]:
    """Those with whom the actor is connected and who exist for them, by name. Nobody while they travel."""
    return [line.person for line in connections.people_lines(actor)]


def people_of(actor: Actor) -> People:
    """Everything on the page of the actor's people."""
    asks, people = connections.asks_and_people(actor)
    return People(
        asked_of_me=[one for one in asks if not one.mine],
        asked_by_me=[one for one in asks if one.mine],
        people=people,
        companions=companions_of(actor, {line.person.person_id: line.person for line in people}),
    )


def waiting(actor: Actor) -> int:
    """How many requests wait for the actor's answer: one statement. None while they travel."""
    if not policy.shows_people(actor):
        return 0
    return work.session().scalar(*_waiting(actor)) or 0


@built_once
def _waiting(actor: Actor) -> Select[int]:
    asked = policy.visible_connections(actor).where(
        Connection.asked_id == actor.id, Connection.state == ConnectionState.ASKED
    )
    paired = policy.visible_companionships(actor).where(
        Companionship.asked_by_id != actor.id, Companionship.state == ConnectionState.ASKED
    )
    counted = [
        select(func.count()).select_from(wanted.subquery()).scalar_subquery()
        for wanted in (asked.with_only_columns(Connection.id), paired.with_only_columns(Companionship.id))
    ]
    return select(counted[0] + counted[1])


def standing_between(actor: Actor, person_id: int) -> Between:
    """What the actor's page of somebody offers. The caller has made sure that they see that page."""
    if actor.id is None or person_id == actor.id or not policy.shows_people(actor):
        return Between()
    rows = connections.between(actor, person_id)
    if rows and rows[0].state is ConnectionState.ACCEPTED:
        return _as_companions(actor, person_id, rows[0].public_id)
    of_me = [row for row in rows if row.asked_id == actor.id]
    if of_me:
        return Between(Way.ASKED, of_me[0].public_id)
    if rows:
        return Between(Way.WAITS, rows[0].public_id)
    if not policy.can_ask(actor):
        return Between()
    again = connections.may_ask_from(actor, person_id)
    return Between(Way.LATER, from_on=again) if again else Between(Way.ASK)


def _as_companions(actor: Actor, person_id: int, connection: str) -> Between:
    pair = companions.pair_of(actor, person_id)
    if pair is None:
        return Between(Way.JOINED, connection, companion_way=Way.ASK)
    part, waits = companions.part_of_other(actor, pair), Way.WAITS if pair.asked_by_id == actor.id else Way.ASKED
    way = Way.JOINED if pair.state is ConnectionState.ACCEPTED else waits
    return Between(Way.JOINED, connection, companion_way=way, companion=pair.public_id, part=part)
