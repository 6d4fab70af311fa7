"""Topics: opened by members, read by themselves, closed by those who keep order. Their names are sealed."""

from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.chat import actions, queries
from app.chat.actions import topics as verbs
from app.chat.models import Message, Room, RoomKind, Topic
from app.chat.queries import topics
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, NotFound, TooMany
from app.kernel.house import House
from tests.at_once import outcomes
from tests.chat.opening import here, open_room, row
from tests.chat.test_newcomers import withhold
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.house.sockets import socket


def say(actor: Actor, room: str, client_id: str, topic: str = "") -> queries.Words:
    return actions.post_message(actor, here(actor, room), client_id=client_id, body=client_id, topic=topic)


def test_messages_stand_under_a_topic_and_are_read_by_it(house: House, make: Factory) -> None:
    host, member, outsider = make.person(), make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        papers = verbs.open_topic(member, here(member, room), name="Papers").public_id
        homes = verbs.open_topic(host, here(host, room), name="السكن").public_id
        say(member, room, "beside-it")
        under = say(member, room, "under-papers", papers)
        say(host, room, "under-homes", homes)
        stored = work.session().scalars(select(Message).where(Message.seq == under.seq)).one()
        # No row number leaves the program.
        assert under.frame()["topic"] == under.topic == papers
        assert under.frame()["topic"] != stored.topic_id
        assert queries.get_message(host, row(room), under.seq).topic == papers
        found = topics.get_topic(host, here(host, room), papers)
        assert [one.seq for one in queries.newest(host, row(room), topic=found.id).words] == [under.seq]
        assert [one.topic for one in queries.newest(host, row(room)).words] == ["", papers, homes]
        lines = topics.topics(host, row(room))
        assert [(line.name, line.last_seq) for line in lines] == [("السكن", 3), ("Papers", 2)]
        assert lines[1].last_at == under.at
        assert b"Papers" not in found.name
        assert topics.topics(outsider, row(room)) == []
        with pytest.raises(NotFound):
            topics.get_topic(outsider, row(room), papers)


@pytest.mark.one_database
def test_a_topic_of_another_room_is_none_here(house: House, make: Factory) -> None:
    host = make.person()
    one, other = open_room(house, host), open_room(house, host)
    with work.scope(house):
        theirs = verbs.open_topic(host, here(host, other), name="There").public_id
        for topic in (theirs, "AAAAAAAAAAAAAAAA"):
            with pytest.raises(NotFound):
                say(host, one, "elsewhere", topic)
            with pytest.raises(NotFound):
                verbs.close_topic(host, here(host, one), topic)


@pytest.mark.one_database
def test_newcomers_and_whoever_does_not_write_there_open_none(house: House, make: Factory) -> None:
    host, token = make.person(roles=(Role.MODERATOR,)), make.token()
    newcomer, member = withhold(house, make, token, Permission.ROOMS_ALL), make.person()
    room = open_room(house, host, newcomer, kind=RoomKind.OPEN, for_newcomers=True)
    news = open_room(house, host, member, kind=RoomKind.BROADCAST)
    with work.scope(house):
        for actor, where in ((newcomer, room), (member, news)):
            with pytest.raises(Forbidden):
                verbs.open_topic(actor, here(actor, where), name="Mine")
        topic = verbs.open_topic(host, here(host, room), name="Ours").public_id
        assert say(newcomer, room, "under-it", topic).topic == topic
        with pytest.raises(TooMany):
            _open_twenty(host, room)


@pytest.mark.one_database
def test_closed_topics_are_read_and_not_written_under(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        topic = verbs.open_topic(member, here(member, room), name="Papers").public_id
        say(member, room, "before-it", topic)
        with pytest.raises(Forbidden):
            verbs.close_topic(member, here(member, room), topic)
        verbs.close_topic(host, here(host, room), topic)
        with pytest.raises(Conflict):
            verbs.close_topic(host, here(host, room), topic)
        with pytest.raises(Forbidden, match="topic is closed"):
            say(member, room, "after-it", topic)
        verbs.reopen_topic(host, here(host, room), topic)
        assert say(member, room, "after-it", topic).seq == 2


def test_the_room_gets_one_key_however_many_open_its_first_topic(house: House, make: Factory) -> None:
    people = [make.person() for _ in range(4)]
    room = open_room(house, *people)
    tries = [partial(_open, one, room, name=f"Of {one.name}") for one in people]
    told = outcomes(house, tries)
    assert told == ["done"] * 4
    with work.scope(house):
        assert {line.name for line in topics.topics(people[0], row(room))} == {f"Of {one.name}" for one in people}


@pytest.mark.one_database
def test_the_page_reads_by_topic_marks_nothing_beside_it_read_and_writes_under_it(
    app: Flask, house: House, make: Factory, client: FlaskClient
) -> None:
    token, host = make.token(), make.person()
    member = make.actor(token)
    room = open_room(house, host, member)
    make.sign_in(client, token)
    sent = {"csrf_token": form_token(client), "name": "Papers & <b>"}
    topic = client.post(f"/rooms/{room}/topics", data=sent).location.partition("topic=")[2].partition("#")[0]
    with work.scope(house):
        say(host, room, "beside-it")
        say(host, room, "under-it", topic)
    page = client.get(f"/rooms/{room}?topic={topic}").text
    assert "under-it" in page
    assert "beside-it" not in page
    assert "Papers &amp; &lt;b&gt;" in page
    with work.scope(house):
        assert queries.rooms(member)[0].unread == 2
    typed = {"csrf_token": form_token(client), "body": "My answer", "client_id": "abcdefgh", "topic": topic}
    posted = client.post(f"/rooms/{room}/messages", data=typed)
    with work.scope(house):
        # Whoever writes under a topic has read no more of the room than before, and their own words are not new to them.
        assert queries.rooms(member)[0].unread == 2
    assert f"topic={topic}" in posted.location
    assert "My answer" in client.get(posted.location).text
    assert f"topic={topic}" in client.get(f"/rooms/{room}").text
    assert client.get(f"/rooms/{room}?topic=AAAAAAAAAAAAAAAA").status_code == 404
    assert "last written in" in client.get(f"/rooms/{room}/topics").text
    turned = client.post(f"/rooms/{room}/topics/{topic}/turn", data={**sent, "to": "closed"})
    assert turned.status_code == 404
    with socket(app, token) as live:
        answer = live.emit("room.post", {"room": room, **typed, "client_id": "abcdefgi"}, callback=True)
        assert answer["message"]["topic"] == topic
        wrong = live.emit("room.post", {"room": room, **typed, "client_id": "abcdefgj", "topic": "1"}, callback=True)
        assert wrong["error"]["code"] == "not_found"


@pytest.mark.one_database
def test_in_conversations_of_a_few_there_are_no_topics(house: House, make: Factory) -> None:
    one = make.person()
    room = open_room(house, one)
    with work.scope(house) as opened, opened.writing():
        opened.session.get_one(Room, row(room).id).kind = RoomKind.GROUP
    with work.scope(house):
        with pytest.raises(NotFound):
            verbs.open_topic(one, here(one, room), name="Ours")
        assert work.session().scalars(select(Topic)).all() == []


def _open(actor: Actor, room: str, *, name: str) -> None:
    verbs.open_topic(actor, here(actor, room), name=name)


def _open_twenty(actor: Actor, room: str) -> None:
    for number in range(20):
        _open(actor, room, name=f"Topic {number}")
