"""The card at the door: who is in, who keeps order, newcomers, how long. Before coming in, and from inside."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.chat import actions, queries
from app.chat.actions import hosting, inviting
from app.chat.models import Room, RoomKind
from app.chat.queries import doors
from app.identity import actions as identity
from app.identity.models import Restriction
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import TooMany
from app.kernel.house import House
from app.safety.actions import travel
from tests.chat.opening import here, known_as, open_room, row
from tests.chat.talk import Talks
from tests.chat.test_newcomers import withhold
from tests.factories import Factory
from tests.house.matrix import form_token

MODERATOR = (Role.MODERATOR,)


def door_of(actor: Actor, room: str) -> doors.Door:
    return doors.door(actor, queries.get_room(actor, room))


@pytest.mark.one_database
def test_the_door_names_hosts_moderators_and_the_others_by_their_names_in_rooms(
    house: House, make: Factory, client: FlaskClient
) -> None:
    host, moderator = make.person("Kind Host", roles=(Role.COORDINATOR,)), make.person("Watchful", roles=MODERATOR)
    owl, plain = known_as(house, make, make.person("Usual Name"), "Night Owl"), make.person("Plain Name")
    room = open_room(house, host, moderator, owl, plain, kind=RoomKind.OPEN, keep_days=30)
    token = make.token()
    with work.scope(house):
        found = door_of(make.actor(token), room)
        assert (found.hosts, found.moderators, found.names) == (
            ["Kind Host"],
            ["Watchful"],
            ["Night Owl", "Plain Name"],
        )
        assert (found.count, found.more, found.newcomers) == (4, 0, None)
    make.sign_in(client, token)
    page = client.get(f"/rooms/{room}").text
    for said in (
        "Kind Host",
        "Watchful",
        "Night Owl",
        "Plain Name",
        "4 people are in.",
        "kept for 30 days",
        "week longer",
    ):
        assert said in page, said
    assert "Usual Name" not in page
    assert owl.public_id not in page
    assert "staff too" in page
    assert client.post(f"/rooms/{room}/join", data={"csrf_token": form_token(client)}).status_code == 303
    inside = client.get(f"/rooms/{room}/about").text
    assert "5 people are in." in inside
    assert "Kind Host" in inside


def test_those_whom_a_block_keeps_apart_are_neither_named_nor_counted(talks: Talks) -> None:
    house, scene = talks.house, talks.scene
    host, one, other = (scene.person(name) for name in ("Hosts Here", "One Side", "Other Side"))
    room = open_room(house, host, one, other, kind=RoomKind.CIRCLE)
    scene.block(one, other)
    with work.scope(house):
        for reader in (one, other):
            found = door_of(reader, room)
            assert (found.names, found.count) == ([reader.name], 2)
        assert door_of(host, room).count == 3


@pytest.mark.one_database
def test_whoever_cannot_be_here_at_present_is_not_named(house: House, make: Factory) -> None:
    host, token = make.person(), make.token("Gone For Now")
    gone = withhold(house, make, token, Permission.SIGNED_IN)
    room = open_room(house, host, gone)
    with work.scope(house):
        found = door_of(host, room)
        assert (found.names, found.count) == ([], 1)


def test_whether_newcomers_are_inside_is_computed_at_this_moment(house: House, make: Factory) -> None:
    host, token = make.person(roles=MODERATOR), make.token()
    newcomer = withhold(house, make, token, Permission.ROOMS_ALL)
    room = open_room(house, host, kind=RoomKind.OPEN, for_newcomers=True)
    with work.scope(house):
        assert door_of(host, room).newcomers is False
        actions.join_room(newcomer, queries.get_room(newcomer, room))
        assert door_of(host, room).newcomers is True
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Restriction).values(until=now() - timedelta(seconds=1)))
    with work.scope(house):
        # Their probation is over: they are a newcomer no more.
        assert door_of(host, room).newcomers is False
        settings: dict[str, Any] = {"name_ar": "غ", "name_en": "R", "about_ar": "", "about_en": "", "keep_days": 90}
        hosting.change_room(host, here(host, room), **settings, for_newcomers=False)
        assert door_of(host, room).newcomers is None


def test_a_large_room_is_named_in_part_with_the_same_number_of_queries(house: House, make: Factory) -> None:
    host = make.person()
    room = open_room(house, host)
    with work.scope(house):
        people = [identity.add_person(f"Member {one}", "-", roles=(Role.MEMBER,)).id for one in _letters(70)]
        actions.import_members(system("test"), row(room), [(one, 0, now().date()) for one in people])
    with work.scope(house):
        found = door_of(host, room)
        assert (found.count, found.more) == (71, 71 - doors.MOST_NAMES)
        assert len(found.names) == doors.MOST_NAMES - 1


@pytest.mark.one_database
def test_whoever_goes_from_door_to_door_is_stopped(house: House, make: Factory) -> None:
    collector, room = make.person(), open_room(house, make.person(), kind=RoomKind.CIRCLE)
    with work.scope(house):
        for _ in range(60):
            door_of(collector, room)
        with pytest.raises(TooMany):
            door_of(collector, room)


@pytest.mark.one_database
def test_who_asked_is_named_by_their_name_in_rooms_and_an_own_name_is_thought_of(
    house: House, make: Factory, client: FlaskClient
) -> None:
    host = known_as(house, make, make.person("Usual Host"), "Willow Tree")
    person = known_as(house, make, make.person(), "Night Owl")
    room = open_room(house, host)
    with work.scope(house):
        inviting.ask_in(host, here(host, room), name="Night Owl")
    make.sign_in(client, make.another_session(person))
    page = client.get(f"/rooms/{room}").text
    assert "Willow Tree" in page
    assert "Usual Host" not in page
    assert "You have a name of your own in rooms" in page
    assert client.get(f"/rooms/{room}/about").location.endswith(f"/rooms/{room}")
    refused = client.post(f"/rooms/{room}/join", data={"csrf_token": form_token(client)})
    assert refused.status_code == 403
    declined = client.post(f"/rooms/{room}/answer", data={"csrf_token": form_token(client), "comes": "0"})
    assert declined.location.endswith("/rooms")
    assert "Nobody is told" in client.get("/rooms").text
    assert client.get(f"/rooms/{room}").status_code == 404


@pytest.mark.one_database
def test_pages_behind_a_door_are_not_there_for_whoever_stands_before_it(
    house: House, make: Factory, client: FlaskClient
) -> None:
    room = open_room(house, make.person(), kind=RoomKind.CIRCLE)
    make.sign_in(client, make.token())
    for way in ("topics", "settings", "order", "ask", "circle", "circle/end", "close", "pause", "pause/end"):
        assert client.get(f"/rooms/{room}/{way}").status_code == 404, way
    assert client.get(f"/rooms/{room}/about").location == f"/rooms/{room}"


@pytest.mark.one_database
def test_conversations_have_no_card_and_no_room_pages(house: House, make: Factory, client: FlaskClient) -> None:
    token = make.token()
    room = open_room(house, make.actor(token))
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Room).values(kind=RoomKind.GROUP))
    make.sign_in(client, token)
    ways = ("about", "topics", "settings", "order", "ask", "circle", "close", "pause")
    assert {client.get(f"/rooms/{room}/{way}").status_code for way in ways} == {404}


@pytest.mark.one_database
def test_a_room_that_is_hidden_on_a_journey_has_no_door(talks: Talks) -> None:
    house, scene = talks.house, talks.scene
    member, host = scene.person("Goes Away"), scene.person("Stays Here")
    room = open_room(house, host, member, kind=RoomKind.CIRCLE)
    with work.scope(house):
        travel.choose_hidden(member, [f"room:{room}"])
        travel.set_out(member, until=now() + timedelta(days=3), peers=[])
    client = scene.app.test_client()
    scene.make.sign_in(client, scene.make.another_session(member))
    for way in ("", "/about", "/topics"):
        assert client.get(f"/rooms/{room}{way}").status_code == 404
    assert room not in client.get("/rooms").text


def _letters(number: int) -> list[str]:
    found = [f"{one}{other}{third}" for one in "abdefghkpt" for other in "abdefghkpt" for third in "bdk"]
    return found[:number]
