"""Small groups: who is asked, what they see before they come in, and what whoever opened it may do."""

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from app.chat import queries
from app.chat.actions import groups
from app.chat.actions.rooms import put_in
from app.chat.models import Room
from app.chat.queries import conversations as talking
from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests.at_once import outcomes
from tests.chat.talk import Talks
from tests.house.sockets import socket


def group(talks: Talks, count: int = 2, title: str = "") -> tuple[str, Actor, list[Actor]]:
    """A group with its host and others who are asked and connected with the host."""
    host, others = talks.person("Nour"), [talks.person() for _ in range(count)]
    for other in others:
        talks.scene.connect(host, other)
    return talks.group(host, *others, title=title), host, others


def people(talks: Talks, actor: Actor, room: str) -> list[tuple[str, bool]]:
    with work.scope(talks.house):
        return [(one.id, one.waits) for one in talking.people_in(queries.get_here(actor, room))]


def test_whoever_is_asked_sees_who_is_in_and_no_words_until_they_come(talks: Talks) -> None:
    room, host, (lina, sami) = group(talks, title="Garden")
    talks.write(host, room, "Shall we plant beans?")
    assert talks.notices(lina) == ["chat.talk-asked"]
    with pytest.raises(NotFound):
        talks.read(lina, room)
    assert people(talks, lina, room) == [(host.public_id, False)]
    with work.scope(talks.house):
        assert queries.get_line(lina, room).title == "Garden"
        assert list(queries.newest(lina, queries.get_room(lina, room)).words) == []
        sealed = work.session().scalars(select(Room.title).where(Room.public_id == room)).one()
        assert b"Garden" not in (sealed or b"")
    talks.accept(lina, room)
    assert talks.read(lina, room) == ["Shall we plant beans?"]
    talks.write(lina, room, "And https://sanad.example/beans")
    with work.scope(talks.house):
        called = queries.get_line(lina, room).with_names
        assert list(called) == ["Nour"]  # whoever is asked is known to the host alone: a name that vanished would tell
    talks.decline(sami, room)
    assert people(talks, lina, room) == [(host.public_id, False), (lina.public_id, False)]
    assert (sami.public_id, True) in people(talks, host, room)  # that they said no is told to nobody
    with pytest.raises(NotFound):
        talks.read(sami, room)


def test_only_whoever_hosts_it_asks_removes_names_and_hands_over(talks: Talks) -> None:
    room, host, (lina, sami) = group(talks)
    talks.accept(lina, room)
    talks.scene.connect(lina, talks.person())
    verbs: tuple[Callable[[], object], ...] = (
        lambda: groups.ask_into(lina, queries.get_room(lina, room), people=[sami.public_id]),
        lambda: groups.remove_from(lina, queries.get_room(lina, room), host.public_id),
        lambda: groups.rename_group(lina, queries.get_room(lina, room), title="Mine"),
        lambda: groups.hand_over(lina, queries.get_room(lina, room), lina.public_id),
    )
    for verb in verbs:
        with work.scope(talks.house), pytest.raises(Forbidden):
            verb()
    stranger = talks.person()
    with work.scope(talks.house), pytest.raises(Invalid):
        groups.ask_into(host, queries.get_room(host, room), people=[stranger.public_id])
    with work.scope(talks.house), pytest.raises(NotFound):
        groups.hand_over(host, queries.get_room(host, room), sami.public_id)  # asked, not in
    with work.scope(talks.house):
        groups.rename_group(host, queries.get_room(host, room), title="Beans")
        groups.hand_over(host, queries.get_room(host, room), lina.public_id)
    with work.scope(talks.house):
        groups.remove_from(lina, queries.get_room(lina, room), host.public_id)
        assert queries.get_line(lina, room).title == "Beans"
    with pytest.raises(NotFound):
        talks.read(host, room)
    assert people(talks, lina, room) == [(lina.public_id, False), (sami.public_id, True)]


def test_when_the_host_leaves_the_eldest_hosts_and_the_last_one_ends_it(talks: Talks) -> None:
    room, host, (lina, sami) = group(talks)
    for one in (sami, lina):
        talks.accept(one, room)
    talks.leave(host, room)
    with work.scope(talks.house):
        hosts = [one.id for one in talking.people_in(queries.get_here(lina, room)) if one.hosts]
    assert hosts == [lina.public_id]
    talks.leave(lina, room)
    talks.leave(sami, room)
    with work.scope(talks.house):
        assert work.session().scalar(select(Room.id).where(Room.public_id == room)) is None


def test_a_group_has_twelve_people_also_when_all_come_at_once(talks: Talks) -> None:
    room, host, others = group(talks, 11)
    more = talks.person()
    talks.scene.connect(host, more)
    with work.scope(talks.house), pytest.raises(Invalid):
        groups.ask_into(host, queries.get_room(host, room), people=[more.public_id])
    told = outcomes(talks.house, [partial(talks.accept, one, room) for one in others])
    assert told == ["done"] * 11
    with work.scope(talks.house):
        assert queries.get_room(host, room).members == 12
    with work.scope(talks.house), pytest.raises(Invalid):
        groups.open_group(more, space=None, title="", people=[others[0].public_id])


def test_whoever_said_no_is_not_asked_again_by_taking_them_off(talks: Talks) -> None:
    room, host, (lina, _sami) = group(talks)
    talks.decline(lina, room)
    with work.scope(talks.house):
        groups.remove_from(host, queries.get_room(host, room), lina.public_id)
    assert lina.public_id not in dict(people(talks, host, room))
    with work.scope(talks.house):
        groups.ask_into(host, queries.get_room(host, room), people=[lina.public_id])
    assert (lina.public_id, True) in people(talks, host, room)
    assert talks.listed(lina)["asked"] == []
    talks.wait(room, 30)
    assert people(talks, host, room) == [(host.public_id, False)]
    talks.wait(room, 61)
    with work.scope(talks.house):
        groups.ask_into(host, queries.get_room(host, room), people=[lina.public_id])
    assert talks.listed(lina)["asked"] == [room]


def test_in_a_group_of_room_names_nobody_is_called_otherwise(talks: Talks) -> None:
    nour, lina, sami = talks.person("Nour"), talks.person("Lina"), talks.person("Sami")
    lina = talks.named(lina, "Sparrow")
    talks.between(nour, lina, met_in=Space.ROOMS)
    talks.scene.connect(nour, sami)
    with work.scope(talks.house):
        assert [one.name for one in talking.candidates(nour, Space.ROOMS)] == ["Sparrow"]
        assert [one.name for one in talking.candidates(nour, None)] == ["Sami"]
    room = talks.group(nour, lina, space=Space.ROOMS)
    talks.accept(lina, room)
    talks.write(lina, room, "Good evening")
    with work.scope(talks.house):
        here = queries.get_here(nour, room)
        assert [one.name for one in talking.people_in(here)] == ["Nour", "Sparrow"]
        assert [words.author.name for words in queries.newest(nour, here).words] == ["Sparrow"]


def test_whoever_keeps_somebody_in_it_away_is_told_before_they_come(talks: Talks) -> None:
    room, host, (lina, sami) = group(talks)
    talks.accept(lina, room)
    talks.block(sami, lina)
    host_named = talks.named(talks.person("Hazim"), "Wren")
    talks.block(sami, host_named, met_in=Space.ROOMS)
    with work.scope(talks.house):
        assert talking.kept_away_in(sami, queries.get_here(sami, room)) == [
            queries.names_here(queries.get_here(sami, room), {lina.person_id})[lina.person_id][1]
        ]
    other = talks.group(host)
    with work.scope(talks.house) as opened, opened.writing():
        put_in(host_named.person_id, opened.session.scalars(select(Room).where(Room.public_id == other)).one())
    with work.scope(talks.house):
        groups.ask_into(host, queries.get_room(host, other), people=[sami.public_id])
    with work.scope(talks.house):
        # In this group that one goes by the usual name: a warning would say who Wren is.
        assert talking.kept_away_in(sami, queries.get_here(sami, other)) == []


def test_in_probation_one_is_asked_and_opens_none(talks: Talks) -> None:
    host, newcomer = talks.person(), talks.person()
    talks.scene.connect(host, newcomer)
    room = talks.group(host, newcomer)
    newcomer = talks.without(newcomer, Permission.CONTACT_FIRST, Permission.ROOMS_ALL)
    talks.accept(newcomer, room)
    assert talks.write(newcomer, room).seq == 1
    with pytest.raises(Forbidden):
        talks.group(newcomer, host)


def test_an_invitation_is_over_after_thirty_days(talks: Talks) -> None:
    room, _host, (lina, _sami) = group(talks)
    talks.wait(room, 30)
    with pytest.raises((Conflict, NotFound)):
        talks.accept(lina, room)


@pytest.mark.one_database
def test_whoever_was_removed_or_is_only_asked_hears_nothing(talks: Talks, app: Flask) -> None:
    room, host, (lina, sami) = group(talks)
    talks.accept(lina, room)
    tokens = talks.scene.tokens
    with socket(app, tokens[lina.person_id]) as inside, socket(app, tokens[sami.person_id]) as outside:
        assert inside.emit("room.open", {"room": room}, callback=True)["ok"]
        assert outside.emit("room.open", {"room": room}, callback=True)["error"]["code"] == "not_found"
        talks.write(host, room, "Before")
        assert [frame["name"] for frame in inside.get_received()] == ["room.message"]
        with work.scope(talks.house):
            groups.remove_from(host, queries.get_room(host, room), lina.public_id)
        assert [frame["name"] for frame in inside.get_received()] == ["room.moved"]
        talks.write(host, room, "After")
        assert inside.get_received() == outside.get_received() == []


@pytest.mark.one_database
def test_whoever_is_asked_to_talk_hears_it_once_they_accept_and_whoever_asked_hears_no_answer(
    talks: Talks, app: Flask
) -> None:
    host, lina, sami = talks.person(), talks.person(), talks.person()
    accepted, declined = talks.ask(host, lina), talks.ask(host, sami)
    tokens = talks.scene.tokens
    with (
        socket(app, tokens[host.person_id]) as asking,
        socket(app, tokens[lina.person_id]) as hers,
        socket(app, tokens[sami.person_id]) as his,
    ):
        for room, theirs in ((accepted, hers), (declined, his)):
            assert asking.emit("room.open", {"room": room}, callback=True)["ok"]
            answer = theirs.emit("room.open", {"room": room, "since": 0}, callback=True)
            assert len(answer["messages"]) == 1
            talks.write(host, room, "Are you there?")
            assert theirs.get_received() == []
        asking.get_received()
        talks.decline(sami, declined)
        talks.accept(lina, accepted)
        assert asking.get_received() == his.get_received() == []
        assert hers.emit("room.open", {"room": accepted}, callback=True)["ok"]
        talks.write(host, accepted, "Good to meet you")
        talks.write(host, declined, "Are you there?")
        assert [frame["name"] for frame in hers.get_received()] == ["room.message"]
        assert his.get_received() == []
        assert his.emit("room.since", {"room": declined, "since": 0}, callback=True)["error"]["code"] == "not_found"


@pytest.mark.one_database
def test_the_pages_of_a_group(talks: Talks) -> None:
    scene = talks.scene
    host, lina, sami = scene.person("Nour", about="x"), scene.person("Lina", about="x"), scene.person("Sami", about="x")
    for other in (lina, sami):
        scene.connect(host, other)
    page = scene.open(host, "/rooms/conversations/new").text
    assert ("Lina" in page, "Sami" in page) == (True, True)
    assert scene.open(host, "/rooms/conversations/new", title="Garden").status_code == 422
    made = scene.open(host, "/rooms/conversations/new", title="Garden", people=[lina.public_id])
    room = made.headers["Location"].rpartition("/")[2]
    asked = scene.open(lina, f"/rooms/{room}").text
    assert ("Garden" in asked, "asks you into this group" in asked, "<textarea" in asked) == (True, True, False)
    assert scene.open(lina, f"/rooms/conversations/{room}/people").status_code == 404
    assert scene.open(lina, f"/rooms/conversations/{room}/report").status_code == 404
    assert scene.open(lina, f"/rooms/conversations/{room}/accept", x="1").status_code == 303
    assert "Ask others" not in scene.open(lina, f"/rooms/conversations/{room}/people").text
    for way, form in (
        ("people", {"people": [sami.public_id]}),
        ("name", {"title": "x"}),
        ("remove", {"person": host.public_id}),
    ):
        assert scene.open(lina, f"/rooms/conversations/{room}/{way}", **form).status_code == 404, way
    assert "Ask others" in scene.open(host, f"/rooms/conversations/{room}/people").text
    assert scene.open(host, f"/rooms/conversations/{room}/people", people=[sami.public_id]).status_code == 303
    assert "Asked, it waits" in scene.open(host, f"/rooms/conversations/{room}/people").text
    assert scene.open(host, f"/rooms/conversations/{room}/name", title="Beans").status_code == 303
    assert "Beans" in scene.open(lina, "/rooms/conversations").text
    assert scene.open(host, f"/rooms/conversations/{room}/hand-over", person=lina.public_id).status_code == 303
    assert scene.open(lina, f"/rooms/conversations/{room}/remove", person=host.public_id).status_code == 303
    assert scene.open(host, f"/rooms/{room}").status_code == 404
