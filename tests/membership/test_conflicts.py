"""Whoever belongs to somebody decides nothing about them, also when they came to belong to them later."""

import pytest
from sqlalchemy import delete, func, select

from app.identity.actions import lift_restrictions, restrict
from app.identity.models import Cause, PersonRole
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import STRANGER, system
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.membership.actions import applying, branches, vetting
from app.membership.models import ApplicationState, VettingPart
from app.membership.queries import branches as seen
from app.membership.queries import doors
from app.moderation import actions as moderation
from app.moderation.models import Category, MeasureKind
from tests.membership.people import People
from tests.membership.test_branches import frozen, review_of

pytestmark = pytest.mark.one_database


def test_an_answer_no_longer_counts_once_somebody_of_the_vetters_branch_vouches(people: People) -> None:
    vetter, first = people.vetter(), people.settled()
    child = people.descends(people.settled(), vetter, people.settled())
    applicant = people.sent()
    taken_back = applicant.vouched_by(first)
    applicant.vouched_by(people.settled())
    applicant.answered_by(vetter)
    applicant.vouched_by(child)
    applicant.take_back(first, taken_back)
    assert applicant.is_in(ApplicationState.IN_REVIEW)
    applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.IN_REVIEW), "one of the two who agree belongs to a voucher"
    applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.APPROVED)


@pytest.mark.parametrize("how", ["role", "suspended"])
def test_the_answer_of_a_vetter_who_was_found_out_does_not_count(people: People, house: House, how: str) -> None:
    rogue, applicant = people.vetter(), people.in_review()
    applicant.answered_by(rogue)
    with work.scope(house) as opened, opened.writing():
        if how == "role":
            wanted = delete(PersonRole).where(PersonRole.person_id == rogue.person_id, PersonRole.role == Role.VETTER)
            opened.session.execute(wanted)
        else:
            restrict(system("test"), rogue.person_id, {Permission.SIGNED_IN}, cause=Cause.MEASURE, ref="m")
    applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.IN_REVIEW)
    applicant.answered_by(people.vetter())
    assert applicant.is_in(ApplicationState.APPROVED)


def test_the_vouch_of_somebody_whose_branch_is_frozen_lets_nobody_in_until_it_is_lifted(
    people: People, house: House
) -> None:
    informer, vetters = people.settled(), [people.vetter(), people.vetter()]
    applicant = people.in_review(by=(informer, people.settled()))
    applicant.answered_by(vetters[0])
    frozen(people, informer)
    with work.scope(house):
        assert not vetting.read_file(vetters[1], applicant.application()).independent
    with pytest.raises(Invalid, match="paused or has left"):
        applicant.answered_by(vetters[1])
    with work.scope(house):
        lift_restrictions(system("test"), review_of(informer).public_id)
    applicant.answered_by(vetters[1])
    assert applicant.is_in(ApplicationState.APPROVED)


def test_nobody_lifts_a_pause_from_inside_of_the_branch_or_for_whom_they_brought_in(
    people: People, house: House
) -> None:
    above, beside, outside = people.moderator(), people.moderator(), people.moderator()
    start = people.descends(people.settled(), above, people.settled())
    child = people.descends(people.settled(), start, beside)
    frozen(people, start)
    for kin in (above, beside):
        with work.scope(house):
            assert not doors.may_lift(kin, review_of(child).public_id)
            with pytest.raises(Forbidden):
                branches.lift(kin, review_of(child), reason="They are all right")
    with work.scope(house):
        branches.lift(outside, review_of(child), reason="Looked at")


def test_whoever_took_a_vouch_back_does_not_close_the_look_at_it(people: People, house: House) -> None:
    voucher = people.settled(roles=(Role.MEMBER, Role.MODERATOR))
    applicant = people.sent()
    given = applicant.vouched_by(voucher)
    applicant.vouched_by(people.settled())
    for _ in range(2):
        applicant.answered_by(people.vetter())
    applicant.take_back(voucher, given)
    with work.scope(house):
        assert not seen.may_review_vouch(voucher, given)
        with pytest.raises(NotFound):
            seen.get_taken_back(voucher, given)
        assert seen.may_review_vouch(people.moderator(), given)


def test_who_vouched_for_somebody_is_known_to_moderation(people: People, house: House) -> None:
    voucher = people.settled(roles=(Role.MEMBER, Role.MODERATOR))
    _, member = people.admitted(by=(voucher, people.settled()))
    with work.scope(house):
        measure = moderation.take(
            people.moderator(), member.person_id, MeasureKind.LIMIT, category=Category.SCAM, reason="x", days=3
        )
        with pytest.raises(Forbidden):
            moderation.lift(voucher, measure, reason="A friend of mine")
        moderation.lift(people.moderator(), measure, reason="A mistake")


def test_whoever_looks_at_a_branch_alone_learns_no_names(people: People, house: House) -> None:
    one, other = people.moderator(), people.moderator()
    start = people.descends(people.settled("Start"), people.settled("Above"), people.settled("Second"))
    with work.scope(house):
        assert branches.preview(one, start.public_id, reason="A doubt") == branches.Touched(3, [])
        moderation.propose(one, "branch.freeze", start.public_id, reason="A doubt")
        assert branches.preview(one, start.public_id, reason="A doubt").names == []
        assert branches.preview(other, start.public_id, reason="To consent").names == ["Above", "Second", "Start"]


def test_of_a_withdrawn_application_no_answer_of_a_vetter_stays(people: People, house: House) -> None:
    applicant = people.in_review()
    applicant.answered_by(people.vetter(), approves=False, reason="Vermilion")
    with work.scope(house) as opened:
        applying.withdraw(STRANGER, applicant.application())
        assert opened.session.scalar(select(func.count()).select_from(VettingPart)) == 0
