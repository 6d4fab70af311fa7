"""On a real server: a lock, a journey or a freeze in another process silences the open sockets within a second."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests

from app.chat.models import Room
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.safety.actions import lock, travel, trust
from tests.conftest import Template
from tests.factories import Factory
from tests.identity.test_ended_at_once import AT_ONCE, GRACE, Listener, is_let_in
from tests.safety.scene import CODE, Scene
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


def locks(_people: Factory, nour: Actor, _other: Actor, _room: Room) -> None:
    lock.set_code(nour, CODE, minutes=0)
    work.release()
    lock.lock(_people.actor(_tokens[nour.person_id]))


def travels(_people: Factory, nour: Actor, _other: Actor, room: Room) -> None:
    travel.choose_hidden(nour, [f"room:{room.public_id}"])
    travel.set_out(nour, until=now() + timedelta(days=1))


def is_frozen(people: Factory, nour: Actor, other: Actor, _room: Room) -> None:
    trust.name_trusted(nour, other.public_id)
    trust.freeze(other, nour.person_id, reason="The phone was taken")


_tokens: dict[int, str] = {}


@pytest.mark.parametrize(
    ("happens", "said"), [(locks, "session.locked"), (travels, "session.ended"), (is_frozen, "session.ended")]
)
def test_an_open_room_hears_nothing_more_at_once(
    site: Server, people: Factory, happens: Callable[[Factory, Actor, Actor, Room], None], said: str
) -> None:
    token, other = people.token(), people.person()
    nour = people.actor(token)
    _tokens[nour.person_id] = token
    Scene(people.house, people.house, people).connect(nour, other)  # type: ignore[arg-type]  # no page is asked of it
    room = people.room(nour, other)
    listener, witness = Listener.on(site, token, room), Listener.on(site, people.another_session(other), room)
    why: list[str] = []
    listener.client.on(said, lambda _: why.append(said))
    speaker = site.socket(people.another_session(other))
    with work.scope(people.house):
        happens(people, nour, other, room)
    wait_for(lambda: listener.gone, seconds=AT_ONCE + GRACE, what="the socket to be put out")
    assert why == [said]
    sent = {"room": room.public_id, "client_id": "after-it-happened", "body": "Are they gone?"}
    assert speaker.call("room.post", sent)["ok"]
    wait_for(lambda: witness.heard, what="the others to hear it")
    assert listener.heard == []
    assert not is_let_in(site, token)
    for client in (witness.client, speaker):
        client.disconnect()


def test_a_journey_opens_no_socket_to_a_hidden_room_and_a_screen_that_is_opened_again_does(
    site: Server, people: Factory
) -> None:
    token = people.token()
    nour = people.actor(token)
    room = people.room(nour)
    with work.scope(people.house):
        travel.choose_hidden(nour, [f"room:{room.public_id}"])
        travel.set_out(nour, until=now() + timedelta(days=1))
    client = site.socket(people.another_session(nour))
    for event in ("room.open", "room.since", "room.read", "room.post", "room.draft"):
        sent = {"room": room.public_id, "since": 0, "seq": 0, "client_id": "AAAAAAAA", "body": "x"}
        assert client.call(event, sent)["error"]["code"] == "not_found", event
    client.disconnect()
    lina_token = people.token()
    lina = people.actor(lina_token)
    with work.scope(people.house):
        lock.set_code(lina, CODE, minutes=0)
        lock.lock(people.actor(lina_token))
    assert not is_let_in(site, lina_token)
    with site.browser(lina_token) as browser:
        answer: requests.Response = browser.get(f"{site.address}/rooms", allow_redirects=False, timeout=10)
        assert answer.headers["Location"].startswith("/lock")
    with work.scope(people.house):
        lock.unlock(people.actor(lina_token), CODE)
    assert is_let_in(site, lina_token)
