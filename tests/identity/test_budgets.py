"""Budgets: how often one may try, by account and by network; and that a header moves nobody to another network."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.identity.entry import actions
from app.kernel.house import House
from config import Settings, read_settings
from tests.conftest import environment
from tests.factories import PASSPHRASE, Factory
from tests.identity.visitor import Visit, Visitor, words

pytestmark = pytest.mark.one_database


def judging(house: House, fits: bool) -> None:
    """Say at once of every passphrase whether it fits: what counts here is how often one may ask."""
    house.offload = lambda job, *args: fits if job.__name__ == "_verify" else job(*args)


@pytest.fixture(autouse=True)
def nothing_is_hashed(house: House) -> None:
    judging(house, fits=False)


def tries(browser: Visitor, times: int, names: tuple[str, ...]) -> list[int]:
    """Sign in that many times with one name after the other; what each was answered with."""
    token = browser.form_token()
    return [browser.signs_in(names[n % len(names)], "wrong", csrf_token=token).status_code for n in range(times)]


def distinct(number: int) -> tuple[str, ...]:
    letters = "abdefghkpstxyz"
    return tuple(f"Name {one}{other}" for one in letters for other in letters)[:number]


def test_a_name_can_be_tried_eight_times_a_minute_from_one_network(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    typed = ("Nour", "nour", "NOUR", "N\u200bour")
    answers = [tries(visit(came_from=f"10.0.0.{n}"), 1, (typed[n % 4],))[0] for n in range(1, 11)]
    assert answers == [422] * 8 + [429] * 2
    assert tries(visit(came_from="10.0.0.1"), 1, ("Lina",)) == [422]


def test_whoever_tries_a_name_in_vain_does_not_shut_its_owner_out(visit: Visit, make: Factory, house: House) -> None:
    make.person("Nour")
    for network in range(5):
        tries(visit(came_from=f"10.0.{network}.1"), 9, ("Nour",))
    judging(house, fits=True)
    assert visit(came_from="10.1.0.1").signs_in("Nour").status_code == 303


def test_a_name_can_be_tried_a_hundred_times_a_minute_from_everywhere(visit: Visit, make: Factory) -> None:
    make.person("Nour")
    answers = [tries(visit(came_from=f"10.0.{n}.1"), 6, ("Nour",)) for n in range(17)]
    assert sum(each.count(422) for each in answers) == 100
    assert answers[-1][-2:] == [429, 429]


def test_a_name_of_nobody_has_the_same_budget(visit: Visit) -> None:
    assert tries(visit(), 9, ("Nobody",)) == [422] * 8 + [429]


def test_the_right_passphrase_is_not_told_apart_while_the_budget_is_used_up(
    visit: Visit, make: Factory, house: House
) -> None:
    make.person("Nour")
    tries(visit(), 8, ("Nour",))
    judging(house, fits=True)
    assert visit().signs_in("Nour").status_code == 429


def test_whoever_has_to_wait_is_told_in_words_and_keeps_the_name(visit: Visit) -> None:
    browser = visit()
    tries(browser, 8, ("Nour",))
    answer = browser.signs_in("Nour", "wrong")
    assert "Please wait a little" in words(answer)
    assert 'value="Nour"' in words(answer)


@pytest.mark.parametrize(
    ("first", "neighbour", "stranger"),
    [("203.0.113.7", "203.0.113.200", "203.0.114.7"), ("2001:db8:1:1::7", "2001:db8:1:ff::9", "2001:db8:2::7")],
)
def test_a_network_has_thirty_tries_a_minute(visit: Visit, first: str, neighbour: str, stranger: str) -> None:
    assert tries(visit(came_from=first), 30, distinct(30)) == [422] * 30
    assert tries(visit(came_from=neighbour), 1, ("Somebody else",)) == [429]
    assert tries(visit(came_from=stranger), 1, ("Somebody else",)) == [422]


def test_a_header_moves_nobody_to_another_network(visit: Visit) -> None:
    browser = visit(came_from="203.0.113.7")
    token = browser.form_token()
    answers = [
        browser.sends(
            "/sign-in",
            {"name": name, "passphrase": "wrong", "csrf_token": token},
            X_Forwarded_For=f"198.51.{n}.1",
            Forwarded=f"for=198.51.{n}.1",
            X_Real_IP=f"198.51.{n}.1",
        ).status_code
        for n, name in enumerate(distinct(31))
    ]
    assert answers == [422] * 30 + [429]


@pytest.fixture
def behind_a_proxy(settings: Settings) -> Iterator[Flask]:
    app = create_app(read_settings(environment(settings.instance, TRUSTED_PROXIES="1")))
    judging(app.extensions["house"], fits=False)
    yield app
    app.extensions["house"].close()


def test_behind_our_proxy_only_what_it_added_counts(behind_a_proxy: Flask) -> None:
    browser = Visitor.of(behind_a_proxy)
    token = browser.form_token()

    def try_from(network: str, claimed: str, name: str) -> int:
        fields = {"name": name, "passphrase": "wrong", "csrf_token": token}
        return browser.sends("/sign-in", fields, X_Forwarded_For=f"{claimed}, {network}").status_code

    names = distinct(32)
    assert [try_from("203.0.113.7", f"198.51.{n}.1", names[n]) for n in range(31)] == [422] * 30 + [429]
    assert try_from("203.0.114.7", "198.51.0.1", names[31]) == 422


def test_codes_can_be_tried_ten_times_a_minute_from_a_network(visit: Visit, make: Factory) -> None:
    browser = visit()
    answers = [browser.joins(f"ABCDE-FGHJK-MNPQR-0000{n}", "Nour").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    assert visit(came_from="203.0.113.7").joins("ABCDE", "Nour").status_code == 422


def test_a_passphrase_can_be_guessed_six_times_an_hour_by_whoever_holds_the_browser(
    visit: Visit, make: Factory
) -> None:
    nour = make.token("Nour")
    phone = visit(make.another_session(make.actor(nour)))
    guess = {"present": "a guess", "wished": "copper window ninety swallows"}
    answers = [browser.sends("/me/passphrase", guess) for browser in (visit(nour), phone) * 4]
    assert [answer.status_code for answer in answers] == [422] * 6 + [429] * 2
    assert PASSPHRASE not in words(answers[-1])


def test_budgets_hold_whatever_the_name_is(visit: Visit) -> None:
    browser = visit()
    answers = tries(browser, 31, ("\u0000", "一", "😀", "x" * 200, *distinct(27)))
    assert answers[-1] == 429
    assert set(answers[:-1]) == {422}
    assert actions.BY_NETWORK.rates.startswith("30 per minute")
