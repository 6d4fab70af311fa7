"""Who wrote what, under the name that somebody has in rooms: nothing there leads to their usual one."""

import re
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.chat import actions as chat
from app.chat import queries as rooms
from app.chat.models import Room
from app.identity.models import Space
from app.identity.spaces import actions as names
from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.house import House
from app.kernel.signals import Words
from app.moderation import actions as moderating
from app.moderation import queries as moderation
from app.moderation.models import Category
from app.profiles.actions import editing
from app.profiles.models import Audience, Field
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.house.sockets import socket
from tests.house.test_queries import counted
from tests.moderation.scene import Scene

USUAL, OWN = "Olive Branch", "Night Owl"


class Evening:
    """A room with somebody who has a name of their own there, somebody who has none, and a reader."""

    def __init__(self, app: Flask, house: House, make: Factory) -> None:
        self.app, self.house, self.make = app, house, make
        self.owl_token, self.plain_token, self.reader_token = make.token(USUAL), make.token("Plain Voice"), make.token()
        self.person = make.actor(self.owl_token)
        self.plain, self.reader = make.actor(self.plain_token), make.actor(self.reader_token)
        self.room = make.room(self.person, self.plain, self.reader)
        make.message(self.person, self.room, "Said before there was another name")
        with work.scope(house):
            names.choose_name(self.person, Space.ROOMS, name=OWN)
        self.before, self.person = self.person, make.actor(self.owl_token)
        make.message(self.person, self.room, "Said under it")
        make.message(self.plain, self.room, "Said as always")

    @property
    def own_id(self) -> str:
        return self.person.known_in(Space.ROOMS)[0]

    def browser(self, token: str) -> FlaskClient:
        client = self.app.test_client()
        self.make.sign_in(client, token)
        return client

    def page(self, token: str, rest: str = "") -> str:
        answer = self.browser(token).get(f"/rooms/{self.room.public_id}{rest}")
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
def evening(app: Flask, house: House, make: Factory) -> Evening:
    return Evening(app, house, make)


def gives_away(evening: Evening, shown: Any) -> list[str]:
    """Which of what is the same person's elsewhere stands in something that others are shown."""
    words = shown if isinstance(shown, str) else orjson.dumps(shown).decode()
    return [part for part in (USUAL, evening.before.public_id) if part in words]


# --- what others are shown ----------------------------------------------------------------------------------------------


def test_others_see_the_name_of_the_room_also_beside_what_was_said_before(evening: Evening) -> None:
    for rest in ("", "?around=1", "?before=99", "/messages/1", "/messages/2"):
        page = evening.page(evening.reader_token, rest)
        assert OWN in page
        assert gives_away(evening, page) == []


def test_what_travels_to_open_pages_carries_the_name_of_the_room_alone(evening: Evening) -> None:
    room = evening.room.public_id
    with socket(evening.app, evening.reader_token) as reader, socket(evening.app, evening.owl_token) as owl:
        missed = reader.emit("room.open", {"room": room, "since": 0}, callback=True)
        assert gives_away(evening, missed) == []
        assert [message["author"]["name"] for message in missed["messages"]] == [OWN, OWN, "Plain Voice"]
        sent = {"room": room, "body": "And now live", "client_id": "AAAAAAAA"}
        answer = owl.emit("room.post", sent, callback=True)
        frames = reader.get_received()
        for shown in (answer, frames, reader.emit("room.since", {"room": room, "since": 0}, callback=True)):
            assert OWN in orjson.dumps(shown).decode()
            assert gives_away(evening, shown) == []
        # The answer to a message that was sent twice is read from the database, the first one was not.
        assert owl.emit("room.post", sent, callback=True) == answer


def test_a_frame_says_the_same_of_everybody(evening: Evening) -> None:
    """Neither which parts a frame has nor how long an id is tells who has another name."""
    with work.scope(evening.house):
        room = rooms.get_room(evening.reader, evening.room.public_id)
        _, owl, plain = (words.frame() for words in rooms.newest(evening.reader, room).words)
    assert owl.keys() == plain.keys()
    assert owl["author"].keys() == plain["author"].keys()
    assert len(owl["author"]["id"]) == len(plain["author"]["id"])


def test_one_recognises_ones_own_messages_and_nobody_elses(evening: Evening) -> None:
    mine = evening.page(evening.owl_token)
    assert mine.count("message--own") == 2
    assert f'data-me="{evening.own_id}" data-name="{OWN}"' in mine
    assert evening.page(evening.plain_token).count("message--own") == 1
    with socket(evening.app, evening.owl_token) as owl:
        opened = owl.emit("room.open", {"room": evening.room.public_id, "since": 0}, callback=True)
    assert opened["me"] == evening.own_id


def test_whoever_gives_the_name_up_is_known_as_before(evening: Evening) -> None:
    with work.scope(evening.house):
        names.give_up_name(evening.person, Space.ROOMS)
    page = evening.page(evening.reader_token)
    assert OWN not in page
    assert page.count(USUAL) == 2
    assert evening.own_id not in page


def test_a_report_shows_the_reporter_and_the_context_no_usual_name(
    evening: Evening, house: House, make: Factory
) -> None:
    ref = rooms.reference(evening.room.public_id, 2)
    browser = evening.browser(evening.reader_token)
    form = {"csrf_token": form_token(browser), "category": Category.OTHER.value, "body": "Look", "hopes": ""}
    pages = [browser.get(f"/report/message/{ref}"), browser.post(f"/report/message/{ref}", data=form)]
    pages += [browser.get("/me/reports"), browser.get(pages[1].headers["Location"])]
    for page in pages:
        assert page.status_code in (200, 303)
        assert gives_away(evening, page.text) == []
    with work.scope(house):
        assert [line.name for line in rooms.around_reported(ref)] == [OWN, OWN, "Plain Voice"]


def test_whoever_works_on_a_report_finds_the_person_by_their_usual_name(
    evening: Evening, house: House, make: Factory
) -> None:
    scene, ref = Scene(house, make), rooms.reference(evening.room.public_id, 2)
    moderator = scene.moderator()
    with work.scope(house):
        moderating.report(evening.reader, "message", ref, category=Category.OTHER, says="Look", hopes="")
    item = scene.claim(moderator, scene.item())
    with work.scope(house):
        assert moderation.person_of(moderator, item) == (evening.before.public_id, USUAL)


def test_words_that_are_taken_away_go_from_open_pages_by_the_name_of_the_room(evening: Evening, house: House) -> None:
    with socket(evening.app, evening.reader_token) as reader:
        reader.emit("room.open", {"room": evening.room.public_id, "since": 0}, callback=True)
        with work.scope(house):
            chat.handle_words(system("test"), evening.person.person_id, Words.HIDE)
        told = reader.get_received()
    assert [frame["args"][0]["author"] for frame in told if frame["name"] == "room.gone"] == [evening.own_id]
    assert gives_away(evening, told) == []


# --- what leads from a message to a person ---------------------------------------------------------------------------------


def listed(house: House, *people: Actor) -> None:
    """Have everybody show something to members, so that there is a page of theirs."""
    with work.scope(house):
        for person in people:
            editing.set_field(person, Field.ABOUT, value="Hello", audience=Audience.MEMBERS)


def test_from_a_usual_name_one_comes_to_the_page_of_that_member_and_from_another_one_nowhere(
    evening: Evening, house: House
) -> None:
    listed(house, evening.before, evening.plain)
    assert f"/members/{evening.plain.public_id}" in evening.page(evening.reader_token, "/messages/3")
    assert "/members/" not in evening.page(evening.reader_token, "/messages/2")
    assert "/members/" not in evening.page(evening.plain_token, "/messages/3")
    browser = evening.browser(evening.reader_token)
    assert browser.get(f"/members/{evening.before.public_id}").status_code == 200
    missing = browser.get("/members/AAAAAAAAAAAAAAAA")
    hidden = browser.get(f"/members/{evening.own_id}")
    assert hidden.status_code == 404
    assert without_token(hidden.text) == without_token(missing.text).replace("AAAAAAAAAAAAAAAA", evening.own_id)


def test_no_link_to_a_page_that_is_not_there_for_the_reader(evening: Evening) -> None:
    assert "/members/" not in evening.page(evening.reader_token, "/messages/3")


def test_one_blocks_whoever_wrote_a_message_under_the_name_that_stands_beside_it(evening: Evening) -> None:
    browser = evening.browser(evening.reader_token)
    address = f"/rooms/{evening.room.public_id}/messages/2/block"
    assert address in evening.page(evening.reader_token, "/messages/2")
    page = browser.get(address).text
    assert OWN in page
    assert gives_away(evening, page) == []
    done = browser.post(address, data={"csrf_token": form_token(browser)}, follow_redirects=True)
    assert OWN in done.text
    assert gives_away(evening, done.text) == []


def test_nobody_blocks_themselves_or_what_is_not_there(evening: Evening) -> None:
    assert "/block" not in evening.page(evening.owl_token, "/messages/2")
    browser = evening.browser(evening.owl_token)
    for seq in (1, 2, 99):
        assert browser.get(f"/rooms/{evening.room.public_id}/messages/{seq}/block").status_code == 404
    outsider = evening.browser(evening.make.token())
    assert outsider.get(f"/rooms/{evening.room.public_id}/messages/2/block").status_code == 404


# --- what it costs ------------------------------------------------------------------------------------------------------------


def statements_per_message(evening: Evening, token: str, room: Room) -> tuple[list[str], list[str]]:
    """What is asked of the databases from the recognition of a session to the answer."""
    actor_id = "BBBBBBBB" + token[:8].replace("_", "a").replace("-", "a")
    with socket(evening.app, token) as client:
        client.emit("room.open", {"room": room.public_id, "since": 0}, callback=True)
        with counted(evening.house) as asked:
            sent = {"room": room.public_id, "body": "Good evening", "client_id": actor_id}
            assert client.emit("room.post", sent, callback=True)["ok"]
    return asked["data"], asked["keys"]


def test_a_message_under_another_name_costs_no_statement_more(evening: Evening) -> None:
    usual = statements_per_message(evening, evening.plain_token, evening.room)
    other = statements_per_message(evening, evening.owl_token, evening.room)
    assert [len(asked) for asked in other] == [len(asked) for asked in usual]
    assert len(usual[0]) == 5, "session, room, number, how far one has read, message"
    assert usual[1] == []


def without_token(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)
