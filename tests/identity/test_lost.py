"""The way back in without a passphrase: with a code that one has, and never by answering questions."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event

from app.identity import actions as identity
from app.identity.factors.models import ResetCode
from app.identity.lost import actions
from app.kernel import work
from app.kernel.access import Role
from app.kernel.db import now
from app.kernel.errors import Forbidden, Refusal
from app.kernel.house import House
from app.kernel.signals import Security
from tests.factories import PASSPHRASE, Factory
from tests.identity.factors import acts, everything_stored, gives_codes, recovery_codes, told, ways
from tests.identity.visitor import Visit, Visitor, alike, words

LOST = "/sign-in/lost"
NEW = "copper window ninety swallows"


def resets(browser: Visitor, name: str, code: str, wished: str = NEW, **more: str) -> Any:
    return browser.sends(LOST, {"name": name, "code": code, "wished": wished, **more})


def reset_code(make: Factory, house: House, name: str = "Nour") -> tuple[int, str]:
    """A person with this name, and a code that a moderator made for them."""
    person = make.person(name)
    with work.scope(house):
        return person.person_id, identity.make_reset_code(make.person(roles=(Role.MODERATOR,)), person.person_id)


def test_a_recovery_code_sets_a_new_passphrase_and_ends_every_session(
    visit: Visit, make: Factory, house: House
) -> None:
    token = make.token("Nour")
    nour = make.actor(token)
    code = recovery_codes(house, nour)[0]
    with told() as heard:
        answer = resets(visit(), " nour ", code.lower())
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert heard == [(nour.person_id, Security.RESET)]
    assert acts(house)[-1] == "passphrase.reset"
    assert not visit(token).is_signed_in()
    assert visit().signs_in("Nour").status_code == 422
    assert visit().signs_in("Nour", NEW).location == "/"
    assert resets(visit(), "Nour", code, "another seven lanterns harbour").status_code == 422, "it works once"


@pytest.mark.parametrize(("forget", "leads_to"), [({}, "/sign-in/second"), ({"forget": "y"}, "/")])
def test_second_factors_stay_unless_the_person_says_that_they_are_gone(
    visit: Visit, make: Factory, house: House, forget: dict[str, str], leads_to: str
) -> None:
    nour = make.person("Nour")
    gives_codes(house, nour)
    assert resets(visit(), "Nour", recovery_codes(house, nour)[0], **forget).status_code == 303
    assert visit().signs_in("Nour", NEW).location == leads_to
    assert ways(house, nour).one_time_code is (not forget)


def test_a_sign_in_that_waits_for_its_second_step_ends_too(visit: Visit, make: Factory, house: House) -> None:
    nour = make.person("Nour")
    gives_codes(house, nour)
    code = recovery_codes(house, nour)[0]
    thief = visit()
    thief.signs_in("Nour")
    resets(visit(), "Nour", code)
    assert thief.opens("/sign-in/second").location == "/sign-in"


@pytest.mark.one_database
def test_a_code_from_moderators_opens_nothing_of_staff_without_their_second_step(
    visit: Visit, make: Factory, house: House
) -> None:
    administrator = make.person("Samar", roles=(Role.ADMINISTRATOR,))
    with work.scope(house):
        code = identity.make_reset_code(make.person(roles=(Role.MODERATOR,)), administrator.person_id)
    bare = resets(visit(), "Samar", code)
    assert (bare.status_code, "Two persons take the role first" in bare.text) == (422, True)
    gives_codes(house, administrator)
    assert resets(visit(), "Samar", code, forget="y").status_code == 422
    assert ways(house, administrator).one_time_code
    assert resets(visit(), "Samar", code).status_code == 303, "it was not used up"
    assert visit().signs_in("Samar", NEW).location == "/sign-in/second"


def test_a_code_from_moderators_does_the_same_once(visit: Visit, make: Factory, house: House) -> None:
    number, code = reset_code(make, house)
    assert code.replace("-", "") not in everything_stored(house)
    assert resets(visit(), "Nour", code).status_code == 303
    assert resets(visit(), "Nour", code, "another seven lanterns harbour").status_code == 422
    assert visit().signs_in("Nour", NEW).status_code == 303
    assert number


def test_the_person_is_told_when_a_code_is_made_and_a_new_one_takes_its_place(make: Factory, house: House) -> None:
    nour, moderator = make.person("Nour"), make.person(roles=(Role.MODERATOR,))
    with told() as heard, work.scope(house):
        first, second = (identity.make_reset_code(moderator, nour.person_id) for _ in "ab")
    assert heard == [(nour.person_id, Security.RESET_CODE_MADE)] * 2
    assert acts(house)[-1] == "passphrase.reset-code"
    with work.scope(house), pytest.raises(Refusal):
        actions.reset("Nour", first, NEW, forget=False, network="n")
    with work.scope(house):
        actions.reset("Nour", second, NEW, forget=False, network="n")


def test_a_code_from_moderators_lasts_a_day(visit: Visit, make: Factory, house: House) -> None:
    _number, code = reset_code(make, house)
    with work.scope(house) as opened, opened.writing():
        late = opened.session.query(ResetCode).one()
        assert timedelta(hours=23, minutes=59) < late.expires_at - now() <= timedelta(hours=24)
        late.expires_at = now()
    assert resets(visit(), "Nour", code).status_code == 422


@pytest.mark.parametrize("role", [Role.MEMBER, Role.EMPLOYER, Role.VETTER, Role.CASEWORKER])
def test_only_those_who_look_after_people_make_one(make: Factory, house: House, role: Role) -> None:
    nour = make.person("Nour")
    with work.scope(house), pytest.raises(Forbidden):
        identity.make_reset_code(make.person(roles=(role,)), nour.person_id)


def test_nobody_makes_one_for_themselves(make: Factory, house: House) -> None:
    moderator = make.person(roles=(Role.MODERATOR,))
    with work.scope(house), pytest.raises(Forbidden):
        identity.make_reset_code(moderator, moderator.person_id)


def test_a_wrong_name_and_a_wrong_code_are_told_the_same_after_the_same_work(
    visit: Visit, make: Factory, house: House
) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    code, other = recovery_codes(house, nour)[0], recovery_codes(house, lina)[0]
    asked: list[str] = []
    hashed: list[str] = []

    def counting(job: Callable[..., Any], *args: Any) -> Any:
        hashed.append(job.__name__)
        return job(*args)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement.split(maxsplit=1)[0])

    house.offload = counting
    event.listen(house.databases.data, "before_cursor_execute", note)
    answers = {}
    tries = [("Nour", "00000-00000-00000"), ("Nobody", "00000-00000-00000"), ("Nobody", code), ("Nour", other)]
    for number, (name, typed) in enumerate(tries):
        browser = visit(came_from=f"10.0.{number}.1")
        token = browser.form_token()
        asked.clear()
        hashed.clear()
        answer = resets(browser, name, typed, csrf_token=token)
        answers[answer.status_code, alike(answer, name, typed), tuple(asked), tuple(hashed)] = True
    assert len(answers) == 1
    [(status, page, _asked, done)] = answers
    assert status == 422
    assert "do not go together" in page
    assert len([job for job in done if job != "execute"]) >= 1


def test_a_weak_passphrase_is_told_the_same_to_everybody_and_uses_nothing_up(
    visit: Visit, make: Factory, house: House
) -> None:
    code = recovery_codes(house, make.person("Nour"))[0]
    tries = (("Nour", code), ("Lina", "00000-00000-00000"))
    told_of = {alike(resets(visit(), name, typed, "short"), name, typed) for name, typed in tries}
    assert len(told_of) == 1
    assert resets(visit(), "Nour", code).status_code == 303


def test_of_eight_who_use_the_same_code_at_once_one_sets_the_passphrase(make: Factory, house: House) -> None:
    _number, code = reset_code(make, house)
    together = Barrier(8)

    def attempt(number: int) -> bool:
        with work.scope(house):
            together.wait(20)
            try:
                actions._reset("Nour", code, f"hash {number}", forget=False)
            except Refusal:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert acts(house).count("passphrase.reset") == 1


def test_codes_can_be_tried_four_times_a_minute_for_a_name_from_a_network(
    visit: Visit, make: Factory, house: House
) -> None:
    house.offload = lambda job, *args: "hashed" if job.__name__ == "hash" else job(*args)
    make.person("Nour")
    browser = visit()
    answers = [resets(browser, "Nour", "00000").status_code for _ in range(5)]
    assert answers == [422] * 4 + [429]
    assert resets(visit(came_from="10.0.0.1"), "Nour", "00000").status_code == 422
    answers = [resets(browser, name, "00000").status_code for name in ("Aya", "Bana", "Dana")]
    assert answers == [422, 429, 429], "six for the network, whatever the name"


def test_the_page_says_that_nobody_is_asked_about_their_life(visit: Visit) -> None:
    assert "never ask questions about your life" in words(visit().opens(LOST))
    assert f'href="{LOST}"' in words(visit().opens("/sign-in"))
    assert PASSPHRASE not in words(visit().opens(LOST))
