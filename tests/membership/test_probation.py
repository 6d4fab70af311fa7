"""Probation: doors that open one by one, ended by time, conduct and a moderator's word."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.identity import queries as identity
from app.identity.actions import lift_restrictions, restrict
from app.identity.models import Cause, Restriction
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.membership import jobs
from app.membership.actions import probation
from app.membership.models import Probation, ProbationState
from app.membership.queries import doors
from app.moderation.models import QueueItem
from tests.factories import Factory
from tests.membership.people import People


def of(actor: Actor) -> Probation:
    return work.session().scalars(select(Probation).where(Probation.person_id == actor.person_id)).one()


def turn(house: House, actor: Actor, days: int) -> None:
    """Let so many days pass for somebody in probation."""
    with work.scope(house) as opened, opened.writing():
        back = timedelta(days=days)
        row = of(actor)
        row.began_on, row.review_on = row.began_on - back, row.review_on - back
        for one in identity.restrictions_of(actor.person_id):
            if one.until is not None:
                opened.session.execute(
                    update(Restriction).where(Restriction.id == one.id).values(until=one.until - back)
                )


@pytest.mark.parametrize(
    ("days", "closed"),
    [
        (0, {"ROOMS_ALL", "LINKS_SEND", "DIRECTORY_USE", "CONTACT_FIRST", "VOUCH", "EXPORT"}),
        (13, {"ROOMS_ALL", "LINKS_SEND", "DIRECTORY_USE", "CONTACT_FIRST", "VOUCH", "EXPORT"}),
        (14, {"DIRECTORY_USE", "CONTACT_FIRST", "VOUCH", "EXPORT"}),
        (30, {"VOUCH", "EXPORT"}),
        (400, {"VOUCH", "EXPORT"}),
    ],
)
def test_doors_open_one_by_one_and_the_last_not_by_time_alone(
    people: People, house: House, make: Factory, days: int, closed: set[str]
) -> None:
    _applicant, actor = people.admitted()
    turn(house, actor, days)
    now_here = make.actor(make.another_session(actor))
    assert {one.name for one in Permission if one in _doors() and not now_here.holds(one)} == closed
    assert now_here.holds(Permission.ROOMS_USE)
    assert now_here.holds(Permission.ROOMS_POST)


def _doors() -> set[Permission]:
    return {
        Permission.ROOMS_ALL,
        Permission.LINKS_SEND,
        Permission.DIRECTORY_USE,
        Permission.CONTACT_FIRST,
        Permission.VOUCH,
        Permission.EXPORT,
    }


def test_after_thirty_days_it_is_in_the_queue_once(people: People, house: House) -> None:
    _applicant, actor = people.admitted()
    for days, count in ((0, 0), (29, 0), (1, 1), (5, 1)):
        turn(house, actor, days)
        with work.scope(house) as opened:
            jobs.ask_about_probations(system("test"))
            items = opened.session.query(QueueItem).filter_by(kind="probation").all()
            assert [item.person_id for item in items] == [actor.id] * count


def test_a_moderator_opens_the_last_doors(people: People, house: House, make: Factory) -> None:
    _applicant, actor = people.admitted()
    moderator = people.moderator()
    with work.scope(house), pytest.raises(Invalid):
        probation.end_probation(moderator, of(actor), reason="Kind in the rooms")
    turn(house, actor, 30)
    with work.scope(house):
        probation.end_probation(moderator, of(actor), reason="Kind in the rooms")
        with pytest.raises(Conflict):
            probation.end_probation(moderator, of(actor), reason="Again")
    assert make.actor(make.another_session(actor)).holds(Permission.VOUCH)
    with work.scope(house):
        assert of(actor).state is ProbationState.ENDED
        seen = doors.my_doors(actor)
        assert seen is not None
        assert all(line.open for line in seen.lines)


def test_nothing_ends_while_a_measure_is_in_force(people: People, house: House) -> None:
    _applicant, actor = people.admitted()
    turn(house, actor, 40)
    with work.scope(house):
        restrict(system("test"), actor.person_id, {Permission.ROOMS_POST}, cause=Cause.MEASURE, ref="measure")
        with pytest.raises(Invalid):
            probation.end_probation(people.moderator(), of(actor), reason="Time is over")
    with work.scope(house):
        lift_restrictions(system("test"), "measure")
        probation.end_probation(people.moderator(), of(actor), reason="Time is over")


def test_it_can_be_prolonged_with_a_reason_that_the_member_reads(people: People, house: House) -> None:
    _applicant, actor = people.admitted()
    turn(house, actor, 30)
    with work.scope(house):
        probation.extend_probation(people.moderator(), of(actor), reason="Two arguments in the evening room")
        seen = doors.my_doors(actor)
        assert seen is not None
        assert seen.words == "Two arguments in the evening room"
        assert seen.review_on == now().date() + timedelta(days=30)


def test_neither_the_member_nor_who_vouched_for_them_ends_it(people: People, house: House) -> None:
    voucher = people.moderator()
    one = people.settled()
    other = people.settled()
    _applicant, actor = people.admitted(by=(one, other))
    turn(house, actor, 30)
    member = people.settled()
    with work.scope(house):
        with pytest.raises(NotFound):
            doors.get_probation(member, of(actor).public_id)
        assert doors.may_end_probation(voucher, of(actor).public_id)
        assert not doors.may_end_probation(one, of(actor).public_id)
    with work.scope(house), pytest.raises(Forbidden):
        probation.end_probation(actor, of(actor), reason="I am fine")


def test_home_says_that_a_door_has_opened_for_three_days(people: People, house: House) -> None:
    _applicant, actor = people.admitted()
    with work.scope(house):
        assert not doors.just_opened(actor)
    turn(house, actor, 14)
    with work.scope(house):
        assert doors.just_opened(actor)
    turn(house, actor, 3)
    with work.scope(house):
        assert not doors.just_opened(actor)


def test_a_vouch_taken_back_later_is_put_before_moderators_and_changes_nothing_by_itself(
    people: People, house: House, make: Factory
) -> None:
    voucher, other = people.settled(), people.settled()
    applicant = people.sent()
    id = applicant.vouched_by(voucher)
    applicant.vouched_by(other)
    for _ in range(2):
        applicant.answered_by(people.vetter())
    applicant.take_back(voucher, id)
    number = applicant.now().person_id
    assert number is not None
    with work.scope(house) as opened:
        [item] = opened.session.query(QueueItem).filter_by(kind="vouch-review").all()
        assert (item.ref, item.person_id) == (id, number)
        assert doors.taken_back(number) == 1
    assert make.actor(make.another_session_of(number)).holds(Permission.ROOMS_POST)
