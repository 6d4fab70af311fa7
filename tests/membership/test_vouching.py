"""Vouching: who may, for whom, how often, and what becomes of an application by it."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from app.identity.actions import restrict
from app.identity.models import Cause
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import STRANGER, Actor, system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.membership.actions import applying, vouching
from app.membership.models import ApplicationState, VouchCode, VouchState
from app.membership.queries import vouching as queries
from tests.factories import Factory
from tests.membership.people import People


def test_two_of_different_lineage_bring_an_application_to_the_vetters(people: People) -> None:
    applicant, one, other = people.sent(), people.settled(), people.settled()
    applicant.vouched_by(one)
    assert applicant.is_in(ApplicationState.SENT)
    applicant.vouched_by(other)
    assert applicant.is_in(ApplicationState.IN_REVIEW)


def test_two_of_one_branch_are_not_enough_and_a_third_from_elsewhere_is(people: People) -> None:
    root, second, third = people.settled(), people.settled(), people.settled()
    middle = people.descends(people.settled(), root, second)
    one = people.descends(people.settled(), middle, third)
    other = people.descends(people.settled(), middle, third)
    applicant = people.sent()
    for voucher in (one, other, middle):
        applicant.vouched_by(voucher)
    assert applicant.is_in(ApplicationState.SENT)
    applicant.vouched_by(people.settled())
    assert applicant.is_in(ApplicationState.IN_REVIEW)


def test_whoever_brought_the_other_one_in_is_not_a_second_voucher(people: People) -> None:
    root, second = people.settled(), people.settled()
    child = people.descends(people.settled(), root, second)
    applicant = people.sent()
    applicant.vouched_by(root)
    applicant.vouched_by(child)
    assert applicant.is_in(ApplicationState.SENT)


def test_nobody_vouches_twice_for_the_same_person(people: People) -> None:
    applicant, voucher = people.sent(), people.settled()
    id = applicant.vouched_by(voucher)
    with pytest.raises(Conflict):
        applicant.ask(voucher)
    with pytest.raises(Conflict):
        applicant.give(voucher, id)


def test_nobody_vouches_for_somebody_with_their_own_name(people: People) -> None:
    voucher = people.settled("Amal")
    applicant = people.sent("AMAL")
    id = applicant.ask(voucher)
    with pytest.raises(Forbidden):
        applicant.give(voucher, id)


@pytest.mark.parametrize("days", [0, 59])
def test_a_new_member_does_not_vouch_and_makes_no_code(people: People, make: Factory, house: House, days: int) -> None:
    newcomer, applicant = make.person(), people.sent()
    people.joined(newcomer, now().date() - timedelta(days=days))
    with pytest.raises(Forbidden):
        applicant.ask(newcomer)
    with work.scope(house), pytest.raises(Forbidden):
        vouching.make_code(newcomer, whom="Somebody")


def test_after_sixty_days_they_do(people: People, make: Factory) -> None:
    member, applicant = make.person(), people.sent()
    people.joined(member, now().date() - timedelta(days=60))
    applicant.vouched_by(member)
    assert [vouch.state for vouch in applicant.vouch_rows()] == [VouchState.GIVEN]


def test_whoever_may_not_vouch_any_more_gives_no_vouch_they_were_asked_for(
    people: People, make: Factory, house: House
) -> None:
    applicant, voucher = people.sent(), people.settled()
    id = applicant.ask(voucher)
    with work.scope(house):
        restrict(system("test"), voucher.person_id, {Permission.VOUCH}, cause=Cause.BRANCH, ref="freeze")
    paused = make.actor(make.another_session(voucher))
    with pytest.raises(Forbidden):
        applicant.give(paused, id)


def test_a_code_asks_its_maker_once_the_application_is_sent_and_lets_nobody_in(people: People, house: House) -> None:
    voucher = people.settled()
    applicant = people.draft(codes=(people.code(voucher),))
    with work.scope(house):
        assert queries.my_vouching(voucher).asked == []
        applying.send(STRANGER, applicant.application(), passphrase="copper window ninety swallows")
        asked = queries.my_vouching(voucher).asked
    assert [line.name for line in asked] == ["Amal"]
    assert applicant.is_in(ApplicationState.SENT)
    assert [vouch.state for vouch in applicant.vouch_rows()] == [VouchState.ASKED]


def test_a_code_works_once_and_not_after_its_day_nor_when_withdrawn(people: People, house: House) -> None:
    voucher = people.settled()
    used, old, withdrawn = (people.code(voucher) for _ in range(3))
    people.draft(codes=(used,))
    with work.scope(house) as opened:
        line = next(code for code in queries.my_vouching(voucher).codes if code.hint == withdrawn[:3])
        vouching.withdraw_code(voucher, line.public_id)
        with opened.writing():
            yesterday = now().date() - timedelta(days=1)
            opened.session.execute(update(VouchCode).where(VouchCode.code_hint == old[:3]).values(expires_on=yesterday))
    for code in (used, old, withdrawn, "AAAAA-BBBBB-CCCCC-DDDDD"):
        with pytest.raises(Invalid):
            people.draft(codes=(code,))


def test_three_codes_may_be_open_and_no_fourth(people: People, house: House) -> None:
    voucher = people.settled()
    codes = [people.code(voucher) for _ in range(3)]
    with pytest.raises(Invalid):
        people.code(voucher)
    people.draft(codes=(codes[0],))
    assert people.code(voucher)


def test_nobody_withdraws_the_code_of_another(people: People, house: House) -> None:
    voucher, other = people.settled(), people.settled()
    people.code(voucher)
    with work.scope(house):
        [line] = queries.my_vouching(voucher).codes
        with pytest.raises(NotFound):
            vouching.withdraw_code(other, line.public_id)


def test_nobody_sees_or_gives_the_vouch_that_another_was_asked_for(people: People) -> None:
    applicant, voucher, other = people.sent(), people.settled(), people.settled()
    id = applicant.ask(voucher)
    with pytest.raises(NotFound):
        applicant.give(other, id)


def test_a_vouch_taken_back_lets_the_application_wait_again_and_voids_what_vetters_answered(people: People) -> None:
    one, other = people.settled(), people.settled()
    applicant = people.sent()
    id = applicant.vouched_by(one)
    applicant.vouched_by(other)
    applicant.answered_by(people.vetter())
    applicant.take_back(one, id)
    assert applicant.is_in(ApplicationState.SENT)
    applicant.vouched_by(people.settled())
    assert applicant.is_in(ApplicationState.IN_REVIEW)
    applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.IN_REVIEW), "the answer about other vouches does not count"


def test_a_vouch_taken_back_that_was_one_too_many_changes_nothing(people: People) -> None:
    one = people.settled()
    applicant = people.sent()
    ids = [applicant.vouched_by(voucher) for voucher in (one, people.settled(), people.settled())]
    applicant.take_back(one, ids[0])
    assert applicant.is_in(ApplicationState.IN_REVIEW)


def test_whoever_declined_is_not_asked_again_and_the_applicant_is_not_told_who(people: People, house: House) -> None:
    applicant, voucher = people.sent(), people.settled("Zeina")
    id = applicant.ask(voucher)
    with work.scope(house):
        vouching.decline(voucher, *queries.get_my_vouch(voucher, id))
    assert "Zeina" not in repr(applicant.status())
    with pytest.raises(Conflict):
        applicant.give(voucher, id)


def test_a_disk_tells_neither_who_vouched_nor_for_whom(people: People, house: House) -> None:
    voucher, other = people.settled("Zumurrud"), people.settled()
    people.admitted(by=(voucher, other))
    secrets = [voucher.public_id, "Zumurrud", "For years", "Amal", "Company in the evenings"]
    with work.scope(house) as opened:
        for table in ("application", "vouch", "lineage", "vouch_code", "application_fingerprint", "vetting_part"):
            stored = repr(opened.session.execute(text(f"select * from {table}")).all())
            assert [secret for secret in secrets if secret in stored] == [], table
        numbers = opened.session.execute(text("select * from vouch")).mappings().all()
        assert not {"voucher_id", "person_id"} & set(numbers[0])


def test_two_vouches_of_one_member_bear_no_common_mark(people: People, house: House) -> None:
    voucher = people.settled()
    first, second = people.sent("Amal"), people.sent("Basma")
    for applicant in (first, second):
        applicant.vouched_by(voucher)
    [one], [other] = first.vouch_rows(), second.vouch_rows()
    assert one.tag != other.tag


def test_an_employer_vouches_for_nobody(people: People) -> None:
    employer: Actor = people.settled(roles=(Role.EMPLOYER,))
    with pytest.raises(Forbidden):
        people.sent().ask(employer)
