"""Reports from conversations: they enclose what whoever reports picked. Moderators have no other door in."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import BuildError, Rule

from app.chat import queries
from app.chat.actions import picked
from app.chat.queries import reported
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.moderation import actions as moderation
from app.moderation import queries as items
from app.moderation.models import Category, QueueItem
from tests.chat.talk import Talks
from tests.house.matrix import form_token
from tests.house.sockets import socket

MODERATOR = (Role.MODERATOR, Role.MEMBER)


def talked(talks: Talks) -> tuple[str, Actor, Actor]:
    """A conversation of two with seven messages; the second to the fifth are the other one's."""
    nour, hazim = talks.person("Nour"), talks.person("Hazim")
    room = talks.between(nour, hazim)
    for number in range(2, 6):
        talks.write(hazim, room, f"Words {number}")
    talks.write(nour, room, "Stop it")
    talks.write(hazim, room, "Secret of both")
    return room, nour, hazim


def test_a_report_encloses_what_was_picked_and_removes_that_alone(talks: Talks) -> None:
    room, nour, hazim = talked(talks)
    moderator = talks.person(roles=MODERATOR)
    ref = reported.picked_reference(room, [3, 5])
    with work.scope(talks.house):
        thing = reported.find_picked(nour, ref)
        assert thing.person_id == hazim.person_id
        lines = thing.words.splitlines()
        assert [line for line in lines if line.startswith("Words")] == ["Words 3", "Words 5"]
        assert all("Hazim" in line for line in lines[::3])
        moderation.report(nour, "picked", ref, category=Category.HARASSMENT, says="He threatens me", hopes="")
    with work.scope(talks.house) as opened:
        item = opened.session.scalars(select(QueueItem)).one()
        with pytest.raises(Forbidden):
            picked.remove_picked(nour, ref, "I do not like it")
        moderation.claim(moderator, item)
    with work.scope(talks.house) as opened:
        item = opened.session.scalars(select(QueueItem)).one()
        (read,) = items.reports_in(moderator, item)
        assert "Words 3" in read.words
        assert "Words 4" not in read.words
        assert list(items.context_of(moderator, item)) == []
        moderation.remove_words(moderator, item, reason="Threats")
    assert talks.read(nour, room)[1:] == ["Words 2", "", "Words 4", "", "Stop it", "Secret of both"]
    with work.scope(talks.house), pytest.raises(Conflict):
        picked.remove_picked(moderator, ref, "Again")


def test_only_what_one_reads_of_one_other_person_in_a_conversation_is_picked(talks: Talks) -> None:
    room, nour, hazim = talked(talks)
    stranger = talks.person()
    open_room = talks.scene.make.room(nour, hazim)
    seq = talks.scene.make.message(hazim, open_room).seq
    wrong = [
        (stranger, reported.picked_reference(room, [3])),
        (nour, reported.picked_reference(room, [3, 6])),  # the sixth is her own
        (hazim, reported.picked_reference(room, [3])),
        (nour, reported.picked_reference(room, [3, 99])),
        (nour, reported.picked_reference(open_room.public_id, [seq])),
        *((nour, f"{room}.{rest}") for rest in ("3", "3.0", "3.2", "3.g", "-3.1", "3.-1", f"1.{'f' * 33}", "1.1fffff")),
    ]
    for actor, ref in wrong:
        with work.scope(talks.house), pytest.raises(NotFound):
            reported.find_picked(actor, ref)


@pytest.mark.one_database
def test_the_page_on_which_one_picks(talks: Talks) -> None:
    room, nour, _hazim = talked(talks)
    open_page = talks.scene.open
    assert f"/rooms/conversations/{room}/report?around=3" in open_page(nour, f"/rooms/{room}/messages/3").text
    page = open_page(nour, f"/rooms/conversations/{room}/report?around=3").text
    assert re.findall(r'value="(\d+)" checked', page) == ["3"]
    assert "Stop it" not in page
    assert open_page(nour, f"/rooms/conversations/{room}/report", x="1").status_code == 422
    going = open_page(nour, f"/rooms/conversations/{room}/report", seqs=["3", "5"])
    report = going.headers["Location"]
    page = open_page(nour, report).text
    assert ("Words 3" in page, "Words 4" in page) == (True, False)
    sent = open_page(nour, report, category="harassment", body="He threatens me")
    assert sent.status_code == 303
    with work.scope(talks.house) as opened:
        assert opened.session.scalars(select(QueueItem)).one().ref == f"picked:{room}.3.5"


@pytest.mark.one_database
def test_a_moderator_finds_no_door_into_a_conversation(talks: Talks, app: Flask) -> None:
    room, nour, _hazim = talked(talks)
    waiting = talks.ask(nour, talks.person())
    group = talks.group(nour)
    talks.write(nour, group, "Secret of the group")
    moderator = talks.person(roles=MODERATOR)
    talks.scene.open(moderator, "/")
    client = talks.scene.client(moderator)
    token = form_token(client)
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.arguments <= {"room", "seq", "topic", "file", "id"} and "room" in rule.arguments:
            for one in (room, waiting, group):
                asked += _knock(app, client, rule, one, token)
    assert asked > 60
    for page in ("/", "/rooms", "/rooms/conversations", "/notices", "/queue", f"/report/message/{room}.2"):
        text = client.get(page).text
        for secret in ("Secret of both", "Secret of the group", "Words 2", room, waiting, group):
            if page != f"/report/message/{room}.2" or secret != room:
                assert secret not in text, page
    with socket(app, talks.scene.tokens[moderator.person_id]) as open_socket:
        for event in app.extensions["house"].live.declared:
            if event.startswith("room"):
                for one in (room, waiting, group):
                    said = {"room": one, "seq": 1, "since": 0, "body": "x", "client_id": "from-a-socket"}
                    answer = open_socket.emit(event, said, callback=True)
                    assert answer["ok"] is False, event
        assert open_socket.get_received() == []
    with work.scope(talks.house):
        assert queries.around_reported(queries.reference(room, 3)) == []


def _knock(app: Flask, client: FlaskClient, rule: Rule, room: str, token: str) -> int:
    """Ask every method of an address with a conversation in it. Returns how many were asked."""
    knocked = 0
    with app.test_request_context():
        parts: dict[str, Any] = {
            "room": room,
            "seq": 2,
            "topic": "abcdefghijklmnop",
            "file": "abcdefghijklmnop",
            "id": "abcdefghijklmnop",
        }
        wanted = {name: value for name, value in parts.items() if name in rule.arguments}
        try:
            address = app.url_for(rule.endpoint, **wanted)
        except BuildError:
            return 0
    for method in {"GET", "POST"} & (rule.methods or set()):
        form = {
            "csrf_token": token,
            "body": "x",
            "client_id": "from-a-page",
            "person": "abcdefghijklmnop",
            "said": "helpful",
        }
        answer = client.open(address, method=method, data=form if method == "POST" else None)
        assert answer.status_code in (404, 405), f"{method} {address} {answer.status_code}"
        knocked += 1
    return knocked
