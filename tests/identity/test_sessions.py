"""Sessions: how long they last, who sees them, and how they are ended. Clocks are moved by moving what is stored."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text, update

from app.identity.models import LoginSession
from app.kernel import work
from app.kernel.access import Role
from app.kernel.db import now
from app.kernel.house import House
from tests.factories import Factory
from tests.identity.visitor import Visit, alike, words

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STAFF = [Role.MODERATOR, Role.CASEWORKER, Role.ADMINISTRATOR]


def move(house: House, **back: timedelta) -> None:
    """Move these times of every session into the past, as if that long had gone by."""
    with work.scope(house) as opened, opened.writing():
        for session in opened.session.scalars(select(LoginSession)):
            for name, by in back.items():
                setattr(session, name, getattr(session, name) - by)


def seen(house: House) -> datetime:
    with work.scope(house) as opened:
        return opened.session.scalars(select(LoginSession.last_seen_at)).one()


def listed(page: str) -> int:
    return page.count('class="rows__row"')


def ending(page: str) -> list[str]:
    """The addresses at which the sessions on a page can be ended."""
    return [
        part.split('"')[0]
        for part in page.split('action="')[1:]
        if part.startswith("/me/sessions/") and '/end"' in part
    ]


@pytest.mark.parametrize(("role", "minutes"), [(Role.MEMBER, 60), *((role, 15) for role in STAFF)])
def test_a_session_ends_when_nobody_uses_it(
    visit: Visit, make: Factory, house: House, role: Role, minutes: int
) -> None:
    browser = visit(make.token("Nour", roles=(role,)))
    move(house, last_seen_at=minutes * MINUTE - MINUTE)
    assert browser.is_signed_in()
    move(house, last_seen_at=minutes * MINUTE + MINUTE)
    assert not browser.is_signed_in()


@pytest.mark.one_database
def test_whoever_is_staff_besides_being_a_member_has_the_short_limit(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour", roles=(Role.MEMBER, Role.MODERATOR)))
    move(house, last_seen_at=16 * MINUTE)
    assert not browser.is_signed_in()


@pytest.mark.parametrize(("role", "hours"), [(Role.MEMBER, 24), *((role, 12) for role in STAFF)])
@pytest.mark.one_database
def test_a_session_ends_however_much_it_is_used(
    visit: Visit, make: Factory, house: House, role: Role, hours: int
) -> None:
    browser = visit(make.token("Nour", roles=(role,)))
    move(house, expires_at=hours * HOUR - MINUTE)
    assert browser.is_signed_in()
    move(house, expires_at=MINUTE)
    assert not browser.is_signed_in()


def test_using_a_session_keeps_it(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour"))
    for _ in range(3):
        move(house, last_seen_at=40 * MINUTE)
        assert browser.is_signed_in()
    assert now() - seen(house) < MINUTE


@pytest.mark.one_database
def test_a_session_that_ended_by_itself_does_not_come_back(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour"))
    move(house, last_seen_at=61 * MINUTE)
    before = seen(house)
    assert not browser.is_signed_in()
    assert seen(house) == before


def test_a_visit_is_written_at_most_once_a_minute(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour"))
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE login_session"):
            written.append(statement)

    event.listen(house.databases.data, "before_cursor_execute", note)
    for _ in range(5):
        browser.opens("/me")
    assert written == []
    move(house, last_seen_at=59 * timedelta(seconds=1))
    written.clear()
    browser.opens("/me")
    assert written == []
    move(house, last_seen_at=2 * timedelta(seconds=1))
    written.clear()
    for _ in range(5):
        browser.opens("/me")
    assert len(written) == 1


@pytest.mark.one_database
def test_reading_goes_on_where_nothing_can_be_written(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour"))
    move(house, last_seen_at=5 * MINUTE)
    with house.databases.data.execution_options(writes=True).begin() as connection:
        connection.execute(
            text("create trigger full before update on login_session begin select raise(abort, 'full'); end")
        )
    assert browser.opens("/rooms").status_code == 200


def test_a_person_sees_their_own_sessions_and_nobody_elses(visit: Visit, make: Factory) -> None:
    nour = make.token("Nour")
    make.another_session(make.actor(nour))
    lina = visit(make.token("Lina"))
    page = words(visit(nour).opens("/me/sessions"))
    assert listed(page) == 2
    assert page.count("This session") == 1
    assert len(ending(page)) == 1
    assert "A phone" in page
    assert "A computer" in page
    assert listed(words(lina.opens("/me/sessions"))) == 1


def test_a_person_ends_one_session(visit: Visit, make: Factory) -> None:
    nour = make.token("Nour")
    lost, other = (visit(make.another_session(make.actor(nour))) for _ in range(2))
    browser = visit(nour)
    page = words(lost.opens("/me/sessions"))
    mine = set(ending(words(browser.opens("/me/sessions")))) - set(ending(page))
    answer = browser.sends(mine.pop())
    assert (answer.status_code, answer.location) == (303, "/me/sessions")
    assert "That session has ended." in words(browser.opens("/me/sessions"))
    assert (browser.is_signed_in(), lost.is_signed_in(), other.is_signed_in()) == (True, False, True)


def test_a_person_ends_all_other_sessions(visit: Visit, make: Factory) -> None:
    nour = make.token("Nour")
    others = [visit(make.another_session(make.actor(nour))) for _ in range(3)]
    lina = visit(make.token("Lina"))
    browser = visit(nour)
    assert browser.sends("/me/sessions/end-others").status_code == 303
    assert browser.is_signed_in()
    assert not any(other.is_signed_in() for other in others)
    assert lina.is_signed_in()


def test_the_session_of_somebody_else_looks_like_none(visit: Visit, make: Factory) -> None:
    nour = make.token("Nour")
    make.another_session(make.actor(nour))
    theirs = ending(words(visit(nour).opens("/me/sessions")))[0]
    lina = visit(make.token("Lina"))
    refused, missing = lina.sends(theirs), lina.sends("/me/sessions/AAAAAAAAAAAAAAAA/end")
    assert refused.status_code == missing.status_code == 404
    assert alike(refused) == alike(missing)
    assert len(ending(words(visit(nour).opens("/me/sessions")))) == 1


def test_a_session_that_cannot_be_is_not_there(visit: Visit, make: Factory) -> None:
    browser = visit(make.token("Nour"))
    for nowhere in ("%00", "a" * 300, "../end-others", "%F0%9F%98%80", "' or 1=1 --"):
        assert browser.sends(f"/me/sessions/{nowhere}/end").status_code == 404, nowhere


@pytest.mark.one_database
def test_an_ended_session_is_not_ended_twice(visit: Visit, make: Factory) -> None:
    nour = make.token("Nour")
    make.another_session(make.actor(nour))
    browser = visit(nour)
    it = ending(words(browser.opens("/me/sessions")))[0]
    assert browser.sends(it).status_code == 303
    assert browser.sends(it).status_code == 404


@pytest.mark.one_database
def test_a_stranger_is_asked_to_sign_in_first(visit: Visit) -> None:
    for page in ("/me", "/me/sessions", "/me/passphrase", "/rooms", "/people/invitations"):
        answer = visit().opens(page)
        assert (answer.status_code, answer.location) == (302, f"/sign-in?next={page}")


def test_a_token_that_nobody_was_given_is_a_stranger(visit: Visit) -> None:
    for token in ("", "short", "x" * 43, "x" * 5000, "%00" * 20, "é" * 40, "\u0661" * 43):
        answer = visit().opens("/me", Cookie=f"sanad={token}".encode().decode("latin-1"))
        assert answer.status_code == 302, token


@pytest.mark.one_database
def test_a_session_is_not_found_by_its_hash(visit: Visit, make: Factory, house: House) -> None:
    make.token("Nour")
    with work.scope(house) as opened:
        stored = opened.session.scalars(select(LoginSession.token_hash)).one()
    for copied in (stored.hex(), stored.hex().upper()):
        assert not visit(copied).is_signed_in()


def test_a_session_ended_in_the_database_is_dead_at_the_next_step(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour"))
    assert browser.is_signed_in()
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(LoginSession).values(ended_at=now()))
    assert not browser.is_signed_in()
    assert browser.sends("/me/sessions/end-others").status_code == 401
