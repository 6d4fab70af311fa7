"""Kinds of rooms: who opens, finds, joins and writes in which; being asked in; and what somebody keeps for themselves."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.chat import actions, policy, queries
from app.chat.actions import hosting, inviting
from app.chat.actions import rooms as verbs
from app.chat.models import Membership, RoomKind, RoomMember, RoomRole
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, NotFound, TooMany
from app.kernel.house import House
from app.notifications.models import Notice
from app.profiles.actions import blocks
from tests.at_once import outcomes
from tests.chat.opening import here, known_as, membership, open_room, row
from tests.chat.talk import Talks
from tests.chat.test_newcomers import withhold
from tests.factories import Factory
from tests.house.matrix import form_token

NAMES: dict[str, Any] = {"name_ar": "غرفة", "name_en": "A room"}


@pytest.mark.one_database
def test_who_opens_which_kinds(house: House, make: Factory) -> None:
    may = {
        Role.MEMBER: {RoomKind.INVITED, RoomKind.CIRCLE},
        Role.MODERATOR: {RoomKind.OPEN, RoomKind.BROADCAST, RoomKind.INVITED, RoomKind.CIRCLE},
        Role.COORDINATOR: {RoomKind.OPEN, RoomKind.BROADCAST, RoomKind.INVITED, RoomKind.CIRCLE},
        Role.EMPLOYER: set(),
        Role.CASEWORKER: set(),
        Role.ADMINISTRATOR: set(),
    }
    for role, kinds in may.items():
        assert set(policy.kinds_to_open(make.person(roles=(role,)))) == kinds, role
    for withheld in (Permission.ROOMS_ALL, Permission.ROOMS_POST, Permission.CONTACT_FIRST):
        token = make.token()
        make.actor(token)
        limited = withhold(house, make, token, withheld)
        with work.scope(house), pytest.raises(Forbidden):
            actions.open_room(limited, **NAMES, kind=RoomKind.INVITED)
    with work.scope(house):
        for kind in (RoomKind.OPEN, RoomKind.DIRECT, RoomKind.GROUP):
            with pytest.raises(Forbidden):
                actions.open_room(make.person(), **NAMES, kind=kind)


@pytest.mark.one_database
def test_whoever_opens_a_room_hosts_it_and_does_so_a_few_times_a_day(house: House, make: Factory) -> None:
    host = make.person()
    room = open_room(house, host)
    with work.scope(house):
        found = here(host, room)
        assert (found.role, found.membership, row(room).members) == (RoomRole.HOST, Membership.IN, 1)
        for _ in range(4):
            actions.open_room(host, **NAMES, kind=RoomKind.INVITED)
        with pytest.raises(TooMany):
            actions.open_room(host, **NAMES, kind=RoomKind.INVITED)


def test_who_finds_and_joins_which(house: House, make: Factory) -> None:
    host, other, token = make.person(roles=(Role.MODERATOR,)), make.person(), make.token()
    newcomer = withhold(house, make, token, Permission.ROOMS_ALL)
    kinds = {kind: open_room(house, host, kind=kind) for kind in policy.kinds_to_open(host)}
    welcome = open_room(house, host, kind=RoomKind.OPEN, for_newcomers=True)
    with work.scope(house):
        found = {line.room.public_id for line in queries.rooms(other)}
        assert found == {welcome, *kinds.values()} - {kinds[RoomKind.INVITED]}
        assert {line.room.public_id for line in queries.rooms(newcomer)} == {welcome}
        for kind, room in kinds.items():
            if kind is RoomKind.INVITED:
                with pytest.raises(NotFound):
                    queries.get_room(other, room)
                with pytest.raises(Forbidden):
                    actions.join_room(other, queries.get_room(host, room))
            else:
                actions.join_room(other, queries.get_room(other, room))


@pytest.mark.one_database
def test_in_a_broadcast_its_hosts_write_and_the_others_read(house: House, make: Factory) -> None:
    host, member = make.person(roles=(Role.COORDINATOR,)), make.person()
    room = open_room(house, host, member, kind=RoomKind.BROADCAST)
    with work.scope(house):
        actions.post_message(host, here(host, room), client_id="abcdefgh", body="For everybody")
        with pytest.raises(Forbidden, match="hosts write"):
            actions.post_message(member, here(member, room), client_id="abcdefgh", body="Me too")
        assert len(queries.newest(member, row(room)).words) == 1


# --- being asked in ---------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_whoever_is_asked_sees_the_door_and_decides(house: House, make: Factory) -> None:
    host, comes, declines = make.person(), make.person("Comes Along"), make.person("Stays Away")
    room = open_room(house, host)
    with work.scope(house):
        actions.post_message(host, here(host, room), client_id="abcdefgh", body="Only for those inside")
        for name in ("Comes Along", "Stays Away"):
            inviting.ask_in(host, here(host, room), name=name)
    with work.scope(house):
        assert work.session().scalars(select(Notice.kind).where(Notice.person_id == comes.id)).all() == [inviting.ASKED]
        line = queries.get_line(comes, room)
        assert (line.asked, line.joined) == (True, False)
        assert not here(comes, room).reads
        assert queries.newest(comes, line.room).words == []
        assert queries.unread_total(comes) == 0
        with pytest.raises(Forbidden):
            actions.join_room(comes, line.room)
        with pytest.raises(NotFound):
            _write(comes, room)
        inviting.answer(comes, row(room), comes=True)
        inviting.answer(declines, row(room), comes=False)
        assert len(queries.newest(comes, row(room)).words) == 1
        assert row(room).members == 2
        with pytest.raises(NotFound):
            queries.get_line(declines, room)
        with pytest.raises(Conflict):
            inviting.answer(declines, row(room), comes=True)


@pytest.mark.one_database
def test_the_host_is_told_the_same_whatever_becomes_of_it(house: House, make: Factory, client: FlaskClient) -> None:
    token = make.token()
    host, waits, declines = make.actor(token), make.person("Waits Long"), make.person("Says No")
    blocks_host, inside = make.person("Keeps Away"), make.person("Is Inside")
    make.person("Works Elsewhere", roles=(Role.EMPLOYER,))
    room = open_room(house, host, inside)
    with work.scope(house):
        blocks.block(blocks_host, host.person_id)
        inviting.ask_in(host, here(host, room), name="Says No")
        inviting.answer(declines, row(room), comes=False)
    make.sign_in(client, token)
    answers = set()
    for name in (
        "Waits Long",
        "Says No",
        "Keeps Away",
        "Is Inside",
        "Works Elsewhere",
        "Nobody Of This Name",
        host.name,
    ):
        sent = client.post(f"/rooms/{room}/ask", data={"csrf_token": form_token(client), "name": name})
        page = client.get(sent.location).text.split("<main", 1)[1].split("<h1", 1)[0]
        answers.add((sent.status_code, page))
    assert len(answers) == 1
    with work.scope(house):
        states = {one: membership(one, room) for one in (waits, declines, blocks_host, inside)}
        assert states == {
            waits: Membership.ASKED,
            declines: Membership.DECLINED,
            blocks_host: None,
            inside: Membership.IN,
        }


def test_whoever_declined_is_not_asked_again_for_thirty_days(house: House, make: Factory) -> None:
    host, declines = make.person(), make.person("Says No")
    room = open_room(house, host)

    def ask() -> Membership | None:
        with work.scope(house):
            inviting.ask_in(host, here(host, room), name="Says No")
            return membership(declines, room)

    assert ask() is Membership.ASKED
    with work.scope(house):
        inviting.answer(declines, row(room), comes=False)
    assert ask() is Membership.DECLINED
    with work.scope(house) as opened, opened.writing():
        long_ago = now().date() - timedelta(days=30)
        theirs = update(RoomMember).where(RoomMember.person_id == declines.id)
        opened.session.execute(theirs.values(joined_on=long_ago))
    with work.scope(house):
        assert membership(declines, room) is Membership.DECLINED
    assert ask() is Membership.ASKED
    with work.scope(house):
        inviting.answer(declines, row(room), comes=False)
        inviting.forget_answers(system("test"))
        assert membership(declines, room) is Membership.DECLINED


def test_newcomers_are_asked_only_where_newcomers_are(house: House, make: Factory) -> None:
    host, token = make.person(), make.token("Newly Here")
    newcomer = withhold(house, make, token, Permission.ROOMS_ALL)
    closed, opened = open_room(house, host), open_room(house, host, for_newcomers=True)
    with work.scope(house):
        for room in (closed, opened):
            inviting.ask_in(host, here(host, room), name="Newly Here")
        assert (membership(newcomer, closed), membership(newcomer, opened)) == (None, Membership.ASKED)


@pytest.mark.one_database
def test_a_name_of_ones_own_in_rooms_is_not_found_by_the_usual_one(house: House, make: Factory) -> None:
    host, person = make.person(), make.person("Usual Name")
    known_as(house, make, person, "Night Owl")
    room = open_room(house, host)
    with work.scope(house):
        inviting.ask_in(host, here(host, room), name="Usual Name")
        assert membership(person, room) is None
        inviting.ask_in(host, here(host, room), name="Night Owl")
        assert membership(person, room) is Membership.ASKED


@pytest.mark.one_database
def test_only_hosts_ask_and_by_id_only_those_whom_they_know(talks: Talks) -> None:
    house, scene = talks.house, talks.scene
    host, friend, stranger, member = (scene.person(name) for name in ("Asks", "A Friend", "Not Known", "Is There"))
    scene.connect(host, friend)
    room = open_room(house, host, member)
    with work.scope(house):
        for person in (friend.public_id, stranger.public_id):
            inviting.ask_in(host, here(host, room), person=person)
        assert (membership(friend, room), membership(stranger, room)) == (Membership.ASKED, None)
        for name in ("A Friend", ""):
            with pytest.raises(Forbidden):
                inviting.ask_in(member, here(member, room), name=name, person=friend.public_id)
        with pytest.raises(NotFound):
            inviting.ask_in(stranger, here(host, room), name="A Friend")


def test_accepting_twice_and_declining_at_once_is_one_answer(house: House, make: Factory) -> None:
    host, asked = make.person(), make.person("Asked Once")
    room = open_room(house, host)
    with work.scope(house):
        inviting.ask_in(host, here(host, room), name="Asked Once")
    tries = [partial(_answer, asked, room, comes=comes) for comes in (True, False, True)]
    told = outcomes(house, tries)
    assert sorted(told) == ["conflict", "conflict", "done"]
    with work.scope(house):
        came = membership(asked, room) is Membership.IN
        assert row(room).members == (2 if came else 1)
        assert came == (told[0] == "done" or told[2] == "done")


# --- joining, leaving, and what is one's own ----------------------------------------------------------------------------


def test_joining_leaving_and_handing_over_at_once_leave_right_numbers(house: House, make: Factory) -> None:
    host = make.person(roles=(Role.MODERATOR,))
    people = [make.person() for _ in range(3)]
    room = open_room(house, host, *people[:2], kind=RoomKind.OPEN)

    told = outcomes(
        house,
        [
            lambda: actions.leave_room(people[0], queries.get_room(people[0], room)),
            lambda: actions.leave_room(people[0], queries.get_room(people[0], room)),
            lambda: actions.join_room(people[2], queries.get_room(people[2], room)),
            lambda: actions.join_room(people[2], queries.get_room(people[2], room)),
            lambda: hosting.name_host(host, here(host, room), people[1].public_id),
        ],
    )
    assert told == ["done"] * 5
    with work.scope(house):
        inside = select(RoomMember.person_id).where(RoomMember.room_id == row(room).id)
        assert set(work.session().scalars(inside)) == {host.id, people[1].id, people[2].id}
        assert row(room).members == 3


@pytest.mark.one_database
def test_muted_rooms_ask_for_nothing_until_the_time_is_over(house: House, make: Factory) -> None:
    member, other = make.person(), make.person()
    room = make.room(member, other)
    make.message(other, room)
    with work.scope(house):
        assert queries.unread_total(member) == 1
        verbs.mute_room(member, room, policy.Mute.HOUR)
        line = queries.rooms(member)[0]
        assert (queries.unread_total(member), line.muted(now()), line.unread) == (0, True, 1)
        assert not line.muted(now() + timedelta(hours=1, seconds=1))
        verbs.mute_room(member, room, policy.Mute.EIGHT_HOURS)
        assert queries.rooms(member)[0].muted(now() + timedelta(hours=7, minutes=59))
        verbs.mute_room(member, room, policy.Mute.ON)
        assert queries.rooms(member)[0].muted(now() + timedelta(days=365))
        verbs.mute_room(member, room, policy.Mute.OFF)
        assert queries.unread_total(member) == 1
        assert queries.unread_total(other) == 0
        with pytest.raises(NotFound):
            verbs.mute_room(make.person(), room, policy.Mute.ON)
        with pytest.raises(NotFound):
            verbs.favour_room(make.person(), room, favourite=True)


@pytest.mark.one_database
def test_the_list_has_what_one_is_asked_into_favourites_ones_own_and_others(
    house: House, make: Factory, client: FlaskClient
) -> None:
    token, host = make.token(), make.person(roles=(Role.MODERATOR,))
    member = make.actor(token)
    names = ("Quiet", "Loved", "Elsewhere", "Calls")
    rooms = {name: open_room(house, host, kind=RoomKind.OPEN, name_en=name) for name in names[:3]}
    rooms["Calls"] = open_room(house, make.person(), name_en="Calls")
    with work.scope(house) as opened, opened.writing():
        for name in ("Quiet", "Loved"):
            actions.join_room(member, row(rooms[name]))
        there = row(rooms["Calls"]).id
        opened.session.add(
            RoomMember(room_id=there, person_id=member.id, joined_on=now().date(), state=Membership.ASKED)
        )
    make.sign_in(client, token)
    sent = {"csrf_token": form_token(client)}
    assert client.post(f"/rooms/{rooms['Loved']}/favourite", data={**sent, "favourite": "1"}).status_code == 303
    assert client.post(f"/rooms/{rooms['Quiet']}/mute", data={**sent, "how": "hour"}).status_code == 303
    page = client.get("/rooms").text
    places = [page.index(f"<bdi>{name}</bdi>") for name in ("Calls", "Loved", "Quiet", "Elsewhere")]
    assert places == sorted(places)
    assert "Muted" in page
    assert "Open a room" in page
    title = page.split("<title>")[1].split("</title>")[0]
    assert not any(character.isdigit() for character in title)


def _answer(actor: Actor, room: str, *, comes: bool) -> None:
    inviting.answer(actor, row(room), comes=comes)


def _write(actor: Actor, room: str) -> None:
    actions.post_message(actor, here(actor, room), client_id="abcdefgh", body="Hello")
