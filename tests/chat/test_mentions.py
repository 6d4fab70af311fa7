"""Naming somebody in a room: by their name there, marked for them, and offered only where they are met."""

import re

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from app.chat import actions, queries
from app.chat.models import Mention
from app.identity.models import Space
from app.identity.spaces import actions as names
from app.kernel import work
from app.kernel.house import House
from app.notifications.models import Notice
from app.profiles.actions import blocks
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    return Meeting(app, house, make)


def offered(meeting: Meeting, who: str, prefix: str) -> list[str]:
    with socket(meeting.app, meeting.tokens[who]) as client:
        answer = client.emit("room.names", {"room": meeting.room.public_id, "prefix": prefix}, callback=True)
    assert answer["ok"], answer
    found: list[str] = answer["names"]
    return found


def named(meeting: Meeting) -> set[int]:
    with work.scope(meeting.house) as opened:
        return set(opened.session.scalars(select(Mention.person_id)))


def told(meeting: Meeting) -> set[int]:
    with work.scope(meeting.house) as opened:
        return set(opened.session.scalars(select(Notice.person_id).where(Notice.kind == "chat.mentioned")))


def alias(meeting: Meeting, make: Factory, who: str, name: str) -> None:
    with work.scope(meeting.house):
        names.choose_name(getattr(meeting, who), Space.ROOMS, name=name)
    setattr(meeting, who, make.actor(meeting.tokens[who]))


def test_whoever_is_named_finds_it_marked_and_others_do_not(meeting: Meeting) -> None:
    assert '<bdi class="named">@Lina</bdi>' in meeting.says(meeting.hala, "look, @Lina ").html
    words = meeting.says(meeting.nour, "مرحبا @lina, are you coming?")
    assert words.mentions == [meeting.lina.public_id]
    assert '<bdi class="named">@lina</bdi>' in words.html
    assert words.frame()["mentions"] == [meeting.lina.public_id]
    assert named(meeting) == told(meeting) == {meeting.lina.person_id}
    assert "message--named" in meeting.page("lina")
    assert "names you" in meeting.page("lina")
    assert "message--named" not in meeting.page("hala")
    assert meeting.sees(meeting.lina)[1].mentions == words.mentions


def test_a_name_stands_apart_from_the_direction_of_its_line(meeting: Meeting, make: Factory) -> None:
    alias(meeting, make, "lina", "Plain Voice")
    words = meeting.says(meeting.nour, "@Plain Voice: أهلاً وسهلاً")
    assert '<p dir="auto"><bdi class="named">@Plain Voice</bdi>: أهلاً' in words.html
    hostile = meeting.says(
        meeting.nour, "@Plain Voice <b>x</b> @Plain Voice & `@Plain Voice` https://example.org/@Plain"
    )
    assert hostile.html.count("<bdi class") == 3
    assert "<b>" not in hostile.html


def test_the_longest_name_is_meant_and_nobody_twice(meeting: Meeting, make: Factory) -> None:
    longer = make.person("Lina Karam")
    with work.scope(meeting.house):
        actions.join_room(longer, queries.get_room(longer, meeting.room.public_id))
    words = meeting.says(meeting.nour, "@Lina Karam and again @Lina Karam")
    assert words.mentions == [longer.public_id]
    assert meeting.says(meeting.nour, "@Lina, and nobody else").mentions == [meeting.lina.public_id]
    assert meeting.says(meeting.nour, "mail lina@Lina or @Omar or @Nour").mentions == []


def test_only_people_of_the_room_are_offered_by_their_name_there(meeting: Meeting, make: Factory) -> None:
    alias(meeting, make, "hala", "Night Owl")
    assert offered(meeting, "nour", "") == ["Lina", "Night Owl", "Sami"]
    assert offered(meeting, "nour", "owl") == ["Night Owl"]
    assert offered(meeting, "nour", "ha") == [], "nobody learns whose name it is"
    assert offered(meeting, "nour", "Om") == []
    page = meeting.page("nour", "/names?q=l")
    assert "@Lina" in page
    assert "@Night Owl" not in page
    for rest in ("", "?q=hala"):
        assert "Hala" not in meeting.page("nour", f"/names{rest}")
    assert meeting.get("omar", "/names").status_code == 404
    with socket(meeting.app, meeting.tokens["omar"]) as omar:
        asked = {"room": meeting.room.public_id, "prefix": "l"}
        assert omar.emit("room.names", asked, callback=True)["error"]["code"] == "not_found"
        for wrong in (None, 5, "x" * 61):
            assert not omar.emit("room.names", {**asked, "prefix": wrong}, callback=True)["ok"]


def test_the_usual_name_of_whoever_has_another_one_here_names_nobody(meeting: Meeting, make: Factory) -> None:
    alias(meeting, make, "lina", "Night Owl")
    assert meeting.says(meeting.nour, "@Lina?").mentions == []
    assert named(meeting) == set()


def test_what_named_somebody_before_does_not_lead_to_their_new_name(meeting: Meeting, make: Factory) -> None:
    meeting.says(meeting.nour, "@Lina, hello")
    before = meeting.lina.public_id
    alias(meeting, make, "lina", "Night Owl")
    own = meeting.lina.known_in(Space.ROOMS)[0]
    (words,) = meeting.sees(meeting.nour)
    assert words.mentions == [before]
    assert own not in orjson.dumps(words.frame()).decode()
    assert "message--named" in meeting.page("lina"), "she still finds it"


def test_who_keeps_somebody_away_is_not_told_and_nobody_can_try_that_out(meeting: Meeting) -> None:
    with work.scope(meeting.house):
        blocks.block(meeting.lina, meeting.nour.person_id)
    kept_away = meeting.says(meeting.nour, "@Lina, answer me")
    other = meeting.says(meeting.nour, "@Hala, answer me")
    assert named(meeting) == told(meeting) == {meeting.hala.person_id}
    shapes = [re.sub("Lina|Hala", "N", words.html) for words in (kept_away, other)]
    assert shapes[0] == shapes[1]
    assert kept_away.frame().keys() == other.frame().keys()
    for words in meeting.sees(meeting.nour):
        assert len(words.mentions) == 1, "also when it is read again"
    assert offered(meeting, "nour", "li") == ["Lina"]
    assert offered(meeting, "lina", "no") == [], "whom one keeps away is not offered"


def test_words_of_somebody_one_keeps_away_are_folded_for_oneself_alone(meeting: Meeting, make: Factory) -> None:
    alias(meeting, make, "lina", "Night Owl")
    meeting.says(meeting.lina, "You again")
    meeting.says(meeting.hala, "What did she say", reply_to=1)
    with work.scope(meeting.house):
        blocks.block(meeting.nour, meeting.lina.person_id, met_in=Space.ROOMS)
    page = meeting.page("nour")
    assert '<details class="message__fold"><summary>From somebody you keep away</summary>' in page
    assert page.count("You again") == 1, "folded, and not in the quote"
    owl = meeting.lina.known_in(Space.ROOMS)[0]
    assert f'data-away="{owl}"' in page
    for other in ("lina", "hala"):
        assert "From somebody you keep away" not in meeting.page(other).split("<template")[0]
        assert 'data-away=""' in meeting.page(other)


def test_folding_does_not_say_whose_name_it_is(meeting: Meeting, make: Factory) -> None:
    """Blocked by the usual name, met under another one: nothing in the room changes."""
    with work.scope(meeting.house):
        blocks.block(meeting.nour, meeting.lina.person_id)
    alias(meeting, make, "lina", "Night Owl")
    meeting.says(meeting.lina, "Hello all")
    assert 'data-away=""' in meeting.page("nour")
    assert "message--away" not in meeting.page("nour")
    assert offered(meeting, "nour", "night") == ["Night Owl"]
