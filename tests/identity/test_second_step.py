"""The second step of signing in: what a browser holds between the two, and that nothing works twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from app.identity.entry import actions as entry
from app.identity.factors.models import HalfSignIn, OneTimeCode
from app.identity.jobs import forget
from app.identity.models import Device, LoginSession
from app.kernel import work
from app.kernel.actor import system
from app.kernel.db import now
from app.kernel.errors import Refusal
from app.kernel.house import House
from app.kernel.signals import Security
from tests.factories import PASSPHRASE, Factory
from tests.identity.factors import acts, can_use_again, code_now, gives_codes, recovery_codes, told
from tests.identity.visitor import Visit, Visitor, alike, cookie_set_by, words

pytestmark = pytest.mark.one_database

SECOND = "/sign-in/second"


@pytest.fixture
def nour(make: Factory, house: House) -> int:
    """Somebody with an app for codes."""
    actor = make.person("Nour")
    gives_codes(house, actor)
    return actor.person_id


def half_way(visit: Visit, **fields: str) -> Visitor:
    browser = visit()
    assert browser.signs_in("Nour", **fields).location.startswith(SECOND)
    return browser


def half_of(browser: Visitor) -> str:
    cookie = browser.client.get_cookie("half")
    return cookie.value if cookie else ""


@pytest.mark.usefixtures("nour")
def test_whoever_has_a_second_factor_is_signed_in_after_the_second_step_only(visit: Visit, house: House) -> None:
    browser = visit()
    answer = browser.signs_in("Nour", next="/rooms")
    assert answer.location == f"{SECOND}?next=/rooms"
    assert not browser.is_signed_in()
    kept = cookie_set_by(answer, "half")
    assert (kept["max-age"], kept["httponly"], kept["samesite"]) == ("600", "True", "Lax")
    assert not visit(kept["value"]).is_signed_in(), "the token between the steps is no session"
    page = words(browser.opens(answer.location))
    assert "Nour" not in page
    done = browser.sends(SECOND, {"code": code_now(), "next": "/rooms"})
    assert (done.status_code, done.location) == (303, "/rooms")
    assert browser.is_signed_in()
    assert half_of(browser) == ""
    with work.scope(house) as opened:
        newest = opened.session.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first()
        assert newest is not None
        assert newest.factor_at is not None
        assert kept["value"].encode() not in repr(opened.session.scalars(select(HalfSignIn)).all()).encode()


@pytest.mark.usefixtures("nour")
@pytest.mark.parametrize("typed", ["000000", "", "x" * 190, "１２３", "\x00", "-1"])
def test_a_wrong_code_signs_nobody_in_and_may_be_tried_again(visit: Visit, typed: str) -> None:
    browser = half_way(visit)
    assert browser.sends(SECOND, {"code": typed}).status_code == 422
    assert not browser.is_signed_in()
    assert browser.sends(SECOND, {"code": code_now()}).status_code == 303


@pytest.mark.usefixtures("nour")
def test_a_code_works_once_whoever_has_seen_it(visit: Visit, house: House) -> None:
    first, second = half_way(visit), half_way(visit)
    code = code_now()
    assert first.sends(SECOND, {"code": code}).status_code == 303
    refused = second.sends(SECOND, {"code": code})
    assert refused.status_code == 422
    assert alike(refused, code) == alike(second.sends(SECOND, {"code": "000000"}), "000000")
    can_use_again(house)
    assert second.sends(SECOND, {"code": code_now()}).status_code == 303


@pytest.mark.usefixtures("nour")
def test_what_a_browser_holds_between_the_steps_works_once_and_for_ten_minutes(visit: Visit, house: House) -> None:
    browser, copied, late = half_way(visit), visit(), half_way(visit)
    copied.keeps("half", half_of(browser))
    assert browser.sends(SECOND, {"code": code_now()}).status_code == 303
    can_use_again(house)
    assert copied.sends(SECOND, {"code": code_now()}).location == "/sign-in"
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(HalfSignIn).values(expires_at=now() - timedelta(seconds=1)))
    assert late.opens(SECOND).location == "/sign-in"
    assert late.sends(SECOND, {"code": code_now()}).location == "/sign-in"
    assert "took longer than ten minutes" in words(late.opens("/sign-in"))
    with work.scope(house) as opened:
        forget(system("test"))
        assert opened.session.scalars(select(HalfSignIn)).all() == []


def test_without_the_first_step_there_is_no_second(visit: Visit) -> None:
    for path in (SECOND, f"{SECOND}/recovery-code", f"{SECOND}/passkey"):
        assert visit().sends(path, {"code": "1", "recovery_code": "1", "proof": "{}"}).location == "/sign-in"
    assert visit().opens(SECOND).location == "/sign-in"
    assert visit().sends(f"{SECOND}/passkey/ask").status_code in (401, 422)


@pytest.mark.usefixtures("nour")
def test_a_wrong_passphrase_does_not_tell_who_has_a_second_factor(visit: Visit, make: Factory) -> None:
    make.person("Lina")
    answers = [alike(visit().signs_in(name, "a wrong one"), name) for name in ("Nour", "Lina", "Nobody")]
    assert len(set(answers)) == 1


def test_a_recovery_code_stands_in_once_and_its_owner_is_told(visit: Visit, make: Factory, house: House) -> None:
    actor = make.person("Nour")
    gives_codes(house, actor)
    code = recovery_codes(house, actor)[0]
    browser, other = half_way(visit), half_way(visit)
    with told() as heard:
        done = browser.sends(f"{SECOND}/recovery-code", {"recovery_code": code.lower(), "next": "/rooms"})
    assert done.location == "/rooms"
    assert heard == [(actor.person_id, Security.RECOVERY_CODE_USED)]
    assert acts(house)[-1] == "recovery-code.use"
    refused = other.sends(f"{SECOND}/recovery-code", {"recovery_code": code})
    assert refused.status_code == 422
    assert "<details" in words(refused)
    assert " open>" in words(refused)


def test_the_recovery_code_of_another_is_worth_nothing(visit: Visit, make: Factory, house: House, nour: int) -> None:
    code = recovery_codes(house, make.person("Lina"))[0]
    assert half_way(visit).sends(f"{SECOND}/recovery-code", {"recovery_code": code}).status_code == 422


@pytest.mark.usefixtures("nour")
def test_codes_can_be_tried_six_times_a_minute_from_a_network_and_twenty_times_an_hour_from_everywhere(
    visit: Visit, house: House
) -> None:
    one = half_way(visit)
    answers = [one.sends(SECOND, {"code": "000000"}).status_code for _ in range(7)]
    assert answers == [422] * 6 + [429]
    assert one.sends(f"{SECOND}/recovery-code", {"recovery_code": "00000"}).status_code == 429
    answers = []
    for network in range(1, 5):
        other = visit(came_from=f"10.0.{network}.1")
        other.keeps("half", half_of(one))
        answers += [other.sends(SECOND, {"code": "000000"}).status_code for _ in range(5)]
    assert answers == [422] * 14 + [429] * 6
    away = visit(came_from="10.9.0.1")
    away.keeps("half", half_of(one))
    assert away.sends(SECOND, {"code": code_now()}).status_code == 429, "also the right one, until there is room"


def at_once(house: House, one: Callable[[int], str], times: int = 8) -> list[str]:
    """The same try in so many threads at the same moment: the tokens that were given."""
    together = Barrier(times)

    def attempt(number: int) -> str:
        with work.scope(house):
            together.wait(20)
            try:
                return one(number)
            except Refusal:
                return ""

    with ThreadPoolExecutor(times) as pool:
        return [token for token in pool.map(attempt, range(times)) if token]


def first_steps(house: House, times: int = 8) -> list[str]:
    with work.scope(house):
        return [entry.sign_in("Nour", PASSPHRASE, network="n", device=Device.PHONE).token for _ in range(times)]


@pytest.mark.usefixtures("without_budgets", "nour")
def test_of_eight_who_use_the_same_code_at_once_one_is_signed_in(house: House) -> None:
    halves, code = first_steps(house), code_now()
    won = at_once(
        house, lambda n: entry.second_with_code(halves[n], code, network=str(n), device=Device.PHONE, replacing="")
    )
    assert len(won) == 1
    with work.scope(house) as opened:
        assert opened.session.scalars(select(OneTimeCode.last_step)).one() > 0
        assert len(opened.session.scalars(select(HalfSignIn)).all()) == 7


@pytest.mark.usefixtures("without_budgets")
def test_of_eight_who_use_the_same_recovery_code_at_once_one_is_signed_in(make: Factory, house: House) -> None:
    actor = make.person("Nour")
    gives_codes(house, actor)
    code = recovery_codes(house, actor)[0]
    halves = first_steps(house)
    won = at_once(
        house, lambda n: entry.second_with_recovery_code(halves[n], code, network=str(n), device=Device.PHONE)
    )
    assert len(won) == 1
    assert acts(house).count("recovery-code.use") == 1


@pytest.mark.usefixtures("without_budgets")
def test_of_eight_who_finish_the_same_sign_in_with_different_codes_one_is_signed_in(
    make: Factory, house: House
) -> None:
    actor = make.person("Nour")
    gives_codes(house, actor)
    codes = recovery_codes(house, actor)
    [half] = first_steps(house, 1)
    won = at_once(house, lambda n: entry.second_with_recovery_code(half, codes[n], network=str(n), device=Device.PHONE))
    assert len(won) == 1
    assert acts(house).count("recovery-code.use") == 1, "the codes of those who were too late are not used up"


def test_no_connection_is_held_while_a_passphrase_is_hashed(make: Factory, house: House, visit: Visit) -> None:
    make.person("Nour")
    held: list[int] = []

    def looking(job: Callable[..., object], *args: object) -> object:
        held.append(house.databases.lent)
        return job(*args)

    house.offload = looking
    browser = visit()
    browser.signs_in("Nour")
    browser.signs_in("Nobody")
    visit().joins(make.invitation(), "Lina")
    wished = {"present": PASSPHRASE, "wished": "copper window ninety swallows"}
    browser.sends("/me/passphrase", wished)
    browser.sends("/me/prove", {"passphrase": wished["wished"]})
    lost = {"name": "Nour", "code": "00000", "wished": "copper window ninety swallows"}
    visit().sends("/sign-in/lost", lost)
    assert held == [0] * 7
