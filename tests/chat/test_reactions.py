"""Five things that people say to each other without writing: with their names, and never counted."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.chat import actions, queries
from app.chat.models import Reaction, ReactionKind, Room, RoomKind, RoomState
from app.identity.models import Space
from app.identity.spaces import actions as names
from app.kernel import work
from app.kernel.errors import Forbidden, NotFound
from app.kernel.house import House
from tests.at_once import outcomes
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket

WITH_YOU = ReactionKind.WITH_YOU


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    found = Meeting(app, house, make)
    found.says(found.lina, "I went back there today")
    return found


def lines(page: str) -> list[str]:
    """What stands in the lists of reactions of a page, as it is read."""
    shown = re.findall(r'<ul class="message__said".*?</ul>', page, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", "", line).split()) for one in shown for line in re.findall("<li>.*?</li>", one)]


def test_it_stands_below_the_message_with_a_name_and_can_be_taken_back(meeting: Meeting) -> None:
    assert meeting.send("nour", "/messages/1/reactions", said="with-you").status_code == 303
    assert meeting.send("hala", "/messages/1/reactions", said="with-you").status_code == 303
    assert lines(meeting.page("lina")) == ["With you: Nour, Hala"]
    assert lines(meeting.page("nour")) == ["With you: you, Hala"]
    assert 'data-mine="with-you"' in meeting.page("nour")
    meeting.send("nour", "/messages/1/reactions", said="with-you off")
    assert lines(meeting.page("lina")) == ["With you: Hala"]
    assert meeting.send("nour", "/messages/1/reactions", said="angry").status_code == 422


def test_nobody_reads_how_many_there_are(meeting: Meeting, make: Factory) -> None:
    many = [make.person() for _ in range(7)]
    with work.scope(meeting.house):
        for person in many:
            actions.join_room(person, queries.get_room(person, meeting.room.public_id))
            actions.react(person, meeting.here(person), 1, WITH_YOU)
    said = meeting.sees(meeting.lina)[0].frame()["reactions"]
    assert len(said[0]["by"]) == 3
    assert said[0]["others"] is True
    page = meeting.page("lina")
    assert lines(page)[0].endswith("and others")
    assert "7" not in lines(page)[0]


def test_open_pages_hear_of_it(meeting: Meeting) -> None:
    room = meeting.room.public_id
    with socket(meeting.app, meeting.tokens["nour"]) as nour, socket(meeting.app, meeting.tokens["lina"]) as lina:
        lina.emit("room.open", {"room": room}, callback=True)
        answer = nour.emit("room.react", {"room": room, "seq": 1, "said": "helpful"}, callback=True)
        assert answer["ok"]
        (frame,) = [one["args"][0] for one in lina.get_received() if one["name"] == "room.reactions"]
        assert frame["seq"] == 1
        assert frame["reactions"] == answer["reactions"]
        assert [(one["kind"], [by["name"] for by in one["by"]]) for one in frame["reactions"]] == [
            ("helpful", ["Nour"])
        ]
        for wrong in ({"said": "x"}, {"seq": "1", "said": "helpful"}, {"seq": 99, "said": "helpful"}):
            assert not nour.emit("room.react", {"room": room, "seq": 1, **wrong}, callback=True)["ok"]
    with socket(meeting.app, meeting.tokens["omar"]) as omar:
        refused = omar.emit("room.react", {"room": room, "seq": 1, "said": "helpful"}, callback=True)
        assert refused["error"]["code"] == "not_found"


def test_it_is_said_under_the_name_of_the_room(meeting: Meeting, make: Factory) -> None:
    with work.scope(meeting.house):
        names.choose_name(meeting.nour, Space.ROOMS, name="Night Owl")
    nour = make.actor(meeting.tokens["nour"])
    with work.scope(meeting.house):
        said = actions.react(nour, meeting.here(nour), 1, WITH_YOU)
    assert [one.name for one in said[0].by] == ["Night Owl"]
    assert nour.public_id not in str(meeting.sees(meeting.lina)[0].frame())


def test_whoever_reacts_at_once_stands_there_once_and_all_of_them_do(meeting: Meeting) -> None:
    people = (meeting.nour, meeting.hala, meeting.sami)
    tries = [lambda who=who: actions.react(who, meeting.here(who), 1, WITH_YOU) for who in people for _ in range(3)]
    assert set(outcomes(meeting.house, tries)) == {"done"}
    with work.scope(meeting.house) as opened:
        assert opened.session.scalar(select(func.count()).select_from(Reaction)) == 3


def test_nothing_is_said_to_what_is_gone_nor_where_nobody_writes(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "Second")

    def room_is(**values: object) -> None:
        with work.scope(meeting.house) as opened, opened.writing():
            opened.session.execute(update(Room).values(**values))

    with work.scope(meeting.house):
        actions.react(meeting.nour, meeting.here(meeting.nour), 1, WITH_YOU)
        actions.withdraw_message(meeting.lina, meeting.here(meeting.lina), 1)
        with pytest.raises(Forbidden):
            actions.react(meeting.nour, meeting.here(meeting.nour), 1, WITH_YOU)
        with pytest.raises(NotFound):
            actions.react(meeting.omar, meeting.here(meeting.omar), 2, WITH_YOU)
    assert lines(meeting.page("hala")) == [], "what hung on a message goes with it"
    room_is(kind=RoomKind.BROADCAST)
    with work.scope(meeting.house):
        assert actions.react(meeting.nour, meeting.here(meeting.nour), 2, WITH_YOU)
    room_is(kind=RoomKind.OPEN, state=RoomState.CLOSED)
    with work.scope(meeting.house):
        with pytest.raises(Forbidden):
            actions.react(meeting.hala, meeting.here(meeting.hala), 2, WITH_YOU)
        assert actions.take_back(meeting.nour, meeting.here(meeting.nour), 2, WITH_YOU) == []
