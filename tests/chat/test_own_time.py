"""One's own words go earlier than the room's, where one wants that."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.chat import actions, jobs, queries
from app.chat.models import Message, MessageState, Reaction, ReactionKind, Version
from app.kernel import work
from app.kernel.actor import system
from app.kernel.db import now
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.house import House
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    found = Meeting(app, house, make)
    found.says(found.nour, "Before")
    found.says(found.lina, "Hers")
    return found


def ends(meeting: Meeting) -> list[int | None]:
    """In how many days the words of each message go."""
    with work.scope(meeting.house) as opened:
        days = opened.session.scalars(select(Message.expires_on).order_by(Message.seq))
        return [(day - now().date()).days if day else None for day in days]


def make_due(meeting: Meeting) -> None:
    with work.scope(meeting.house) as opened, opened.writing():
        due = update(Message).where(Message.expires_on.is_not(None))
        opened.session.execute(due.values(expires_on=now().date() - timedelta(days=1)))


def test_one_chooses_on_a_page_and_it_holds_for_what_was_written_before(meeting: Meeting) -> None:
    page = meeting.page("nour", "/my-words")
    assert "As long as the room keeps messages" in page
    assert 'value="90"' not in page, "the room itself keeps for ninety days"
    assert meeting.send("nour", "/my-words", days="7").status_code == 303
    meeting.says(meeting.nour, "After")
    assert ends(meeting) == [8, None, 8]
    assert re.findall(r'checked [^>]*value="(\d+)"', meeting.page("nour", "/my-words")) == ["7"]
    meeting.send("nour", "/my-words", days="0")
    assert ends(meeting) == [None, None, None]
    for wrong in ("90", "-1", "x", "365"):
        assert meeting.send("nour", "/my-words", days=wrong).status_code == 422
    assert meeting.get("omar", "/my-words").status_code == 404


def test_when_the_time_is_over_the_words_are_gone_and_what_hung_on_them(meeting: Meeting) -> None:
    with work.scope(meeting.house):
        actions.change_message(meeting.nour, meeting.here(meeting.nour), 1, body="Before, changed")
        actions.react(meeting.lina, meeting.here(meeting.lina), 1, ReactionKind.HELPFUL)
        actions.keep_own_words(meeting.nour, meeting.here(meeting.nour), days=1)
    make_due(meeting)
    with socket(meeting.app, meeting.tokens["lina"]) as lina:
        lina.emit("room.open", {"room": meeting.room.public_id}, callback=True)
        with work.scope(meeting.house):
            jobs.expire(system("test"))
        gone = [one["args"][0] for one in lina.get_received() if one["name"] == "room.gone"]
    assert gone == [{"room": meeting.room.public_id, "seq": 1, "by": "expired"}]
    page = meeting.page("lina")
    assert "Before" not in page
    assert "Gone: whoever wrote it keeps their words here for a shorter time." in page
    assert "Hers" in page
    with work.scope(meeting.house) as opened:
        message = opened.session.scalars(select(Message).where(Message.seq == 1)).one()
        assert (message.state, message.expires_on) == (MessageState.EXPIRED, None)
        assert queries.content_of(message).body == ""
        for table in (Version, Reaction):
            assert opened.session.scalar(select(func.count()).select_from(table)) == 0
        assert actions.expire_due(system("test")) == 0


def test_what_is_not_due_stays_and_nobody_but_the_program_does_it(meeting: Meeting) -> None:
    with work.scope(meeting.house):
        actions.keep_own_words(meeting.nour, meeting.here(meeting.nour), days=1)
        assert actions.expire_due(system("test")) == 0
        with pytest.raises(Forbidden):
            actions.expire_due(meeting.sami)
    assert meeting.sees(meeting.lina)[0].gone == ""


def test_an_hourly_task_does_it(app: Flask, house: House) -> None:
    chat = next(feature for feature in house.features if feature.name == "chat")
    assert "chat.expire" in chat.hourly


def test_nobody_chooses_where_they_are_not_nor_for_longer_than_the_room(meeting: Meeting) -> None:
    with work.scope(meeting.house):
        with pytest.raises(NotFound):
            actions.keep_own_words(meeting.omar, meeting.here(meeting.omar), days=1)
        for days in (0, 90, 1000):
            with pytest.raises(Invalid):
                actions.keep_own_words(meeting.nour, meeting.here(meeting.nour), days=days)


def test_what_somebody_withdrew_meanwhile_stays_withdrawn(meeting: Meeting) -> None:
    with work.scope(meeting.house):
        actions.keep_own_words(meeting.nour, meeting.here(meeting.nour), days=1)
        actions.withdraw_message(meeting.nour, meeting.here(meeting.nour), 1)
    make_due(meeting)
    with work.scope(meeting.house):
        assert actions.expire_due(system("test")) == 0
    assert meeting.sees(meeting.lina)[0].gone == "withdrawn"
