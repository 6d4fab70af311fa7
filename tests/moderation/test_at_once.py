"""On a real server: a measure that another process takes puts its person out within a second, sockets and pages alike."""

import shutil
from collections.abc import Iterator

import pytest
import requests

from app.chat import queries as rooms
from app.kernel import work
from app.kernel.access import Role
from app.kernel.signals import Words
from app.moderation import actions as moderation
from app.moderation.models import Category, MeasureKind
from tests.conftest import Template
from tests.factories import Factory
from tests.identity.test_ended_at_once import AT_ONCE, GRACE, Listener, is_let_in
from tests.server import Server, wait_for

pytestmark = pytest.mark.usefixtures("forgetful_clients")


@pytest.fixture(scope="module")
def site(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("site") / "instance"
    shutil.copytree(sqlite_template.folder, folder)
    running = Server(folder, {"LIMITS": "off"}).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def people(site: Server) -> Iterator[Factory]:
    make = site.factory()
    yield make
    make.house.close()


def page(site: Server, token: str, path: str) -> requests.Response:
    with site.browser(token) as browser:
        return browser.get(f"{site.address}{path}", allow_redirects=False, timeout=10)


def test_a_suspended_member_receives_no_further_frame_and_no_page_but_their_standing(
    site: Server, people: Factory
) -> None:
    token, moderator = people.token(), people.person(roles=(Role.MODERATOR,))
    member, witness = people.actor(token), people.person()
    room = people.room(member, witness)
    theirs = people.message(member, room, "Words of the suspended one")
    listener = Listener.on(site, token, room)
    other = Listener.on(site, people.another_session(witness), room)
    speaker = site.socket(people.another_session(witness))
    with work.scope(people.house):
        moderation.take(
            moderator,
            member.person_id,
            MeasureKind.SUSPEND,
            category=Category.HARASSMENT,
            reason="You threatened another member.",
            days=3,
            words=Words.HIDE,
        )
    wait_for(lambda: listener.gone, seconds=AT_ONCE + GRACE, what="the socket to be put out")
    sent = {"room": room.public_id, "client_id": "after-the-measure", "body": "Are they gone?"}
    assert speaker.call("room.post", sent)["ok"]
    wait_for(lambda: other.heard, what="the others to hear it")
    assert listener.heard == []
    assert not is_let_in(site, token)
    again = people.another_session(member)
    for path in ("/rooms", f"/rooms/{room.public_id}", f"/rooms/{room.public_id}/messages/{theirs.seq}", "/me"):
        assert page(site, again, path).status_code == 404, path
    assert page(site, again, "/").headers["Location"] == "/me/standing"
    assert "You threatened another member." in page(site, again, "/me/standing").text
    with work.scope(people.house):
        found = rooms.newest(witness, rooms.get_room(witness, room.public_id)).words
        assert [bool(words.gone) for words in found] == [True, False]
    for client in (other.client, speaker):
        client.disconnect()


def test_whose_writing_is_paused_is_refused_on_the_very_next_event_and_goes_on_reading(
    site: Server, people: Factory
) -> None:
    token, moderator = people.token(), people.person(roles=(Role.MODERATOR,))
    member = people.actor(token)
    room = people.room(member)
    client = site.socket(token)
    sent = {"room": room.public_id, "client_id": "before-the-measure", "body": "One"}
    assert client.call("room.post", sent)["ok"]
    with work.scope(people.house):
        moderation.take(
            moderator,
            member.person_id,
            MeasureKind.PAUSE_POSTING,
            category=Category.OTHER,
            reason="A pause of three days.",
            days=3,
        )
    refused = client.call("room.post", {**sent, "client_id": "after-the-measure"})
    assert refused["error"]["code"] == "forbidden"
    assert "paused" in refused["error"]["text"]
    assert client.call("room.since", {"room": room.public_id, "since": 0})["ok"]
    client.disconnect()
