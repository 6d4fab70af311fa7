"""Those who keep a room in order: its hosts and its settings, closing and slowing it, pausing somebody's writing."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.chat import actions, queries
from app.chat.actions import epochs, hosting
from app.chat.models import Epoch, Pause, Room, RoomKind, RoomMember
from app.chat.queries import hosting as keeping
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry, reason_of
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from app.kernel.house import House
from app.notifications.models import Notice
from tests.at_once import outcomes
from tests.chat.opening import here, known_as, open_room, row
from tests.chat.test_newcomers import withhold
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.house.sockets import socket

MODERATOR = (Role.MODERATOR,)
SETTINGS: dict[str, Any] = {"name_ar": "غرفة", "name_en": "A room", "about_ar": "", "about_en": ""}


def change(actor: Actor, room: str, **settings: Any) -> None:
    hosting.change_room(actor, here(actor, room), **{**SETTINGS, "keep_days": 90, "for_newcomers": False, **settings})


@pytest.mark.one_database
def test_only_hosts_choose_settings_and_hosts(house: House, make: Factory) -> None:
    host, member, outsider, moderator = make.person(), make.person(), make.person(), make.person(roles=MODERATOR)
    room = open_room(house, host, member, moderator)
    with work.scope(house):
        change(host, room, keep_days=30)
        for other in (member, moderator):
            with pytest.raises(Forbidden):
                change(other, room)
            with pytest.raises(Forbidden):
                hosting.name_host(other, here(other, room), other.public_id)
        with pytest.raises(NotFound):
            here(outsider, room)
        with pytest.raises(NotFound):
            hosting.name_host(host, here(host, room), outsider.public_id)
        assert row(room).keep_days == 30


def test_the_last_host_stays_until_another_is_named_or_the_room_is_closed(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        with pytest.raises(Conflict, match="only host"):
            actions.leave_room(host, queries.get_room(host, room))
        with pytest.raises(Conflict):
            hosting.unname_host(host, here(host, room), host.public_id)
        hosting.name_host(host, here(host, room), member.public_id)
        actions.leave_room(host, queries.get_room(host, room))
        told = work.session().scalars(select(Notice.kind).where(Notice.person_id == member.id)).all()
        assert told == [hosting.HOSTS]
        hosting.close_room(member, here(member, room), reason="We are done")
        actions.leave_room(member, queries.get_room(member, room))
        with pytest.raises(NotFound):
            here(host, room)


def test_two_hosts_who_leave_or_put_each_other_out_at_once_leave_one(house: House, make: Factory) -> None:
    def two_hosts() -> tuple[Actor, Actor, str]:
        one, other = make.person(), make.person()
        room = open_room(house, one, other)
        with work.scope(house):
            hosting.name_host(one, here(one, room), other.public_id)
        return one, other, room

    def leave(who: Actor, room: str) -> None:
        actions.leave_room(who, queries.get_room(who, room))

    def put_out(who: Actor, whom: Actor, room: str) -> None:
        hosting.unname_host(who, here(who, room), whom.public_id)

    one, other, room = two_hosts()
    assert sorted(outcomes(house, [partial(leave, one, room), partial(leave, other, room)])) == ["conflict", "done"]
    with work.scope(house):
        assert row(room).members == 1
    one, other, room = two_hosts()
    told = outcomes(house, [partial(put_out, one, other, room), partial(put_out, other, one, room)])
    assert sorted(told) == ["done", "forbidden"]


@pytest.mark.one_database
def test_a_host_whose_writing_is_paused_keeps_nothing_in_order(house: House, make: Factory) -> None:
    token = make.token()
    member, room = make.person(), open_room(house, make.actor(token))
    with work.scope(house), work.current().writing():
        actions.rooms.put_in(member.person_id, row(room))
    paused = withhold(house, make, token, Permission.ROOMS_POST)
    with work.scope(house):
        with pytest.raises(Forbidden):
            change(paused, room)
        with pytest.raises(Forbidden):
            hosting.pause_member(paused, here(paused, room), member.public_id, hours=1, reason="Because")


def test_whose_writing_is_paused_reads_on_is_told_why_and_stays_so_when_they_come_back(
    house: House, make: Factory, client: FlaskClient
) -> None:
    host, token = make.person(roles=MODERATOR), make.token()
    member = make.actor(token)
    room = open_room(house, host, member, kind=RoomKind.OPEN)
    with work.scope(house):
        hosting.pause_member(host, here(host, room), member.public_id, hours=24, reason="Names were said")
        assert work.session().scalars(select(Notice.kind).where(Notice.person_id == member.id)).all() == [
            hosting.PAUSED
        ]
        assert [one.author.id for one in keeping.pauses(here(host, room))] == [member.public_id]
        actions.leave_room(member, queries.get_room(member, room))
        actions.join_room(member, queries.get_room(member, room))
        with pytest.raises(Forbidden, match="paused"):
            actions.post_message(member, here(member, room), client_id="abcdefgh", body="Again")
        stored = work.session().scalars(select(Pause.reason)).one()
        assert b"Names" not in stored
    make.sign_in(client, token)
    page = client.get(f"/rooms/{room}").text
    assert "Names were said" in page
    with work.scope(house):
        hosting.end_pause(host, here(host, room), member.public_id, reason="Talked about it")
        actions.post_message(member, here(member, room), client_id="abcdefgh", body="Thank you")
    assert "Names were said" not in client.get(f"/rooms/{room}").text


@pytest.mark.one_database
def test_who_pauses_whom(house: House, make: Factory) -> None:
    host, member, moderator = make.person(), make.person(), make.person(roles=MODERATOR)
    second = make.person(roles=MODERATOR)
    room = open_room(house, host, member, moderator, second)

    def pause(actor: Actor, whom: Actor) -> None:
        hosting.pause_member(actor, here(actor, room), whom.public_id, hours=1, reason="Because")

    with work.scope(house):
        for actor, whom in ((host, moderator), (moderator, second), (host, host)):
            with pytest.raises(Invalid):
                pause(actor, whom)
        with pytest.raises(Forbidden):
            pause(member, host)
        pause(moderator, host)
        acts: list[Callable[[], None]] = [
            partial(pause, host, member),
            partial(hosting.end_pause, host, here(host, room), host.public_id, reason="Mine"),
            partial(change, host, room),
            partial(hosting.slow_room, host, here(host, room), seconds=30),
        ]
        for act in acts:
            with pytest.raises(Forbidden):
                act()
        hosting.end_pause(moderator, here(moderator, room), host.public_id, reason="Talked")
        pause(host, member)


def test_a_pause_that_is_over_is_forgotten_with_its_reason(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member)
    with work.scope(house):
        hosting.pause_member(host, here(host, room), member.public_id, hours=1, reason="For an hour")
    with work.scope(house) as opened, opened.writing():
        past = now() - timedelta(seconds=1)
        opened.session.execute(update(Pause).values(until=past))
        opened.session.execute(update(RoomMember).where(RoomMember.person_id == member.id).values(paused_until=past))
    with work.scope(house):
        actions.post_message(member, here(member, room), client_id="abcdefgh", body="After an hour")
        hosting.forget_pauses(system("test"))
        assert work.session().scalars(select(Pause)).all() == []


def test_closing_and_slowing_tell_open_pages_and_are_in_the_record_with_their_reason(
    app: Flask, house: House, make: Factory
) -> None:
    token = make.token()
    member, host = make.actor(token), known_as(house, make, make.person(), "Willow")
    room = open_room(house, host, member)
    with socket(app, token) as open_page:
        open_page.emit("room.open", {"room": room, "since": 0}, callback=True)
        _close_reopen_and_slow(house, host, member, room)
        heard = [frame["args"][0] for frame in open_page.get_received() if frame["name"] == "room.state"]
    assert [(one["state"], one["slow_seconds"]) for one in heard] == [("closed", 0), ("open", 0), ("open", 60)]
    assert all(set(one) == {"room", "state", "slow_seconds"} for one in heard)


def _close_reopen_and_slow(house: House, host: Actor, member: Actor, room: str) -> None:
    with work.scope(house):
        hosting.close_room(host, here(host, room), reason="Until tomorrow")
        with pytest.raises(Conflict):
            hosting.close_room(host, here(host, room), reason="Twice")
        with pytest.raises(Forbidden, match="Nobody writes"):
            actions.post_message(member, here(member, room), client_id="abcdefgh", body="Hello")
        hosting.reopen_room(host, here(host, room), reason="It is tomorrow")
        hosting.slow_room(host, here(host, room), seconds=60)
        actions.post_message(member, here(member, room), client_id="abcdefgh", body="One")
        with pytest.raises(TooMany):
            actions.post_message(member, here(member, room), client_id="abcdefgi", body="Two")
        for line in ("abcdefgj", "abcdefgk"):
            actions.post_message(host, here(host, room), client_id=line, body="Hosts go on")
        with pytest.raises(Forbidden):
            hosting.close_room(member, here(member, room), reason="I want to")
        entries = work.session().scalars(select(AuditEntry).where(AuditEntry.act.like("room.%"))).all()
        assert [(one.act, reason_of(one)) for one in entries] == [
            ("room.open", ""),
            ("room.close", "Until tomorrow"),
            ("room.reopen", "It is tomorrow"),
            ("room.slow", "60 s"),
        ]
        # A host who is no staff stands there by the name of rooms.
        assert {one.actor for one in entries} == {queries.me_here(host, here(host, room)).id}
        assert host.public_id not in {one.actor for one in entries}


def test_a_shorter_time_takes_what_is_there_and_a_longer_one_brings_and_keeps_nothing_of_it(
    house: House, make: Factory
) -> None:
    host = make.person()
    room = open_room(house, host, keep_days=90)
    with work.scope(house):
        said = [(host.person_id, f"week {week}", now() - timedelta(days=7 * week)) for week in (11, 6, 0)]
        actions.import_messages(system("test"), row(room), said)

    def shown() -> list[str]:
        with work.scope(house):
            actions.forget_old_epochs(system("test"))
        with work.scope(house):
            return [str(words.html) for words in queries.newest(host, queries.get_room(host, room)).words]

    assert len(shown()) == 3
    with work.scope(house):
        change(host, room, keep_days=30)
    assert [line for line in shown() if "week 0" not in line] == []
    with work.scope(house):
        change(host, room, keep_days=180)
        assert row(room).keep_days == 180
    assert len(shown()) == 1
    with work.scope(house) as opened:
        latest = opened.session.scalars(select(Epoch).order_by(Epoch.number.desc())).first()
        assert latest is not None
        assert (latest.keep_days, latest.last_on) == (30, now().date())
        # What is written from tomorrow on is in an epoch of its own, and kept for longer.
        later = epochs.kept_for(Epoch(keep_days=None), 180)
        assert (epochs.kept_for(latest, 180), later) == (30, 180)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Epoch).values(last_on=now().date() - timedelta(days=31)))
    assert shown() == []


@pytest.mark.one_database
def test_a_room_that_closes_its_door_to_newcomers_is_not_heard_by_them_any_more(house: House, make: Factory) -> None:
    host, token = make.person(roles=MODERATOR), make.token()
    newcomer = withhold(house, make, token, Permission.ROOMS_ALL)
    room = open_room(house, host, kind=RoomKind.OPEN, for_newcomers=True)
    with work.scope(house):
        actions.join_room(newcomer, queries.get_room(newcomer, room))
        before = here(newcomer, room).address
        change(host, room, for_newcomers=False)
        with pytest.raises(NotFound):
            here(newcomer, room)
        assert row(room).address != before


@pytest.mark.one_database
def test_pages_of_order_are_not_there_for_others_and_ask_for_a_reason(
    house: House, make: Factory, client: FlaskClient
) -> None:
    tokens = make.token(), make.token()
    host, member = map(make.actor, tokens)
    room = open_room(house, host, member)
    pages = ("settings", "order", "close", "pause", "ask")
    make.sign_in(client, tokens[1])
    assert {client.get(f"/rooms/{room}/{page}").status_code for page in pages} == {404}
    make.sign_in(client, tokens[0])
    assert {client.get(f"/rooms/{room}/{page}").status_code for page in pages} == {200}
    token = {"csrf_token": form_token(client)}
    wrong = client.post(f"/rooms/{room}/close", data=token)
    assert wrong.status_code == 422
    assert "Say in a few words why." in wrong.text
    typed = {**token, "name_ar": "اسم", "name_en": "", "about_en": "About", "keep_days": "30"}
    assert client.post(f"/rooms/{room}/settings", data=typed).status_code == 303
    assert "اسم" in client.get(f"/rooms/{room}/about").text
    wrong = client.post(f"/rooms/{room}/settings", data={**typed, "name_ar": "", "keep_days": "4000"})
    assert wrong.status_code == 422
    sent = {**token, "person": member.public_id, "hours": "8", "reason": "Names were said"}
    assert client.post(f"/rooms/{room}/pause", data=sent).status_code == 303
    assert member.name in client.get(f"/rooms/{room}/order").text
    ending = f"/rooms/{room}/pause/end?person={member.public_id}"
    assert client.post(ending, data={**token, "reason": "Talked"}).status_code == 303
    assert client.post(f"/rooms/{room}/order", data={**token, "seconds": "7"}).status_code == 422
    assert client.post(f"/rooms/{room}/order", data={**token, "seconds": "30"}).status_code == 303
    assert client.post(f"/rooms/{room}/hosts", data={**token, "person": member.public_id}).status_code == 303
    assert client.post(f"/rooms/{room}/hosts", data={**token, "remove": host.public_id}).status_code == 303
    assert client.get(f"/rooms/{room}/settings").status_code == 404


@pytest.mark.one_database
def test_in_conversations_of_a_few_nobody_keeps_order(house: House, make: Factory) -> None:
    one, moderator = make.person(), make.person(roles=MODERATOR)
    room = open_room(house, one, moderator)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Room).values(kind=RoomKind.GROUP))
    with work.scope(house):
        for actor in (one, moderator):
            with pytest.raises(NotFound):
                hosting.pause_member(actor, here(actor, room), one.public_id, hours=1, reason="Because")
            with pytest.raises(NotFound):
                hosting.close_room(actor, here(actor, room), reason="Because")
            with pytest.raises(NotFound):
                change(actor, room)
