"""What somebody shows to some is with nobody else: on no page, in no search, frame, mail, device, archive or log.

One unguessable value stands in every field for every audience (planted.py), and everybody goes to every door.
"""

import logging
import shutil
from collections.abc import Iterator

import orjson
import pytest
from flask import Flask

from app.features import FEATURES
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.house import House
from app.notifications import actions as notifications
from app.profiles.actions import people as connecting
from app.profiles.models import Audience, Field
from app.profiles.queries import directory, viewing
from app.profiles.queries.directory import Search
from app.profiles.queries.view_as import As
from config import read_settings
from tests.conftest import Template, environment
from tests.factories import Factory
from tests.house.sockets import socket
from tests.notifications.conftest import Office, Post, running
from tests.notifications.test_push import Browser, Service, certificate, service
from tests.profiles.planted import SEES, WITH_PURPOSE, Canary, Planted, plant
from tests.profiles.scene import Scene
from tests.server import free_port

#: Everybody's own pages, and those that many share; what each of them knows of others stands here or nowhere.
DOORS = (
    "/",
    "/me",
    "/me/people",
    "/me/lists",
    "/me/profile",
    "/me/looked",
    "/notices",
    "/directory",
    "/rooms",
    "/help",
)
FREE = frozenset({Field.PRONOUN})


__all__ = ["certificate", "service"]  # fixtures


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    made = Office(Post(), free_port())
    made.open()
    yield made
    made.close()


@pytest.fixture(scope="module")
def running_app(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[Flask]:
    """With a mail server and a push service, without budgets: here everybody asks for everything at once."""
    folder = tmp_path_factory.mktemp("canaries") / "instance"
    shutil.copytree(sqlite_template.folder, folder)
    yield from running(read_settings(environment(folder)), office, limits=False)


@pytest.fixture(scope="module")
def planted(running_app: Flask) -> Planted:
    """One world for all of these tests: they ask, and change nothing of what anybody shows."""
    made: House = running_app.extensions["house"]
    return plant(Scene(running_app, made, Factory(made)))


@pytest.fixture
def house(planted: Planted) -> House:
    return planted.scene.house


def told(planted: Planted, viewer: Actor | None, address: str, **form: str) -> str:
    """What somebody reads there, whether or not it is open to them."""
    return planted.scene.open(viewer, address, **form).get_data(as_text=True)


def test_a_value_stands_in_every_field_for_every_audience(planted: Planted) -> None:
    made = {(one.field, one.audience) for one in planted.canaries}
    assert made == {(kind, who) for kind in Field for who in Audience} - {(Field.PHOTO, Audience.CASEWORKERS)}
    needles = [one.needle for one in planted.canaries if one.field not in FREE]
    assert all(needles)
    assert len(set(needles)) == len(needles)
    for owner in planted.owners.values():
        page = told(planted, owner, "/me/profile")
        mine = [one for one in planted.canaries if planted.owners[one.audience] is owner]
        assert [one for one in mine if one.field not in (*FREE, Field.PHOTO) and not one.stands_in(page)] == []


@pytest.mark.parametrize("kind", SEES)
def test_on_every_page_there_is_what_is_shown_to_this_kind_of_person_and_nothing_else(
    planted: Planted, kind: str
) -> None:
    viewer, sees = planted.viewers[kind], SEES[kind]
    for audience, owner in planted.owners.items():
        page = told(planted, viewer, f"/members/{owner.public_id}")
        expected = [one for one in planted.of(audience) if audience in sees and one.field not in FREE]
        assert [one for one in expected if not one.stands_in(page)] == []
        assert ("How to address me in Arabic" in page) is (audience in sees)
        assert planted.stranger_to(page, but=sees & {audience}) == []
        photo = planted.scene.open(viewer, f"/members/{owner.public_id}/photo")
        assert (photo.mimetype == "image/jpeg") is (audience in sees)
        for address in (f"/report/profile/{owner.public_id}", f"/members/{owner.public_id}/ask"):
            assert planted.stranger_to(told(planted, viewer, address), but=sees & {audience}) == []
    for address in DOORS:
        assert planted.stranger_to(told(planted, viewer, address), but=sees) == []


def test_a_caseworker_reads_what_is_shown_to_caseworkers_and_only_with_a_purpose(planted: Planted) -> None:
    caseworker = planted.viewers["caseworker"]
    for audience, owner in planted.owners.items():
        page = told(planted, caseworker, f"/members/{owner.public_id}/look", purpose="Housing for the winter")
        seen = WITH_PURPOSE & {audience}
        expected = [one for one in planted.of(audience) if seen and one.field not in (*FREE, Field.PHOTO)]
        assert [one for one in expected if not one.stands_in(page)] == []
        assert planted.stranger_to(page, but=seen) == []
        assert planted.stranger_to(told(planted, caseworker, f"/members/{owner.public_id}/look", purpose=" ")) == []
        assert planted.stranger_to(told(planted, caseworker, f"/members/{owner.public_id}")) == []


def test_view_as_shows_to_oneself_what_the_others_are_shown(planted: Planted) -> None:
    kinds = {
        As.STRANGER: "stranger",
        As.PROBATIONER: "newcomer",
        As.MEMBER: "member",
        As.UNSAID: "of no country",
        As.EXCLUDED: "in an excluded country",
        As.COMPANION: "mentor",
        As.EMPLOYER: "employer",
        As.MODERATOR: "moderator",
    }
    assert set(kinds) == set(As) - {As.CASEWORKER}
    for audience, owner in planted.owners.items():
        for one, kind in [*kinds.items(), (As.CASEWORKER, "")]:
            sees = SEES[kind] if kind else WITH_PURPOSE
            page = told(planted, owner, f"/me/profile/view-as?as={one.value}")
            expected = [one for one in planted.of(audience) if audience in sees and one.field not in FREE]
            assert [canary for canary in expected if not canary.stands_in(page)] == []
            assert planted.stranger_to(page, but=sees & {audience}) == []


@pytest.mark.parametrize("kind", ["member", "mentor", "on the list", "in an excluded country", "of no country"])
def test_a_search_finds_nobody_by_what_they_hide_nor_counts_or_sorts_by_it(planted: Planted, kind: str) -> None:
    viewer, sees = planted.viewers[kind], SEES[kind]
    assert viewer is not None
    with work.scope(planted.scene.house):
        seeing = viewing.viewer_of(viewer)
        everybody = directory.search(seeing, Search()).person_ids
        for one in planted.canaries:
            if one.field in (Field.PRONOUN, Field.PHOTO):
                continue
            owner = planted.owners[one.audience].person_id
            shown = one.audience in sees
            for asked in searches(one):
                found = directory.search(seeing, asked)
                assert (owner in found.person_ids) is shown, (kind, one, asked)
                assert len(found.person_ids) == int(shown)
                assert found.after is None
        hidden = {planted.owners[who].person_id for who in Audience} - set(everybody)
        assert bool(hidden) is (kind in ("in an excluded country", "of no country"))


def searches(one: Canary) -> list[Search]:
    """Each way of asking for it: among any words, and by itself."""
    found = [Search(words=one.needle)]
    if one.field is Field.LANGUAGES:
        found.append(Search(language=str(one.value[0])))  # type: ignore[index]
    if one.field is Field.SKILLS:
        found.append(Search(skill=one.needle))
    if one.field is Field.OFFERS:
        found.append(Search(offer=one.needle))
    return found


def test_nothing_of_a_profile_travels_in_frames_mails_to_devices_or_into_logs(
    planted: Planted, office: Office, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    scene, viewer, owner = planted.scene, planted.viewers["member"], planted.owners[Audience.MEMBERS]
    assert viewer is not None
    caplog.set_level(logging.DEBUG)
    browser = Browser()
    scene.enlist(viewer)
    with work.scope(scene.house):
        notifications.add_subscription(viewer, browser.subscription(service.url))
        notifications.add_address(viewer, address="reader@example.net")
    room = scene.make.room(viewer, *planted.owners.values())
    with socket(scene.app, scene.tokens[viewer.person_id]) as client:
        frames = [client.emit("room.open", {"room": room.public_id, "since": 0}, callback=True)]
        for one in planted.owners.values():
            scene.make.message(one, room, "Good evening")
        frames += [
            client.get_received(),
            client.emit("room.since", {"room": room.public_id, "since": 0}, callback=True),
        ]
    assert "Good evening" in orjson.dumps(frames).decode()
    with work.scope(scene.house):
        connecting.ask(owner, viewer.public_id, note="")
    while scene.house.queue.sweep():
        pass
    mails = b"".join(office.post.raw).decode()
    devices = [browser.opens(body) for _path, _headers, body in service.asked]
    assert mails
    assert devices
    pages = [
        told(planted, viewer, address)
        for address in (f"/rooms/{room.public_id}", f"/rooms/{room.public_id}/messages/1")
    ]
    for said in (orjson.dumps(frames).decode(), mails, repr(devices), *pages):
        assert planted.stranger_to(said) == []
    told(planted, viewer, f"/members/{owner.public_id}")
    told(planted, viewer, f"/directory?q={planted.of(Audience.MEMBERS)[4].needle}")
    told(planted, owner, "/me/profile/about", body="x" * 900, audience="members")
    written = caplog.text + "".join(str(record.args) for record in caplog.records)
    assert planted.stranger_to(written) == []


def test_an_archive_holds_everything_of_ones_own_and_nothing_of_others(planted: Planted) -> None:
    parts = [part for feature in FEATURES for part in feature.own_data]
    everybody = {**planted.viewers, **{who.value: owner for who, owner in planted.owners.items()}}
    for kind, person in everybody.items():
        if person is None:
            continue
        with work.scope(planted.scene.house):
            held = "".join(repr(list(part.export(person))) for part in parts)
        if kind not in set(Audience):
            assert planted.stranger_to(held) == [], kind
            continue
        mine = [one for one in planted.of(Audience(kind)) if one.field not in (Field.PRONOUN, Field.PHOTO)]
        assert [one for one in mine if repr(one.value) not in held and str(one.needle) not in held] == []
        assert planted.stranger_to(held, but=frozenset({Audience(kind)})) == []
