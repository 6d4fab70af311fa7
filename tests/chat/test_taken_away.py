"""Messages that were taken away: by a moderator on a report, or with everything that somebody wrote."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.chat import actions, queries
from app.chat.models import Message
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.feature import Reportable
from app.kernel.house import House
from app.kernel.signals import Words, words_handled
from tests.factories import Factory

MODERATOR = (Role.MODERATOR,)


def shown(house: House, actor: Actor, room: str) -> list[tuple[str, bool]]:
    with work.scope(house):
        found = queries.newest(actor, queries.get_room(actor, room)).words
    return [(words.html.striptags(), bool(words.gone)) for words in found]


def test_a_removed_message_leaves_its_place_and_not_its_words(house: House, make: Factory) -> None:
    nour, lina, moderator = make.person(), make.person(), make.person(roles=MODERATOR)
    room = make.room(nour, lina)
    make.message(nour, room, "before")
    bad = make.message(lina, room, "A threat")
    ref = queries.reference(room.public_id, bad.seq)
    with work.scope(house):
        with pytest.raises(Forbidden):
            actions.remove_message(nour, ref, "I do not like it")
        actions.remove_message(moderator, ref, "A threat to a member")
    assert shown(house, nour, room.public_id) == [("before", False), ("", True)]
    with work.scope(house) as opened:
        message = opened.session.scalars(select(Message).where(Message.seq == bad.seq)).one()
        assert queries.body_of(message)[0] == ""


def test_twenty_moderators_remove_the_same_message_and_one_does(house: House, make: Factory) -> None:
    nour, moderator = make.person(), make.person(roles=MODERATOR)
    room = make.room(nour)
    ref = queries.reference(room.public_id, make.message(nour, room).seq)

    def remove(_number: int) -> str:
        with work.scope(house):
            try:
                actions.remove_message(moderator, ref, "Harm")
            except Conflict:
                return "told"
        return "done"

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(remove, range(20))) == ["done"] + ["told"] * 19


def test_words_are_hidden_for_a_while_and_come_back_but_not_those_that_were_removed(
    house: House, make: Factory
) -> None:
    nour, lina, moderator = make.person(), make.person(), make.person(roles=MODERATOR)
    room = make.room(nour, lina)
    make.message(nour, room, "hers")
    make.message(lina, room, "his")
    removed = make.message(lina, room, "gone for good")
    with work.scope(house):
        actions.remove_message(moderator, queries.reference(room.public_id, removed.seq), "Harm")
        words_handled.send(moderator, person_id=lina.person_id, how=Words.HIDE)
    assert shown(house, nour, room.public_id) == [("hers", False), ("", True), ("", True)]
    with work.scope(house):
        words_handled.send(moderator, person_id=lina.person_id, how=Words.SHOW)
    assert shown(house, nour, room.public_id) == [("hers", False), ("his", False), ("", True)]
    with work.scope(house):
        words_handled.send(system("test"), person_id=lina.person_id, how=Words.KEEP)
        assert actions.handle_words(system("test"), lina.person_id, Words.DELETE) == 1
        assert actions.handle_words(system("test"), lina.person_id, Words.SHOW) == 0
        with pytest.raises(Forbidden):
            actions.handle_words(nour, lina.person_id, Words.HIDE)
    assert shown(house, nour, room.public_id) == [("hers", False), ("", True), ("", True)]


def reportable(house: House) -> Reportable:
    return next(kind for feature in house.features for kind in feature.reportable if kind.name == "message")


def test_a_member_can_report_what_they_see_of_others_and_nothing_else(house: House, make: Factory) -> None:
    nour, lina, stranger = make.person(), make.person(), make.person()
    room = make.room(nour, lina)
    ref = queries.reference(room.public_id, make.message(lina, room, "Where do you live exactly?").seq)
    find = reportable(house).find
    with work.scope(house):
        reported = find(nour, ref)
        assert (reported.person_id, reported.words) == (lina.person_id, "Where do you live exactly?")
        for actor, wrong in ((lina, ref), (stranger, ref), (nour, f"{room.public_id}.99"), (nour, "x"), (nour, "a.-1")):
            with pytest.raises(NotFound):
                find(actor, wrong)


def test_a_moderator_sees_five_messages_either_side_and_no_more(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    room = make.room(nour, lina)
    for number in range(1, 16):
        make.message(lina if number == 8 else nour, room, f"line {number}")
    with work.scope(house):
        lines = reportable(house).context(queries.reference(room.public_id, 8))
    assert [line.words for line in lines] == [f"line {number}" for number in range(3, 14)]
    assert [line.name for line in lines if line.reported] == ["Lina"]


def test_a_message_has_a_page_of_its_own_for_those_who_see_it(house: House, make: Factory, client: FlaskClient) -> None:
    nour, lina = make.token(), make.person("Lina")
    room = make.room(make.actor(nour), lina)
    words = make.message(lina, room, "It stays *here*")
    make.sign_in(client, nour)
    page = client.get(f"/rooms/{room.public_id}/messages/{words.seq}").text
    assert "It stays <em>here</em>" in page
    assert "Report this message" in page
    assert client.get(f"/rooms/{room.public_id}/messages/7").status_code == 404
    make.sign_in(client, make.token())
    assert client.get(f"/rooms/{room.public_id}/messages/{words.seq}").status_code == 404
