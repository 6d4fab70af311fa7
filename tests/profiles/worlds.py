"""Random worlds of people who show some things to some, and let others see nothing: built to be asked who sees what."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.identity.models import Cause, Person, Restriction, Space, Standing
from app.kernel.access import Permission
from app.kernel.db import now
from app.kernel.vault import Vault
from app.profiles.models import (
    Audience,
    Block,
    Companionship,
    Connection,
    ConnectionState,
    Exclusion,
    Field,
    FieldList,
    ListEntry,
    PeopleList,
    Profile,
    ProfileField,
)
from app.profiles.policy import Viewer

PEOPLE = 5
COUNTRIES = ("SY", "DE", "TR")
DAY = date(2026, 11, 1)
Pair = tuple[int, int]


@dataclass
class Somebody:
    """One person of a world: what they keep, and of what they say nothing."""

    closed: bool
    suspended: bool
    #: Suspended once, and no more: it was over, or lifted.
    was_suspended: bool
    listed: bool
    honey: bool
    has_profile: bool
    excludes: frozenset[str]
    fields: dict[Field, Audience]
    #: People on each of their lists.
    lists: list[frozenset[int]]
    #: By field the lists that were chosen for it, whether its audience is CHOSEN now or was once.
    chosen: dict[Field, frozenset[int]]


@dataclass
class World:
    """People by number, and what stands between them: who asked or blocked comes first."""

    people: list[Somebody]
    connections: list[tuple[Pair, ConnectionState]]
    companions: list[tuple[Pair, ConnectionState]]
    #: Whether it was by the name that they go by everywhere; otherwise by the one in some space.
    blocks: dict[Pair, bool]
    #: Row numbers of the people, once they are stored.
    rows: list[int] = field(default_factory=list)

    def number_of(self, row: int) -> int:
        return self.rows.index(row)


@dataclass(frozen=True)
class Looking:
    """Somebody who looks, in the words of a world: people by number, a country by its code."""

    person: int | None = None
    peer: bool = True
    member: bool = True
    caseworker: bool = False
    country: str | None = None
    companion_of: int | None = None
    sweeping: bool = False

    def as_viewer(self, world: World, vault: Vault) -> Viewer:
        return Viewer(
            person_id=None if self.person is None else world.rows[self.person],
            peer=self.peer,
            member=self.member,
            caseworker=self.caseworker,
            country_index=None if self.country is None else vault.blind_index("country", self.country),
            companion_of=None if self.companion_of is None else world.rows[self.companion_of],
            sweeping=self.sweeping,
        )


numbers = st.integers(0, PEOPLE - 1)
pairs = st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])
#: Mostly what counts; now and then what does not.
states = st.sampled_from([*[ConnectionState.ACCEPTED] * 4, *ConnectionState])
seldom = st.integers(0, 5).map(lambda drawn: drawn == 5)


@st.composite
def _people(draw: st.DrawFn) -> Somebody:
    lists = draw(st.lists(st.frozensets(numbers, min_size=1, max_size=3), max_size=2))
    fields = draw(st.dictionaries(st.sampled_from(Field), st.sampled_from(Audience), min_size=1, max_size=6))
    chosen = {
        one: draw(st.frozensets(st.integers(0, len(lists) - 1)))
        for one in fields
        if lists and (fields[one] is Audience.CHOSEN or draw(seldom))
    }
    return Somebody(
        closed=draw(seldom),
        suspended=draw(seldom),
        was_suspended=draw(seldom),
        listed=draw(st.booleans()),
        honey=draw(seldom),
        has_profile=not draw(seldom),
        excludes=draw(st.frozensets(st.sampled_from(COUNTRIES), max_size=1)),
        fields=fields,
        lists=lists,
        chosen=chosen,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Five people, each as they like, and between them whatever may stand between people."""
    return World(
        people=[draw(_people()) for _ in range(PEOPLE)],
        connections=draw(st.lists(st.tuples(pairs, states), min_size=1, max_size=5)),
        companions=draw(st.lists(st.tuples(pairs, states), min_size=1, max_size=5)),
        blocks=draw(st.dictionaries(pairs, st.booleans(), max_size=2)),
    )


lookings = st.builds(
    Looking,
    person=st.none() | numbers,
    peer=st.integers(0, 5).map(bool),
    member=st.booleans(),
    caseworker=st.booleans(),
    country=st.none() | st.sampled_from(COUNTRIES),
    companion_of=st.none() | numbers,
    sweeping=seldom,
)


def build(world: World, session: Session, vault: Vault) -> None:
    """Store a world. Nothing is sealed in it: who sees what is asked of the rows alone."""
    people = [
        Person(
            key_id="none",
            name_index=bytes([number]) * 32,
            name=b"",
            passphrase=b"",
            standing=Standing.CLOSED if one.closed else Standing.ACTIVE,
            joined_on=DAY,
        )
        for number, one in enumerate(world.people)
    ]
    session.add_all(people)
    session.flush()
    world.rows = [person.id for person in people]
    for number, one in enumerate(world.people):
        _build_one(world, number, one, session, vault)
    for asked, state in world.connections:
        session.add(Connection(asker_id=world.rows[asked[0]], asked_id=world.rows[asked[1]], state=state, asked_on=DAY))
    for asked, state in world.companions:
        mentor, mentee = world.rows[asked[0]], world.rows[asked[1]]
        session.add(Companionship(mentor_id=mentor, mentee_id=mentee, asked_by_id=mentor, state=state, since=DAY))
    for (blocker, blocked), by_usual_name in world.blocks.items():
        space = None if by_usual_name else Space.ROOMS
        session.add(Block(person_id=world.rows[blocker], blocked_id=world.rows[blocked], space=space, since=DAY))
    session.flush()


def _build_one(world: World, number: int, one: Somebody, session: Session, vault: Vault) -> None:
    me = world.rows[number]
    away = {"person_id": me, "withheld": Permission.SIGNED_IN, "cause": Cause.MEASURE, "ref": "none"}
    moment, hour = now(), timedelta(hours=1)
    if one.suspended:
        session.add(Restriction(**away, until=moment + hour))
    if one.was_suspended:
        session.add_all([Restriction(**away, until=moment - hour), Restriction(**away, lifted_at=moment - hour)])
    if one.has_profile:
        session.add(Profile(person_id=me, key_id="none", listed=one.listed, honey=one.honey, position=number))
    lists = [PeopleList(person_id=me, name=b"") for _ in one.lists]
    fields = {
        kind: ProfileField(person_id=me, field=kind, audience=who, sealed=b"") for kind, who in one.fields.items()
    }
    session.add_all([*lists, *fields.values()])
    session.flush()
    for made, on_it in zip(lists, one.lists, strict=True):
        session.add_all(ListEntry(list_id=made.id, person_id=world.rows[somebody]) for somebody in on_it)
    for kind, chosen in one.chosen.items():
        session.add_all(FieldList(field_id=fields[kind].id, list_id=lists[which].id) for which in chosen)
    for code in one.excludes:
        session.add(Exclusion(person_id=me, country_index=vault.blind_index("country", code), sealed=b""))
