"""Recognising the same session again: quickly, and never as what it was before."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Executable, delete, select, update

from app.identity import actions, keeper
from app.identity.keeper import Sessions
from app.identity.models import LoginSession, Person, PersonRole
from app.kernel import work
from app.kernel.access import LOCKED, Role
from app.kernel.actor import STRANGER, Actor
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.vault import Place, Purpose, Vault
from tests.factories import Factory

Recognise = Callable[[str], Actor]


@pytest.fixture
def recognise(house: House) -> Recognise:
    """One keeper, as a server has it, each time in work of its own."""
    sessions = Sessions()

    def asked(token: str) -> Actor:
        with work.scope(house):
            return sessions.recognise(token)

    return asked


def changed(house: House, statement: Executable) -> None:
    """As another process would have written it."""
    with house.databases.for_migrations()["data"].begin() as connection:
        connection.execute(statement)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fields that come out of the vault."""
    found: list[str] = []
    open_one = Vault.open

    def noted(vault: Vault, key_id: str, place: Place, sealed: bytes) -> bytes:
        found.append(place.field)
        return open_one(vault, key_id, place, sealed)

    monkeypatch.setattr(Vault, "open", noted)
    return found


def test_a_name_is_opened_once_while_nothing_changes(make: Factory, recognise: Recognise, opened: list[str]) -> None:
    token = make.token("Nour")
    first = recognise(token)
    opened.clear()
    assert recognise(token) == first
    assert opened == []


def test_what_is_stored_now_counts(make: Factory, house: House, recognise: Recognise) -> None:
    token = make.token("Nour", roles=(Role.MEMBER, Role.MODERATOR))
    before = recognise(token)
    changed(
        house, delete(PersonRole).where(PersonRole.person_id == before.person_id, PersonRole.role == Role.MODERATOR)
    )
    after = recognise(token)
    assert after.permissions < before.permissions
    changed(house, update(Person).where(Person.id == before.person_id).values(language="ar"))
    assert recognise(token).language == "ar"


def test_a_session_that_ended_elsewhere_is_nobody_at_once(make: Factory, house: House, recognise: Recognise) -> None:
    token = make.token("Nour")
    session = recognise(token).session_id
    changed(house, update(LoginSession).where(LoginSession.id == session).values(ended_at=now()))
    assert recognise(token) == STRANGER


def test_time_goes_on_although_nothing_is_written(
    make: Factory, recognise: Recognise, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make.token("Nour")
    assert recognise(token).name == "Nour"
    later: datetime = now() + timedelta(hours=2)
    monkeypatch.setattr(keeper, "now", lambda: later)
    assert recognise(token) == STRANGER


def test_a_screen_locks_by_itself_and_opens_again(
    make: Factory, house: House, recognise: Recognise, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make.token("Nour")
    person = recognise(token).person_id
    changed(house, update(Person).where(Person.id == person).values(locks_after=5))
    free = recognise(token)
    assert free.name == "Nour"
    moment = now()
    monkeypatch.setattr(keeper, "now", lambda: moment + timedelta(minutes=20))
    assert recognise(token).permissions == LOCKED
    monkeypatch.setattr(keeper, "now", lambda: moment)
    assert recognise(token) == free


def test_whoever_was_shredded_is_nobody_at_once(make: Factory, house: House, recognise: Recognise) -> None:
    token = make.token("Nour")
    person = recognise(token).person_id
    with work.scope(house):
        key = work.session().scalar(select(Person.key_id).where(Person.id == person))
        assert key is not None
        house.vault.shred([key])
    assert recognise(token) == STRANGER


def test_nothing_is_kept_of_a_session_that_the_watch_found_ended(make: Factory, house: House) -> None:
    sessions, token = Sessions(), make.token("Nour")
    with work.scope(house):
        actor = sessions.recognise(token)
        assert "Nour" in repr(vars(sessions))
        actions.end_sessions_of(actor, actor.person_id)
        sessions.silent_within(60)
    assert "Nour" not in repr(vars(sessions))


def test_a_name_is_kept_for_no_longer_than_the_key_that_opens_it(
    make: Factory, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, nour, lina = Sessions(), make.token("Nour"), make.token("Lina")
    with work.scope(house):
        sessions.recognise(nour)
        later = time.monotonic() + Purpose.PERSON.cache_seconds + 1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert sessions.recognise(lina).name == "Lina"
        assert "Nour" not in repr(vars(sessions))
        assert sessions.recognise(nour).name == "Nour"
        monkeypatch.setattr(time, "monotonic", lambda: later + Purpose.PERSON.cache_seconds + 1)
        sessions.silent_within(1)
    assert not {"Nour", "Lina"} & set(re.findall(r"\w+", repr(vars(sessions)))), "nor where nobody comes any more"


def test_what_is_kept_has_an_end(make: Factory, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "REMEMBERED", 2)
    sessions = Sessions()
    with work.scope(house):
        for name in ("Nour", "Lina", "Rami"):
            assert sessions.recognise(make.token(name)).name == name
    assert "Nour" not in repr(vars(sessions))
    assert "Rami" in repr(vars(sessions))
