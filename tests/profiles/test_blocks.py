"""Keeping somebody away: what a block does both ways, what it never says, and what it cannot do."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.identity.models import Space
from app.identity.spaces import actions as spaces
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.kernel.errors import Forbidden, Invalid, NotFound, TooMany
from app.moderation.models import QueueItem
from app.profiles.actions import blocks, people
from app.profiles.models import Audience, Block, ConnectionState, Field
from app.profiles.queries import blocks as queries
from app.profiles.queries import directory, viewing
from app.profiles.queries.people import Way
from tests.at_once import at_once
from tests.house.matrix import MISSING, form_token
from tests.profiles.circle import Circle
from tests.profiles.scene import Scene


@pytest.fixture
def circle(scene: Scene) -> Circle:
    return Circle(scene)


def finds(circle: Circle, actor: Actor, other: Actor) -> bool:
    """Whether the directory shows this person the other one."""
    with work.scope(circle.scene.house):
        return other.person_id in directory.search(viewing.viewer_of(actor), directory.Search()).person_ids


def sees(circle: Circle, actor: Actor, other: Actor) -> bool:
    """Whether the other one has a page for this person."""
    try:
        circle.scene.sees(actor, other)
    except NotFound:
        return False
    return True


def lines(circle: Circle, actor: Actor) -> list[str]:
    with work.scope(circle.scene.house):
        return [line.name for line in queries.blocks_of(actor)]


def lift(circle: Circle, actor: Actor) -> None:
    with work.scope(circle.scene.house):
        for line in queries.blocks_of(actor):
            blocks.unblock(actor, queries.get_block(actor, line.public_id))


def named_in_rooms(circle: Circle, actor: Actor, name: str) -> None:
    with work.scope(circle.scene.house):
        spaces.choose_name(actor, Space.ROOMS, name=name)


def test_a_block_holds_both_ways_in_the_directory_on_pages_and_in_requests(circle: Circle) -> None:
    one, other = circle.person(), circle.person()
    assert finds(circle, one, other)
    assert finds(circle, other, one)
    circle.block(one, other)
    for actor, hidden in ((one, other), (other, one)):
        assert not finds(circle, actor, hidden)
        assert not sees(circle, actor, hidden)
        with pytest.raises(NotFound):
            circle.ask(actor, hidden)
    lift(circle, one)
    assert finds(circle, other, one)
    assert sees(circle, one, other)


def test_a_block_ends_all_that_was_between_the_two_and_tells_nobody(circle: Circle) -> None:
    one, other = circle.connected()
    circle.mentoring(one, other)
    mine, theirs = circle.list_with(one, other), circle.list_with(other, one)
    circle.scene.keep(one, Field.ABOUT, "For my people", Audience.CHOSEN, [mine])
    told = circle.notices(one), circle.notices(other)
    with work.scope(circle.scene.house) as opened:
        recorded = len(opened.session.scalars(select(AuditEntry)).all())
    circle.block(one, other)
    assert circle.known(one) == circle.known(other) == []
    assert circle.page(one).companions == circle.page(other).companions == []
    assert circle.on_list(one, mine) == circle.on_list(other, theirs) == []
    assert (circle.notices(one), circle.notices(other)) == told
    with work.scope(circle.scene.house) as opened:
        assert len(opened.session.scalars(select(AuditEntry)).all()) == recorded, "staff do not read of it either"
        assert opened.session.scalars(select(QueueItem)).all() == []
    lift(circle, one)
    assert circle.between(one, other).way is Way.ASK
    assert circle.known(one) == circle.known(other) == [], "what a block ended stays ended"
    assert Field.ABOUT not in circle.scene.sees(other, one).fields


@pytest.mark.parametrize("asker_blocks", [True, False])
def test_a_request_that_waits_ends_with_the_block_and_does_not_come_back(circle: Circle, asker_blocks: bool) -> None:
    asker, asked = circle.person(), circle.person()
    circle.ask(asker, asked, "Please")
    blocker, blocked = (asker, asked) if asker_blocks else (asked, asker)
    circle.block(blocker, blocked)
    for actor in (asker, asked):
        assert circle.page(actor).asked_of_me == circle.page(actor).asked_by_me == []
    lift(circle, blocker)
    for actor in (asker, asked):
        assert circle.page(actor).asked_of_me == circle.page(actor).asked_by_me == []
    assert [row.note for row in circle.connections()] == [None]


def test_whoever_kept_somebody_away_is_not_reached_by_their_next_request_either(circle: Circle) -> None:
    asker, asked = circle.person(), circle.person()
    circle.ask(asker, asked)
    circle.block(asked, asker)
    lift(circle, asked)
    circle.pass_days(31)
    assert circle.ask(asker, asked) is ConnectionState.ASKED
    assert circle.page(asked).asked_of_me == []
    assert circle.between(asker, asked).way is Way.WAITS


def test_somebody_met_by_a_name_of_rooms_alone_loses_sight_and_is_not_found_out(circle: Circle) -> None:
    one, other = circle.connected("Amal", "Tamim")
    named_in_rooms(circle, other, "Night Heron")
    mine = circle.list_with(one, other)
    circle.block(one, other, Space.ROOMS)
    assert lines(circle, one) == ["Night Heron"]
    assert finds(circle, one, other), "nothing vanishes: it would say who the Night Heron is"
    assert circle.known(one) == [other.public_id]
    assert circle.on_list(one, mine) == [other.public_id]
    assert circle.between(one, other).way is Way.JOINED
    assert not finds(circle, other, one)
    assert not sees(circle, other, one)
    assert circle.known(other) == []
    circle.block(one, other)
    assert sorted(lines(circle, one)) == ["Night Heron", "Tamim"], "the list does not join them either"
    assert not finds(circle, one, other)
    with work.scope(circle.scene.house):
        spaces.give_up_name(other, Space.ROOMS)
    assert sorted(lines(circle, one)) == ["", "Tamim"]


def test_what_is_asked_across_a_block_by_a_name_of_rooms_is_seen_and_told_on_one_side_alone(circle: Circle) -> None:
    one, other = circle.person(), circle.person()
    named_in_rooms(circle, other, "Night Heron")
    circle.ask(other, one, "Please")
    circle.block(one, other, Space.ROOMS)
    assert [ask.note for ask in circle.page(one).asked_of_me] == ["Please"]
    circle.answer(one, other, people.accept)
    assert circle.notices(other) == []
    assert circle.known(other) == []


@pytest.mark.one_database
def test_somebody_met_in_rooms_by_the_usual_name_is_kept_away_everywhere(circle: Circle) -> None:
    one, other = circle.connected()
    circle.block(one, other, Space.ROOMS)
    assert circle.known(one) == []
    assert not finds(circle, one, other)


def test_a_block_given_twenty_times_at_once_is_one(circle: Circle) -> None:
    one, other = circle.connected()
    told = at_once(circle.scene.house, [lambda: blocks.block(one, other.person_id)] * 10)
    told += at_once(circle.scene.house, [lambda: blocks.block(other, one.person_id)] * 10)
    assert told == [None] * 20
    assert len(circle.rows(Block)) == 2


@pytest.mark.one_database
def test_nobody_blocks_themselves_or_lifts_the_block_of_somebody_else(circle: Circle) -> None:
    one, other = circle.person(), circle.person()
    with pytest.raises(Invalid):
        circle.block(one, one)
    circle.block(one, other)
    block = circle.rows(Block)[0]
    with work.scope(circle.scene.house):
        with pytest.raises(Forbidden):
            blocks.unblock(other, block)
        with pytest.raises(NotFound):
            queries.get_block(other, block.public_id)


@pytest.mark.one_database
def test_whoever_tries_out_many_names_has_to_wait(circle: Circle) -> None:
    one, other = circle.person(), circle.person()
    for _ in range(20):
        circle.block(one, other)
    with pytest.raises(TooMany):
        circle.block(one, other)


# --- pages --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(pages: Scene) -> Circle:
    return Circle(pages)


def send(client: FlaskClient, address: str, **form: object) -> tuple[int, str]:
    """What was answered, and where it led."""
    answer = client.post(address, data={**form, "csrf_token": form_token(client)})
    return answer.status_code, answer.headers.get("Location", "")


def test_somebody_asks_with_a_note_and_what_was_typed_is_kept_when_it_does_not_do(crowd: Circle) -> None:
    amal, tamim = crowd.person("Amal"), crowd.person("Tamim")
    here, there = crowd.scene.client(amal), crowd.scene.client(tamim)
    address = f"/members/{tamim.public_id}/ask"
    assert f'href="{address}"' in here.get(f"/members/{tamim.public_id}").text
    form = {"note": "Read https://example.org/ first", "csrf_token": form_token(here)}
    refused = here.post(address, data=form)
    assert refused.status_code == 422
    assert "Read https://example.org/ first</textarea>" in refused.text
    assert "no links" in refused.text
    assert send(here, address, note="I read what you offer") == (303, "/me/people")
    assert "I read what you offer" in here.get("/me/people").text
    assert here.get(address).headers["Location"] == f"/members/{tamim.public_id}"
    home, page = there.get("/").text, there.get("/me/people").text
    assert "Requests that wait for you" in home
    assert "Amal" not in home
    assert "I read what you offer" in page
    assert "Somebody would like to be connected with you." in there.get("/notices").text
    accept = re.search(r'action="(/me/people/[^"]+/accept)"', page)
    assert accept is not None
    assert send(there, accept[1]) == (303, "/me/people")
    assert "Amal" in there.get("/me/people").text
    assert "I read what you offer" not in there.get("/me/people").text
    assert "Requests that wait for you" not in there.get("/").text


def test_a_mentor_a_list_and_removing_are_walked_by_pages_alone(crowd: Circle) -> None:
    amal, tamim = crowd.connected("Amal", "Tamim")
    here, there = crowd.scene.client(amal), crowd.scene.client(tamim)
    assert send(here, f"/members/{tamim.public_id}/mentor") == (422, "")
    assert send(here, f"/members/{tamim.public_id}/mentor", part="mentor") == (303, "/me/people")
    agree = re.search(r'action="(/me/companions/[^"]+/accept)"', there.get("/me/people").text)
    assert agree is not None
    assert send(there, agree[1])[0] == 303
    assert "Your mentor" in here.get("/me/people").text
    assert "You are their mentor." in there.get(f"/members/{amal.public_id}").text

    assert send(here, "/me/lists", name="")[0] == 422
    status, family = send(here, "/me/lists", name="Family <b>")
    assert status == 303
    assert "Family &lt;b&gt;" in here.get("/me/lists").text
    assert send(here, f"{family}/people") == (422, "")
    assert send(here, f"{family}/people", people=tamim.public_id) == (303, family)
    crowd.scene.keep(amal, Field.STUDIES, "Botany", Audience.CHOSEN, [family.rpartition("/")[2]])
    assert "Studies" in here.get(family).text
    assert "Nobody else gets to see them instead" in here.get(f"{family}/delete").text
    assert send(here, f"{family}/people/{tamim.public_id}/remove") == (303, family)
    assert send(here, family, name="Friends") == (303, family)
    assert "Friends" in here.get(family).text
    assert send(here, f"{family}/delete") == (303, "/me/lists")
    assert here.get(family).status_code == 404

    remove = re.search(r'href="(/me/people/[^"]+/remove)"', here.get("/me/people").text)
    assert remove is not None
    assert "Nobody is told" in here.get(remove[1]).text
    assert send(here, remove[1]) == (303, "/me/people")
    assert "Amal" not in there.get("/me/people").text.split("<main")[1].split("<footer")[0]


def test_somebody_is_blocked_from_their_page_from_a_request_and_from_a_message(crowd: Circle) -> None:
    amal = crowd.person("Amal")
    here = crowd.scene.client(amal)
    met, asking, writing = crowd.person("Met"), crowd.scene.person("Asking"), crowd.person("Writing")
    crowd.ask(asking, amal)
    request = re.search(r'href="(/me/people/[^"]+/block)"', here.get("/me/people").text)
    assert request is not None
    room = crowd.scene.make.room(amal, writing)
    seq = crowd.scene.make.message(writing, room).seq
    for address, name in (
        (f"/members/{met.public_id}/block", "Met"),
        (request[1], "Asking"),
        (f"/rooms/{room.public_id}/messages/{seq}/block", "Writing"),
    ):
        page = here.get(address).text
        assert f"<bdi>{name}</bdi>" in page
        assert "each of you still reads what the other writes" in page, "what it cannot do is said before it is done"
        assert send(here, address) == (303, "/me/blocks")
        assert f"<bdi>{name}</bdi>" in here.get("/me/blocks").text
        assert here.get(address).status_code == (404 if "/rooms/" not in address else 200)
    lifted = re.search(r'action="(/me/blocks/[^"]+/lift)"', here.get("/me/blocks").text)
    assert lifted is not None
    assert send(here, lifted[1]) == (303, "/me/blocks")
    assert here.get("/me/blocks").text.count("/lift") == 2


def test_pages_without_anybody_say_what_to_do(crowd: Circle) -> None:
    client = crowd.scene.client(crowd.person())
    for address, words in (
        ("/me/people", "Nobody yet"),
        ("/me/lists", "No lists yet"),
        ("/me/blocks", "You block nobody"),
    ):
        assert words in client.get(address).text


def test_what_is_between_others_is_nobodys_on_any_address(crowd: Circle) -> None:
    one, other, outsider = crowd.person(), crowd.person(), crowd.person()
    crowd.connect(one, other)
    crowd.mentoring(one, other)
    crowd.block(one, crowd.person())
    connection = crowd.connections()[0].public_id
    with work.scope(crowd.scene.house):
        pair = crowd.page(one).companions[0].public_id
        block = queries.blocks_of(one)[0].public_id
    kept = crowd.list_with(one, other)
    client = crowd.scene.client(outsider)
    posts = [
        *(f"/me/people/{{}}/{verb}" for verb in ("accept", "decline", "withdraw", "remove", "block")),
        *(f"/me/companions/{{}}/{verb}" for verb in ("accept", "decline", "withdraw", "end")),
        "/me/lists/{}",
        "/me/lists/{}/people",
        f"/me/lists/{{}}/people/{other.public_id}/remove",
        "/me/lists/{}/delete",
        "/me/blocks/{}/lift",
    ]
    things = {"people": connection, "companions": pair, "lists": kept, "blocks": block}
    for address in posts:
        theirs = things[address.split("/")[2]]
        form = {"name": "Mine", "people": other.public_id}
        answers = {send(client, address.format(id), **form)[0] for id in (theirs, MISSING)}
        assert answers == {404}, address
    for address in ("/me/people/{}/remove", "/me/people/{}/block", "/me/lists/{}", "/me/lists/{}/delete"):
        theirs = things[address.split("/")[2]]
        assert {client.get(address.format(id)).status_code for id in (theirs, MISSING)} == {404}
    assert crowd.known(one) == [other.public_id]
    assert crowd.left() == {"connection": 1, "companionship": 1, "list_entry": 1, "people_list": 1, "block": 1}
