"""Keeping messages unread, counting rooms as read, paging, and going to a day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.chat import actions, queries
from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.errors import NotFound
from app.kernel.house import House
from tests.factories import Factory


def csrf(client: FlaskClient, page: str) -> dict[str, str]:
    text = client.get(page).text
    return {"csrf_token": text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]}


def unread(actor: Actor, room: str) -> int:
    return queries.get_line(actor, room).unread


def test_what_is_kept_unread_stays_so_while_one_writes_and_until_one_reads_on(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    room = make.room(nour, lina)
    for number in range(6):
        make.message(lina, room, f"Line {number}")
    with work.scope(house):
        here = queries.get_here(nour, room.public_id)
        actions.mark_read(nour, here, seq=6)
        assert unread(nour, room.public_id) == 0
        actions.mark_unread(nour, here, seq=3)
        assert unread(nour, room.public_id) == queries.unread_total(nour) == 4
    make.message(nour, room, "My own does not count, nor does it mark anything as read")
    make.message(lina, room, "One more")
    with work.scope(house):
        assert unread(nour, room.public_id) == queries.unread_total(nour) == 5
        here = queries.get_here(nour, room.public_id)
        actions.mark_read(nour, here, seq=5)
        assert unread(nour, room.public_id) == 2
    make.message(nour, room, "Still one of mine behind the mark")
    with work.scope(house):
        assert unread(nour, room.public_id) == 2
        actions.mark_read(nour, queries.get_here(nour, room.public_id), seq=9)
        assert unread(nour, room.public_id) == 0
    make.message(lina, room, "And again")
    make.message(nour, room, "Whoever writes has read what is there")
    with work.scope(house):
        assert unread(nour, room.public_id) == 0
        with pytest.raises(NotFound):
            actions.mark_unread(nour, queries.get_here(nour, room.public_id), seq=99)
        with pytest.raises(NotFound):
            actions.mark_unread(make.person(), queries.get_here(lina, room.public_id), seq=1)


@pytest.mark.one_database
def test_opening_the_room_reads_only_what_is_shown(
    app: Flask, house: House, make: Factory, client: FlaskClient
) -> None:
    lina, token = make.person(), make.token()
    nour = make.actor(token)
    room = make.room(nour, lina)
    make.sign_in(client, token)
    monday = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with work.scope(house):
        many = [(lina.person_id, f"Line {number}", monday + timedelta(days=number // 40)) for number in range(160)]
        actions.import_messages(system("test"), room, many)
    at = f"/rooms/{room.public_id}"
    newest = client.get(at).text
    assert "160 new messages" in newest
    assert f'href="{at}?around=1#unread"' in newest
    assert "Line 159" in newest
    with work.scope(house):
        assert unread(nour, room.public_id) == 160, "what was never shown is not read"
    first = client.get(f"{at}?around=1").text
    assert 'id="unread"' in first
    assert "Newest messages" in first
    with work.scope(house):
        assert unread(nour, room.public_id) == 110
    for _page in range(3):
        client.get(f"{at}?after={160 - _left(house, nour, room.public_id)}")
    with work.scope(house):
        assert unread(nour, room.public_id) == 0

    form = csrf(client, f"{at}/messages/100")
    assert client.post(f"{at}/messages/100/unread", data=form).headers["Location"] == "/rooms"
    assert "61 new messages" in client.get("/rooms").text
    assert client.post(f"{at}/read", data=form).status_code == 303
    assert "new message" not in client.get("/rooms").text

    assert client.get(f"{at}/day?on=2026-05-06").headers["Location"] == f"{at}?around=81#m81"
    assert client.get(f"{at}/day?on=2026-04-01").headers["Location"] == f"{at}?around=1#m1"
    assert client.get(f"{at}/day?on=2027-04-01").headers["Location"] == at
    assert client.get(f"{at}/day?on=yesterday").headers["Location"] == at
    stranger = app.test_client()
    make.sign_in(stranger, make.token())
    assert stranger.get(f"{at}/day?on=2026-05-06").status_code == 404
    assert stranger.post(f"{at}/messages/1/unread", data=csrf(stranger, "/me/profile/about")).status_code == 404


def _left(house: House, actor: Actor, room: str) -> int:
    with work.scope(house):
        return unread(actor, room)


def test_everything_counts_as_read_but_what_is_hidden_on_a_journey(house: House, make: Factory) -> None:
    nour, lina = make.person(), make.person()
    rooms = [make.room(nour, lina) for _ in range(3)]
    left = make.room(nour, lina)
    for room in (*rooms, left):
        make.message(lina, room)
    with work.scope(house):
        actions.leave_room(nour, left)
        actions.mark_unread(lina, queries.get_here(lina, rooms[0].public_id), seq=1)
        assert queries.unread_total(nour) == 3
        actions.mark_all_read(nour)
        assert queries.unread_total(nour) == 0
        assert queries.get_here(lina, rooms[0].public_id).read_seq == 0, "what others have read is theirs"


def test_a_day_is_found_in_the_index_and_after_it(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    with work.scope(house):
        friday = datetime(2026, 5, 1, 9, tzinfo=UTC)
        moments = [friday + timedelta(days=day, hours=hour) for day in (0, 1, 9, 30) for hour in (0, 5)]
        actions.import_messages(system("test"), room, [(nour.person_id, "Line", moment) for moment in moments])
    asked = {"2026-04-20": 1, "2026-05-01": 1, "2026-05-02": 3, "2026-05-03": 5, "2026-05-31": 7, "2026-06-01": None}
    for _turn in ("before the index", "after it"):
        with work.scope(house):
            found = queries.get_room(nour, room.public_id)
            for day, seq in asked.items():
                assert queries.first_on(found, date.fromisoformat(day)) == seq
            actions.index_room(system("test"), room.id)
