"""The doors of a room on a real server: who is let in, and in which words the others are refused."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
import socketio
from socketio.exceptions import ConnectionError as NotLetIn
from sqlalchemy import select

from app.chat.models import Message, Room
from app.identity import actions as identity
from app.kernel import work
from app.kernel.sessions import PLAIN_COOKIE
from tests.conftest import Template
from tests.factories import Factory
from tests.server import Server, wait_for

LONGEST = 4000
#: The client library forgets to close sockets that were refused.
pytestmark = [
    pytest.mark.usefixtures("forgetful_clients"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass
class Scene:
    """A server with a room, one member of it, and one person who is not in it."""

    server: Server
    make: Factory
    member: str
    other: str
    room: str

    def ask(self, token: str, event: str, payload: object) -> dict[str, object]:
        """Send one event and return its acknowledgement."""
        client = self.server.socket(token)
        try:
            answer: dict[str, object] = client.call(event, payload, timeout=10)
            return answer
        finally:
            client.disconnect()

    def form(self, token: str) -> tuple[requests.Session, dict[str, str]]:
        """A browser on the room's page, and what its form would send along."""
        browser = self.server.browser(token)
        page = browser.get(f"{self.server.address}/rooms/{self.room}").text
        fields = {name: _value(page, name) for name in ("csrf_token", "client_id") if f'name="{name}"' in page}
        return browser, fields


@pytest.fixture(scope="module")
def running(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("doors") / "instance"
    shutil.copytree(sqlite_template.folder, folder)
    server = Server(folder).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def make(running: Server) -> Iterator[Factory]:
    factory = running.factory()
    yield factory
    factory.house.close()


@pytest.fixture
def scene(running: Server, make: Factory) -> Scene:
    """New people and a new room for each test, on the one server."""
    member, other = make.token(language="ar"), make.token(language="ar")
    return Scene(running, make, member, other, make.room(make.actor(member)).public_id)


def test_only_a_signed_in_page_of_our_own_gets_a_socket(scene: Scene) -> None:
    for origin, token in (
        ("http://evil.example", scene.member),
        (scene.server.address + ".evil.example", scene.member),
        ("null", scene.member),
        (scene.server.address, "x" * 43),
        (scene.server.address, ""),
    ):
        client = socketio.Client(reconnection=False, websocket_extra_options={"origin": origin})
        with pytest.raises(NotLetIn):
            client.connect(
                scene.server.address,
                headers={"Cookie": f"{PLAIN_COOKIE}={token}"},
                transports=["websocket"],
                wait_timeout=10,
            )
    client = socketio.Client(reconnection=False, websocket_extra_options={"suppress_origin": True})
    with pytest.raises(NotLetIn):
        client.connect(
            scene.server.address,
            headers={"Cookie": f"{PLAIN_COOKIE}={scene.member}"},
            transports=["websocket"],
            wait_timeout=10,
        )


def test_polling_is_no_way_in(scene: Scene) -> None:
    answer = scene.server.browser(scene.member).get(
        f"{scene.server.address}/socket.io/?EIO=4&transport=polling", headers={"Origin": scene.server.address}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("event", "payload", "code"),
    [
        ("room.typing", {}, "invalid"),
        ("room.open", "not an object", "invalid"),
        ("room.open", {"room": 7}, "invalid"),
        ("room.open", {"room": "no-such-room-id"}, "not_found"),
        ("room.since", {"room": "ROOM", "since": -1}, "invalid"),
        ("room.since", {"room": "ROOM", "since": "1 or 1=1"}, "invalid"),
        ("room.since", {"room": "ROOM", "since": 2**60}, "invalid"),
        ("room.post", {"room": "ROOM", "client_id": "abcdefgh", "body": ""}, "invalid"),
        ("room.post", {"room": "ROOM", "client_id": "abcdefgh", "body": "\u202e\u200b \n"}, "invalid"),
        ("room.post", {"room": "ROOM", "client_id": "abcdefgh", "body": "x" * (LONGEST + 1)}, "invalid"),
        ("room.post", {"room": "ROOM", "client_id": "short", "body": "x"}, "invalid"),
        ("room.post", {"room": "ROOM", "client_id": {"a": 1}, "body": ["x"]}, "invalid"),
    ],
)
def test_a_refused_event_is_answered_in_the_persons_language(
    scene: Scene, event: str, payload: dict[str, object] | str, code: str
) -> None:
    if isinstance(payload, dict) and payload.get("room") == "ROOM":
        payload = {**payload, "room": scene.room}
    answer = scene.ask(scene.member, event, payload)
    assert answer["ok"] is False
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert any("\u0600" <= letter <= "\u06ff" for letter in error["text"]), error
    assert scene.ask(scene.member, "room.since", {"room": scene.room, "since": 0})["last"] == 0


def test_whoever_is_not_in_the_room_gets_the_answer_of_a_room_that_does_not_exist(scene: Scene) -> None:
    for event, more in (
        ("room.open", {"since": None}),
        ("room.since", {"since": 0}),
        ("room.post", {"client_id": "abcdefgh", "body": "x"}),
        ("room.read", {"seq": 1}),
    ):
        closed = scene.ask(scene.other, event, {"room": scene.room, **more})
        missing = scene.ask(scene.other, event, {"room": "no-such-room-id", **more})
        assert closed == missing
        assert closed["ok"] is False


def test_a_frame_of_more_than_8_kb_ends_its_own_connection_and_no_other(scene: Scene) -> None:
    loud, quiet = scene.server.socket(scene.member), scene.server.socket(scene.member)
    loud.emit("room.post", {"room": scene.room, "client_id": "abcdefgh", "body": "x" * 9000})
    wait_for(lambda: not loud.connected, what="the large frame to end its connection")
    assert quiet.call("room.since", {"room": scene.room, "since": 0})["last"] == 0
    quiet.disconnect()


def test_whoever_sends_too_fast_is_told_for_how_long_to_wait(scene: Scene) -> None:
    client = scene.server.socket(scene.member)
    answers = [
        client.call("room.post", {"room": scene.room, "client_id": f"message-{number}", "body": "x"})
        for number in range(25)
    ]
    client.disconnect()
    refused = [answer["error"] for answer in answers if not answer["ok"]]
    assert len(refused) == 5
    assert all(error["code"] == "too_many" and 0 < error["retry_after"] <= 10 for error in refused)


def test_an_event_after_the_session_ended_is_refused_and_the_socket_goes(scene: Scene) -> None:
    client = scene.server.socket(scene.member)
    assert client.call("room.open", {"room": scene.room, "since": None})["ok"]
    actor = scene.make.actor(scene.member)
    with work.scope(scene.make.house):
        identity.sign_out(actor)
    client.emit("room.post", {"room": scene.room, "client_id": "too-late-now", "body": "x"})
    wait_for(lambda: not client.connected, what="the socket to be closed")
    with work.scope(scene.make.house) as opened:
        here = select(Message.seq).join(Room, Room.id == Message.room_id).where(Room.public_id == scene.room)
        assert opened.session.scalars(here).all() == []


def test_a_page_that_is_refused_keeps_what_was_typed(scene: Scene) -> None:
    words = "أكتب هذا منذ ساعة، ولا أريد أن يضيع"
    post = f"{scene.server.address}/rooms/{scene.room}/messages"

    browser, fields = scene.form(scene.member)
    too_long = browser.post(post, {**fields, "body": words + "x" * LONGEST})
    assert too_long.status_code == 422
    assert words in too_long.text

    browser, fields = scene.form(scene.member)
    answers: list[requests.Response] = []
    while len(answers) < 21 or (answers[-1].status_code == 303 and len(answers) < 100):
        sent = {**fields, "client_id": f"message-{len(answers)}", "body": words}
        answers.append(browser.post(post, sent, allow_redirects=False))
    assert answers[-1].status_code == 429
    assert words in answers[-1].text
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 10

    outsider, fields = scene.form(scene.other)
    closed = outsider.post(post, {**fields, "client_id": "abcdefgh", "body": words})
    assert closed.status_code == 404
    assert words in closed.text

    browser, fields = scene.form(scene.member)
    with work.scope(scene.make.house):
        identity.sign_out(scene.make.actor(scene.member))
    signed_out = browser.post(post, {**fields, "body": words})
    assert signed_out.status_code == 401
    assert words in signed_out.text


@pytest.mark.parametrize("where", ["before=" + "9" * 30, "around=-1", "before=x", "around=" + "9" * 17, "before=0"])
def test_an_address_with_a_number_that_no_message_has_is_still_the_room(scene: Scene, where: str) -> None:
    page = scene.server.browser(scene.member).get(f"{scene.server.address}/rooms/{scene.room}?{where}")
    assert page.status_code == 200


def _value(page: str, name: str) -> str:
    tag = next(part for part in page.split("<") if f'name="{name}"' in part)
    return tag.split('value="')[1].split('"')[0]
