"""Passkeys, with a device made of software: beside the passphrase, alone, and every way in which an answer is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.identity.factors.models import Passkey, PasskeyChallenge
from app.kernel import work
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.signals import Security
from config import Settings
from tests.factories import Factory
from tests.identity.authenticator import ORIGIN, Authenticator
from tests.identity.factors import acts, proved_long_ago, told, ways
from tests.identity.visitor import Visit, Visitor, words

pytestmark = pytest.mark.one_database

ADD, ALONE, SECOND = "/me/second-step/passkeys", "/sign-in/passkey", "/sign-in/second/passkey"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An instance that people reach by a name, as passkeys need it."""
    return replace(settings, address=ORIGIN)


def asks(browser: Visitor, path: str) -> dict[str, Any]:
    answer = browser.sends(f"{path}/ask")
    assert answer.status_code == 200, words(answer)
    options: dict[str, Any] = answer.get_json()
    return options


@pytest.fixture
def nour(visit: Visit, make: Factory) -> tuple[Visitor, Authenticator]:
    """Somebody's browser, and the device on which they have just made a passkey."""
    browser, device = visit(make.token("Nour", second_factor=False)), Authenticator()
    made = device.makes(asks(browser, ADD))
    assert browser.sends(ADD, {"proof": made, "label": "The blue key"}).location == "/me/recovery-codes"
    return browser, device


def half_way(visit: Visit) -> Visitor:
    browser = visit()
    assert browser.signs_in("Nour", next="/rooms").location == "/sign-in/second?next=/rooms"
    return browser


def sent(browser: Visitor, path: str, proof: str, **fields: str) -> int:
    return browser.sends(path, {"proof": proof, **fields}).status_code


def test_a_passkey_is_added_and_its_owner_is_told(
    visit: Visit, make: Factory, house: House, nour: tuple[Visitor, Authenticator]
) -> None:
    browser, _device = nour
    assert "The blue key" in words(browser.opens("/me/second-step"))
    actor = make.actor(browser.token)
    assert ways(house, actor).passkeys == 1
    assert acts(house)[-1] == "passkey.add"
    elsewhere = visit(make.another_session(actor))
    other = Authenticator(credential=b"another")
    options = asks(browser, ADD)
    assert len(options["excludeCredentials"]) == 1
    with told() as heard:
        assert sent(browser, ADD, other.makes(options)) == 303
    assert heard == [(actor.person_id, Security.PASSKEY_ADDED)]
    assert not elsewhere.is_signed_in()


def test_a_device_is_told_no_name(nour: tuple[Visitor, Authenticator], make: Factory) -> None:
    browser, _device = nour
    options = str(asks(browser, ADD))
    assert "Nour" not in options
    assert make.actor(browser.token).public_id not in options


def test_a_passkey_is_the_second_step(visit: Visit, nour: tuple[Visitor, Authenticator]) -> None:
    _browser, device = nour
    browser = half_way(visit)
    done = browser.sends(SECOND, {"proof": device.uses(asks(browser, SECOND)), "next": "/rooms"})
    assert (done.status_code, done.location) == (303, "/rooms")
    assert browser.is_signed_in()


def test_as_a_second_step_it_need_not_check_who_holds_it(visit: Visit, nour: tuple[Visitor, Authenticator]) -> None:
    nour[1].verifies = False
    browser = half_way(visit)
    assert sent(browser, SECOND, nour[1].uses(asks(browser, SECOND))) == 303


def test_a_passkey_signs_in_alone_and_counts_as_both(visit: Visit, make: Factory, house: House) -> None:
    own, device = visit(make.token("Nour")), Authenticator()
    sent(own, ADD, device.makes(asks(own, ADD)))
    browser = visit()
    done = browser.sends(ALONE, {"proof": device.uses(asks(browser, ALONE)), "next": "/me"})
    assert (done.status_code, done.location) == (303, "/me")
    assert make.actor(browser.token).name == "Nour"
    with work.scope(house) as opened:
        assert opened.session.scalars(select(Passkey.last_used_on)).one() == now().date()


def test_alone_it_must_check_who_holds_it(visit: Visit, nour: tuple[Visitor, Authenticator]) -> None:
    nour[1].verifies = False
    browser = visit()
    refused = browser.sends(ALONE, {"proof": nour[1].uses(asks(browser, ALONE))})
    assert refused.status_code == 422
    assert "was not accepted" in words(refused)
    assert not browser.is_signed_in()


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost:5001"},
        {"origin": "https://localhost:5000"},
        {"origin": "http://evil.example"},
        {"rp_id": "evil.example"},
        {"handle": "c29tZWJvZHk"},
        {"handle": ""},
        {"credential": b"a credential that nobody has"},
        {"key": Authenticator().key},
    ],
    ids="-".join,
)
def test_an_answer_that_was_not_made_for_us_is_refused(
    visit: Visit, nour: tuple[Visitor, Authenticator], wrong: dict[str, Any]
) -> None:
    browser = visit()
    assert sent(browser, ALONE, replace(nour[1], **wrong).uses(asks(browser, ALONE))) == 422
    assert not browser.is_signed_in()


def test_an_answer_that_was_seen_once_is_worth_nothing_again(visit: Visit, nour: tuple[Visitor, Authenticator]) -> None:
    browser, thief = visit(), visit()
    proof = nour[1].uses(asks(browser, ALONE))
    assert sent(browser, ALONE, proof) == 303
    assert sent(thief, ALONE, proof) == 422
    assert not thief.is_signed_in()


def test_a_challenge_is_used_up_even_by_an_answer_that_does_not_hold(
    visit: Visit, nour: tuple[Visitor, Authenticator]
) -> None:
    browser = visit()
    options = asks(browser, ALONE)
    assert sent(browser, ALONE, replace(nour[1], origin="http://evil.example").uses(options)) == 422
    assert sent(browser, ALONE, nour[1].uses(options)) == 422


def test_a_challenge_lasts_five_minutes(visit: Visit, nour: tuple[Visitor, Authenticator], house: House) -> None:
    for minutes, expected in ((4, 303), (6, 422)):
        browser = visit()
        options = asks(browser, ALONE)
        with work.scope(house) as opened, opened.writing():
            for challenge in opened.session.scalars(select(PasskeyChallenge)):
                challenge.expires_at -= timedelta(minutes=minutes)
        assert sent(browser, ALONE, nour[1].uses(options)) == expected


def test_a_challenge_serves_what_it_was_made_for_and_whom(
    visit: Visit, make: Factory, nour: tuple[Visitor, Authenticator], house: House
) -> None:
    own, device = nour
    lina = visit(make.token("Lina"))
    first_step = half_way(visit)
    assert sent(first_step, SECOND, device.uses(asks(visit(), ALONE))) == 422
    assert sent(visit(), ALONE, device.uses(asks(first_step, SECOND))) == 422
    assert sent(own, "/me/prove/passkey", device.uses(asks(first_step, SECOND))) == 422
    assert sent(own, "/me/prove/passkey", device.uses(asks(lina, "/me/prove/passkey"))) == 422
    proved_long_ago(house)
    assert sent(own, "/me/prove/passkey", device.uses(asks(own, "/me/prove/passkey")), next="/me") == 303


def test_the_passkey_of_another_is_no_second_step(
    visit: Visit, make: Factory, nour: tuple[Visitor, Authenticator]
) -> None:
    lina, others = visit(make.token("Lina")), Authenticator(credential=b"of Lina")
    sent(lina, ADD, others.makes(asks(lina, ADD)))
    browser = half_way(visit)
    assert sent(browser, SECOND, others.uses(asks(browser, SECOND))) == 422
    assert sent(lina, "/me/prove/passkey", nour[1].uses(asks(lina, "/me/prove/passkey"))) == 422


@pytest.mark.parametrize("behind", [0, 1, 3])
def test_a_copied_passkey_is_noticed_by_its_counter_and_its_owner_is_told(
    visit: Visit, make: Factory, house: House, nour: tuple[Visitor, Authenticator], behind: int
) -> None:
    own, device = nour
    for _ in range(4):
        browser = visit()
        assert sent(browser, ALONE, device.uses(asks(browser, ALONE))) == 303
    copy, thief = replace(device, count=device.count - behind - 1), visit()
    with told() as heard:
        assert sent(thief, ALONE, copy.uses(asks(thief, ALONE))) == 422
    assert not thief.is_signed_in()
    assert heard == [(make.actor(own.token).person_id, Security.PASSKEY_COPIED)]
    assert acts(house)[-1] == "passkey.copied"


def test_a_passkey_that_does_not_count_is_accepted(visit: Visit, nour: tuple[Visitor, Authenticator]) -> None:
    for _ in range(2):
        nour[1].count = -1
        browser = visit()
        assert sent(browser, ALONE, nour[1].uses(asks(browser, ALONE))) == 303


@pytest.mark.parametrize("proof", ["", "{", "[]", "null", "1", '{"response": 3}', "\x00", "é" * 9000, '{"rawId": "a"}'])
def test_rubbish_is_refused_in_the_same_words(
    visit: Visit, make: Factory, house: House, nour: tuple[Visitor, Authenticator], proof: str
) -> None:
    own = nour[0]
    for browser, path in ((visit(), ALONE), (half_way(visit), SECOND), (own, ADD), (own, "/me/prove/passkey")):
        refused = browser.sends(path, {"proof": proof})
        assert refused.status_code == 422, path
        assert "was not accepted" in words(refused), path


def test_a_passkey_made_for_another_address_is_not_kept(visit: Visit, make: Factory, house: House) -> None:
    browser = visit(make.token())
    for device in (Authenticator(origin="http://evil.example"), Authenticator(rp_id="evil.example")):
        assert sent(browser, ADD, device.makes(asks(browser, ADD))) == 422
    with work.scope(house) as opened:
        assert opened.session.scalar(select(func.count(Passkey.id))) == 0


def test_a_passkey_is_added_only_by_whoever_proved_lately(visit: Visit, make: Factory, house: House) -> None:
    browser, device = visit(make.token()), Authenticator()
    options = asks(browser, ADD)
    proved_long_ago(house)
    assert browser.sends(f"{ADD}/ask").status_code == 403
    late = browser.sends(ADD, {"proof": device.makes(options), "label": "The blue key"})
    assert late.status_code == 403
    assert 'value="The blue key"' in words(late)
    assert ways(house, make.actor(browser.token)).passkeys == 0


def test_whoever_has_only_a_passkey_is_not_asked_for_the_code_of_an_app(
    visit: Visit, nour: tuple[Visitor, Authenticator]
) -> None:
    page = words(half_way(visit).opens("/sign-in/second"))
    assert "data-passkey" in page
    assert 'name="code"' not in page
    assert 'name="recovery_code"' in page


def test_a_removed_passkey_opens_nothing(
    visit: Visit, make: Factory, house: House, nour: tuple[Visitor, Authenticator]
) -> None:
    own, device = nour
    browser = visit()
    proof = device.uses(asks(browser, ALONE))
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Passkey).values(credential_index=bytes(32)))
    assert sent(browser, ALONE, proof) == 422
    assert own.is_signed_in()
