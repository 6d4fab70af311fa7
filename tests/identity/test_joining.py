"""Joining with an invitation: who may, once, under which name; and what everybody else is told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from app.identity import actions, naming, queries
from app.identity.models import Device, Invitation, InvitationState, LoginSession, Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.db import now
from app.kernel.errors import Refusal
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE
from tests.factories import PASSPHRASE, Factory
from tests.identity.visitor import Visit, Visitor, alike, words


def all_at_once(house: House, tries: list[Callable[[], str]]) -> list[str]:
    """Make every try in a thread and a unit of work of its own, at the same moment; what each was told, or its token."""
    told: list[str] = []
    together = threading.Barrier(len(tries))

    def attempt(one: Callable[[], str]) -> None:
        with work.scope(house):
            together.wait()
            try:
                told.append("token " + one())
            except Refusal as refusal:
                told.append(refusal.text)

    threads = [threading.Thread(target=attempt, args=(one,)) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def joining(code: str, name: str, number: int = 0) -> Callable[[], str]:
    """A try to join, from a network of its own."""
    return lambda: actions.join(code, name, PASSPHRASE, network=f"network-{number}", device=Device.PHONE)


def count(house: House, kind: type[Any]) -> int:
    with work.scope(house) as opened:
        return opened.session.scalar(select(func.count()).select_from(kind)) or 0


def test_somebody_joins_with_a_code_and_is_at_home(visit: Visit, make: Factory) -> None:
    browser = visit()
    answer = browser.joins(make.invitation(), "نور")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "<bdi>نور</bdi>" in words(browser.opens("/me"))
    assert browser.opens("/rooms").status_code == 200
    assert browser.opens("/people/invitations").status_code == 404
    assert visit().signs_in("نور").status_code == 303


@pytest.mark.parametrize(
    ("role", "opens"),
    [(Role.MEMBER, (200, 404)), (Role.MODERATOR, (200, 404)), (Role.CASEWORKER, (404, 404)), (Role.ADMINISTRATOR, (404, 200))],
)  # fmt: skip
@pytest.mark.one_database
def test_the_invitation_says_what_they_may_open_and_staff_get_it_with_a_second_step(
    visit: Visit, make: Factory, role: Role, opens: tuple[int, int]
) -> None:
    def opened(browser: Visitor) -> tuple[int, ...]:
        return tuple(browser.opens(page).status_code for page in ("/rooms", "/people/invitations"))

    browser = visit()
    answer = browser.joins(make.invitation(role), "Nour")
    if role is not Role.MEMBER:
        assert answer.location == "/me/second-step"
        assert opened(browser) == (404, 404)
        browser.keeps(PLAIN_COOKIE, make.another_session(make.actor(browser.token)))
    assert opened(browser) == opens


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{spaced}", "{joined}", "{alike}", "{arabic}"])
@pytest.mark.one_database
def test_a_code_may_be_typed_as_it_was_heard(visit: Visit, make: Factory, typed: str) -> None:
    code = make.invitation()
    forms = {
        "lower": code.lower(),
        "spaced": code.replace("-", "  "),
        "joined": code.replace("-", ""),
        "alike": code.replace("0", "O").replace("1", "l"),
        "arabic": code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    }
    assert visit().joins(typed.format(code, **forms), "Nour").status_code == 303


def test_used_expired_withdrawn_and_wrong_codes_are_told_the_same(visit: Visit, make: Factory, house: House) -> None:
    used, expired, withdrawn = make.invitation(), make.invitation(), make.invitation()
    assert visit().joins(used, "Nour").status_code == 303
    with work.scope(house) as opened, opened.writing():
        for code, values in ((expired, {"expires_at": now()}), (withdrawn, {"state": InvitationState.WITHDRAWN})):
            found = queries.find_invitation(code)
            assert found is not None
            opened.session.execute(update(Invitation).where(Invitation.id == found.id).values(**values))
    answers = [
        (code, visit().joins(code, "Lina")) for code in (used, expired, withdrawn, "ABCDE-FGHJK-MNPQR-STVWX", "xyzzy")
    ]
    assert {answer.status_code for _, answer in answers} == {422}
    assert len({alike(answer, code) for code, answer in answers}) == 1
    assert "This code cannot be used" in words(answers[0][1])
    assert count(house, Person) == 1


def test_twenty_who_use_one_code_at_once_make_exactly_one_person(make: Factory, house: House) -> None:
    code = make.invitation()
    names = [f"Person {letter}" for letter in "abdefghkprstwxzعجدسم"]
    told = all_at_once(house, [joining(code, name, number) for number, name in enumerate(names)])
    won = [line for line in told if line.startswith("token ")]
    assert len(told) == 20
    assert len(won) == 1
    assert {line for line in told if line not in won} == {actions.NO_CODE}
    assert (count(house, Person), count(house, LoginSession)) == (1, 1)
    with work.scope(house) as opened:
        invitation = opened.session.scalars(select(Invitation)).one()
        assert invitation.state is InvitationState.USED


def test_a_name_that_two_take_at_once_belongs_to_one_of_them(make: Factory, house: House) -> None:
    first, second = make.invitation(), make.invitation()
    both_have_looked = threading.Barrier(2)

    def hash_together(job: Callable[..., Any], *args: Any) -> Any:
        both_have_looked.wait(10)  # by now each has found the name free
        return job(*args)

    house.offload = hash_together
    told = all_at_once(house, [joining(first, "Nour", 1), joining(second, "NOUR", 2)])
    assert sorted(line.startswith("token ") for line in told) == [False, True]
    assert naming.NAME_TAKEN in told
    assert (count(house, Person), count(house, LoginSession)) == (1, 1)
    with work.scope(house) as opened:
        left = opened.session.scalar(select(func.count(Invitation.id)).where(Invitation.state == InvitationState.OPEN))
        assert left == 1, "whoever was too late can still use their code"


@pytest.mark.parametrize("taken", ["Nour", "nour", "Nοur", "N0ur", "Nour\u0301"])
def test_a_name_like_that_of_somebody_here_is_refused(visit: Visit, make: Factory, house: House, taken: str) -> None:
    make.person("Nour")
    code = make.invitation()
    answer = visit().joins(code, taken)
    assert answer.status_code == 422
    assert count(house, Person) == 1
    assert visit().joins(code, "Lina").status_code == 303, "the code is not used up"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("   ", "Choose a name by which others here may call you."),
        ("x" * 61, "at most 60 characters"),
        ("Nour\u202e", "invisible characters"),
        ("Nour\u200d", "invisible characters"),
        ("Nourنور", "mixes alphabets"),
        ("12345", "at least one letter"),
        ("Nour 😀", "Choose a plainer one"),
        ("x" * 300, "longer than it can be"),
    ],
)
@pytest.mark.one_database
def test_a_name_that_does_not_do_is_explained_and_comes_back(visit: Visit, make: Factory, name: str, told: str) -> None:
    code = make.invitation()
    answer = visit().joins(code, name)
    assert answer.status_code == 422
    assert told in words(answer)
    assert f'value="{code}"' in words(answer)
    assert name.strip() in words(answer)
    assert PASSPHRASE not in words(answer)


@pytest.mark.one_database
def test_whoever_is_signed_in_joins_nothing_and_uses_nothing_up(visit: Visit, make: Factory) -> None:
    browser, code = visit(make.token("Lina")), make.invitation()
    assert "Sign out first" in words(browser.opens(f"/join?code={code}"))
    answer = browser.joins(code, "Nour")
    assert answer.status_code == 409
    assert "Sign out first" in words(answer)
    assert browser.is_signed_in()
    assert visit().joins(code, "Nour").status_code == 303


@pytest.mark.one_database
def test_an_administrator_makes_a_code_that_is_shown_once_and_never_stored(
    visit: Visit, make: Factory, house: House
) -> None:
    browser = visit(make.token("Samar", roles=(Role.ADMINISTRATOR,)))
    page = words(browser.sends("/people/invitations", {"role": "member"}))
    code = page.split("/join?code=")[1][:23]
    assert len(code.replace("-", "")) == 20  # 100 random bits
    assert code not in words(browser.opens("/people/invitations"))
    with work.scope(house) as opened:
        stored = repr(opened.session.execute(text("select * from invitation")).all())
    assert code not in stored
    assert code.replace("-", "") not in stored
    form = words(visit().opens(f"/join?code={code}"))
    assert f'value="{code}"' in form
    assert visit().joins(code, "Lina").status_code == 303


@pytest.mark.one_database
def test_a_withdrawn_code_lets_nobody_in(visit: Visit, make: Factory) -> None:
    browser = visit(make.token("Samar", roles=(Role.ADMINISTRATOR,)))
    page = words(browser.sends("/people/invitations", {"role": "member"}))
    code = page.split("/join?code=")[1][:23]
    withdraw = page.split('action="/people/invitations/')[1].split('"')[0]
    assert browser.sends(f"/people/invitations/{withdraw}").status_code == 303
    assert visit().joins(code, "Lina").status_code == 422
    assert browser.sends(f"/people/invitations/{withdraw}").status_code == 404, "it is withdrawn once"


@pytest.mark.parametrize("role", ["administrator", "employer", "", "nobody"])
@pytest.mark.one_database
def test_no_form_invites_whom_it_does_not_offer(visit: Visit, make: Factory, house: House, role: str) -> None:
    browser = visit(make.token("Samar", roles=(Role.ADMINISTRATOR,)))
    assert "/join?code=" not in words(browser.sends("/people/invitations", {"role": role}))
    assert count(house, Invitation) == 0


@pytest.mark.parametrize("role", [Role.MEMBER, Role.MODERATOR, Role.CASEWORKER, Role.EMPLOYER])
@pytest.mark.one_database
def test_nobody_else_invites(visit: Visit, make: Factory, house: House, role: Role) -> None:
    browser = visit(make.token("Nour", roles=(role,)))
    assert browser.sends("/people/invitations", {"role": "member"}).status_code == 404
    assert count(house, Invitation) == 0


@pytest.mark.one_database
def test_an_invitation_lasts_two_weeks(make: Factory, house: House) -> None:
    make.invitation()
    with work.scope(house) as opened:
        made = opened.session.scalars(select(Invitation)).one()
        assert made.expires_at - made.made_at == pytest.approx(timedelta(days=14), abs=timedelta(seconds=1))
