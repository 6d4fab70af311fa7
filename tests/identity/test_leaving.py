"""Signing out, and the quick exit: the session is dead on the server, whatever the browser does."""

from collections.abc import Iterable
from typing import cast

import pytest
from sqlalchemy import text

from app.kernel.house import House
from app.kernel.live import Gateway
from app.kernel.sessions import PLAIN_COOKIE
from tests.factories import PASSPHRASE, Factory
from tests.identity.visitor import Visit, cookie_set_by, words

pytestmark = pytest.mark.one_database

CLEARED = '"cache", "storage"'


@pytest.mark.parametrize("way_out", ["/sign-out", "/exit"])
def test_the_session_is_dead_and_the_browser_forgets(visit: Visit, make: Factory, way_out: str) -> None:
    nour = make.token("Nour")
    browser, elsewhere = visit(nour), visit(make.another_session(make.actor(nour)))
    answer = browser.sends(way_out)
    assert answer.headers["Clear-Site-Data"] == CLEARED
    assert cookie_set_by(answer, PLAIN_COOKIE)["max-age"] == "0"
    assert browser.token == ""
    assert not visit(nour).is_signed_in()
    assert elsewhere.is_signed_in()


def test_signing_out_leads_home(visit: Visit, make: Factory) -> None:
    answer = visit(make.token("Nour")).sends("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/")


def test_the_exit_leads_to_a_neutral_site_and_says_nothing(visit: Visit, make: Factory, house: House) -> None:
    answer = visit(make.token("Nour")).sends("/exit")
    page = words(answer)
    assert answer.status_code == 200
    assert answer.headers["Refresh"] == f"0; url={house.settings.exit_url}"
    assert f'content="0; url={house.settings.exit_url}"' in page
    for telling in ("Sanad", "سند", "Nour", "stylesheet", "script"):
        assert telling not in page


@pytest.mark.parametrize("token", ["", "of-a-page-that-was-opened-long-ago"])
def test_the_exit_opens_from_the_oldest_page(visit: Visit, make: Factory, token: str) -> None:
    nour = make.token("Nour")
    answer = visit(nour).sends("/exit", {"csrf_token": token})
    assert answer.status_code == 200
    assert "Refresh" in answer.headers
    assert not visit(nour).is_signed_in()


def test_the_exit_opens_for_those_who_are_not_signed_in(visit: Visit) -> None:
    answer = visit().sends("/exit")
    assert answer.status_code == 200
    assert "Refresh" in answer.headers
    assert answer.headers["Clear-Site-Data"] == CLEARED


def test_the_exit_opens_when_nothing_can_be_written(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token("Nour"))
    with house.databases.data.execution_options(writes=True).begin() as connection:
        connection.execute(
            text("create trigger full before update on login_session begin select raise(abort, 'full'); end")
        )
    answer = browser.sends("/exit")
    assert answer.status_code == 200
    assert "Refresh" in answer.headers
    assert browser.token == ""


@pytest.mark.parametrize("way_out", ["/sign-out", "/exit"])
def test_no_link_leads_out(visit: Visit, make: Factory, way_out: str) -> None:
    browser = visit(make.token("Nour"))
    assert browser.opens(way_out).status_code == 405
    assert browser.is_signed_in()


def test_the_exit_is_on_every_page(visit: Visit, make: Factory) -> None:
    for browser in (visit(), visit(make.token())):
        for page in ("/", "/about", "/safety", "/help", "/sign-in", "/join", "/me", "/rooms", "/nowhere"):
            answer = browser.client.get(page, follow_redirects=True)
            assert 'action="/exit"' in words(answer), page


class Doors:
    """Stands where the sockets are, and notes which sessions were put out."""

    def __init__(self) -> None:
        self.ended: list[int] = []

    def end_sessions(self, session_ids: Iterable[int]) -> None:
        self.ended.extend(session_ids)


@pytest.mark.parametrize("way", ["/sign-out", "/exit", "/me/sessions/end-others", "/me/passphrase", "/sign-in"])
def test_sockets_are_ended_by_the_action_itself_without_waiting_for_the_watch(
    visit: Visit, make: Factory, house: House, way: str
) -> None:
    nour = make.actor(make.token("Nour"))
    browser = visit(make.another_session(nour))
    here = make.actor(browser.token).session_id
    doors = Doors()
    house.attach(queue=house.queue, live=cast("Gateway", doors), features=house.features)
    fields = {
        "present": PASSPHRASE,
        "wished": "copper window ninety swallows",
        "name": "Nour",
        "passphrase": PASSPHRASE,
    }
    assert browser.sends(way, fields).status_code in (200, 303)
    assert doors.ended == [here if way in ("/sign-out", "/exit", "/sign-in") else nour.session_id]
