"""Statements that are built once ask for whoever asks, at the moment at which they ask."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

import pytest
from sqlalchemy import Select, bindparam, or_, select

from app.identity.models import LoginSession, Person, Standing
from app.kernel import built, work
from app.kernel.access import Permission
from app.kernel.actor import STRANGER, Actor
from app.kernel.built import Placed, built_once
from app.kernel.db import now, this_day, this_moment
from app.kernel.errors import Forbidden
from app.kernel.house import House
from app.kernel.prepared import Prepared
from tests.factories import Factory


@pytest.fixture
def builds() -> list[tuple[Any, ...]]:
    return []


def test_it_is_built_once_for_all_who_hold_the_same_and_asks_for_each(
    house: House, make: Factory, builds: list[Any]
) -> None:
    @built_once
    def me(actor: Actor) -> Select[str]:
        builds.append(actor)
        return select(Person.public_id).where(Person.id == actor.id)

    nour, lina = make.person("Nour"), make.person("Lina")
    with work.scope(house):
        assert work.session().scalars(*me(nour)).all() == [nour.public_id]
        assert work.session().scalars(*me(lina)).all() == [lina.public_id]
        assert len(builds) == 1
        less = replace(lina, permissions=lina.permissions - {Permission.ROOMS_ALL})
        assert work.session().scalars(*me(less)).all() == [lina.public_id]
        assert len(builds) == 2
        assert not builds[1].holds(Permission.ROOMS_ALL)


def test_choices_make_another_statement_and_values_do_not(house: House, make: Factory, builds: list[Any]) -> None:
    @built_once
    def people(names: Collection[int], standing: Standing, after: str, whole: bool = True) -> Select[int]:
        builds.append((standing, whole))
        return select(Person.id).where(Person.id.in_(names), Person.standing == standing, Person.public_id > after)

    nour, lina = make.person("Nour"), make.person("Lina")
    both = {nour.person_id, lina.person_id}
    with work.scope(house):
        assert set(work.session().scalars(*people(both, Standing.ACTIVE, ""))) == both
        assert set(work.session().scalars(*people([lina.person_id], Standing.ACTIVE, after=""))) == {lina.person_id}
        assert set(work.session().scalars(*people([], Standing.ACTIVE, ""))) == set()
        assert set(work.session().scalars(*people(both, Standing.ACTIVE, max(nour.public_id, lina.public_id)))) == set()
        assert builds == [(Standing.ACTIVE, True)]
        assert set(work.session().scalars(*people(both, Standing.CLOSED, ""))) == set()
        people(both, Standing.ACTIVE, "", whole=False)
    assert len(builds) == 3


def test_this_moment_and_this_day_are_those_at_which_it_is_asked(house: House) -> None:
    @built_once
    def clock() -> Select[datetime, date, datetime]:
        return select(this_moment(), this_day(), this_moment(ago=timedelta(hours=1)))

    with work.scope(house):
        first, day, earlier = work.session().execute(*clock()).one()
        later, _, _ = work.session().execute(*clock()).one()
    assert timedelta(minutes=59) < first - earlier <= timedelta(hours=1)
    assert day in (first.date(), later.date())
    assert now() - timedelta(minutes=1) < first < later < now()


def test_a_moment_or_words_that_would_stay_for_ever_are_refused(house: House, make: Factory) -> None:
    @built_once
    def stale(actor: Actor) -> Select[int]:
        return select(LoginSession.id).where(LoginSession.person_id == actor.id, LoginSession.expires_at > now())

    @built_once
    def given(actor: Actor, since: datetime) -> Select[int]:
        return select(LoginSession.id).where(LoginSession.person_id == actor.id, LoginSession.expires_at > since)

    @built_once
    def worded(kind: str) -> Select[int]:
        return select(Person.id).where(Person.public_id == f"{kind}.1")

    nour = make.person("Nour")
    with work.scope(house):
        with pytest.raises(RuntimeError, match="for ever"):
            stale(nour)
        with pytest.raises(RuntimeError, match="for ever"):
            worded("room")
        assert work.session().scalars(*given(nour, now() + timedelta(days=4000))).all() == []


def test_a_stranger_is_nobody_in_a_statement_too(house: House) -> None:
    @built_once
    def own(actor: Actor) -> Select[int]:
        return select(Person.id).where(Person.id == actor.person_id)

    with work.scope(house), pytest.raises(Forbidden):
        own(STRANGER)


def test_what_else_an_actor_has_does_not_get_into_a_statement(house: House, make: Factory) -> None:
    @built_once
    def mine(actor: Actor) -> Select[int]:
        return select(Person.id).where(Person.name_index == actor.name.encode())

    with work.scope(house), pytest.raises(AttributeError):
        mine(make.person("Nour"))


def test_an_argument_brings_places_of_its_own(house: House, make: Factory, builds: list[Any]) -> None:
    @dataclass(frozen=True, slots=True)
    class Wanted(Placed):
        ids: tuple[str, ...]
        here: bool = True

        def outline(self) -> Hashable:
            return len(self.ids), self.here

        def places(self) -> Mapping[str, Any]:
            return {str(number): one for number, one in enumerate(self.ids)}

        def stand_in(self, places: Mapping[str, Any]) -> Self:
            return replace(self, ids=tuple(places.values()))

    @built_once
    def people(wanted: Wanted) -> Select[int]:
        builds.append(wanted)
        one_of_them = or_(*(Person.public_id == one for one in wanted.ids))
        return select(Person.id).where(one_of_them, (Person.standing == Standing.ACTIVE).is_(wanted.here))

    nour, lina = make.person("Nour"), make.person("Lina")
    with work.scope(house):
        assert set(work.session().scalars(*people(Wanted((nour.public_id,))))) == {nour.person_id}
        assert set(work.session().scalars(*people(Wanted((lina.public_id,))))) == {lina.person_id}
        assert len(builds) == 1
        both = (nour.public_id, lina.public_id)
        assert set(work.session().scalars(*people(Wanted(both)))) == {nour.person_id, lina.person_id}
        assert set(work.session().scalars(*people(Wanted(both, here=False)))) == set()
    assert len(builds) == 3


def test_the_public_id_of_whoever_asks_is_a_value_too(house: House, make: Factory, builds: list[Any]) -> None:
    @built_once
    def me(actor: Actor) -> Select[int]:
        builds.append(actor)
        return select(Person.id).where(Person.public_id == actor.public_id)

    nour, lina = make.person("Nour"), make.person("Lina")
    with work.scope(house):
        assert work.session().scalars(*me(nour)).all() == [nour.person_id]
        assert work.session().scalars(*me(lina)).all() == [lina.person_id]
        assert work.session().scalars(*me(STRANGER)).all() == []
    assert len(builds) == 2


def test_a_value_that_was_taken_for_a_choice_does_not_fill_the_memory(
    house: House, monkeypatch: pytest.MonkeyPatch, builds: list[Any]
) -> None:
    monkeypatch.setattr(built, "MOST_SHAPES", 3)

    @built_once
    def some(pair: tuple[int, ...]) -> Select[int]:
        builds.append(pair)
        return select(Person.id).where(Person.id.in_(pair))

    with work.scope(house):
        for number in (1, 2, 3, 3, 4, 1):
            some((number,))
    assert builds == [(1,), (2,), (3,), (4,), (1,)]


def test_a_prepared_statement_has_no_moment_of_its_own(house: House) -> None:
    late = Prepared(select(LoginSession.id).where(LoginSession.expires_at > this_moment()))
    asked = Prepared(select(LoginSession.id).where(LoginSession.expires_at > bindparam("now")))
    with work.scope(house):
        with pytest.raises(RuntimeError, match="for ever"):
            late.rows({})
        assert asked.rows({"now": now()}) == []
