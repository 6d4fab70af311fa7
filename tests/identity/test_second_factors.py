"""Setting up a second factor and taking it away: what it opens, whom it ends, and what is left on the disk."""

import re

import pytest
from flask import Flask

from app.identity.demo import PASSPHRASE as DEMO
from app.identity.demo import load_people
from app.identity.factors import actions, queries
from app.identity.factors.codes import present_code
from app.identity.factors.passkeys import Registered
from app.kernel import work
from app.kernel.access import STAFF, Role, granted
from app.kernel.db import now
from app.kernel.errors import Conflict, Invalid
from app.kernel.house import House
from app.kernel.signals import Security
from tests.factories import Factory
from tests.identity.factors import (
    SECRET,
    acts,
    everything_stored,
    gives_codes,
    recovery_codes,
    secret_on,
    told,
    ways,
)
from tests.identity.visitor import Visit, words

CODES = "/me/second-step/codes"


def test_one_time_codes_are_set_up_without_scripts_and_end_the_other_sessions(
    visit: Visit, make: Factory, house: House
) -> None:
    token = make.token("Nour")
    nour = make.actor(token)
    browser, elsewhere = visit(token), visit(make.another_session(nour))
    assert browser.sends(f"{CODES}/begin").location == CODES
    page = words(browser.opens(CODES))
    secret = secret_on(page)
    assert 'src="data:image/svg+xml' in page
    assert " ".join(re.findall("....", secret)) in page
    with told() as heard:
        assert browser.sends(CODES, {"code": "000000"}).status_code == 422
        assert heard == []
        answer = browser.sends(CODES, {"code": f" {present_code(secret, now())} "})
        assert answer.location == "/me/recovery-codes"
        assert heard == [(nour.person_id, Security.ONE_TIME_CODES_ADDED)]
    assert browser.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert acts(house)[-1] == "one-time-codes.add"
    assert browser.opens(CODES).status_code == 404, "the secret is never shown again"
    assert browser.sends(f"{CODES}/begin").status_code == 409


def test_an_app_that_was_never_confirmed_asks_nobody_for_a_code(visit: Visit, make: Factory) -> None:
    browser = visit(make.token("Nour"))
    browser.sends(f"{CODES}/begin")
    first = secret_on(words(browser.opens(CODES)))
    browser.sends(f"{CODES}/begin")
    assert secret_on(words(browser.opens(CODES))) == first
    assert visit().signs_in("Nour").location == "/"


@pytest.mark.parametrize("role", sorted(STAFF))
def test_without_a_second_factor_the_rights_of_staff_do_not_work(make: Factory, house: House, role: Role) -> None:
    without = make.actor(make.token(roles=(Role.MEMBER, role), second_factor=False))
    assert without.permissions == granted([Role.MEMBER])
    assert make.person(roles=(Role.MEMBER, role)).permissions == granted([Role.MEMBER, role])


def test_whoever_works_here_is_told_on_home_and_their_work_opens_with_the_second_factor(
    visit: Visit, make: Factory
) -> None:
    browser = visit(make.token(roles=(Role.ADMINISTRATOR,), second_factor=False))
    assert "until then your work here is closed" in words(browser.opens("/"))
    assert browser.opens("/people/invitations").status_code == 404
    browser.sends(f"{CODES}/begin")
    secret = secret_on(words(browser.opens(CODES)))
    browser.sends(CODES, {"code": present_code(secret, now())})
    assert browser.opens("/people/invitations").status_code == 200
    assert "until then your work here is closed" not in words(browser.opens("/"))


def test_a_member_is_not_asked_to_set_anything_up(visit: Visit, make: Factory) -> None:
    browser = visit(make.token(second_factor=False))
    assert "second step" not in words(browser.opens("/"))


def test_the_last_factor_of_staff_stays_and_that_of_a_member_goes(visit: Visit, make: Factory, house: House) -> None:
    moderator, member = make.token(roles=(Role.MODERATOR,)), make.token()
    for token in (moderator, member):
        gives_codes(house, make.actor(token))
    refused = visit(moderator).sends(f"{CODES}/remove")
    assert refused.status_code == 422
    assert "Add another one first" in words(refused)
    assert ways(house, make.actor(moderator)).one_time_code
    with told() as heard:
        assert visit(member).sends(f"{CODES}/remove").status_code == 303
    assert [what for _person, what in heard] == [Security.ONE_TIME_CODES_REMOVED]
    assert ways(house, make.actor(member)).count == 0


def test_staff_remove_a_factor_while_another_is_left(make: Factory, house: House) -> None:
    moderator = make.person(roles=(Role.MODERATOR,))
    gives_codes(house, moderator)
    with work.scope(house):
        passkey = actions.keep_passkey(moderator, Registered(b"id", b"key", 0), label="blue")
        actions.remove_one_time_code(moderator)
        with pytest.raises(Invalid, match="Add another"):
            actions.remove_passkey(moderator, passkey)


def test_nobody_sees_or_removes_the_passkey_of_another(visit: Visit, make: Factory, house: House) -> None:
    lina = make.person("Lina")
    with work.scope(house):
        passkey = actions.keep_passkey(lina, Registered(b"id", b"key", 0), label="the blue key")
    browser = visit(make.token("Nour"))
    assert "the blue key" not in words(browser.opens("/me/second-step"))
    for id in (passkey.public_id, "AAAAAAAAAAAAAAAA"):
        assert browser.sends(f"/me/second-step/passkeys/{id}/remove").status_code == 404
    assert ways(house, lina).passkeys == 1
    own = visit(make.another_session(lina))
    assert "the blue key" in words(own.opens("/me/second-step"))
    assert own.sends(f"/me/second-step/passkeys/{passkey.public_id}/remove").status_code == 303
    assert ways(house, lina).passkeys == 0
    assert "passkey.remove" in acts(house)


def test_the_same_passkey_is_not_kept_twice_and_no_more_than_ten(make: Factory, house: House) -> None:
    nour, lina = make.person(), make.person()
    with work.scope(house):
        for number in range(10):
            actions.keep_passkey(nour, Registered(b"id %d" % number, b"key", 0), label="key")
        with pytest.raises(Invalid, match="Ten passkeys"):
            actions.keep_passkey(nour, Registered(b"one more", b"key", 0), label="key")
    with work.scope(house), pytest.raises(Conflict):
        actions.keep_passkey(lina, Registered(b"id 0", b"key", 0), label="key")


def test_ten_recovery_codes_are_shown_once_and_new_ones_take_their_place(
    visit: Visit, make: Factory, house: House
) -> None:
    browser = visit(make.token("Nour"))
    shown = [re.findall(r"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){2}", words(browser.sends("/me/recovery-codes"))) for _ in "ab"]
    assert [len(set(codes)) for codes in shown] == [10, 10]
    assert not set(shown[0]) & set(shown[1])
    page = words(browser.opens("/me/recovery-codes"))
    assert "10 codes" in page
    assert not any(code in page for code in shown[1])
    assert acts(house).count("recovery-codes.make") == 2
    with work.scope(house):
        assert not actions.cross_out(make.actor(browser.token), shown[0][0])
        assert actions.cross_out(make.actor(browser.token), shown[1][0].lower().replace("-", " "))
        assert queries.codes_left(make.actor(browser.token)) == 9


def test_nothing_on_the_disk_gives_a_factor_away(make: Factory, house: House) -> None:
    nour = make.person("Nour")
    gives_codes(house, nour)
    codes = recovery_codes(house, nour)
    with work.scope(house):
        actions.keep_passkey(nour, Registered(b"credential-of-nour", b"public-key-of-nour", 0), label="the blue key")
    disk = everything_stored(house)
    assert "2026" in disk or "date" in disk, "there is something to look at"
    plain = [SECRET, *codes, *(code.replace("-", "") for code in codes), "credential-of", "public-key-of", "blue key"]
    assert [secret for secret in plain if secret in disk] == []


def test_a_passkey_is_not_offered_under_a_bare_number(visit: Visit, make: Factory) -> None:
    browser = visit(make.token())
    page = words(browser.opens("/me/second-step"))
    assert "which is only a number" in page
    assert "data-passkey" not in page
    assert "data-passkey" not in words(visit().opens("/sign-in"))
    refused = browser.sends("/me/second-step/passkeys/ask")
    assert refused.status_code == 422
    assert "need the name of this site" in refused.get_json()["text"]


def test_the_staff_of_the_demo_sign_in_with_the_code_that_a_command_prints(
    app: Flask, house: House, visit: Visit
) -> None:
    def printed() -> str:
        with app.app_context():
            return app.test_cli_runner().invoke(args=["demo", "--code"]).output

    assert printed() == ""
    with work.scope(house) as opened, opened.writing():
        load_people()
    code = re.search(r"staff: (\d{6}) ", printed())
    assert code
    browser = visit()
    assert browser.signs_in("Samar", DEMO).location == "/sign-in/second"
    assert browser.sends("/sign-in/second", {"code": code[1]}).status_code == 303
    assert browser.opens("/people/invitations").status_code == 200
    assert visit().signs_in("Lina", DEMO).location == "/", "members of the demo have no second step"
