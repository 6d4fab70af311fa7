"""Asking somebody to talk: what may be written, what is told, and what is not."""

import pytest

from app.chat import queries
from app.chat.actions import changing
from app.chat.queries import conversations as talking
from app.chat.queries.conversations import Standing
from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooMany
from tests.at_once import outcomes
from tests.chat.talk import Talks


def refused(talks: Talks, actor: Actor, room: str, body: str = "And another thing") -> type[Refusal]:
    with pytest.raises(Refusal) as told:
        talks.write(actor, room, body)
    return told.type


def test_a_request_is_read_answered_and_becomes_a_conversation(talks: Talks) -> None:
    nour, lina = talks.person("Nour"), talks.person("Lina")
    room = talks.ask(nour, lina, "You wrote about Leipzig")
    assert talks.notices(lina) == ["chat.talk-asked"]
    assert talks.listed(lina)["asked"] == talks.listed(nour)["waits"] == [room]
    assert talks.read(lina, room) == ["You wrote about Leipzig"]
    assert refused(talks, lina, room) is NotFound  # until she accepts she only reads
    talks.accept(lina, room)
    assert talks.notices(nour) == ["chat.talk-accepted"]
    talks.write(lina, room, "Yes: https://sanad.example/help and " + "word " * 200)
    talks.write(nour, room, "Thank you")
    assert len(talks.read(nour, room)) == len(talks.read(lina, room)) == 3
    assert talks.listed(nour)["on"] == talks.listed(lina)["on"] == [room]
    assert talks.notices(nour) == ["chat.talk-accepted", "chat.wrote"]


def test_until_it_is_accepted_three_short_messages_without_a_way_elsewhere(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    for body in ("Look: https://sanad.example", "Call me: +963 944 123 456", "t.me/somebody"):
        with pytest.raises(Invalid):
            talks.ask(nour, lina, body)
    room = talks.ask(nour, lina)
    for body in ("See example.org/page", "nour@sanad.example", "x" * 401):
        assert refused(talks, nour, room, body) is Invalid
    second = talks.write(nour, room, "Second")
    with work.scope(talks.house), pytest.raises(Invalid):  # nor by changing what was sent
        changing.change_message(nour, queries.get_here(nour, room), second.seq, body="https://sanad.example")
    talks.write(nour, room, "Third", client_id="the-third-one")
    assert refused(talks, nour, room) is Forbidden
    assert talks.write(nour, room, "Third", client_id="the-third-one").seq == 3  # a retry is no fourth
    assert len(talks.read(lina, room)) == 3
    assert talks.notices(lina) == ["chat.talk-asked"]


def test_ten_at_once_are_three_messages(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.ask(nour, lina)
    told = outcomes(talks.house, [lambda: talks.write(nour, room)] * 8)
    assert sorted(told) == ["done"] * 2 + ["forbidden"] * 6
    assert len(talks.read(lina, room)) == 3


def test_nothing_tells_whoever_asked_that_it_was_declined(talks: Talks) -> None:
    nour, lina, sami = talks.person(), talks.person("Lina"), talks.person("Sami")
    declined, waiting = talks.ask(nour, lina), talks.ask(nour, sami)
    talks.decline(lina, declined)
    with pytest.raises(NotFound):
        talks.read(lina, declined)
    for days in (0, 29, 2):  # that day, the last one, and when it is over
        for room in (declined, waiting):
            talks.wait(room, days)
        assert talks.standing(nour, declined) is talks.standing(nour, waiting)
        told = []
        for room in (declined, waiting):
            try:
                talks.write(nour, room, "Are you there?")
                told.append("stored")
            except Refusal as refusal:
                told.append(refusal.text)
        assert told[0] == told[1]
        assert talks.listed(nour)["over"] == (
            [] if days != 2 else sorted([declined, waiting], key=[declined, waiting].index)
        )
    assert talks.notices(nour) == []


def test_whoever_declined_is_not_reached_for_ninety_days(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.ask(nour, lina)
    talks.decline(lina, room)
    with pytest.raises(Conflict):
        talks.ask(nour, lina)
    for days in (31, 31):
        talks.wait(room, days)
        room = talks.ask(nour, lina, "Once more")
        assert talks.standing(nour, room) is Standing.WAITS
        assert talks.listed(lina)["asked"] == []
        with pytest.raises(NotFound):
            talks.read(lina, room)
    talks.wait(room, 31)
    room = talks.ask(nour, lina, "After three months")
    assert talks.read(lina, room) == ["After three months"]


def test_a_request_that_nobody_answers_is_over_after_thirty_days(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.ask(nour, lina)
    talks.wait(room, 30)
    assert talks.standing(nour, room) is Standing.UNANSWERED
    assert refused(talks, nour, room) is Forbidden
    with pytest.raises(NotFound):
        talks.accept(lina, room)
    again = talks.ask(nour, lina, "Another try")
    assert again != room
    assert talks.read(lina, again) == ["Another try"]
    with pytest.raises(NotFound):
        talks.read(nour, room)


def test_what_was_taken_back_is_gone_and_is_asked_once_in_thirty_days(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.ask(nour, lina)
    talks.leave(nour, room)
    for actor in (nour, lina):
        with pytest.raises(NotFound):
            talks.read(actor, room)
    with pytest.raises(Invalid):
        talks.ask(nour, lina)
    assert talks.read(nour, talks.ask(lina, nour, "I did want to talk")) == ["I did want to talk"]


def test_two_who_ask_each_other_have_one_conversation(talks: Talks) -> None:
    nour, lina, sami = talks.person(), talks.person(), talks.person()
    room = talks.ask(nour, lina)
    assert talks.ask(lina, nour, "I was about to ask you") == room
    assert talks.standing(nour, room) is Standing.ON
    told = outcomes(talks.house, [lambda: talks.ask(nour, sami), lambda: talks.ask(sami, nour)])
    assert told == ["done", "done"]
    (both,) = set(talks.listed(nour)["on"]) - {room}
    assert talks.listed(sami)["on"] == [both]
    told = outcomes(talks.house, [lambda: talks.ask(lina, sami)] * 5)
    assert sorted(told) == ["conflict"] * 4 + ["done"]


def test_whoever_is_in_probation_asks_only_those_who_agreed_to_know_them(talks: Talks) -> None:
    newcomer, friend, stranger = talks.person(), talks.person(), talks.person()
    talks.scene.connect(friend, newcomer)
    newcomer = talks.without(newcomer, Permission.CONTACT_FIRST)
    for met_in in (None, Space.ROOMS):
        with pytest.raises(Forbidden):
            talks.ask(newcomer, stranger, met_in=met_in)
    assert talks.read(friend, talks.ask(newcomer, friend)) != []
    room = talks.ask(stranger, newcomer)  # they may be asked, and answer
    talks.accept(newcomer, room)
    assert talks.write(newcomer, room).seq == 2


def test_five_wait_at_one_time_and_ten_are_asked_in_a_day(talks: Talks) -> None:
    nour, others = talks.person(), [talks.person() for _ in range(12)]
    rooms = [talks.ask(nour, other) for other in others[:5]]
    talks.decline(others[0], rooms[0])  # whether somebody declined makes no room for another
    with pytest.raises(Invalid):
        talks.ask(nour, others[5])
    for room, other in zip(rooms[1:], others[1:5], strict=True):
        talks.accept(other, room)
    for other in others[5:9]:
        talks.ask(nour, other)
    with pytest.raises(TooMany):
        talks.ask(nour, others[10])


def test_across_a_block_or_to_somebody_suspended_it_looks_as_if_it_waited(talks: Talks) -> None:
    nour, blocker, suspended, there = talks.person(), talks.person(), talks.person(), talks.person()
    talks.block(blocker, nour)
    talks.without(suspended, Permission.SIGNED_IN)
    rooms = [talks.ask(nour, other, met_in=Space.ROOMS) for other in (blocker, suspended, there)]
    assert {talks.standing(nour, room) for room in rooms} == {Standing.WAITS}
    assert {talks.write(nour, room).seq for room in rooms} == {2}
    assert talks.listed(blocker)["asked"] == []
    assert talks.notices(blocker) == []


def test_a_block_answers_a_request_without_saying_so(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.ask(nour, lina)
    talks.block(lina, nour)
    assert talks.standing(nour, room) is Standing.WAITS
    assert talks.write(nour, room).seq == 2
    with pytest.raises(NotFound):
        talks.read(lina, room)
    talks.wait(room, 31)
    room = talks.ask(nour, lina, met_in=Space.ROOMS)
    assert talks.listed(lina)["asked"] == []
    talks.wait(room, 365)
    talks.ask(nour, lina, met_in=Space.ROOMS)
    assert talks.listed(lina)["asked"] == []


def test_the_same_two_have_a_conversation_for_each_of_their_names(talks: Talks) -> None:
    nour, lina = talks.person("Nour"), talks.person("Lina")
    usual = talks.between(nour, lina)
    lina = talks.named(lina, "Sparrow")
    in_rooms = talks.between(nour, lina, met_in=Space.ROOMS)
    assert usual != in_rooms
    with work.scope(talks.house):
        called = {line.room.public_id: list(line.with_names) for line in queries.rooms(nour)}
    assert called == {usual: ["Lina"], in_rooms: ["Sparrow"]}
    talks.block(nour, lina, met_in=Space.ROOMS)
    assert talks.standing(nour, in_rooms) is Standing.OVER
    assert talks.standing(nour, usual) is Standing.ON  # if both ended at once, it would be known who Sparrow is
    assert talks.standing(lina, usual) is Standing.ON
    assert talks.write(lina, usual).seq == 2


def test_whoever_travels_is_asked_by_nobody_and_asks_nobody(talks: Talks) -> None:
    nour, lina = talks.person(), talks.person()
    room = talks.ask(nour, lina)
    lina = talks.without(lina, Permission.HIDDEN_SEE)
    assert talks.listed(lina)["asked"] == []
    with work.scope(talks.house):
        assert talking.waiting_requests(lina) == 0
    with pytest.raises(Forbidden):
        talks.ask(lina, talks.person())
    assert talks.standing(nour, room) is Standing.WAITS


def test_whatever_two_do_at_once_leaves_one_whole_state(talks: Talks) -> None:
    for _round in range(3):
        nour, lina = talks.person(), talks.person()
        room = talks.ask(nour, lina)
        told = outcomes(
            talks.house,
            [
                lambda: talks.accept(lina, room),  # noqa: B023  # done before the next round begins
                lambda: talks.leave(nour, room),  # noqa: B023
                lambda: talks.write(nour, room),  # noqa: B023
                lambda: talks.block(lina, nour),  # noqa: B023
                lambda: talks.decline(lina, room),  # noqa: B023
            ],
        )
        assert set(told) <= {"done", "not_found", "forbidden", "conflict"}
        assert told[3] == "done"
        assert [talks.listed(one)["on"] + talks.listed(one)["asked"] for one in (nour, lina)] == [[], []]
