"""Twenty at once: exactly one wins, and the others are told."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from app.identity import queries as identity
from app.identity.models import Person
from app.kernel import work
from app.kernel.actor import STRANGER
from app.kernel.errors import Conflict, Refusal
from app.kernel.house import House
from app.membership.actions import applying, branches, vetting, vouching
from app.membership.models import ApplicationState, Ledger, VettingPart, Vouch, VouchState
from app.membership.queries import ledger
from app.membership.queries import vouching as asked
from app.membership.wording import Knows
from tests.at_once import at_once
from tests.membership.people import People
from tests.membership.test_branches import frozen, review_of


def won(told: list[Refusal | None]) -> int:
    return sum(one is None for one in told)


def test_twenty_who_use_one_voucher_code_at_once_ask_its_member_once(people: People, house: House) -> None:
    code = people.code(people.settled())
    drafts = [people.draft() for _ in range(20)]

    def use(number: int) -> Callable[[], None]:
        return lambda: applying.say_who_knows(STRANGER, drafts[number].application(), known_by=[], codes=[code])

    told = at_once(house, [use(number) for number in range(20)])
    assert won(told) == 1
    with work.scope(house) as opened:
        assert opened.session.scalar(select(func.count()).select_from(Vouch)) == 1


def test_a_vouch_given_twenty_times_at_once_is_given_once(people: People, house: House) -> None:
    applicant, voucher = people.sent(), people.settled()
    id = applicant.ask(voucher)

    def give() -> None:
        vouch, application = asked.get_my_vouch(voucher, id)
        vouching.give(voucher, vouch, application, how=Knows.FRIEND, words="For years")

    told = at_once(house, [give] * 20)
    assert won(told) == 1
    assert all(isinstance(one, Conflict) for one in told if one is not None)


def test_twenty_vouchers_at_once_bring_it_to_the_vetters_once_and_each_ledger_is_whole(
    people: People, house: House
) -> None:
    applicant = people.sent()
    vouchers = [people.settled() for _ in range(20)]
    ids = [applicant.ask(voucher) for voucher in vouchers]

    def give(number: int) -> Callable[[], None]:
        return lambda: applicant.give(vouchers[number], ids[number])

    told = at_once(house, [give(number) for number in range(20)])
    assert won(told) == 20
    assert applicant.is_in(ApplicationState.IN_REVIEW)
    assert {vouch.state for vouch in applicant.vouch_rows()} == {VouchState.GIVEN}


def test_one_member_asked_for_ten_at_once_finds_all_of_them(people: People, house: House) -> None:
    voucher = people.settled()
    codes = [people.sent(f"Name {letter}").status().ask_code for letter in "abdefghkpr"]

    def accept(code: str) -> Callable[[], Vouch]:
        return lambda: vouching.accept_ask(voucher, code)

    told = at_once(house, [accept(code) for code in codes])
    assert won(told) == 10
    with work.scope(house) as opened:
        assert len(ledger.lineage_of(voucher.public_id).vouches) == 10
        assert opened.session.scalar(select(func.count()).select_from(Ledger)) == 1


def test_of_twenty_vetters_at_once_two_decide_and_one_person_comes_in(people: People, house: House) -> None:
    applicant = people.in_review()
    vetters = [people.vetter() for _ in range(20)]
    with work.scope(house) as opened:
        before = opened.session.scalar(select(func.count()).select_from(Person)) or 0

    def answer(number: int) -> Callable[[], None]:
        return lambda: vetting.answer(
            vetters[number], applicant.application(), approves=True, reason="As far as I can see"
        )

    told = at_once(house, [answer(number) for number in range(20)])
    assert won(told) == 2
    assert all(isinstance(one, Conflict) for one in told if one is not None)
    with work.scope(house) as opened:
        assert opened.session.scalar(select(func.count()).select_from(Person)) == before + 1
        assert opened.session.scalar(select(func.count()).select_from(VettingPart)) == 2


def test_withdrawing_against_the_deciding_answer_ends_in_one_of_the_two(people: People, house: House) -> None:
    for _ in range(3):
        applicant, vetter = people.in_review(), people.vetter()
        applicant.answered_by(people.vetter(), approves=False)
        tries: list[Callable[[], Any]] = [
            lambda: applying.withdraw(STRANGER, applicant.application()),  # noqa: B023  # all end before the next
            lambda: vetting.answer(vetter, applicant.application(), approves=False, reason="No"),  # noqa: B023
        ]
        told = at_once(house, tries)
        assert won(told) == 1
        assert applicant.now().state in (ApplicationState.WITHDRAWN, ApplicationState.REFUSED)


def test_withdrawing_against_the_deciding_approval_leaves_a_member_or_nothing(people: People, house: House) -> None:
    for name in ("Amal", "Tamim", "Salwa"):
        applicant, vetter = people.in_review(name), people.vetter()
        applicant.answered_by(people.vetter())
        tries: list[Callable[[], Any]] = [
            lambda: applying.withdraw(STRANGER, applicant.application()),  # noqa: B023  # all end before the next
            lambda: vetting.answer(vetter, applicant.application(), approves=True, reason="Yes"),  # noqa: B023
        ]
        assert won(at_once(house, tries)) == 1
        with work.scope(house):
            person = identity.find_by_name(name)
        stored = applicant.now()
        assert (stored.state is ApplicationState.APPROVED) is (person is not None)
        assert person is not None or (stored.state is ApplicationState.WITHDRAWN and stored.key_id == "")


def test_twenty_codes_made_at_once_by_one_member_stay_three(people: People, house: House) -> None:
    voucher = people.settled()
    told = at_once(house, [lambda: vouching.make_code(voucher, whom="Somebody")] * 20)
    assert won(told) == 3


def test_a_pause_lifted_by_twenty_at_once_is_lifted_once(people: People, house: House) -> None:
    start = people.settled()
    moderators = [people.moderator() for _ in range(20)]
    frozen(people, start)

    def lift(number: int) -> Callable[[], None]:
        return lambda: branches.lift(moderators[number], review_of(start), reason="Nothing found")

    told = at_once(house, [lift(number) for number in range(20)])
    assert won(told) == 1
    assert all(isinstance(one, Conflict) for one in told if one is not None)
