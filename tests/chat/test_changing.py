"""What becomes of a message afterwards: changed for a quarter of an hour, withdrawn, taken out with a reason."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.chat import actions, policy, queries
from app.chat.models import Mention, Message, MessageState, Room, RoomKind, Version
from app.kernel import work
from app.kernel.actor import system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.house import House
from app.notifications.models import Notice
from tests.at_once import outcomes
from tests.chat.meeting import Meeting
from tests.factories import Factory
from tests.house.sockets import socket


@pytest.fixture
def meeting(app: Flask, house: House, make: Factory) -> Meeting:
    return Meeting(app, house, make)


def change(meeting: Meeting, body: str, note: str = "", *, seq: int = 1, edits: int | None = None) -> queries.Words:
    with work.scope(meeting.house):
        return actions.change_message(meeting.nour, meeting.here(meeting.nour), seq, body=body, note=note, edits=edits)


def sent_long_ago(meeting: Meeting, seq: int = 1) -> None:
    """Have a message be as old as no change reaches any more."""
    with work.scope(meeting.house) as opened, opened.writing():
        message = opened.session.scalars(select(Message).where(Message.seq == seq)).one()
        content = queries.content_of(message)
        before = queries.Content(content.body, now() - timedelta(minutes=policy.EDIT_MINUTES, seconds=1))
        vault, place = meeting.house.vault, queries.sealed_place(message.public_id)
        message.sealed = vault.seal(queries.key_of(message), place, queries.packed(before))


def test_one_changes_what_one_wrote_and_the_page_says_so(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "Tomorow at noon")
    form = meeting.page("nour", "/messages/1/change")
    assert "Tomorow at noon" in form
    with socket(meeting.app, meeting.tokens["lina"]) as lina:
        lina.emit("room.open", {"room": meeting.room.public_id}, callback=True)
        done = meeting.send("nour", "/messages/1/change", body="Tomorrow at noon", note="", edits="0")
        assert done.status_code == 303
        (frame,) = [one["args"][0]["message"] for one in lina.get_received() if one["name"] == "room.changed"]
    assert frame["edited"] is True
    assert "Tomorrow at noon" in frame["html"]
    page = meeting.page("lina")
    assert "Tomorrow at noon" in page
    assert "Tomorow" not in page
    assert '<span class="message__marks">edited</span>' in page


def test_what_it_said_before_is_sealed_and_for_whoever_works_on_a_report(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "You are all liars")
    change(meeting, "I am angry")
    change(meeting, "I am tired")
    for who in ("nour", "lina", "sami"):
        for rest in ("", "/messages/1"):
            assert "liars" not in meeting.page(who, rest)
    with work.scope(meeting.house) as opened:
        kept = opened.session.scalars(select(Version.sealed)).all()
        assert not any(b"liars" in sealed for sealed in kept)
        around = queries.around_reported(queries.reference(meeting.room.public_id, 1))
        assert [line.earlier for line in around] == [["You are all liars", "I am angry"]]
        opened.session.rollback()
    with work.scope(meeting.house) as opened:
        with opened.writing():
            opened.session.execute(update(Room).values(kind=RoomKind.GROUP))
        assert queries.around_reported(queries.reference(meeting.room.public_id, 1)) == []


def test_nobody_changes_what_is_not_theirs_or_too_old_or_gone(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "Hers")
    meeting.says(meeting.nour, "Mine")
    with pytest.raises(Forbidden):
        change(meeting, "Not hers", seq=1)
    for who in ("nour", "hala", "sami", "omar"):
        assert meeting.get(who, "/messages/1/change").status_code == 404
    sent_long_ago(meeting, 2)
    with pytest.raises(Forbidden):
        change(meeting, "Too late", seq=2)
    assert "/change" not in meeting.page("nour", "/messages/2")
    late = meeting.send("nour", "/messages/2/change", body="Too late", note="", edits="0")
    assert late.status_code == 403
    assert "Too late" in late.text, "what was typed is not lost"
    with work.scope(meeting.house):
        actions.withdraw_message(meeting.nour, meeting.here(meeting.nour), 2)
    assert meeting.get("nour", "/messages/2/change").status_code == 404


def test_of_several_changes_at_once_one_wins(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "Zero")

    def try_with(number: int) -> queries.Words:
        here = meeting.here(meeting.nour)
        return actions.change_message(meeting.nour, here, 1, body=f"Number {number}", edits=0)

    told = outcomes(meeting.house, [partial(try_with, number) for number in range(5)])
    assert sorted(told) == ["conflict"] * 4 + ["done"]
    with work.scope(meeting.house) as opened:
        assert opened.session.scalar(select(func.count()).select_from(Version)) == 1
    stale = meeting.send("nour", "/messages/1/change", body="From another tab", note="", edits="0")
    assert stale.status_code == 409
    assert "From another tab" in stale.text


def test_a_change_names_people_anew(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "@Lina look")

    def named() -> set[int]:
        with work.scope(meeting.house) as opened:
            return set(opened.session.scalars(select(Mention.person_id)))

    assert named() == {meeting.lina.person_id}
    assert change(meeting, "@Hala look").mentions == [meeting.hala.public_id]
    assert named() == {meeting.hala.person_id}
    with work.scope(meeting.house) as opened:
        told = select(Notice.person_id).where(Notice.kind == "chat.mentioned")
        assert set(opened.session.scalars(told)) == {meeting.lina.person_id, meeting.hala.person_id}
    assert change(meeting, "look").mentions == []
    assert named() == set()


def test_a_change_passes_what_a_new_message_passes(meeting: Meeting) -> None:
    """Neither the warning, nor a pause, nor the rule about links is gone round by changing a message later."""
    meeting.says(meeting.nour, "Call me")
    warned = meeting.send("nour", "/messages/1/change", body="Call me: 0944 123 456", note="", edits="0")
    assert warned.status_code == 422
    assert "A phone number" in warned.text
    with work.scope(meeting.house) as opened, opened.writing():
        opened.session.execute(update(Room).values(state="closed"))
    with pytest.raises(Forbidden):
        change(meeting, "Anything")


def test_withdrawing_takes_the_words_from_everybody_and_says_by_whom(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "Said too soon, @Lina")
    change(meeting, "Said too soon after all, @Lina")
    ask = meeting.page("nour", "/messages/1/withdraw")
    assert "gone from our backups when the time of this room is over" in ask
    with socket(meeting.app, meeting.tokens["lina"]) as lina:
        lina.emit("room.open", {"room": meeting.room.public_id}, callback=True)
        assert meeting.send("nour", "/messages/1/withdraw").status_code == 303
        gone = [one["args"][0] for one in lina.get_received() if one["name"] == "room.gone"]
    assert gone == [{"room": meeting.room.public_id, "seq": 1, "by": "withdrawn"}]
    for who in ("nour", "lina", "sami"):
        page = meeting.page(who)
        assert "too soon" not in page
        assert "Withdrawn by whoever wrote it." in page
    with work.scope(meeting.house) as opened:
        message = opened.session.scalars(select(Message)).one()
        assert message.state is MessageState.WITHDRAWN
        assert queries.content_of(message) == queries.Content("", queries.content_of(message).at)
        for table in (Version, Mention):
            assert opened.session.scalar(select(func.count()).select_from(table)) == 0
    assert meeting.get("nour", "/messages/1/withdraw").status_code == 404


def test_nobody_withdraws_for_somebody_else(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "Hers")
    for actor in (meeting.nour, meeting.hala, meeting.sami):
        with work.scope(meeting.house), pytest.raises(Forbidden):
            actions.withdraw_message(actor, meeting.here(actor), 1)
    for who in ("nour", "hala", "omar"):
        assert meeting.send(who, "/messages/1/withdraw").status_code == 404
    assert meeting.sees(meeting.nour)[0].gone == ""


def test_twenty_withdrawals_at_once_are_one(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "Mine")
    tries = [lambda: actions.withdraw_message(meeting.nour, meeting.here(meeting.nour), 1)] * 8
    told = outcomes(meeting.house, tries)
    assert told.count("done") == 1
    assert set(told) <= {"done", "conflict", "forbidden"}


@pytest.mark.parametrize("who", ["hala", "sami"])
def test_who_keeps_order_takes_words_out_and_their_writer_reads_why(meeting: Meeting, who: str) -> None:
    meeting.says(meeting.nour, "An address of somebody")
    assert meeting.send(who, "/messages/1/take-out", reason="  ").status_code == 422
    assert meeting.send(who, "/messages/1/take-out", reason="It names where somebody lives").status_code == 303
    for other in ("lina", who):
        page = meeting.page(other, "/messages/1")
        assert "Taken out by those who keep this room in order." in page
        assert "where somebody lives" not in page
        assert "An address" not in page
    assert "It names where somebody lives" in meeting.page("nour", "/messages/1")
    notices = meeting.browser("nour").get("/notices").text
    assert "A message of yours was taken out of a room" in notices
    assert "somebody lives" not in notices


def test_nobody_else_takes_words_out(meeting: Meeting) -> None:
    meeting.says(meeting.lina, "Hers")
    meeting.says(meeting.hala, "A host's")
    for who in ("nour", "lina", "omar"):
        for seq in (1, 2):
            assert meeting.send(who, f"/messages/{seq}/take-out", reason="No").status_code == 404
    assert meeting.get("hala", "/messages/2/take-out").status_code == 404, "one's own is withdrawn"
    with work.scope(meeting.house) as opened, opened.writing():
        opened.session.execute(update(Room).values(kind=RoomKind.GROUP))
    for who in ("hala", "sami"):
        assert meeting.send(who, "/messages/1/take-out", reason="No").status_code == 404, "not where a few talk"
    with work.scope(meeting.house), pytest.raises(NotFound):
        actions.take_out_message(meeting.omar, meeting.here(meeting.omar), 1, reason="No")


def test_a_content_note_is_its_authors_and_folds_the_words(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "What happened")
    change(meeting, "What happened", "Prison")
    page = meeting.page("lina")
    assert "<summary>Note: <bdi>Prison</bdi></summary>" in page
    assert meeting.sees(meeting.lina)[0].frame()["note"] == "Prison"
    with work.scope(meeting.house):
        with pytest.raises(Forbidden):
            actions.change_message(meeting.sami, meeting.here(meeting.sami), 1, body="x", note="A penalty")
        with pytest.raises(NotFound):
            actions.change_message(system("test"), meeting.here(meeting.nour), 1, body="x")
    assert meeting.write("nour", "x", note="n" * 81).status_code == 422


def test_a_stale_or_hostile_form_changes_nothing(meeting: Meeting) -> None:
    meeting.says(meeting.nour, "As it was")
    for fields in ({"edits": "-1"}, {"edits": "x"}, {"edits": ""}, {"edits": "0", "body": " "}):
        answer = meeting.send("nour", "/messages/1/change", **{"body": "Other", "note": "", **fields})
        assert answer.status_code == 422
    with pytest.raises(Conflict):
        change(meeting, "Other", edits=3)
    assert "As it was" in meeting.page("lina")
    assert change(meeting, "As it was").edited is False, "the same words are no change"
