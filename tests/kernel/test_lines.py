"""Group commit: who waits together is served together, and what goes wrong for one is told to that one only."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from app.kernel import lines, work
from app.kernel.actor import system
from app.kernel.audit import AuditEntry, record
from app.kernel.errors import NotFound, Unavailable
from app.kernel.house import House
from app.kernel.lines import together
from app.kernel.work import action

PATIENCE = 10.0


class Counter:
    """A verb whose first group waits until it is let, so that a line forms behind it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.groups: list[list[str]] = []
        self.trouble: Callable[[Sequence[str]], None] = lambda names: None
        self.first_is_in, self.may_go = threading.Event(), threading.Event()

        @together
        @action
        def write(names: Sequence[str]) -> list[str]:
            self.groups.append(list(names))
            if len(self.groups) == 1:
                self.first_is_in.set()
                assert self.may_go.wait(PATIENCE)
            self.trouble(names)
            for name in names:
                record(system("test"), name)
            return [name.upper() for name in names]

        self.write = write

    def ask(self, name: str) -> str:
        with work.scope(self.house):
            return self.write(name)

    def stored(self) -> list[str]:
        with work.scope(self.house) as opened:
            return list(opened.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))


@pytest.fixture
def counter(house: House) -> Counter:
    return Counter(house)


@contextmanager
def behind_the_first(counter: Counter, *names: str) -> Iterator[dict[str, "Future[str]"]]:
    """The first caller is being served while these come, one after the other; at the end all have been answered."""
    with ThreadPoolExecutor(len(names) + 1) as pool:
        asked = {"first": pool.submit(counter.ask, "first")}
        assert counter.first_is_in.wait(PATIENCE)
        line = counter.house.lines.of(counter.write.__wrapped__)  # type: ignore[attr-defined]
        for number, name in enumerate(names, start=1):
            asked[name] = pool.submit(counter.ask, name)
            until(lambda number=number: len(line.waiting) == number)  # type: ignore[misc]
        yield asked
        counter.may_go.set()


def until(holds: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(1000):
        if holds():
            return
        deadline.wait(PATIENCE / 1000)
    raise AssertionError("it did not come about")


def test_whoever_waits_meanwhile_shares_the_next_transaction(counter: Counter) -> None:
    commits: list[int] = []
    event.listen(counter.house.databases.data, "commit", lambda _connection: commits.append(1))
    with behind_the_first(counter, "b", "c", "d") as asked:
        pass
    assert {name: answer.result() for name, answer in asked.items()} == {
        "first": "FIRST",
        "b": "B",
        "c": "C",
        "d": "D",
    }
    assert counter.groups == [["first"], ["b", "c", "d"]]
    assert len(commits) == 2
    assert counter.stored() == ["first", "b", "c", "d"]


def test_a_group_has_a_largest_size(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST", 2)
    with behind_the_first(counter, "b", "c", "d"):
        pass
    assert counter.groups == [["first"], ["b", "c"], ["d"]]


def test_what_goes_wrong_for_one_is_told_to_that_one_only(counter: Counter) -> None:
    def refuse(names: Sequence[str]) -> None:
        if "bad" in names:
            raise NotFound

    counter.trouble = refuse
    with behind_the_first(counter, "b", "bad", "d") as asked:
        pass
    assert asked["b"].result() == "B"
    assert asked["d"].result() == "D"
    with pytest.raises(NotFound):
        asked["bad"].result()
    assert counter.stored() == ["first", "b", "d"]


def test_a_database_that_is_away_is_not_asked_again_for_each(counter: Counter) -> None:
    def fail(_names: Sequence[str]) -> None:
        if len(counter.groups) > 1:
            raise Unavailable

    counter.trouble = fail
    with behind_the_first(counter, "b", "c") as asked:
        pass
    for name in ("b", "c"):
        with pytest.raises(Unavailable):
            asked[name].result()
    assert counter.groups == [["first"], ["b", "c"]]
    counter.trouble = lambda names: None
    assert counter.ask("e") == "E"


def test_one_who_is_ended_in_the_middle_leaves_the_line_open_for_the_rest(counter: Counter) -> None:
    def end(names: Sequence[str]) -> None:
        if "ended" in names:
            raise KeyboardInterrupt

    counter.trouble = end
    with behind_the_first(counter, "ended", "beside") as asked:
        pass
    with pytest.raises(KeyboardInterrupt):
        asked["ended"].result()
    with pytest.raises(Unavailable):
        asked["beside"].result()
    assert counter.ask("after") == "AFTER"


def test_one_who_is_ended_while_waiting_leaves_the_line(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    with behind_the_first(counter, "b") as asked:
        with monkeypatch.context() as patched:
            patched.setattr(lines._Call, "wait", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                counter.ask("ended")
    assert asked["b"].result() == "B"
    assert counter.stored() == ["first", "b"]
    assert counter.ask("after") == "AFTER"


def _interrupted(_call: object) -> None:
    raise KeyboardInterrupt


def test_inside_an_action_it_is_part_of_that_action(counter: Counter) -> None:
    counter.may_go.set()

    @action
    def outer() -> None:
        assert counter.write("inner") == "INNER"
        raise NotFound

    with work.scope(counter.house), pytest.raises(NotFound):
        outer()
    assert counter.groups == [["inner"]]
    assert counter.stored() == []


def test_where_many_came_a_moment_ago_the_next_waits_for_as_many(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_WAIT", PATIENCE)
    monkeypatch.setattr(lines, "LATELY", PATIENCE)
    with behind_the_first(counter, "b", "c"):
        pass
    line = counter.house.lines.of(counter.write.__wrapped__)  # type: ignore[attr-defined]
    line._usual = 3
    with ThreadPoolExecutor(3) as pool:
        early = pool.submit(counter.ask, "d")
        until(lambda: line._wanted == 2)
        late = [pool.submit(counter.ask, name) for name in ("e", "f")]
        assert {early.result(), *(one.result() for one in late)} == {"D", "E", "F"}
    assert sorted(counter.groups[-1]) == ["d", "e", "f"]


def test_where_fewer_come_than_before_soon_nobody_waits_for_them(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LATELY", PATIENCE)
    with behind_the_first(counter, "b", "c"):
        pass
    line = counter.house.lines.of(counter.write.__wrapped__)  # type: ignore[attr-defined]
    line._usual = 3
    usual = []
    for name in ("d", "e", "f"):
        counter.ask(name)
        usual.append(line._usual)
    assert usual == [2, 1, 1]


def test_where_the_last_group_is_long_past_nobody_is_waited_for(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST_WAIT", PATIENCE)
    monkeypatch.setattr(lines, "LATELY", 0.0)
    counter.may_go.set()
    line = counter.house.lines.of(counter.write.__wrapped__)  # type: ignore[attr-defined]
    line._usual = 3
    begun = time.monotonic()
    assert counter.ask("a") == "A"
    assert time.monotonic() - begun < PATIENCE / 2
