"""When somebody may be told: by their own clock, over midnight, over the change of the clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from app.notifications.policy import DAILY_HOUR, PAUSE, Hours, when

DAMASCUS, BERLIN = "Asia/Damascus", "Europe/Berlin"
SOME_DAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(hour: int, minute: int = 0, *, day: int = 20) -> datetime:
    """A moment in November 2026, in UTC. Damascus is three hours ahead, Berlin one."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "asked", "told"),
    [
        (Hours(9, 21, DAMASCUS), at(12), at(12)),
        (Hours(9, 21, DAMASCUS), at(5, 59), at(6)),
        (Hours(9, 21, DAMASCUS), at(6), at(6)),
        (Hours(9, 21, DAMASCUS), at(17, 59), at(17, 59)),
        (Hours(9, 21, DAMASCUS), at(18), at(6, day=21)),
        (Hours(9, 21, BERLIN), at(7, 30), at(8)),
        (Hours(22, 2, BERLIN), at(20, 59), at(21)),
        (Hours(22, 2, BERLIN), at(23, 30), at(23, 30)),
        (Hours(22, 2, BERLIN), at(0, 59), at(0, 59)),
        (Hours(22, 2, BERLIN), at(1), at(21)),
        (Hours(), at(3), at(3)),
        (Hours(7, 7, DAMASCUS), at(3), at(3)),
    ],
)
def test_what_is_not_urgent_waits_for_the_hours_that_somebody_chose(
    hours: Hours, asked: datetime, told: datetime
) -> None:
    found = when([(False, asked)], hours, once_a_day=False, last=None, moment=asked)
    assert found == told


def test_what_is_urgent_waits_for_nothing() -> None:
    night = at(1)
    kinds = [(False, night), (True, night)]
    assert when(kinds, Hours(9, 21, DAMASCUS), once_a_day=True, last=night, moment=night) == night


def test_where_nothing_waits_there_is_nothing_to_tell() -> None:
    assert when([], Hours(), once_a_day=False, last=None, moment=SOME_DAY) is None


def test_a_second_message_waits_for_an_hour_to_pass_and_then_for_the_chosen_ones() -> None:
    assert when([(False, at(12))], Hours(), once_a_day=False, last=at(12), moment=at(12, 1)) == at(13)
    assert when([(False, at(12))], Hours(), once_a_day=False, last=at(10), moment=at(12)) == at(12)
    late = at(17, 30)
    assert when([(False, late)], Hours(9, 21, DAMASCUS), once_a_day=False, last=late, moment=late) == at(6, day=21)
    assert timedelta(hours=1) == PAUSE


@pytest.mark.parametrize(
    ("hours", "made", "told"),
    [
        (Hours(9, 21, DAMASCUS), at(12), at(6, day=21)),
        (Hours(9, 21, DAMASCUS), at(5), at(6)),
        (Hours(18, 20, BERLIN), at(12), at(17)),
        (Hours(), at(8), at(DAILY_HOUR)),
        (Hours(), at(DAILY_HOUR), at(DAILY_HOUR, day=21)),
    ],
)
def test_once_a_day_is_at_the_beginning_of_the_hours_or_in_the_morning(
    hours: Hours, made: datetime, told: datetime
) -> None:
    assert when([(False, made)], hours, once_a_day=True, last=None, moment=made) == told
    assert when([(False, made)], hours, once_a_day=True, last=None, moment=told) == told


def test_what_should_have_been_told_yesterday_is_told_now() -> None:
    assert when([(False, at(3, day=18))], Hours(), once_a_day=True, last=None, moment=at(15)) == at(15)


def test_the_hours_follow_the_clocks_there_through_the_year() -> None:
    """Berlin put its clocks back on 25 October 2026: nine in the morning was 07:00 UTC the day before, 08:00 after."""
    hours = Hours(9, 21, BERLIN)
    before = datetime(2026, 10, 24, 21, tzinfo=UTC)
    assert hours.next_within(before - timedelta(days=1)) == datetime(2026, 10, 24, 7, tzinfo=UTC)
    assert hours.next_within(before) == datetime(2026, 10, 25, 8, tzinfo=UTC)
