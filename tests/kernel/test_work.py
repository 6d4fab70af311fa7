"""The unit of work: one commit, then effects."""

import contextlib

import pytest
from sqlalchemy import select, text

from app.identity.models import Person
from app.kernel import work
from app.kernel.house import House
from app.kernel.work import action
from tests.factories import Factory


def test_an_action_is_stored_and_its_effects_run_after_the_commit(house: House, make: Factory) -> None:
    seen: list[int] = []

    @action
    def write() -> None:
        work.session().execute(text("update person set language = 'ar'"))
        work.after_commit(lambda: seen.append(_arabic_people(house)))
        assert seen == []

    make.person(language="en")
    with work.scope(house):
        write()
    assert seen == [1]


def test_a_failed_action_stores_nothing_and_runs_no_effect(house: House, make: Factory) -> None:
    seen: list[int] = []

    @action
    def fail() -> None:
        work.session().execute(text("update person set language = 'ar'"))
        work.after_commit(lambda: seen.append(1))
        raise ValueError("on purpose")

    make.person(language="en")
    with work.scope(house), pytest.raises(ValueError, match="on purpose"):
        fail()
    assert seen == []
    assert _arabic_people(house) == 0


def test_an_action_cannot_hide_that_one_inside_it_failed(house: House, make: Factory) -> None:
    seen: list[int] = []

    @action
    def inner() -> None:
        work.session().execute(text("update person set language = 'ar'"))
        raise ValueError("half done")

    @action
    def outer() -> None:
        work.after_commit(lambda: seen.append(1))
        with contextlib.suppress(ValueError):
            inner()

    make.person(language="en")
    with work.scope(house):
        with pytest.raises(RuntimeError, match="inside it had failed"):
            outer()
        assert seen == []
        make.person()  # the same work can still write
    assert _arabic_people(house) == 0


def test_an_effect_may_want_all_that_was_gathered_for_it_at_once(house: House, make: Factory) -> None:
    seen: list[list[str]] = []

    @action
    def write(*items: str) -> None:
        for item in items:
            work.current().gather(seen.append, item)
        if "bad" in items:
            raise ValueError("on purpose")

    with work.scope(house):
        write("a", "b")
        with pytest.raises(ValueError, match="on purpose"):
            write("bad")
        write("c")
    assert seen == [["a", "b"], ["c"]]


def test_a_write_outside_an_action_is_refused(house: House, make: Factory) -> None:
    make.person()
    with work.scope(house) as opened, pytest.raises(RuntimeError, match="outside an action"):
        opened.session.execute(text("update person set language = 'ar'"))


def test_an_effect_that_fails_does_not_undo_what_was_committed(house: House, make: Factory) -> None:
    def fail() -> None:
        raise ValueError("on purpose")

    @action
    def write() -> str:
        work.session().execute(text("update person set language = 'ar'"))
        work.after_commit(fail)
        return "done"

    make.person(language="en")
    with work.scope(house):
        assert write() == "done"
    assert _arabic_people(house) == 1


def _arabic_people(house: House) -> int:
    with work.scope(house) as opened:
        return len(list(opened.session.scalars(select(Person.id).where(Person.language == "ar"))))
