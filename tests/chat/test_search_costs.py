"""What a search costs: no more in a large room than in a small one, and no more than the page that it shows."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from app.chat import actions
from app.chat.actions import indexing
from app.chat.models import Room
from app.chat.queries import search as searching
from app.chat.queries import walking
from app.chat.queries.search import Search
from app.chat.queries.walking import Arm, Walked
from app.kernel import work
from app.kernel.actor import system
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.vault import Place
from tests.factories import Factory


def effort(house: House, ask: Callable[[], object]) -> int:
    """What a search costs the database, counted and not timed: steps of SQLite's machine, or rows PostgreSQL went through."""
    with work.scope(house):
        ask()  # what is made once is made
    with work.scope(house):
        raw: Any = work.connection().connection.driver_connection
        if work.connection().dialect.name == "sqlite":
            steps = count()
            raw.set_progress_handler(lambda: next(steps) < 0, 10)
            ask()
            raw.set_progress_handler(None, 0)
            return next(steps)
        asked: list[tuple[str, Any]] = []

        def note(_connection: object, _cursor: object, sql: str, values: Any, *_rest: object) -> None:
            asked.append((sql, values))

        event.listen(house.databases.data, "before_cursor_execute", note)
        ask()
        event.remove(house.databases.data, "before_cursor_execute", note)
        explained = [raw.execute(f"explain (analyze, format json) {sql}", values).fetchone() for sql, values in asked]
        return sum(_rows_in(plan[0]["Plan"]) for (plan,) in explained)


def _rows_in(plan: dict[str, Any]) -> int:
    own: float = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return int(own) + sum(_rows_in(part) for part in plan.get("Plans", ()))


@pytest.fixture
def sized(house: House, make: Factory, monkeypatch: pytest.MonkeyPatch) -> Iterator["Sized"]:
    house.budgets._enabled = False
    monkeypatch.setattr(indexing, "BATCH", 2000)
    yield Sized(house, make)
    walking._walking.cache_clear()
    walking._counting.cache_clear()


class Sized:
    """Rooms in which each word is as frequent as in the other, and one of them has more of all."""

    def __init__(self, house: House, make: Factory) -> None:
        self.house, self.people = house, [make.person("Nour"), make.person("Lina")]
        self.rooms = [self._fill(make.room(*self.people), number) for number in (300, 1200)]

    def _fill(self, room: Room, number: int) -> str:
        at = now() - timedelta(minutes=1)
        lines = [
            (
                self.people[line % 2].person_id,
                f"olive {'tree' if line % 2 else 'oil'} {'salt' if line % 3 else 'tea'}",
                at,
            )
            for line in range(number)
        ]
        with work.scope(self.house):
            actions.import_messages(system("test"), room, lines)
            actions.index_room(system("test"), room.id)
        return room.public_id

    def bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let both rooms have more than a walk goes through, and than a count counts."""
        for module, name in ((walking, "CANDIDATES"), (walking, "SAMPLE"), (searching, "SAMPLE")):
            monkeypatch.setattr(module, name, 100)
        walking._walking.cache_clear()
        walking._counting.cache_clear()

    def efforts(self, **asked: Any) -> list[int]:
        searches = [Search(room=room, **asked) for room in self.rooms]
        return [effort(self.house, partial(searching.search, self.people[0], one)) for one in searches]


def test_what_a_search_costs_the_database_does_not_grow_with_the_room(
    sized: Sized, monkeypatch: pytest.MonkeyPatch
) -> None:
    sized.bound(monkeypatch)
    # The third one finds nothing however far it goes.
    for asked in ("olive", "olive oil", "tree oil", "salt olive tea", "never"):
        few, many = sized.efforts(words=asked)
        assert many <= few * 1.1, asked
    for more in ({"person": "Lina"}, {"person": "Lina", "words": "salt"}, {"first": now().date()}):
        few, many = sized.efforts(**more)
        assert many <= few * 1.1, more


def test_a_walk_ends_as_soon_as_it_has_a_page(sized: Sized, monkeypatch: pytest.MonkeyPatch) -> None:
    far = sized.efforts(words="olive")[1]
    sized.bound(monkeypatch)
    # Ten times as many might be looked at. To find where that would be is cheap; to look at each of them is not.
    assert far < sized.efforts(words="olive")[1] * 6


def test_a_page_opens_what_it_shows_and_asks_about_no_more_weeks_than_it_needs(
    house: House, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    nour = make.person()
    room = make.room(nour)
    with work.scope(house):
        for week in range(12, 0, -1):
            at = now() - timedelta(weeks=week)
            seldom = ["a fig"] if week in {1, 12} else []
            lines = [(nour.person_id, text, at) for text in (*["an olive"] * 15, *seldom)]
            actions.import_messages(system("test"), room, lines)
        actions.index_room(system("test"), room.id)
    walked: list[int] = []
    opened: list[Place] = []
    walk, open_one = walking.walk, house.vault.open

    def walking_on(arms: Sequence[Arm], most: int) -> list[Walked]:
        walked.append(len(arms))
        return walk(arms, most)

    def opening(key: str, place: Place, sealed: bytes) -> bytes:
        opened.append(place)
        return open_one(key, place, sealed)

    monkeypatch.setattr(searching, "walk", walking_on)
    monkeypatch.setattr(house.vault, "open", opening)
    with work.scope(house):
        page = searching.search(nour, Search("olive"))
        assert (len(page.hits), page.further is not None) == (searching.PAGE, True)
        assert len([place for place in opened if place.table == "message"]) == searching.PAGE
        assert walked == [searching.FEW_WEEKS]
        walked.clear()
        assert len(searching.search(nour, Search("fig")).hits) == 2
        assert walked == [searching.FEW_WEEKS, 12 - searching.FEW_WEEKS], "what is seldom is looked for further back"
