"""Putting somebody out of a room: they read and hear nothing more, are told why but not by whom, and come back when let in."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.chat import actions, queries
from app.chat.actions import circles, hosting, inviting, putting_out
from app.chat.models import Membership, PutOut, RoomKind
from app.chat.own_parts import part
from app.chat.queries import outside
from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry, reason_of
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.notifications.models import Notice
from app.safety.actions import travel
from tests.at_once import outcomes
from tests.chat.opening import here, known_as, membership, open_room, row
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.house.sockets import socket

MODERATOR = (Role.MEMBER, Role.MODERATOR)
#: Kinds that members find, and thus can try to come back into by themselves.
FOUND = (RoomKind.OPEN, RoomKind.CIRCLE, RoomKind.BROADCAST)


def put_out(actor: Actor, whom: Actor, room: str, reason: str = "Names were said") -> None:
    putting_out.put_out(actor, here(actor, room), whom.known_in(Space.ROOMS)[0], reason=reason)


def let_in(actor: Actor, whom: Actor, room: str) -> None:
    putting_out.let_in(actor, here(actor, room), whom.known_in(Space.ROOMS)[0], reason="Talked about it")


def notices(actor: Actor) -> list[str]:
    return list(work.session().scalars(select(Notice.kind).where(Notice.person_id == actor.id)))


@pytest.mark.parametrize("kind", FOUND)
def test_whoever_was_put_out_hears_nothing_more_and_does_not_come_back_until_they_are_let_in(
    app: Flask, house: House, make: Factory, kind: RoomKind
) -> None:
    host, token = make.person(roles=MODERATOR), make.token()
    member = make.actor(token)
    room = open_room(house, host, member, kind=kind)
    with work.scope(house):
        if kind is RoomKind.CIRCLE:
            circles.begin_circle(host, here(host, room))
        words = actions.post_message(host, here(host, room), client_id="abcdefgh", body="Before")
    with socket(app, token) as page:
        assert page.emit("room.open", {"room": room}, callback=True)["ok"]
        with work.scope(house):
            put_out(host, member, room)
            actions.post_message(host, here(host, room), client_id="abcdefgi", body="After")
        assert [frame["name"] for frame in page.get_received()] == ["room.moved"]
        asked = (
            "room.open",
            "room.since",
            "room.post",
            "room.react",
            "room.read",
            "room.recheck",
            "room.draft",
            "room.names",
        )
        whole = {"room": room, "seq": words.seq, "client_id": "A" * 10, "body": "Hi", "said": "helpful", "since": 0}
        for event in asked:
            answer = page.emit(event, {**whole, "from": 0, "to": 9, "prefix": "N"}, callback=True)
            assert answer["error"]["code"] == "not_found", event
        with work.scope(house):
            actions.post_message(host, here(host, room), client_id="abcdefgj", body="And after that")
        assert page.get_received() == []
    with work.scope(house):
        assert membership(member, room) is None
        assert row(room).members == 1
        with pytest.raises(Forbidden, match="put out"):
            actions.join_room(member, queries.get_room(member, room))
        with pytest.raises(NotFound):
            queries.get_message(member, row(room), words.seq)
        let_in(host, member, room)
        assert membership(member, room) is None  # they decide
        actions.join_room(member, queries.get_room(member, room))
        assert row(room).members == 2
        assert sorted(notices(member)) == [putting_out.LET_IN, putting_out.PUT_OUT]


def test_out_of_a_room_by_invitation_they_do_not_know_of_it_any_more_and_are_asked_when_let_in(
    house: House, make: Factory, client: FlaskClient
) -> None:
    host, token = make.person("Hala"), make.token("Lina")
    member = make.actor(token)
    room = open_room(house, host, member)
    with work.scope(house):
        put_out(host, member, room)
        with pytest.raises(NotFound):
            queries.get_room(member, room)
        inviting.ask_in(host, here(host, room), name="Lina")
        assert membership(member, room) is None  # nor by being asked, which answers as always
    make.sign_in(client, token)
    assert client.get(f"/rooms/{room}").status_code == 404
    told = client.get(f"/rooms/{room}/outside").text
    assert "Names were said" in told
    assert "Hala" not in told
    with work.scope(house):
        let_in(host, member, room)
        assert membership(member, room) is Membership.ASKED
    assert client.get(f"/rooms/{room}/outside").location == f"/rooms/{room}"
    door = client.get(f"/rooms/{room}").text
    assert "You are asked in" in door
    assert (
        client.post(f"/rooms/{room}/answer", data={"csrf_token": form_token(client), "comes": "1"}).status_code == 303
    )
    with work.scope(house):
        assert membership(member, room) is Membership.IN


@pytest.mark.one_database
def test_who_puts_out_whom(house: House, make: Factory) -> None:
    host, second, member, third = (make.person() for _ in range(4))
    moderator, other = make.person(roles=MODERATOR), make.person(roles=MODERATOR)
    outsider = make.person()
    room = open_room(house, host, second, member, third, moderator, other)
    with work.scope(house):
        hosting.name_host(host, here(host, room), second.public_id)
        for actor, whom in (
            (host, second),
            (host, moderator),
            (moderator, other),
            (host, host),
            (moderator, moderator),
        ):
            with pytest.raises(Invalid):
                put_out(actor, whom, room)
        with pytest.raises(Forbidden):
            put_out(member, host, room)
        with pytest.raises(NotFound):
            put_out(host, outsider, room)  # who was never there
        put_out(moderator, second, room)
        put_out(moderator, member, room)
        with pytest.raises(Forbidden):
            let_in(third, member, room)
        hosting.pause_member(moderator, here(moderator, room), host.public_id, hours=1, reason="So")
        with pytest.raises(Forbidden):
            let_in(host, member, room)  # a host who is paused keeps nothing in order
        assert {one.author.id for one in outside.outside(here(moderator, room))} == {second.public_id, member.public_id}


def test_the_reason_is_sealed_for_them_and_stands_in_the_record_without_the_usual_name_of_a_host(
    house: House, make: Factory
) -> None:
    host, member = known_as(house, make, make.person("Usual Name"), "Night Owl"), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        put_out(host, member, room)
        stored = work.session().scalars(select(PutOut)).one()
        assert b"Names" not in stored.reason
        (entry,) = work.session().scalars(select(AuditEntry).where(AuditEntry.act == "room.put-out")).all()
        assert reason_of(entry) == "Names were said"
        assert entry.actor == host.known_in(Space.ROOMS)[0] != host.public_id
        found = outside.own_outside(member, room)
        assert found is not None
        assert found.reason == "Names were said"
        names = {"name_ar": "", "name_en": "Tuesday at Lina's", "about_ar": "", "about_en": ""}
        hosting.change_room(host, here(host, room), **names, keep_days=90, for_newcomers=False)
        renamed = outside.own_outside(member, room)
        assert renamed is not None
        assert renamed.name_en == "A room of ours"  # not what it is called since
        assert outside.own_outside(host, room) is None
        (taken,) = dict(part.export(member))["put_out"]
        assert (taken["room"], taken["reason"]) == ("غرفة", "Names were said")
        let_in(host, member, room)
        assert work.session().scalars(select(PutOut)).all() == []


def test_of_whoever_is_erased_nothing_says_that_they_were_put_out(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house) as opened:
        put_out(host, member, room)
        with opened.writing():
            list(part.erase(system("test"), member.person_id))
        assert work.session().scalars(select(PutOut)).all() == []


@pytest.mark.one_database
def test_on_a_journey_a_hidden_room_does_not_tell_that_one_was_put_out_of_it(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        travel.choose_hidden(member, [f"room:{room}"])
        put_out(host, member, room)
        travel.set_out(member, until=now() + timedelta(days=3))
    travelling = make.actor(make.another_session(member))
    with work.scope(house):
        assert outside.own_outside(travelling, room) is None


@pytest.mark.one_database
def test_pages_of_putting_out_and_letting_in(house: House, make: Factory, client: FlaskClient) -> None:
    tokens = make.token("Hala"), make.token("Lina")
    host, member = map(make.actor, tokens)
    room = open_room(house, host, member, kind=RoomKind.INVITED)
    with work.scope(house):
        words = actions.post_message(member, here(member, room), client_id="abcdefgh", body="Harsh")
    make.sign_in(client, tokens[0])
    token = {"csrf_token": form_token(client)}
    assert "Put them out of the room" in client.get(f"/rooms/{room}/messages/{words.seq}").text
    page = client.get(f"/rooms/{room}/put-out?person={member.public_id}").text
    assert f'<option selected value="{member.public_id}">' in page
    sent = {**token, "person": member.public_id, "reason": ""}
    refused = client.post(f"/rooms/{room}/put-out", data=sent)
    assert refused.status_code == 422
    assert "Say in a few words why." in refused.text
    assert client.post(f"/rooms/{room}/put-out", data={**sent, "reason": "Too harsh"}).status_code == 303
    listed = client.get(f"/rooms/{room}/order").text
    assert "Let back in" in listed
    assert member.name in listed
    assert "Too harsh" not in listed
    letting = f"/rooms/{room}/let-in?person={member.public_id}"
    assert client.get(letting).status_code == 200
    assert client.get(f"/rooms/{room}/let-in?person={host.public_id}").status_code == 404
    assert client.post(letting, data={**token, "reason": "Talked"}).status_code == 303
    assert "Nobody was put out." in client.get(f"/rooms/{room}/order").text


# --- attacks ------------------------------------------------------------------------------------------------------------


def test_whoever_leaves_before_they_are_put_out_does_not_come_back_either(house: House, make: Factory) -> None:
    host, member, quiet = make.person(roles=MODERATOR), make.person(), make.person()
    room = open_room(house, host, member, quiet, kind=RoomKind.OPEN)
    with work.scope(house):
        actions.post_message(member, here(member, room), client_id="abcdefgh", body="And now I go")
        for one in (member, quiet):
            actions.leave_room(one, queries.get_room(one, room))
        before = row(room).address
        put_out(host, member, room)
        assert row(room).address == before  # nobody left by this
        assert row(room).members == 1
        with pytest.raises(Forbidden, match="put out"):
            actions.join_room(member, queries.get_room(member, room))
        # Whoever wrote nothing is nobody whom a host could know of.
        with pytest.raises(NotFound):
            put_out(host, quiet, room)


@pytest.mark.one_database
def test_a_usual_name_finds_nobody_who_has_another_one_in_rooms(house: House, make: Factory) -> None:
    host, member = make.person(), make.person("Olive Branch")
    usual = member.public_id
    member = known_as(house, make, member, "Night Owl")
    room = open_room(house, host, member)
    with work.scope(house):
        with pytest.raises(NotFound):
            putting_out.put_out(host, here(host, room), usual, reason="So")
        put_out(host, member, room)
        with pytest.raises(NotFound):
            putting_out.let_in(host, here(host, room), usual, reason="So")
        (line,) = outside.outside(here(host, room))
        assert line.author.name == "Night Owl"


def test_coming_in_and_being_put_out_at_once_leaves_one_whole_state(house: House, make: Factory) -> None:
    host, member = make.person(roles=MODERATOR), make.person()
    room = open_room(house, host, member, kind=RoomKind.OPEN)
    with work.scope(house):
        actions.post_message(member, here(member, room), client_id="abcdefgh", body="Here I am")
        actions.leave_room(member, queries.get_room(member, room))

    def join() -> None:
        actions.join_room(member, queries.get_room(member, room))

    for _ in range(5):
        told = outcomes(house, [join, partial(put_out, host, member, room), join])
        assert told[1] == "done"
        assert {told[0], told[2]} <= {"done", "forbidden"}
        with work.scope(house):
            assert membership(member, room) is None
            assert row(room).members == 1
            let_in(host, member, room)


def test_answering_an_invitation_and_being_put_out_at_once_leaves_nobody_inside(house: House, make: Factory) -> None:
    host, member = make.person(), make.person("Lina")
    room = open_room(house, host, member)
    with work.scope(house):
        actions.post_message(member, here(member, room), client_id="abcdefgh", body="Here I am")
        actions.leave_room(member, queries.get_room(member, room))
        inviting.ask_in(host, here(host, room), name="Lina")
        as_asked = queries.get_room(member, room)
        put_out(host, member, room)
        with pytest.raises(Conflict):
            inviting.answer(member, as_asked, comes=True)
        assert membership(member, room) is None
        assert row(room).members == 1


def test_two_who_put_the_same_person_out_at_once_do_it_once(house: House, make: Factory) -> None:
    host, moderator, member = make.person(), make.person(roles=MODERATOR), make.person()
    room = open_room(house, host, moderator, member)
    told = outcomes(house, [partial(put_out, host, member, room), partial(put_out, moderator, member, room)])
    # The second finds nobody who is in, or wrote there.
    assert sorted(told) == ["done", "not_found"]
    with work.scope(house):
        assert row(room).members == 2
        assert notices(member) == [putting_out.PUT_OUT]


def test_what_somebody_was_about_to_do_as_they_were_put_out_is_not_done(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        words = actions.post_message(member, here(member, room), client_id="abcdefgh", body="Mine")
        as_it_was, found = here(member, room), queries.get_room(member, room)
    with work.scope(house):
        put_out(host, member, room)
    with work.scope(house):
        for act in (
            partial(actions.post_message, member, as_it_was, client_id="abcdefgi", body="One more"),
            partial(actions.change_message, member, as_it_was, words.seq, body="Otherwise"),
            partial(actions.join_room, member, found),
        ):
            with pytest.raises((NotFound, Forbidden)):
                act()
        assert membership(member, room) is None
