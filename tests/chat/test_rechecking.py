"""After a break: what a page that stayed open is told of the messages that it shows."""

from typing import Any

import pytest

from app.chat import actions, queries
from app.chat.live import rechecking, rooms
from app.chat.models import Reaction, ReactionKind, Room, RoomState
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.errors import Invalid, NotFound
from app.kernel.house import House
from tests.factories import Factory


class Listening:
    """A socket as far as a handler sees it."""

    language = "en"

    def listen(self, thing: str, address: str) -> None: ...

    def leave(self, thing: str) -> None: ...


def recheck(house: House, actor: Actor, room: Room, first: Any, last: Any, *, odd: Any = ()) -> dict[str, Any]:
    payload = {"room": room.public_id, "from": first, "to": last, "odd": odd or []}
    with work.scope(house):
        return dict(rechecking.recheck(actor, payload, Listening()))  # type: ignore[arg-type]


def test_plain_messages_cost_their_number_and_others_come_anew(house: House, make: Factory) -> None:
    nour, lina, moderator = make.person(), make.person(), make.person(roles=(Role.MODERATOR,))
    room = make.room(nour, lina)
    for body in ("plain", "thanked", "removed", "plain too"):
        make.message(nour, room, body)
    with work.scope(house) as opened, opened.writing():
        opened.session.add(Reaction(room_id=room.id, seq=2, person_id=lina.id, kind=ReactionKind.THANK_YOU))
    with work.scope(house):
        actions.remove_message(moderator, queries.reference(room.public_id, 3), "It names somebody.")
    answer = recheck(house, lina, room, 1, 4)
    assert (answer["to"], answer["kept"]) == (4, [1, 2, 3, 4])
    thanked, removed = answer["messages"]
    assert (thanked["seq"], thanked["reactions"][0]["kind"]) == (2, "thank-you")
    assert (removed["seq"], removed["gone"], removed["html"]) == (3, "removed", "")
    # What the page shows with something beside it comes anew also when nothing is beside it any more.
    assert [one["seq"] for one in recheck(house, lina, room, 1, 4, odd=[4])["messages"]] == [2, 3, 4]


def test_a_long_stretch_is_answered_as_far_as_it_was_looked_at(
    house: House, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    nour = make.person()
    room = make.room(nour)
    for _ in range(4):
        make.message(nour, room)
    monkeypatch.setattr("app.chat.queries.rechecking.MOST_RECHECKED", 3)
    assert recheck(house, nour, room, 1, 2**52)["to"] == 3
    assert recheck(house, nour, room, 3, 9)["to"] == 9


def test_nobody_rechecks_a_room_that_they_do_not_read(house: House, make: Factory) -> None:
    nour, outside = make.person(), make.person()
    newcomer = make.person(roles=())
    room = make.room(nour)
    make.message(nour, room)
    for actor in (outside, newcomer):
        with pytest.raises(NotFound):
            recheck(house, actor, room, 1, 1)
    for wrong in (-1, True, "1", None, 2**53):
        with pytest.raises(Invalid):
            recheck(house, nour, room, wrong, 1)
    for crooked in ("1", ["1"], [-1], [1] * 201, {"1": 1}):
        with pytest.raises(Invalid):
            recheck(house, nour, room, 1, 1, odd=crooked)


@pytest.mark.one_database
def test_whoever_catches_up_is_told_why_they_cannot_write_in_their_language(house: House, make: Factory) -> None:
    nour = make.person()
    room = make.room(nour)
    payload = {"room": room.public_id, "since": 0}
    with work.scope(house) as opened:
        assert rooms.missed_since(nour, payload, Listening())["why"] == ""  # type: ignore[arg-type]
        with opened.writing():
            opened.session.get_one(Room, room.id).state = RoomState.CLOSED
    arabic = Listening()
    arabic.language = "ar"
    with work.scope(house):
        assert rooms.missed_since(nour, payload, Listening())["why"].startswith("Nobody writes")  # type: ignore[arg-type]
        why = rooms.missed_since(nour, payload, arabic)["why"]  # type: ignore[arg-type]
        assert why
        assert not why.startswith("Nobody")
