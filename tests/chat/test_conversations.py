"""Conversations of two: ending them, keeping somebody away, how long words stay, and their pages."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.chat import queries
from app.chat.actions import conversations
from app.chat.actions.own_time import keep_own_words
from app.chat.actions.reading import mark_read
from app.chat.actions.rooms import leave_room, mute_room
from app.chat.models import Epoch, Room
from app.chat.own_parts import erase, export
from app.chat.policy import ROOM, Mute
from app.chat.queries.conversations import Standing
from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Forbidden, Invalid, NotFound, Refusal
from app.kernel.signals import Words, words_handled
from app.kernel.vault import Shredded
from app.safety.models import Hidden
from tests.chat.talk import Talks


def _row(public_id: str) -> Room:
    return work.session().scalars(select(Room).where(Room.public_id == public_id)).one()


def _epochs(public_id: str) -> list[Epoch]:
    wanted = select(Epoch).join(Room, Room.id == Epoch.room_id).where(Room.public_id == public_id)
    return list(work.session().scalars(wanted))


def why(talks: Talks, actor: Actor, room: str) -> str:
    with pytest.raises(Refusal) as told:
        talks.write(actor, room)
    return told.value.text


def test_whoever_leaves_is_gone_and_a_block_looks_the_same(talks: Talks) -> None:
    nour, lina, sami = talks.person("Nour"), talks.person("Lina"), talks.person("Sami")
    left, blocked = talks.between(nour, lina), talks.between(nour, sami)
    for other, room in ((lina, left), (sami, blocked)):
        talks.write(other, room, "Good to hear")
    talks.leave(lina, left)
    talks.block(sami, nour)
    assert why(talks, nour, left) == why(talks, nour, blocked) != ""
    assert talks.standing(nour, left) is talks.standing(nour, blocked) is Standing.OVER
    assert talks.read(nour, left)[1:] == talks.read(nour, blocked)[1:] == ["Good to hear"]
    assert sorted(talks.listed(nour)["over"]) == sorted([left, blocked])
    with work.scope(talks.house):
        called = {line.room.public_id: list(line.with_names) for line in queries.rooms(nour)}
    assert called == {left: ["Lina"], blocked: ["Sami"]}
    with pytest.raises(NotFound):
        talks.read(lina, left)
    assert talks.read(sami, blocked) != []  # whoever blocked still reads it, where they look for it
    assert talks.listed(sami) == {"asked": [], "on": [], "waits": [], "over": [blocked]}
    assert talks.ask(lina, nour, "It is me again") != left  # a new one, from the beginning


def test_whoever_leaves_may_take_their_words_and_the_last_one_takes_all(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.between(nour, lina)
    talks.write(lina, room, "Hers")
    talks.leave(lina, room, take_words=True)
    assert talks.read(nour, room) == ["May I ask you something?", ""]
    with work.scope(talks.house):
        epochs = [one.key_id for one in _epochs(room)]
    talks.leave(nour, room)
    with work.scope(talks.house):
        assert _epochs(room) == []
    talks.house.queue.sweep()
    for key_id in epochs:
        with pytest.raises(Shredded):
            talks.house.vault.open(key_id, queries.sealed_place("x"), b"")


def test_somebody_suspended_or_removed_cannot_be_reached_and_their_words_follow_the_measure(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.between(nour, lina)
    talks.write(lina, room, "Words of hers")
    talks.without(lina, Permission.SIGNED_IN)
    assert talks.standing(nour, room) is Standing.AWAY
    assert "cannot be reached" in why(talks, nour, room)
    with work.scope(talks.house):
        words_handled.send(system("test"), person_id=lina.person_id, how=Words.HIDE)
    assert talks.read(nour, room)[1] == ""


def test_whoever_is_erased_leaves_nothing_but_their_place(talks: Talks) -> None:
    nour, lina, sami = talks.person(), talks.person(), talks.person()
    room, waiting, asked = talks.between(nour, lina), talks.ask(lina, sami), talks.ask(sami, talks.person())
    talks.write(lina, room, "Words of hers")
    with work.scope(talks.house):
        own = dict(export(lina))
        assert [one["words"] for one in own["messages"]] == ["May I ask you something?", "Words of hers"]
        assert own["rooms"] == []
    with work.scope(talks.house) as opened, opened.writing():
        erase(system("test"), lina.person_id)
    assert talks.read(nour, room) == ["May I ask you something?", ""]
    assert talks.standing(nour, room) is Standing.OVER
    with pytest.raises(NotFound):
        talks.read(sami, waiting)
    assert talks.standing(sami, asked) is Standing.WAITS


def test_the_shorter_wish_holds_for_both(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.between(nour, lina)
    for actor, days, holds in ((nour, 30, 30), (lina, 7, 7), (nour, 90, 7), (lina, 90, 90)):
        with work.scope(talks.house):
            conversations.choose_keep(actor, queries.get_room(actor, room), days=days)
        with work.scope(talks.house):
            assert queries.get_room(nour, room).keep_days == holds
    with work.scope(talks.house):
        with pytest.raises(Invalid):
            conversations.choose_keep(nour, queries.get_room(nour, room), days=365)
    with work.scope(talks.house):
        conversations.choose_keep(nour, queries.get_room(nour, room), days=1)
    with work.scope(talks.house) as opened, opened.writing():
        (week,) = _epochs(room)
        week.last_on = now().date() - timedelta(days=1)
    talks.write(nour, room, "Gone after a day or two")
    with work.scope(talks.house):
        assert _epochs(room)[-1].last_on == now().date()  # sealed for one day, and not for a week
    with work.scope(talks.house), pytest.raises(NotFound):
        keep_own_words(nour, queries.get_here(nour, room), days=1)


def test_a_notice_comes_once_until_it_is_read_and_not_while_it_is_muted(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.between(nour, lina)
    with work.scope(talks.house):
        mute_room(lina, queries.get_room(lina, room), Mute.ON)
    talks.write(nour, room)
    assert "chat.wrote" not in talks.notices(lina)
    with work.scope(talks.house):
        mute_room(lina, queries.get_room(lina, room), Mute.OFF)
    talks.write(nour, room)
    talks.write(nour, room)
    assert talks.notices(lina).count("chat.wrote") == 1
    with work.scope(talks.house):
        found = queries.get_line(lina, room)
        assert found.unread == 3
        mark_read(lina, found.room, seq=4)
    with work.scope(talks.house):
        assert queries.unread_total(lina) == 0
    assert talks.notices(lina) == []  # that she was asked she knew before the job ran: she had accepted by then
    talks.write(nour, room)
    assert talks.notices(lina).count("chat.wrote") == 1


def test_nobody_else_finds_a_conversation(talks: Talks) -> None:
    nour, lina, sami = talks.person(), talks.person(), talks.person()
    moderator = talks.person(roles=(Role.MODERATOR, Role.MEMBER))
    waiting, on = talks.ask(sami, lina), talks.between(nour, lina)
    for outsider in (moderator, talks.person()):
        for room in (waiting, on):
            with work.scope(talks.house), pytest.raises(NotFound):
                queries.get_room(outsider, room)
    for verb in (conversations.accept, conversations.decline):
        with work.scope(talks.house), pytest.raises(NotFound):
            verb(sami, _row(waiting))  # whoever asked does not answer for the other
        with work.scope(talks.house), pytest.raises(NotFound):
            verb(moderator, _row(waiting))
    with work.scope(talks.house), pytest.raises(NotFound):
        leave_room(nour, queries.get_room(nour, on))
    with work.scope(talks.house), pytest.raises(Forbidden):
        conversations.choose_keep(lina, queries.get_room(lina, waiting), days=1)
    with work.scope(talks.house), pytest.raises(Forbidden):
        # Nor does whoever asks, before the other has answered: their words would be gone before they are reported.
        conversations.choose_keep(sami, queries.get_room(sami, waiting), days=1)


def test_a_conversation_can_be_hidden_while_one_travels(talks: Talks) -> None:
    nour, lina = talks.person("Nour"), talks.person("Lina")
    room, shown = talks.between(nour, lina), talks.between(nour, talks.person("Sami"))
    with work.scope(talks.house) as opened, opened.writing():
        opened.session.add(Hidden(person_id=nour.person_id, kind=ROOM, ref=room))
    travelling = talks.without(nour, Permission.HIDDEN_SEE)
    with pytest.raises(NotFound):
        talks.read(travelling, room)
    assert talks.listed(travelling)["on"] == [shown]
    with pytest.raises(NotFound):
        talks.write(travelling, room)
    assert talks.write(lina, room).seq == 2


@pytest.mark.one_database
def test_the_pages_from_a_profile_to_a_conversation(talks: Talks) -> None:
    nour, lina = talks.scene.person("Nour", about="Plants"), talks.scene.person("Lina", about="Bicycles")
    talks.scene.connect(nour, lina)
    open_page = talks.scene.open
    ask = f"/members/{lina.public_id}/talk"
    assert ask in open_page(nour, f"/members/{lina.public_id}").text
    assert ask in open_page(nour, "/me/people").text
    refused = open_page(nour, ask, body="see www.example.org", client_id="from-the-page-1")
    assert (refused.status_code, "see www.example.org" in refused.text) == (422, True)
    sent = open_page(nour, ask, body="Hello *you*", client_id="from-the-page-2")
    room = sent.headers["Location"]
    assert "It waits for their answer" in open_page(nour, room).text
    assert open_page(nour, ask).headers["Location"] == room
    assert "Somebody asks you to talk" in open_page(lina, "/").text
    page = open_page(lina, room).text
    assert "Hello <em>you</em>" in page
    assert "<textarea" not in page
    number = room.rpartition("/")[2]
    assert open_page(lina, f"/rooms/conversations/{number}/accept", x="1").headers["Location"] == room
    page = open_page(lina, room).text
    assert "<textarea" in page
    for way in ("keep", "report", "block", "leave"):
        assert open_page(lina, f"/rooms/conversations/{number}/{way}").status_code == 200, way
    assert open_page(lina, f"/rooms/conversations/{number}/keep", days="7").status_code == 303
    assert "7 days" in open_page(nour, room).text
    assert open_page(lina, f"/rooms/conversations/{number}/leave", take_words="y").status_code == 303
    assert open_page(lina, room).status_code == 404
    page = open_page(nour, room).text
    assert "This conversation is over" in page
    assert "Over" in open_page(nour, "/rooms/conversations").text


@pytest.mark.one_database
def test_asking_somebody_who_blocked_me_is_suspended_or_never_was_looks_the_same(talks: Talks) -> None:
    scene = talks.scene
    nour, blocker = scene.person("Nour", about="x"), scene.person("Hazim", about="x")
    away, hidden = scene.person("Tamim", about="x"), talks.person("Widad")
    talks.block(blocker, nour)
    talks.without(away, Permission.SIGNED_IN)
    answers = set()
    for person in (blocker.public_id, away.public_id, hidden.public_id, "abcdefghijklmnop"):
        for form in ({}, {"body": "Hello", "client_id": "from-the-page-1"}):
            answer = scene.open(nour, f"/members/{person}/talk", **form)
            answers.add((answer.status_code, bool(form), answer.text.replace(person, "")[:2000]))
    assert {answer[0] for answer in answers} == {404}
    room = scene.make.room(nour, blocker, away)
    said = [scene.make.message(other, room).seq for other in (blocker,)]
    page = scene.open(nour, f"/rooms/{room.public_id}/messages/{said[0]}/talk")
    assert page.status_code == 200
    sent = scene.open(
        nour, f"/rooms/{room.public_id}/messages/{said[0]}/talk", body="Hello", client_id="from-the-page-2"
    )
    assert sent.status_code == 303
    assert "It waits for their answer" in scene.open(nour, sent.headers["Location"]).text


@pytest.mark.one_database
def test_a_message_in_a_room_leads_to_a_conversation_by_the_names_there(talks: Talks) -> None:
    scene = talks.scene
    nour, lina = scene.person("Nour", about="x"), scene.person("Lina", about="x")
    lina = talks.named(lina, "Sparrow")
    room = scene.make.room(nour, lina)
    seq = scene.make.message(lina, room, "I am called otherwise elsewhere").seq
    ask = f"/rooms/{room.public_id}/messages/{seq}/talk"
    assert ask in scene.open(nour, f"/rooms/{room.public_id}/messages/{seq}").text
    assert "Sparrow" in scene.open(nour, ask).text
    talk = scene.open(nour, ask, body="Hello", client_id="from-the-page-1").headers["Location"]
    for page in (talk, "/rooms/conversations", "/rooms", f"/rooms/conversations/{talk.rpartition('/')[2]}/block"):
        text = scene.open(nour, page).text
        assert "Lina" not in text
        assert lina.public_id not in text
    talks.accept(lina, talk.rpartition("/")[2])
    talks.write(lina, talk.rpartition("/")[2], "From Sparrow")
    text = scene.open(nour, talk).text
    assert ("Sparrow" in text, "Lina" in text, lina.public_id in text) == (True, False, False)
    with work.scope(talks.house):
        assert queries.get_room(nour, talk.rpartition("/")[2]).space is Space.ROOMS
