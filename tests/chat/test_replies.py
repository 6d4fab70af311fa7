"""Answering a message, with a short quote that leads to it."""

import pytest
from flask import Flask

from app.chat import actions
from app.kernel import work
from app.kernel.errors import NotFound
from app.kernel.house import House
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket

pytestmark = pytest.mark.one_database


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    return Meeting(app, house, make)


def test_one_answers_from_the_page_of_a_message_and_the_quote_leads_to_it(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "The **well** is open again")
    room = f"/rooms/{meeting.room.public_id}"
    assert f'href="{room}?reply=1#body"' in meeting.page("nour", "/messages/1")
    composer = meeting.page("nour", "?reply=1")
    assert 'name="reply_to" type="hidden" value="1"' in composer
    assert "The well is open again" in composer, "what is answered stands by the composer, without its marks"
    assert meeting.write("nour", "Good", reply_to="1").status_code == 303
    page = meeting.page("lina")
    assert f'class="message__quote" href="{room}?around=1#m1" data-answers="1"' in page
    assert "<bdi>Lina</bdi>: <bdi>The well is open again</bdi>" in page
    assert meeting.sees(meeting.lina)[1].frame()["reply"]["words"] == "The well is open again"


def test_what_is_answered_stays_when_the_form_comes_back(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "The well is open")
    back = meeting.write("nour", " ", reply_to="1")
    assert back.status_code == 422
    assert 'name="reply_to" type="hidden" value="1"' in back.text
    assert "<bdi>Lina</bdi>: <bdi>The well is open</bdi>" in back.text


def test_the_quote_of_what_was_taken_away_has_no_words(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "A word too much")
    meeting.says(meeting.nour, "I hear you", reply_to=1)
    with work.scope(meeting.house):
        actions.withdraw_message(meeting.lina, meeting.here(meeting.lina), 1)
    reply = meeting.sees(meeting.nour)[1].reply
    assert reply is not None
    assert (reply.seq, reply.words) == (1, "")
    assert "A word too much" not in meeting.page("nour")


def test_a_quote_shows_nothing_that_stands_behind_a_content_note(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "What I saw there", note="Detention")
    assert meeting.says(meeting.nour, "With you", reply_to=1).frame()["reply"]["words"] == ""
    page = meeting.page("nour", "?reply=1")
    assert page.count("What I saw there") == 1
    assert "<summary>Note: <bdi>Detention</bdi></summary>" in page


def test_nobody_answers_what_they_do_not_read(meeting: Meeting, make: Factory) -> None:
    other = make.room(meeting.lina)
    make.message(meeting.lina, other, "Elsewhere")
    with pytest.raises(NotFound):
        meeting.says(meeting.nour, "Hm", reply_to=1)
    assert meeting.write("nour", "Hm", reply_to="99").status_code == 404
    assert 'name="reply_to" type="hidden" value=""' in meeting.page("nour", "?reply=99")
    with socket(meeting.app, meeting.tokens["nour"]) as nour:
        sent = {"room": meeting.room.public_id, "client_id": "AAAAAAAA", "body": "Hm", "reply_to": "99"}
        assert nour.emit("room.post", sent, callback=True)["error"]["code"] == "not_found"
