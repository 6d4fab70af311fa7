"""Messages that a room keeps at hand, and lasting addresses."""

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.chat import actions, queries
from app.chat.models import Pin, Room, RoomKind, RoomMember, RoomRole
from app.identity.models import Person
from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.house import House
from tests.at_once import outcomes
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    found = Meeting(app, house, make)
    found.says(found.nour, "When we meet")
    return found


def pin(meeting: Meeting, who: Actor, seq: int = 1) -> None:
    with work.scope(meeting.house):
        actions.pin_message(who, meeting.here(who), seq)


def pinned(meeting: Meeting) -> list[int]:
    with work.scope(meeting.house) as opened:
        return list(opened.session.scalars(select(Pin.seq).order_by(Pin.id)))


def test_a_host_pins_and_everybody_finds_it(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "Not this one")
    with socket(meeting.app, meeting.tokens["lina"]) as lina:
        lina.emit("room.open", {"room": meeting.room.public_id}, callback=True)
        assert meeting.send("hala", "/messages/1/pin", on="1").status_code == 303
        (frame,) = [one["args"][0]["message"] for one in lina.get_received() if one["name"] == "room.changed"]
    assert frame["pinned"] is True
    room = f"/rooms/{meeting.room.public_id}"
    assert f'href="{room}/pins"' in meeting.page("lina")
    page = meeting.page("lina", "/pins")
    assert "When we meet" in page
    assert "Not this one" not in page
    assert meeting.get("omar", "/pins").status_code == 404
    meeting.send("sami", "/messages/1/pin", on="")
    assert "Nothing is pinned" in meeting.page("lina", "/pins")
    assert f'href="{room}/pins"' not in meeting.page("lina")


def test_members_do_not_pin_in_a_room_and_either_side_does_between_two(meeting: Meeting) -> None:
    for who in (meeting.nour, meeting.lina):
        with pytest.raises(Forbidden):
            pin(meeting, who)
    with pytest.raises(NotFound):
        pin(meeting, meeting.omar, 99)
    assert meeting.send("nour", "/messages/1/pin", on="1").status_code == 403
    for kind, may in ((RoomKind.GROUP, meeting.hala), (RoomKind.DIRECT, meeting.lina)):
        with work.scope(meeting.house) as opened, opened.writing():
            opened.session.execute(update(Room).values(kind=kind, pair=bytes(32)))
        pin(meeting, may)
        assert pinned(meeting) == [1]
        with work.scope(meeting.house):
            actions.unpin_message(may, meeting.here(may), 1)
    with work.scope(meeting.house) as opened, opened.writing():
        opened.session.execute(update(Room).values(kind=RoomKind.GROUP))
    with pytest.raises(Forbidden):
        pin(meeting, meeting.sami)


def test_there_are_twenty_at_most_also_for_two_who_pin_at_once(meeting: Meeting) -> None:
    with work.scope(meeting.house):
        here = queries.get_room(meeting.nour, meeting.room.public_id)
        actions.import_messages(system("test"), here, [(meeting.nour.person_id, f"line {n}", now()) for n in range(25)])
    with work.scope(meeting.house) as opened, opened.writing():
        rows = [Pin(room_id=meeting.room.id, seq=seq, pinned_on=now().date()) for seq in range(1, 19)]
        opened.session.add_all(rows)
    tries = [
        lambda seq=seq: actions.pin_message(meeting.hala, meeting.here(meeting.hala), seq) for seq in range(19, 25)
    ]
    told = outcomes(meeting.house, tries)
    assert sorted(told) == ["done"] * 2 + ["invalid"] * 4
    assert len(pinned(meeting)) == 20
    with pytest.raises(Invalid):
        pin(meeting, meeting.hala, 26)
    first = pinned(meeting)[0]
    pin(meeting, meeting.hala, first)
    assert pinned(meeting).count(first) == 1, "twice is as good as once"


def test_what_is_gone_is_not_pinned(meeting: Meeting) -> None:
    pin(meeting, meeting.hala)
    with work.scope(meeting.house):
        actions.withdraw_message(meeting.nour, meeting.here(meeting.nour), 1)
    assert pinned(meeting) == []
    with pytest.raises(Conflict):
        pin(meeting, meeting.hala)


def test_the_address_of_a_message_opens_for_whoever_is_in_the_room_and_for_nobody_else(meeting: Meeting) -> None:
    page = meeting.page("lina", "/messages/1")
    assert f"http://localhost/rooms/{meeting.room.public_id}/messages/1" in page
    assert meeting.get("omar", "/messages/1").status_code == 404
    assert meeting.get("lina", "/messages/2").status_code == 404
    around = meeting.page("lina", "?around=1")
    assert 'id="m1"' in around


def test_a_host_who_is_no_host_any_more_pins_no_more(meeting: Meeting) -> None:
    pin(meeting, meeting.hala)
    with work.scope(meeting.house) as opened, opened.writing():
        theirs = update(RoomMember).where(RoomMember.person_id == meeting.hala.id)
        opened.session.execute(theirs.values(role=RoomRole.MEMBER))
        assert opened.session.scalar(select(func.count()).select_from(Person))
    with work.scope(meeting.house), pytest.raises(Forbidden):
        actions.unpin_message(meeting.hala, meeting.here(meeting.hala), 1)
