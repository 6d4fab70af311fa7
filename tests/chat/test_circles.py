"""Circles: begun by hand, written in while a host is there, emptied at once when they are over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.chat import actions, policy, queries
from app.chat.actions import circles
from app.chat.actions import topics as topic_verbs
from app.chat.models import Epoch, Mention, Message, Room, RoomKind, RoomState, Topic
from app.chat.queries import topics
from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.kernel.jobs import Job, JobState
from app.kernel.vault import Shredded
from app.notifications import actions as notices
from app.notifications.policy import Hours
from app.safety.actions import travel
from tests.at_once import outcomes
from tests.chat.opening import here, on_now, open_room, row
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.house.sockets import socket


def write(actor: Actor, room: str, body: str = "Good evening", client_id: str = "abcdefgh") -> queries.Words:
    return actions.post_message(actor, here(actor, room), client_id=client_id, body=body)


def later(house: House, room: str, **columns: Any) -> None:
    """As if time had passed."""
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Room).where(Room.public_id == room).values(**columns))


@pytest.mark.one_database
def test_a_circle_is_written_in_from_when_its_host_begins_it_and_while_they_are_there(
    house: House, make: Factory
) -> None:
    host, member = make.person(), make.person()
    room = open_room(house, host, member, kind=RoomKind.CIRCLE, begins_at=now() + timedelta(hours=3))
    with work.scope(house):
        with pytest.raises(Forbidden, match="not begun"):
            write(member, room)
        with pytest.raises(Invalid, match="an hour before"):
            circles.begin_circle(host, here(host, room))
        circles.plan_circle(host, here(host, room), begins_at=now() + timedelta(minutes=30), minutes=45)
        with pytest.raises(Forbidden):
            circles.begin_circle(member, here(member, room))
        circles.begin_circle(host, here(host, room))
        with pytest.raises(Conflict):
            circles.begin_circle(host, here(host, room))
        assert row(room).ends_at is not None
        assert timedelta(minutes=44) < row(room).ends_at - now() <= timedelta(minutes=45)  # type: ignore[operator]
        write(member, room)
    later(house, room, attended_at=now() - policy.rooms.ATTENDED)
    with work.scope(house):
        with pytest.raises(Forbidden, match="away"):
            write(member, room, client_id="abcdefgi")
        circles.note_host(here(member, room))
        with pytest.raises(Forbidden, match="away"):
            write(member, room, client_id="abcdefgi")
        circles.note_host(here(host, room))
        noted = row(room).attended_at
        circles.note_host(here(host, room))
        assert row(room).attended_at == noted
        write(member, room, client_id="abcdefgi")


@pytest.mark.one_database
def test_what_a_host_reads_and_writes_on_an_open_page_keeps_the_circle_going(
    app: Flask, house: House, make: Factory
) -> None:
    token = make.token()
    host = make.actor(token)
    room = on_now(house, host)
    asked: dict[str, dict[str, Any]] = {
        "room.open": {"since": 0},
        "room.since": {"since": 0},
        "room.read": {"seq": 0},
        "room.post": {"body": "I am here", "client_id": "abcdefgh"},
    }
    with socket(app, token) as page:
        for event, payload in asked.items():
            later(house, room, attended_at=now() - timedelta(hours=1))
            assert page.emit(event, {"room": room, **payload}, callback=True)["ok"], event
            with work.scope(house):
                assert policy.is_attended(here(host, room), now()), event
                assert "attended" not in str(page.get_received())
    client = app.test_client()
    make.sign_in(client, token)
    later(house, room, attended_at=None)
    assert client.get(f"/rooms/{room}").status_code == 200
    with work.scope(house):
        assert policy.is_attended(here(host, room), now())


def test_when_it_is_over_nothing_is_left_and_open_pages_are_told(app: Flask, house: House, make: Factory) -> None:
    host, token = make.person(), make.token("Reem Two")
    member = make.actor(token)
    room = on_now(house, host, member)
    with work.scope(house):
        topic = topic_verbs.open_topic(host, here(host, room), name="Sleep")
        actions.post_message(
            host, here(host, room), client_id="abcdefgh", body="For @Reem Two alone", topic=topic.public_id
        )
        message, epoch = work.session().scalars(select(Message)).one(), work.session().scalars(select(Epoch)).one()
        assert work.session().scalars(select(Mention)).all() != []
        named = house.vault.open(row(room).key_id or "", topics.topic_place(topic.public_id), topic.name)
        assert named == b"Sleep"
        key_id = row(room).key_id or ""
    with socket(app, token) as page:
        page.emit("room.open", {"room": room, "since": 0}, callback=True)
        with work.scope(house):
            with pytest.raises(Forbidden):
                circles.end_circle(member, here(member, room))
            circles.end_circle(host, here(host, room))
        told = {frame["name"]: frame["args"][0] for frame in page.get_received()}
        assert told["room.gone"] == {"room": room, "all": True, "by": "ended"}
        assert told["room.state"]["state"] == "ended"
        missed = page.emit("room.since", {"room": room, "since": 0}, callback=True)
        assert missed["messages"] == []
    house.queue.sweep()
    with work.scope(house):
        for model in (Message, Epoch, Mention, Topic):
            assert work.session().scalars(select(model)).all() == [], model
        with pytest.raises(Forbidden, match="over"):
            write(member, room)
        assert queries.rooms(member)[0].unread == 0
        assert policy.can_join(member, row(room)) is False
    for key, place, sealed in (
        (epoch.key_id, queries.sealed_place(message.public_id), message.sealed),
        (key_id, topics.topic_place(topic.public_id), topic.name),
    ):
        with pytest.raises(Shredded):
            house.vault.open(key, place, sealed)


def test_it_is_over_at_its_time_without_anybody_and_whatever_was_killed_is_finished_later(
    house: House, make: Factory
) -> None:
    host, member = make.person(), make.person()
    room, never = on_now(house, host, member), open_room(house, host, kind=RoomKind.CIRCLE)
    with work.scope(house):
        write(host, room)
        due = work.session().scalars(select(Job).where(Job.task == circles.END)).one()
        assert row(room).ends_at <= due.due_at < row(room).ends_at + timedelta(seconds=5)  # type: ignore[operator]
    past = now() - timedelta(seconds=1)
    later(house, room, ends_at=past)
    later(house, never, ends_at=past)
    with work.scope(house):
        # Nothing is written any more from that moment on, also before the job has run.
        for actor in (host, member):
            with pytest.raises(Forbidden, match="over"):
                write(actor, room, client_id="abcdefgi")

    class Killed(BaseException):
        pass

    def end_and_be_killed() -> None:
        with work.scope(house), work.current().writing():
            assert circles.end_circles(system("test")) == 2
            raise Killed

    with pytest.raises(Killed):
        end_and_be_killed()
    with work.scope(house):
        assert row(room).state is RoomState.OPEN
        assert len(work.session().scalars(select(Message)).all()) == 1
        assert circles.end_circles(system("test")) == 2
        assert circles.end_circles(system("test")) == 0
    with work.scope(house):
        assert {row(one).state for one in (room, never)} == {RoomState.ENDED}
        assert work.session().scalars(select(Message)).all() == []
        waiting = select(Job.task).where(Job.state == JobState.WAITING, Job.task == "vault.shred")
        assert work.session().scalars(waiting).all() == ["vault.shred"]


@pytest.mark.one_database
def test_a_circle_that_is_over_can_be_planned_and_held_again(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = on_now(house, host, member)
    with work.scope(house):
        write(member, room)
        circles.end_circle(host, here(host, room))
        with pytest.raises(Conflict):
            circles.end_circle(host, here(host, room))
        with pytest.raises(Invalid):
            circles.plan_circle(host, here(host, room), begins_at=now() - timedelta(minutes=1), minutes=60)
        circles.plan_circle(host, here(host, room), begins_at=now() + timedelta(minutes=5), minutes=60)
    with work.scope(house):
        circles.begin_circle(host, here(host, room))
        assert write(member, room, "Second evening").seq == 2
        assert [words.seq for words in queries.newest(member, row(room)).words] == [2]


def test_of_messages_on_their_way_while_a_circle_ends_none_is_left(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    room = on_now(house, host, member)
    with work.scope(house):
        write(host, room)
        as_read = here(member, room)
        circles.end_circle(host, here(host, room))
        # What was read before it ended does not help.
        with pytest.raises(Forbidden):
            actions.post_message(member, as_read, client_id="abcdefgi", body="Just too late")
        circles.plan_circle(host, here(host, room), begins_at=now() + timedelta(minutes=5), minutes=60)
        circles.begin_circle(host, here(host, room))

    def write_some() -> None:
        for line in range(5):
            write(member, room, client_id=f"message-{line}")

    told = outcomes(house, [write_some, lambda: circles.end_circle(host, here(host, room)), write_some])
    assert told[1] == "done"
    with work.scope(house):
        assert work.session().scalars(select(Message)).all() == []
        assert row(room).state is RoomState.ENDED


@pytest.mark.one_database
def test_pages_of_a_circle(client: FlaskClient, house: House, make: Factory) -> None:
    tokens = make.token(), make.token()
    member = make.actor(tokens[1])
    make.sign_in(client, tokens[0])
    token = {"csrf_token": form_token(client)}
    names = {**token, "name_ar": "حلقة الخميس", "minutes": "60", "zone": "UTC"}
    refused = client.post("/rooms/new/circle", data={**names, "begins_at": "tomorrow"})
    assert refused.status_code == 422
    assert "Give a day and a time" in refused.text
    assert "حلقة الخميس" in refused.text
    assert client.post("/rooms/new/circle", data={**names, "begins_at": "2020-01-01T10:00"}).status_code == 422
    soon = (now() + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M")
    made = client.post("/rooms/new/circle", data={**names, "begins_at": soon})
    room = made.location.split("/")[2]
    assert "Begin the circle" in client.get(f"/rooms/{room}/circle").text
    with work.scope(house):
        actions.join_room(member, queries.get_room(member, room))
    other = client.application.test_client()
    make.sign_in(other, tokens[1])
    assert {other.get(f"/rooms/{room}/{page}").status_code for page in ("circle", "circle/end")} == {404}
    theirs = {"csrf_token": form_token(other)}
    assert other.post(f"/rooms/{room}/circle/begin", data=theirs).status_code == 404
    assert "This circle has not begun" in other.get(f"/rooms/{room}").text
    assert client.post(f"/rooms/{room}/circle/begin", data=token).status_code == 303
    assert "This circle has not begun" not in other.get(f"/rooms/{room}").text
    assert "on now until" in other.get("/rooms").text
    assert "gone at once" in client.get(f"/rooms/{room}/circle/end").text
    assert client.post(f"/rooms/{room}/circle/end", data=token).status_code == 303
    assert "You can plan it again" in client.get(f"/rooms/{room}/circle").text


@pytest.mark.one_database
def test_only_circles_are_begun_and_ended(house: House, make: Factory) -> None:
    host, outsider = make.person(), make.person()
    room = open_room(house, host)
    with work.scope(house):
        for verb in (circles.begin_circle, circles.end_circle):
            with pytest.raises(Forbidden):
                verb(host, here(host, room))
        with pytest.raises(NotFound):
            circles.end_circle(outsider, here(host, room))


# --- by whose clock -----------------------------------------------------------------------------------------------------


def told_by(house: House, actor: Actor, zone: str) -> None:
    """Somebody chooses by which clock they want to be told."""
    with work.scope(house):
        notices.choose(actor, by_mail=False, by_push=False, once_a_day=False, hours=Hours(9, 21, zone))


@pytest.mark.one_database
def test_times_are_typed_by_the_clock_of_whoever_plans_and_read_by_everybody_by_their_own(
    app: Flask, client: FlaskClient, house: House, make: Factory
) -> None:
    tokens = make.token(), make.token(language="ar"), make.token()
    host, reader = map(make.actor, tokens[:2])
    told_by(house, host, "Europe/Berlin")
    told_by(house, reader, "Asia/Damascus")
    make.sign_in(client, tokens[0])
    form = client.get("/rooms/new/circle").text
    assert '<option selected value="Europe/Berlin">Berlin</option>' in form
    assert "chosen no clock" not in form
    typed = {"csrf_token": form_token(client), "name_en": "Evening", "minutes": "60", "zone": "Europe/Berlin"}
    made = client.post("/rooms/new/circle", data={**typed, "begins_at": "2038-07-01T20:00"})
    room = made.location.split("/")[2]
    with work.scope(house):
        assert row(room).begins_at == datetime(2038, 7, 1, 18, 0, tzinfo=UTC)
    told = {"en": "1 July 2038, 20:00 (Berlin)", "ar": "1 تموز 2038، 21:00 (دمشق)", "none": "1 July 2038, 18:00 UTC"}
    assert told["en"] in client.get("/rooms").text
    assert told["en"] in client.get(f"/rooms/{room}/circle").text
    for token, language in zip(tokens[1:], ("ar", "none"), strict=True):
        other = app.test_client()
        make.sign_in(other, token)
        for address in ("/rooms", f"/rooms/{room}"):
            page = other.get(address, headers={"Accept-Language": "en"}).text
            assert told[language] in page
            # Where somebody chose a clock, scripts leave it alone.
            assert ('data-moment="zone"' in page) is (language == "none")
        if language == "none":
            assert "chosen no clock" in other.get("/rooms/new/circle").text
            assert '<option selected value="UTC">UTC</option>' in other.get("/rooms/new/circle").text


@pytest.mark.one_database
def test_a_time_that_never_comes_there_is_refused_and_one_that_comes_twice_is_the_first(
    client: FlaskClient, house: House, make: Factory
) -> None:
    make.sign_in(client, make.token())
    typed = {"csrf_token": form_token(client), "name_en": "Evening", "minutes": "60", "zone": "Europe/Berlin"}
    refused = client.post("/rooms/new/circle", data={**typed, "begins_at": "2038-03-28T02:30"})
    assert refused.status_code == 422
    assert "Clocks are put forward" in refused.text
    assert 'value="2038-03-28T02:30"' in refused.text
    made = client.post("/rooms/new/circle", data={**typed, "begins_at": "2038-10-31T02:30"})
    with work.scope(house):
        assert row(made.location.split("/")[2]).begins_at == datetime(2038, 10, 31, 0, 30, tzinfo=UTC)
    assert (
        client.post("/rooms/new/circle", data={**typed, "begins_at": "2038-10-31T12:30", "zone": "../x"}).status_code
        == 422
    )


@pytest.mark.one_database
def test_on_a_journey_no_page_says_by_which_clock_somebody_lives(
    client: FlaskClient, house: House, make: Factory
) -> None:
    host = make.person()
    open_room(house, host, kind=RoomKind.CIRCLE)
    traveller = make.person()
    told_by(house, traveller, "Europe/Berlin")
    with work.scope(house):
        travel.set_out(traveller, until=now() + timedelta(days=3))
    make.sign_in(client, make.another_session(traveller))
    for address in ("/rooms", "/rooms/new/circle"):
        page = client.get(address).text
        assert "(Berlin)" not in page
        assert 'selected value="Europe/Berlin"' not in page
