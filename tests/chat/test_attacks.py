"""What people try who mean harm: those who were kept away, those who collect names, those who read records at work."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import func, select, update

from app.chat import actions, queries
from app.chat.actions import conversations, epochs, groups, hosting, inviting
from app.chat.actions.changing import take_out_message
from app.chat.actions.rooms import leave_all_rooms
from app.chat.models import Epoch, Membership, Mention, Message, PrivateNames, Reaction, ReactionKind
from app.chat.own_parts import part
from app.chat.queries import reported
from app.chat.queries.conversations import people_in
from app.identity.models import Person, Space, Standing
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Forbidden, NotFound, TooMany
from app.kernel.house import House
from app.kernel.limits import Budgets
from app.safety.actions import travel
from tests.chat.opening import here, known_as, membership, open_room, row
from tests.chat.talk import Talks
from tests.factories import Factory
from tests.house.sockets import socket
from tests.house.test_queries import counted

SETTINGS: dict[str, Any] = {"name_ar": "غرفة", "name_en": "", "about_ar": "", "about_en": "", "for_newcomers": False}


# --- somebody who was kept away -----------------------------------------------------------------------------------------


def test_whoever_was_blocked_reaches_the_other_by_no_sign_in_what_they_had(talks: Talks, app: Flask) -> None:
    nour, abuser = talks.person("Nour"), talks.person("Omar")
    room = talks.between(abuser, nour)
    mine, theirs = talks.write(abuser, room, "You will hear of me"), talks.write(nour, room, "Leave me alone")
    talks.block(nour, abuser)
    with socket(app, talks.scene.tokens[nour.person_id]) as open_page:
        assert open_page.emit("room.open", {"room": room}, callback=True)["ok"]
        open_page.get_received()
        with work.scope(talks.house):
            inside = queries.get_inside(abuser, room)
            for words in (mine, theirs):
                with pytest.raises(Forbidden):
                    actions.react(abuser, inside, words.seq, ReactionKind.THINKING_OF_YOU)
                with pytest.raises(Forbidden):
                    actions.pin_message(abuser, inside, words.seq)
        assert open_page.get_received() == []
    page = talks.scene.open(abuser, f"/rooms/{room}/messages/{theirs.seq}").text
    assert "thinking-of-you" not in page
    assert "/pin" not in page


def test_the_name_of_somebody_kept_away_does_not_come_back_in_what_people_say_to_a_message(
    talks: Talks, make: Factory
) -> None:
    nour, abuser, lina = talks.person("Nour"), talks.person("Omar Kept Away"), talks.person("Lina")
    room = make.room(nour, abuser, lina)
    words, other = make.message(nour, room, "A hard day"), make.message(nour, room, "A better one")
    with work.scope(talks.house):
        actions.react(abuser, here(abuser, room.public_id), words.seq, ReactionKind.WITH_YOU)
        actions.react(lina, here(lina, room.public_id), words.seq, ReactionKind.WITH_YOU)
        actions.react(abuser, here(abuser, room.public_id), other.seq, ReactionKind.I_RELATE)
    talks.block(nour, abuser)
    page = talks.scene.open(nour, f"/rooms/{room.public_id}").text
    lists = page.split('<ol class="room__messages"', 1)[1].split("</ol>", 1)[0]
    assert "With you: <bdi>Lina</bdi>" in lists
    assert "Omar Kept Away" not in lists
    assert "I relate" not in lists


def test_what_was_written_under_a_short_time_goes_then_whoever_lengthens_it_later(talks: Talks) -> None:
    nour, abuser = talks.person("Nour"), talks.person("Omar")
    room = talks.between(abuser, nour)
    with work.scope(talks.house):
        conversations.choose_keep(nour, queries.get_room(nour, room), days=1)
    talks.write(nour, room, "Only for tonight")
    talks.leave(nour, room)
    with work.scope(talks.house) as opened:
        with pytest.raises(Forbidden):  # what is over is kept as it was
            conversations.choose_keep(abuser, queries.get_room(abuser, room), days=90)
        with opened.writing():
            ago = timedelta(days=12)
            for epoch in opened.session.scalars(select(Epoch)).all():
                epoch.began_on, epoch.last_on = epoch.began_on - ago, epoch.last_on - ago
        epochs.forget_old_epochs(system("test"))
        assert opened.session.scalar(select(func.count()).select_from(Message)) == 0


def test_whoever_was_removed_hears_nothing_of_what_was_just_about_to_be_done(talks: Talks, app: Flask) -> None:
    nour, lina = talks.person("Nour"), talks.person("Lina")
    talks.scene.connect(nour, lina)
    group = talks.group(nour, lina)
    talks.accept(lina, group)
    seq = talks.write(nour, group, "Before").seq
    with socket(app, talks.scene.tokens[lina.person_id]) as inside:
        assert inside.emit("room.open", {"room": group}, callback=True)["ok"]
        with work.scope(talks.house):
            as_it_was = queries.get_inside(nour, group)
        with work.scope(talks.house):
            groups.remove_from(nour, queries.get_room(nour, group), lina.public_id)
        with work.scope(talks.house):
            actions.change_message(nour, as_it_was, seq, body="Without her")
            actions.react(nour, as_it_was, seq, ReactionKind.HELPFUL)
            actions.pin_message(nour, as_it_was, seq)
        assert {one["name"] for one in inside.get_received()} <= {"room.moved"}


# --- somebody who tries out whether they were blocked -------------------------------------------------------------------


def _told_of(talks: Talks, app: Flask, asker: Actor, room: str, name: str) -> dict[str, Any]:
    """Whatever an asker is told of a request: pages and events, without what is another one each time."""
    told: dict[str, Any] = {"listed": sorted(sort for sort, rooms in talks.listed(asker).items() if room in rooms)}
    pages = ("", "/names?q=a", "/search", "/pins", "/order", "/outside")
    for at in [f"/rooms/{room}{rest}" for rest in pages] + [
        f"/rooms/conversations/{room}/{rest}" for rest in ("leave", "keep", "block", "again", "people")
    ]:
        answer = talks.scene.open(asker, at)
        page = re.sub(r'(nonce|value|csrf_token|data-me|data-asset)="[^"]*"', "", answer.text)
        page = re.sub(r"\d\d:\d\d(:\d\d)?Z?", "TIME", page)
        told[at.replace(room, "ROOM")] = (answer.status_code, page.replace(room, "ROOM").replace(name, "NAME"))
    whole = {"client_id": f"say{room[:8]}", "body": f"Are you there, @{name}?", "said": "helpful", "seq": 1, "since": 0}
    with socket(app, talks.scene.tokens[asker.person_id]) as page:
        for event in ("room.open", "room.names", "room.react", "room.recheck", "room.read", "room.draft", "room.post"):
            answer = page.emit(event, {**whole, "room": room, "from": 0, "to": 9, "prefix": name[:2]}, callback=True)
            told[event] = (
                re.sub(r"'(id|at|client_id|me|cid)': '[^']*'", "", str(answer))
                .replace(room, "ROOM")
                .replace(name, "NAME")
            )
        told["heard"] = sorted(frame["name"] for frame in page.get_received())
    return told


@pytest.mark.parametrize("met_in", [None, Space.ROOMS])
@pytest.mark.one_database
def test_nothing_that_an_asker_is_ever_told_differs_for_whoever_blocked_or_declined(
    talks: Talks, app: Flask, met_in: Space | None
) -> None:
    talks.house.budgets = Budgets(None, enabled=False)
    asker = talks.person("Omar")
    names = ("Waiting Willow", "Declining Dalia", "Blocking Basma", "Earlier Emel", "Otherwise Olfa")
    people = dict(zip(("waits", "declines", "blocks", "blocked", "elsewhere"), map(talks.person, names), strict=True))
    talks.block(people["blocked"], asker)
    asker = talks.named(asker, "Night Owl") if met_in else asker
    talks.block(people["elsewhere"], asker, met_in=Space.ROOMS if met_in is None else None)
    rooms = {how: talks.ask(asker, one, met_in=met_in) for how, one in people.items()}
    talks.wait(rooms["waits"], 0)

    def alike() -> None:
        told = {how: _told_of(talks, app, asker, rooms[how], people[how].name) for how in people}
        for how, what in told.items():
            assert {at: one for at, one in what.items() if one != told["waits"][at]} == {}, how

    alike()
    talks.decline(people["declines"], rooms["declines"])
    talks.block(people["blocks"], asker, met_in=met_in)
    alike()
    for days in (10, 21, 31, 29, 40, 300):  # what is known of a request is gone for all of them at once
        for room in rooms.values():
            talks.wait(room, days)
        alike()
    assert all(not found for found in talks.listed(asker).values())


def test_being_blocked_in_a_conversation_looks_like_being_left(talks: Talks, app: Flask) -> None:
    asker = talks.named(talks.person("Omar"), "Night Owl")
    ends = {
        "left": talks.named(talks.person(), "Waiting Willow"),
        "blocked": talks.named(talks.person(), "Blocking Basma"),
    }
    called = {"left": "Waiting Willow", "blocked": "Blocking Basma"}
    rooms = {how: talks.between(asker, one, met_in=Space.ROOMS) for how, one in ends.items()}
    with work.scope(talks.house):
        for how, one in ends.items():  # a wish that would show once the wisher is not counted any more
            conversations.choose_keep(one, queries.get_room(one, rooms[how]), days=7)
    told, heard = {}, {}
    for how, one in ends.items():
        with socket(app, talks.scene.tokens[asker.person_id]) as page:
            assert page.emit("room.open", {"room": rooms[how]}, callback=True)["ok"]
            if how == "left":
                talks.leave(one, rooms[how])
            else:
                talks.block(one, asker, met_in=Space.ROOMS)
            heard[how] = [frame["name"] for frame in page.get_received()]
    for how in ends:
        kept = talks.scene.open(asker, f"/rooms/conversations/{rooms[how]}/keep", days="90")
        told[how] = {**_told_of(talks, app, asker, rooms[how], called[how]), "kept": kept.status_code}
    assert heard["left"] == heard["blocked"] == ["room.moved"]
    assert {at: one for at, one in told["left"].items() if one != told["blocked"][at]} == {}


def test_asking_somebody_costs_as_many_statements_whether_or_not_they_are_reached(talks: Talks) -> None:
    asked: dict[str, list[str]] = {}
    asker, people = talks.person("Omar"), {how: talks.person() for how in ("first", "there", "blocked", "by-name")}
    talks.block(people["blocked"], asker)
    talks.block(people["by-name"], talks.named(asker, "Night Owl"), met_in=Space.ROOMS)
    asker = talks.again(asker)
    for how, one in people.items():
        with counted(talks.house) as statements:
            talks.ask(asker, one, met_in=Space.ROOMS)
        asked[how] = [re.sub(r"\s+", " ", line) for line in statements["data"]]
    assert asked["there"] == asked["blocked"] == asked["by-name"]


@pytest.mark.one_database
def test_the_order_in_which_a_group_is_listed_does_not_tell_its_host_who_declined(talks: Talks) -> None:
    host, people = talks.person("Omar"), [talks.person(name) for name in ("Amal", "Basma", "Dalia")]
    for one in people:
        talks.scene.connect(host, one)
    listed = []
    for declines in (False, True):
        group = talks.group(host, *people)
        if declines:
            talks.decline(people[0], group)
        with work.scope(talks.house):
            groups.remove_from(host, queries.get_room(host, group), people[0].public_id)
        with work.scope(talks.house):
            groups.ask_into(host, queries.get_room(host, group), people=[people[0].public_id])
        with work.scope(talks.house):
            listed.append([(one.name, one.waits) for one in people_in(here(host, group))])
    assert listed[0] == listed[1]


# --- somebody who collects names ----------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_whoever_goes_through_the_names_of_a_room_page_by_page_is_stopped(talks: Talks, make: Factory) -> None:
    scraper = talks.person("Omar")
    room = make.room(scraper, talks.person("Nour"))
    answers = {
        talks.scene.open(scraper, f"/rooms/{room.public_id}/names?q={number}").status_code for number in range(61)
    }
    assert answers == {200, 429}


@pytest.mark.one_database
def test_nobody_makes_a_room_move_again_and_again_by_coming_and_going(house: House, make: Factory) -> None:
    troll, nour = make.person("Omar"), make.person("Nour")
    room = make.room(nour)

    def comes_and_goes() -> None:
        with work.scope(house):
            found = queries.get_room(troll, room.public_id)
            actions.join_room(troll, found)
            actions.leave_room(troll, found)

    for _ in range(60):
        comes_and_goes()
    with pytest.raises(TooMany):
        comes_and_goes()


# --- somebody who reads records at work ---------------------------------------------------------------------------------


def test_the_record_of_acts_does_not_say_whose_name_in_rooms_a_host_bears(house: House, make: Factory) -> None:
    host, nour = make.person("Usual Name"), make.person("Nour")
    host = known_as(house, make, host, "Night Owl")
    room = open_room(house, host, nour)
    with work.scope(house):
        words = actions.post_message(nour, here(nour, room), client_id="AAAAAAAAAA", body="Something harsh")
        take_out_message(host, here(host, room), words.seq, reason="Too harsh")
        actors = work.session().scalars(select(AuditEntry.actor).where(AuditEntry.act == "message.take-out")).all()
    assert actors == [host.known_in(Space.ROOMS)[0]]


def test_a_host_does_not_learn_a_friends_name_in_rooms_by_asking_only_them(talks: Talks) -> None:
    host, friend, plain = talks.person("Omar"), talks.person("Olive Branch"), talks.person("Lina")
    friend = talks.named(friend, "Night Owl")
    talks.scene.connect(host, friend)
    talks.scene.connect(host, plain)
    room = open_room(talks.house, host)
    with work.scope(talks.house):
        for known in (friend, plain):
            inviting.ask_in(host, here(host, room), person=known.public_id)
        assert membership(friend, room) is None
        assert membership(plain, room) is Membership.ASKED


# --- a hand on the phone ------------------------------------------------------------------------------------------------


def test_while_somebody_travels_no_notice_says_that_others_ask_to_talk(talks: Talks) -> None:
    nour, lina = talks.person("Nour"), talks.person("Lina")
    talks.ask(lina, nour)
    talks.house.queue.sweep()
    assert "Somebody wants to talk with you" in talks.scene.open(nour, "/notices").text
    with work.scope(talks.house):
        travel.set_out(nour, until=now() + timedelta(days=3))
    talks.scene.make.sign_in(talks.scene.client(nour), talks.scene.make.another_session(nour))
    assert "wants to talk" not in talks.scene.open(nour, "/notices").text


# --- what is left behind ------------------------------------------------------------------------------------------------


def test_of_a_removed_member_who_is_erased_nothing_stays_but_what_moderators_decided_on(
    house: House, make: Factory
) -> None:
    omar, nour = make.person("Omar"), make.person("Nour")
    room = make.room(omar, nour)
    words = make.message(nour, room, "Hello @Omar")
    with work.scope(house) as opened:
        actions.react(omar, here(omar, room.public_id), words.seq, ReactionKind.HELPFUL)
        actions.keep_private_names(omar, ["Samira"])
        with opened.writing():
            opened.session.execute(update(Person).where(Person.id == omar.id).values(standing=Standing.CLOSED))
            opened.session.expire_all()
            list(part.erase(system("test"), omar.person_id))
        for table in (Reaction, Mention, PrivateNames):
            assert opened.session.scalars(select(table).where(table.person_id == omar.id)).all() == []


def test_what_somebody_said_without_words_and_why_they_may_not_write_is_theirs_to_take_along(
    house: House, make: Factory
) -> None:
    host, nour = make.person("Hala"), make.person("Nour")
    room = open_room(house, host, nour)
    with work.scope(house):
        words = actions.post_message(host, here(host, room), client_id="AAAAAAAAAA", body="Words of somebody else")
        actions.react(nour, here(nour, room), words.seq, ReactionKind.HELPFUL)
        hosting.pause_member(host, here(host, room), nour.public_id, hours=1, reason="Too many at once")
        taken = dict(part.export(nour))
    assert taken["reactions"] == [{"room": "غرفة", "number": words.seq, "what": "helpful"}]
    assert [one["reason"] for one in taken["measures"]] == ["Too many at once"]
    assert "Words of somebody else" not in str(taken)


# --- somebody with a client of their own --------------------------------------------------------------------------------


@pytest.mark.one_database
def test_what_is_no_text_where_text_belongs_is_refused_and_fills_no_log(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    token = make.token("Omar")
    room = make.room(make.actor(token))
    whole = {"room": room.public_id, "client_id": "AAAAAAAAAA", "body": "Words"}
    odd: tuple[Any, ...] = (5, True, -1, [], {}, 1.5)
    with socket(app, token) as page:
        for name in ("client_id", "note", "reply_to", "topic", "files"):
            for value in odd:
                answer = page.emit("room.post", {**whole, name: value}, callback=True)
                assert answer["ok"] or answer["error"]["code"] in ("invalid", "not_found", "too_many"), (name, value)
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


# --- doors that are not there -------------------------------------------------------------------------------------------


def _at_every_address(app: Flask, talks: Talks, actor: Actor, room: str, **parts: str) -> dict[str, tuple[int, str]]:
    """What somebody is answered at every address of a room, without what differs from one time to the next."""
    answers = {}
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("chat.") or "room" not in rule.arguments:
            continue
        named: dict[str, Any] = {name: parts[name] for name in rule.arguments - {"room"}}
        with app.test_request_context():
            address = url_for(rule.endpoint, room=room, **named)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            form = {"body": "Hello", "client_id": "AAAAAAAA", "reason": "So", "said": "helpful", "on": "1", "days": "7"}
            answer = talks.scene.open(actor, address, **(form if method == "POST" else {}))
            page = re.sub(r'(nonce|value|csrf_token)="[^"]*"', "", answer.text)
            answers[f"{method} {rule.rule}"] = (answer.status_code, page.replace(room, "ROOM"))
    return answers


@pytest.mark.one_database
def test_a_room_that_is_not_there_for_somebody_is_not_there_at_any_address(talks: Talks, app: Flask) -> None:
    nour, lina, sami = talks.person("Nour"), talks.person("Lina"), talks.person("Sami")
    moderator = talks.person("Hala", roles=(Role.MEMBER, Role.MODERATOR))
    for other in (lina, sami):
        talks.scene.connect(nour, other)
    group = talks.group(nour, lina, sami, title="Garden")
    talks.accept(lina, group)
    talks.write(nour, group, "Among ourselves")
    talks.decline(sami, group)
    with work.scope(talks.house):
        travel.choose_hidden(lina, [f"room:{group}"])
        travel.set_out(lina, until=now() + timedelta(days=3))
    talks.scene.tokens[lina.person_id] = talks.scene.make.another_session(lina)
    talks.scene.make.sign_in(talks.scene.client(lina), talks.scene.tokens[lina.person_id])
    parts = {"seq": "1", "file": "A" * 16, "topic": "A" * 16}
    for who in (lina, sami, moderator):
        there = _at_every_address(app, talks, who, group, **parts)
        nowhere = _at_every_address(app, talks, who, "Z" * 16, **parts)
        assert len(there) > 40
        assert {at: answer for at, answer in there.items() if answer != nowhere[at]} == {}
        assert {status for status, _page in there.values()} <= {404, 429}


def test_what_was_promised_for_a_short_time_is_not_undone_by_whoever_settles_a_room(
    house: House, make: Factory
) -> None:
    host, nour = make.person("Hala"), make.person("Nour")
    room = open_room(house, host, nour, keep_days=30)
    with work.scope(house):
        actions.post_message(nour, here(nour, room), client_id="AAAAAAAAAA", body="Words")
        for days in (90, 7, 90):
            hosting.change_room(host, here(host, room), **SETTINGS, keep_days=days)
        (epoch,) = work.session().scalars(select(Epoch).execution_options(populate_existing=True)).all()
        assert epochs.kept_for(epoch, row(room).keep_days) == 7


def test_who_was_only_asked_into_a_room_leaves_no_trace_there_when_they_are_erased(
    app: Flask, house: House, make: Factory
) -> None:
    token = make.token("Hala")
    host, asked = make.actor(token), make.person("Lina")
    room = open_room(house, host)
    with work.scope(house):
        inviting.ask_in(host, here(host, room), name="Lina")
    with socket(app, token) as page:
        assert page.emit("room.open", {"room": room}, callback=True)["ok"]
        page.get_received()
        with work.scope(house):
            leave_all_rooms(system("test"), asked.person_id)
            assert membership(asked, room) is None
        assert page.get_received() == []


@pytest.mark.one_database
def test_a_room_that_is_not_there_for_somebody_answers_no_event(talks: Talks, app: Flask) -> None:
    nour, lina, sami = talks.person("Nour"), talks.person("Lina"), talks.person("Sami")
    for other in (lina, sami):
        talks.scene.connect(nour, other)
    group = talks.group(nour, lina, sami)
    talks.accept(lina, group)
    talks.write(nour, group, "Among ourselves")
    talks.decline(sami, group)
    whole = {"client_id": "AAAAAAAAAA", "body": "Hi", "seq": 1, "said": "helpful", "from": 0, "to": 9, "prefix": "N"}
    with socket(app, talks.scene.tokens[lina.person_id]) as inside:
        assert inside.emit("room.open", {"room": group}, callback=True)["ok"]
        with work.scope(talks.house):
            groups.remove_from(nour, queries.get_room(nour, group), lina.public_id)
        talks.write(nour, group, "Without her")
        assert {one["name"] for one in inside.get_received()} <= {"room.moved"}
    for who in (lina, sami):
        with socket(app, talks.scene.tokens[who.person_id]) as knocking:
            for event in sorted(name for name in talks.house.live.declared if name.startswith("room.")):
                answers = [knocking.emit(event, {**whole, "room": at}, callback=True) for at in (group, "Z" * 16)]
                assert answers[0] == answers[1], event
                assert answers[0]["error"]["code"] == "not_found", event
            assert knocking.get_received() == []


@pytest.mark.one_database
def test_a_search_does_not_open_the_words_of_somebody_whom_one_keeps_away(talks: Talks, make: Factory) -> None:
    nour, abuser, lina = talks.person("Nour"), talks.person("Omar"), talks.person("Lina")
    room = make.room(nour, abuser, lina)
    make.message(abuser, room, "Olives and what I will do to you")
    make.message(lina, room, "Olives are ripe")
    talks.block(nour, abuser)
    found = talks.scene.open(nour, "/rooms/search", words="olives")
    page = talks.scene.open(nour, found.headers["Location"]).text
    assert "are ripe" in page
    assert "From somebody you keep away" in page
    assert "what I will do" not in page


@pytest.mark.one_database
def test_one_message_does_not_come_into_the_queue_again_under_another_spelling(house: House, make: Factory) -> None:
    nour, lina = make.person("Nour"), make.person("Lina")
    room = make.room(nour, lina)
    seq = make.message(lina, room, "Where do you live?").seq
    with work.scope(house):
        assert reported.find_reported(nour, f"{room.public_id}.{seq}").words == "Where do you live?"
        for spelt in (f"{room.public_id}.0{seq}", f"{room.public_id}.{seq} ", f"{room.public_id}.+{seq}"):
            with pytest.raises(NotFound):
                reported.find_reported(nour, spelt)
