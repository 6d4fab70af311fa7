"""Signing in: what is told, what is kept, and what a stranger can learn from the answers."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from app import create_app
from app.identity.models import LoginSession, Standing
from app.kernel import work
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE, TLS_COOKIE
from app.kernel.vault.box import plain_hash
from config import Settings, read_settings
from tests.conftest import environment
from tests.factories import PASSPHRASE, Factory
from tests.identity.visitor import Visit, Visitor, alike, cookie_set_by, words

WRONG = "another harbour with eighteen lanterns"


def test_a_person_signs_in_with_a_name_and_a_passphrase(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    browser = visit()
    answer = browser.signs_in("Nour")
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.is_signed_in()
    assert "<bdi>Nour</bdi>" in words(browser.opens("/me"))


@pytest.mark.parametrize("typed", ["nour", "NOUR", " Nour ", "N\u200bour", "Nοur", "Ｎｏｕｒ"])
@pytest.mark.one_database
def test_a_name_may_be_typed_in_any_way_that_looks_the_same(visit: Visit, make: Factory, typed: str) -> None:
    make.person("Nour")
    assert visit().signs_in(typed).status_code == 303


@pytest.mark.parametrize(("kept", "typed"), [("سلمى", "سَلمى"), ("أحمد", "ا\u0654حمد"), ("Émile", "E\u0301mile")])
@pytest.mark.one_database
def test_a_name_is_found_however_its_marks_are_written(visit: Visit, make: Factory, kept: str, typed: str) -> None:
    make.person(kept)
    assert visit().signs_in(typed).status_code == 303


def test_a_wrong_name_and_a_wrong_passphrase_are_told_the_same(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    known, unknown = visit().signs_in("Nour", WRONG), visit().signs_in("Lina", WRONG)
    assert known.status_code == unknown.status_code == 422
    assert alike(known, "Nour") == alike(unknown, "Lina")
    assert "do not go together" in words(known)
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]


def test_a_name_of_nobody_is_hashed_like_that_of_somebody(visit: Visit, make: Factory, house: House) -> None:
    make.person("Nour")
    hashed: list[str] = []

    def counting(job: Callable[..., Any], *args: Any) -> Any:
        hashed.append(job.__name__)
        return job(*args)

    house.offload = counting
    spent = []
    for name in ("Nour", "Lina", "", "\u200b", "no letter looks like this 一"):
        visit().signs_in(name or "-", WRONG)
        spent.append(len(hashed))
        hashed.clear()
    assert spent == [1, 1, 1, 1, 1]


@pytest.mark.usefixtures("without_budgets", "real_hashes")
@pytest.mark.one_database
def test_a_name_of_nobody_takes_as_long_as_that_of_somebody(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    browser = visit()
    token = browser.form_token()
    taken: dict[str, list[float]] = {"Nour": [], "Lina": []}
    for _ in range(15):
        for name, times in taken.items():
            begun = time.perf_counter()
            browser.signs_in(name, WRONG, csrf_token=token)
            times.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(times) for times in taken.values())
    # Without the hash the one would take a tenth of the other; the bound leaves room for a busy machine.
    assert 0.6 < known / unknown < 1.6, (known, unknown)


@pytest.mark.one_database
def test_what_was_typed_comes_back_except_the_passphrase(visit: Visit) -> None:
    page = words(visit().signs_in('Lina "of" <Homs>', WRONG, next="/rooms?before=3"))
    assert 'value="Lina &#34;of&#34; &lt;Homs&gt;"' in page
    assert 'value="/rooms?before=3"' in page
    assert WRONG not in page


@pytest.mark.one_database
def test_an_empty_form_says_what_is_missing(visit: Visit) -> None:
    answer = visit().signs_in("", "")
    assert answer.status_code == 422
    assert 'href="#name"' in words(answer)
    assert 'href="#passphrase"' in words(answer)


@pytest.mark.parametrize("next_page", ["/rooms", "/rooms?before=3", "/me/sessions"])
@pytest.mark.one_database
def test_a_person_is_led_to_where_they_wanted_to_go(visit: Visit, make: Factory, next_page: str) -> None:
    make.person("Nour")
    browser = visit()
    asked = browser.opens(next_page)
    assert asked.status_code == 302
    form = words(browser.opens(asked.location))
    assert f'value="{next_page}"' in form
    assert browser.signs_in("Nour", next=next_page).location == next_page


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"])
@pytest.mark.one_database
def test_signing_in_leads_nowhere_else(visit: Visit, make: Factory, elsewhere: str) -> None:
    make.person("Nour")
    assert visit().signs_in("Nour", next=elsewhere).location == "/"


def test_signing_in_makes_a_new_token_and_ends_the_old_one_of_this_browser(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    browser, elsewhere = visit(), visit()
    browser.signs_in("Nour")
    elsewhere.signs_in("Nour")
    first = browser.token
    browser.signs_in("Nour")
    assert browser.token != first
    assert browser.is_signed_in()
    assert not visit(first).is_signed_in()
    assert elsewhere.is_signed_in()


@pytest.mark.one_database
def test_signing_in_as_somebody_else_ends_who_was_here(visit: Visit, make: Factory) -> None:
    lina = make.token("Lina")
    make.person("Nour")
    browser = visit(lina)
    browser.signs_in("Nour")
    assert not visit(lina).is_signed_in()


@pytest.mark.one_database
def test_a_token_that_was_planted_is_never_signed_in(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    planted = "p" * 43
    browser = visit(planted)
    browser.signs_in("Nour")
    assert browser.token != planted
    assert not visit(planted).is_signed_in()


@pytest.mark.one_database
def test_a_form_that_was_opened_before_signing_in_is_worth_nothing_after_it(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    browser = visit()
    planted = browser.form_token()
    browser.signs_in("Nour", csrf_token=planted)
    assert browser.sends("/sign-out", {"csrf_token": planted}).status_code == 422
    assert browser.is_signed_in()


def test_only_the_hash_of_a_token_is_stored(visit: Visit, make: Factory, house: House) -> None:
    make.person("Nour")
    browser = visit()
    browser.signs_in("Nour")
    assert len(browser.token) == 43  # 256 bits in base 64
    with work.scope(house) as opened:
        hashes = set(opened.session.scalars(select(LoginSession.token_hash)))
        rows = opened.session.execute(text("select * from login_session")).all()
    assert plain_hash(browser.token.encode()) in hashes
    assert browser.token not in repr(rows)


@pytest.mark.one_database
def test_no_token_and_no_passphrase_is_on_the_disk(visit: Visit, make: Factory, settings: Settings) -> None:
    make.person("Nour")
    browser = visit()
    browser.opens("/", User_Agent="AgentOfNour/1.0 Mobi")
    browser.signs_in("Nour")
    disk = b"".join(path.read_bytes() for path in settings.instance.rglob("*") if path.is_file())
    assert b"login_session" in disk
    for secret in (browser.token, PASSPHRASE, "AgentOfNour", "127.0.0.1"):
        assert secret.encode() not in disk


@pytest.mark.one_database
def test_the_cookie_is_out_of_reach_of_scripts_and_ends_with_the_browser(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    cookie = cookie_set_by(visit().signs_in("Nour"), PLAIN_COOKIE)
    del cookie["value"]
    assert cookie == {"httponly": "True", "samesite": "Lax", "path": "/"}


@pytest.fixture
def over_tls(sqlite_settings: Settings) -> Any:
    """The same instance as people reach it over TLS."""
    address = "https://sanad.example"
    settings = read_settings(environment(sqlite_settings.instance, ADDRESS=address, TRUSTED_HOSTS="sanad.example"))
    app = create_app(settings)
    yield app
    app.extensions["house"].close()


def test_over_tls_every_cookie_is_bound_to_this_very_host(over_tls: Any) -> None:
    Factory(over_tls.extensions["house"]).person("Nour")
    browser = Visitor.of(over_tls, site="https://sanad.example")
    form = cookie_set_by(browser.opens("/sign-in"), "__Host-form")
    session = cookie_set_by(browser.signs_in("Nour"), TLS_COOKIE)
    for cookie in (form, session):
        del cookie["value"]
        assert cookie == {"secure": "True", "httponly": "True", "samesite": "Lax", "path": "/"}
    assert browser.is_signed_in()


def test_over_tls_a_cookie_that_a_neighbour_could_have_planted_counts_for_nothing(over_tls: Any) -> None:
    token = Factory(over_tls.extensions["house"]).token("Nour")
    browser = Visitor.of(over_tls, token, site="https://sanad.example")
    assert not browser.is_signed_in()
    browser.keeps(TLS_COOKIE, token)
    assert browser.is_signed_in()


@pytest.mark.one_database
def test_a_closed_account_is_signed_in_nowhere(visit: Visit, make: Factory, house: House) -> None:
    token = make.token("Nour")
    browser = visit(token)
    assert browser.is_signed_in()
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(text("update person set standing = :closed"), {"closed": Standing.CLOSED.value})
    assert not browser.is_signed_in()
    browser.signs_in("Nour")
    assert not browser.is_signed_in()
