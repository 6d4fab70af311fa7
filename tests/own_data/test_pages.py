"""The pages of own data, as people meet them: without JavaScript, in both languages, and by nobody else."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.identity import actions as identity
from app.identity.models import Cause, LoginSession
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.vault import age
from app.own_data.models import Archive
from tests.factories import Factory
from tests.house.matrix import form_token

pytestmark = pytest.mark.one_database
Pages = Callable[[Actor], FlaskClient]
SECRET = re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]+")


@pytest.fixture
def pages(make: Factory, app: Flask) -> Pages:
    """A browser in which somebody is signed in."""

    def open_one(actor: Actor) -> FlaskClient:
        client = app.test_client()
        make.sign_in(client, make.another_session(actor))
        return client

    return open_one


def send(client: FlaskClient, address: str, **fields: Any) -> Any:
    return client.post(address, data={**fields, "csrf_token": form_token(client)})


def long_ago(house: House) -> None:
    """Nobody has proved lately that it is them."""
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(LoginSession).values(proved_at=now() - timedelta(hours=1)))


def test_an_archive_is_asked_for_waited_for_and_fetched(house: House, make: Factory, pages: Pages) -> None:
    client = pages(make.person())
    assert "Make an archive" in client.get("/me/data").text
    asked = send(client, "/me/data")
    assert asked.status_code == 200
    secret = SECRET.search(asked.text)
    assert secret is not None
    waiting = client.get("/me/data")
    assert SECRET.search(waiting.text) is None, "the line is shown once"
    assert "<progress" in waiting.text
    assert 'value="0"' in waiting.text
    assert "Look again" in waiting.text
    assert waiting.headers["Cache-Control"] == "no-store"
    house.queue.sweep()
    leads = re.search(r'href="(/me/data/archive/[^"]+)"', client.get("/me/data").text)
    assert leads is not None
    fetched = client.get(leads.group(1), buffered=True)
    assert fetched.status_code == 200
    assert fetched.headers["Content-Disposition"] == "attachment; filename=archive.zip.age"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert age.decrypt(fetched.data, secret.group()).startswith(b"PK")
    again = send(client, "/me/data")
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) > 80_000
    assert SECRET.search(again.text) is None
    assert send(client, f"{leads.group(1)}/remove").status_code == 303
    assert client.get(leads.group(1)).status_code == 404


def test_the_bar_says_how_far_it_is_after_a_reload(house: House, make: Factory, pages: Pages) -> None:
    client = pages(make.person())
    send(client, "/me/data")
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Archive).values(done=4, parts=8))
    for _ in range(2):
        assert "50%" in client.get("/me/data").text


def test_an_archive_of_somebody_else_looks_like_one_that_never_was(house: House, make: Factory, pages: Pages) -> None:
    owner = pages(make.person())
    send(owner, "/me/data")
    house.queue.sweep()
    leads = re.search(r'href="(/me/data/archive/[^"]+)"', owner.get("/me/data").text)
    assert leads is not None
    for stranger in (pages(make.person()), pages(make.person(roles=(Role.MODERATOR, Role.ADMINISTRATOR)))):
        theirs, never = stranger.get(leads.group(1)), stranger.get("/me/data/archive/AAAAAAAAAAAAAAAA")
        assert theirs.status_code == never.status_code == 404
        assert send(stranger, f"{leads.group(1)}/remove").status_code == 404
        assert stranger.get("/me/data/archive/..%2f..%2fsanad.sqlite3").status_code == 404
    assert owner.get(leads.group(1), buffered=True).status_code == 200


def test_both_ask_first_whether_it_is_you(house: House, make: Factory, pages: Pages) -> None:
    client = pages(make.person("Lost Telephone"))
    long_ago(house)
    for page in ("/me/data", "/me/data/erase"):
        led = client.get(page)
        assert led.status_code == 302
        assert led.headers["Location"].startswith("/me/prove")
    refused = send(client, "/me/data")
    assert refused.status_code == 403
    assert SECRET.search(refused.text) is None
    refused = send(client, "/me/data/erase", name="Lost Telephone")
    assert refused.status_code == 403
    assert 'value="Lost Telephone"' in refused.text, "what was typed is still there"
    assert "Call it off" not in client.get("/").text


def test_an_erasure_is_asked_for_seen_on_home_and_called_off_with_one_tap(
    house: House, make: Factory, pages: Pages
) -> None:
    person = make.person("Thinks It Over")
    client = pages(person)
    page = client.get("/me/data/erase").text
    assert "What goes" in page
    assert "What stays" in page
    wrong = send(client, "/me/data/erase", name="Thinks")
    assert wrong.status_code == 422
    assert 'value="Thinks"' in wrong.text
    assert send(client, "/me/data/erase", name="thinks it over").headers["Location"] == "/me/data/erasure"
    assert "Call it off" in client.get("/").text
    assert client.get("/me/data/erase").headers["Location"] == "/me/data/erasure"
    assert "erased, in a week" in client.get("/notices").text
    later = pages(person)
    long_ago(house)
    assert "Call it off and stay" in later.get("/me/data/erasure").text
    assert send(later, "/me/data/erasure/call-off").headers["Location"] == "/"
    home = later.get("/").text
    assert "You stay as you are" in home
    assert "Call it off" not in home
    assert send(later, "/me/data/erasure/call-off").status_code == 409


def test_the_last_administrator_is_told_why_not(make: Factory, pages: Pages) -> None:
    answer = send(pages(make.person("Only One", roles=(Role.ADMINISTRATOR,))), "/me/data/erase", name="Only One")
    assert answer.status_code == 422
    assert "You are the only administrator" in answer.text


def test_on_a_journey_neither_page_is_there_nor_a_line_on_home(house: House, make: Factory, pages: Pages) -> None:
    person = make.person("On The Way")
    send(pages(person), "/me/data/erase", name="On The Way")
    with work.scope(house):
        withheld = [Permission.EXPORT, Permission.ERASE, Permission.HIDDEN_SEE]
        identity.restrict(system("test"), person.person_id, withheld, cause=Cause.TRAVEL, ref="journey")
    client = pages(person)
    for page in ("/me/data", "/me/data/erase", "/me/data/erasure", "/me/looked"):
        assert client.get(page).status_code == 404
    for page in ("/", "/me"):
        assert "/me/data" not in client.get(page).text
        assert "/me/looked" not in client.get(page).text


def test_the_pages_speak_arabic_from_right_to_left(make: Factory, pages: Pages) -> None:
    client = pages(make.person("سلمى", language="ar"))
    for page in ("/me/data", "/me/data/erase", "/me/looked"):
        text = client.get(page).text
        assert 'dir="rtl"' in text
        assert "Your data" not in text
        assert "What goes" not in text
        assert "Nobody has looked" not in text
