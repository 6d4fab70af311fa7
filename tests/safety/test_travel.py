"""Travel mode: what somebody hides is not there, for nobody who holds their phone, until a day or until two agree."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app.chat import actions as chat
from app.chat import queries as rooms
from app.identity.models import Cause, Restriction
from app.kernel import work
from app.kernel.access import GRANTS, Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.safety import jobs
from app.safety.actions import travel
from app.safety.models import JourneyPeer
from app.safety.queries import travel as queries
from tests.safety.scene import MODERATOR, Scene


def names(scene: Scene, actor: Actor) -> list[str]:
    with work.scope(scene.house):
        return [line.room.name_en for line in rooms.rooms(actor)]


def test_what_is_chosen_changes_nothing_until_one_travels_and_then_is_not_there(scene: Scene) -> None:
    nour, other = scene.person(), scene.person()
    secret, plain = scene.make.room(nour, other, name="Kestrels"), scene.make.room(nour, name="Bread")
    scene.make.message(other, secret, "Unread words")
    scene.hide(nour, secret)
    assert names(scene, nour) == ["Kestrels", "Bread"]
    nour = scene.travel(nour)
    assert names(scene, nour) == ["Bread"]
    with work.scope(scene.house):
        assert rooms.unread_total(nour) == 0
        for read in (rooms.get_room, rooms.get_here):
            with pytest.raises(NotFound):
                read(nour, secret.public_id)
            assert read(nour, plain.public_id)
            assert read(other, secret.public_id)
        with pytest.raises(NotFound):
            rooms.find_reported(nour, rooms.reference(secret.public_id, 1))
        here = rooms.get_here(other, secret.public_id)
        assert rooms.since(nour, here, after=0).words == []
        with pytest.raises(NotFound):
            rooms.get_message(nour, secret, 1)


def test_the_journey_ends_by_itself_at_its_moment_and_only_then_is_it_said(scene: Scene) -> None:
    nour = scene.person()
    room = scene.make.room(nour, name="Kestrels")
    scene.hide(nour, room)
    nour = scene.travel(nour, until=now() + timedelta(days=3))
    assert "journey.over" not in scene.told(nour)
    scene.turn_clock(timedelta(days=3))
    # Nobody has noted it yet: the doors open all the same.
    assert names(scene, scene.now(nour)) == ["Kestrels"]
    for _ in range(2):
        with work.scope(scene.house):
            jobs.end_journeys(system("test"))
    assert scene.told(nour) == ["journey.over"]


def test_no_door_to_settings_archive_erasure_or_work_is_there_meanwhile(scene: Scene) -> None:
    nour = scene.travel(scene.person(roles=(Role.MEMBER, Role.MODERATOR)))
    gone = {Permission.SETTINGS_CHANGE, Permission.HIDDEN_SEE, Permission.EXPORT, Permission.ERASE}
    assert not gone & nour.permissions
    assert nour.permissions >= GRANTS[Role.MEMBER]
    assert not nour.permissions & (GRANTS[Role.MODERATOR] - GRANTS[Role.MEMBER])


def test_beginning_ends_every_session_so_that_no_open_page_goes_on(scene: Scene) -> None:
    nour = scene.person()
    elsewhere = scene.make.another_session(nour)
    with work.scope(scene.house):
        travel.set_out(nour, until=now() + timedelta(days=1))
    assert scene.now(nour).is_anonymous
    assert scene.make.actor(elsewhere).is_anonymous


def test_nobody_on_a_journey_ends_it_changes_what_is_hidden_or_begins_another(scene: Scene) -> None:
    nour, one, two = scene.person(), scene.person(), scene.person()
    scene.connect(nour, one, two)
    room = scene.make.room(nour)
    scene.hide(nour, room)
    nour = scene.travel(nour, one, two)
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_journey(nour, scene.journey().public_id)
    for verb in (
        lambda: travel.choose_hidden(nour, []),
        lambda: travel.set_out(nour, until=now() + timedelta(days=1)),
        lambda: travel.agree(nour, scene.journey()),
    ):
        with work.scope(scene.house), pytest.raises(Forbidden):
            verb()
    assert names(scene, nour) == []


def test_two_chosen_peers_end_it_together_and_one_alone_does_not(scene: Scene) -> None:
    nour, one, two, third = (scene.person() for _ in range(4))
    scene.connect(nour, one, two, third)
    room = scene.make.room(nour, name="Kestrels")
    scene.hide(nour, room)
    nour = scene.travel(nour, one, two)
    assert "journey.peer" in scene.told(one)
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_journey(third, scene.journey().public_id)
    for _ in range(2):  # once counts as once
        with work.scope(scene.house):
            assert not travel.agree(one, scene.journey())
    assert names(scene, scene.now(nour)) == []
    with work.scope(scene.house):
        assert queries.journeys(one) == []
        assert [line.name for line in queries.journeys(two)] == [nour.name]
        assert travel.agree(two, scene.journey())
    assert names(scene, scene.now(nour)) == ["Kestrels"]
    assert scene.told(nour)[-1] == "journey.over"
    with work.scope(scene.house), pytest.raises(Conflict):
        travel.agree(two, scene.journey())


def test_two_peers_who_agree_at_once_end_it_once(scene: Scene) -> None:
    nour, one, two = scene.person(), scene.person(), scene.person()
    scene.connect(nour, one, two)
    nour = scene.travel(nour, one, two)
    found = scene.journey().public_id

    def agrees(peer: Actor) -> None:
        travel.agree(peer, queries.get_journey(peer, found))

    verbs = [partial(agrees, peer) for peer in (one, two)]
    assert scene.at_once(verbs) == ["done", "done"]
    assert scene.now(nour).holds(Permission.HIDDEN_SEE)
    assert scene.told(nour).count("journey.over") == 1


def test_a_peer_who_travels_agrees_to_nothing_and_one_who_has_left_leaves_it_to_the_end(scene: Scene) -> None:
    nour, one, two = scene.person(), scene.person(), scene.person()
    scene.connect(nour, one, two)
    nour = scene.travel(nour, one, two)
    journey = scene.journey()
    one = scene.travel(one)
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_journey(one, journey.public_id)
    with work.scope(scene.house) as opened, opened.writing():
        peer = opened.session.scalars(select(JourneyPeer).where(JourneyPeer.person_id == one.person_id)).one()
        opened.session.delete(peer)
    with work.scope(scene.house):
        assert not travel.agree(two, queries.get_journey(two, journey.public_id))
    assert not scene.now(nour).holds(Permission.HIDDEN_SEE)


def test_one_travels_at_most_ninety_days_and_peers_are_two_people_whom_one_knows(scene: Scene) -> None:
    nour, one, stranger = scene.person(), scene.person(), scene.person()
    scene.connect(nour, one)
    for until, peers in (
        (now() + timedelta(days=91), ()),
        (now() - timedelta(minutes=1), ()),
        (None, (one,)),
        (None, (one, one)),
        (None, (one, stranger)),
        (None, ()),
    ):
        with work.scope(scene.house), pytest.raises(Invalid):
            travel.set_out(nour, until=until, peers=[peer.public_id for peer in peers])
    assert scene.now(nour).holds(Permission.SETTINGS_CHANGE)


def test_a_journey_that_two_pages_begin_at_once_is_one(scene: Scene) -> None:
    nour = scene.person()
    until = now() + timedelta(days=1)
    assert sorted(scene.at_once([partial(travel.set_out, nour, until=until)] * 2)) == ["conflict", "done"]


def test_no_record_says_that_somebody_travels(scene: Scene) -> None:
    nour, one, two = scene.person(), scene.person(), scene.person()
    scene.connect(nour, one, two)
    scene.travel(nour, one, two)
    with work.scope(scene.house):
        for peer in (one, two):
            travel.agree(peer, scene.journey())
    with work.scope(scene.house) as opened:
        entries = list(opened.session.scalars(select(AuditEntry)))
        restrictions = list(opened.session.scalars(select(Restriction).where(Restriction.cause == Cause.TRAVEL)))
    assert restrictions
    assert [
        one for one in entries if "travel" in f"{one.act}{one.target_kind}" or one.act.startswith("restriction")
    ] == []


def test_what_one_could_not_see_cannot_be_hidden_and_hiding_is_for_oneself_alone(scene: Scene) -> None:
    nour, other = scene.person(), scene.person()
    room = scene.make.room(nour, other, name="Kestrels")
    with work.scope(scene.house):
        travel.choose_hidden(nour, [f"room:{room.public_id}", "room:nothing", "plan:1", "x"])
        lines = queries.hideable(nour)[0].lines
    assert [(value, chosen) for value, _words, chosen in lines] == [(f"room:{room.public_id}", True)]
    scene.travel(nour)
    other = scene.travel(other)
    assert names(scene, other) == ["Kestrels"]


def test_nobody_writes_into_or_reads_on_in_a_room_that_they_hide(scene: Scene) -> None:
    nour = scene.person()
    room = scene.make.room(nour)
    with work.scope(scene.house):
        here = rooms.get_here(nour, room.public_id)
    scene.hide(nour, room)
    nour = scene.travel(nour)
    with work.scope(scene.house), pytest.raises(NotFound):
        chat.post_message(nour, rooms.get_here(nour, room.public_id), client_id="AAAAAAAA", body="x")
    assert here.public_id == room.public_id


def test_a_moderator_who_travels_hears_nothing_of_their_work(scene: Scene) -> None:
    moderator = scene.person(roles=(Role.MEMBER, *MODERATOR))
    one, two = scene.person(), scene.person()
    scene.trusts(one, two)
    scene.freeze(two, one)
    assert "safety" in scene.get(moderator, "/notices").get_data(as_text=True)
    moderator = scene.travel(moderator)
    assert (
        "safety"
        not in scene.get(moderator, "/notices").get_data(as_text=True).partition("<main")[2].partition("<footer")[0]
    )
