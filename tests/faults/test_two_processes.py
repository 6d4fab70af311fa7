"""The grown shape: two server processes over PostgreSQL and Redis, and what holds between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import socketio
from socketio.exceptions import SocketIOError

from app.chat import actions as chat
from app.chat import queries as rooms
from app.identity import actions as identity
from app.kernel import work
from app.kernel.sessions import TLS_COOKIE
from config import Settings
from tests.faults.group import Group, group
from tests.faults.stopwatch import Stopwatch
from tests.nginx import HOST, start_nginx
from tests.server import free_port, wait_for

pytestmark = [
    pytest.mark.faults,
    pytest.mark.usefixtures("forgetful_clients"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def pair(postgres_settings: Settings, redis_url: str) -> Iterator[Group]:
    with group(postgres_settings, redis_url) as running:
        yield running


@pytest.fixture
def lonely_pair(postgres_settings: Settings) -> Iterator[Group]:
    """The same with a Redis that does not answer."""
    with group(postgres_settings, "redis://127.0.0.1:1/0") as running:
        yield running


def test_people_on_two_processes_hear_each_other(pair: Group) -> None:
    nour, lina = pair.make.token("نور", language="ar"), pair.make.token("Lina")
    room = pair.make.room(pair.make.actor(nour), pair.make.actor(lina)).public_id
    here, there = pair.one.socket(nour), pair.two.socket(lina)
    heard: list[tuple[str, int]] = []
    here.on("room.message", lambda message: heard.append(("here", message["seq"])))
    there.on("room.message", lambda message: heard.append(("there", message["seq"])))
    for client in (here, there):
        assert client.call("room.open", {"room": room, "since": 0})["ok"]
    for number in range(10):
        client = (here, there)[number % 2]
        assert client.call("room.post", {"room": room, "client_id": f"message-{number}", "body": "مرحبا"})["ok"]
    wait_for(lambda: len(heard) == 20, what="ten messages on each side")
    for side in ("here", "there"):
        assert [seq for where, seq in heard if where == side] == list(range(1, 11))
    here.disconnect()
    there.disconnect()


def test_a_session_ended_on_one_process_is_deaf_on_the_other_within_a_second(pair: Group) -> None:
    nour, lina = pair.make.token("نور"), pair.make.token("Lina")
    room = pair.make.room(pair.make.actor(nour), pair.make.actor(lina)).public_id
    gone, writer = pair.two.socket(nour), pair.one.socket(lina)
    heard: list[object] = []
    told: list[object] = []
    gone.on("room.message", heard.append)
    gone.on("session.ended", lambda *_: told.append(True))
    assert gone.call("room.open", {"room": room, "since": 0})["ok"]
    with work.scope(pair.make.house):
        identity.sign_out(pair.make.actor(nour))
    watch = Stopwatch(pair.two)
    wait_for(lambda: told and not gone.connected, what="the other process to notice")
    assert watch.seconds() < 1.5
    assert writer.call("room.post", {"room": room, "client_id": "afterwards", "body": "Only for those here"})["ok"]
    assert heard == []
    writer.disconnect()


def test_whoever_left_a_room_hears_nothing_more_and_the_others_go_on(pair: Group) -> None:
    nour, lina, samar = pair.make.token("نور"), pair.make.token("Lina"), pair.make.token("Samar")
    room = pair.make.room(*(pair.make.actor(token) for token in (nour, lina, samar))).public_id
    gone, stays, writer = pair.two.socket(nour), pair.two.socket(samar), pair.one.socket(lina)
    heard: dict[str, list[object]] = {"gone": [], "stays": []}
    moved: list[object] = []
    gone.on("room.message", heard["gone"].append)
    stays.on("room.message", heard["stays"].append)
    stays.on("room.moved", moved.append)
    for client in (gone, stays, writer):
        assert client.call("room.open", {"room": room, "since": 0})["ok"]
    actor = pair.make.actor(nour)
    with work.scope(pair.make.house):
        chat.leave_room(actor, rooms.get_room(actor, room))
    wait_for(lambda: moved, what="the others to hear that the room has moved")
    assert stays.call("room.since", {"room": room, "since": 0})["ok"]
    assert writer.call("room.post", {"room": room, "client_id": "afterwards", "body": "Good evening"})["ok"]
    wait_for(lambda: heard["stays"], what="the message")
    assert heard["gone"] == []
    assert gone.call("room.since", {"room": room, "since": 0})["error"]["code"] == "not_found"
    for client in (gone, stays, writer):
        client.disconnect()


def test_with_redis_down_people_write_and_the_others_find_it_by_asking(lonely_pair: Group) -> None:
    pair = lonely_pair
    nour, lina = pair.make.token("نور"), pair.make.token("Lina")
    room = pair.make.room(pair.make.actor(nour), pair.make.actor(lina)).public_id
    here, there = pair.one.socket(nour), pair.two.socket(lina)
    assert there.call("room.open", {"room": room, "since": 0})["ok"]
    assert here.call("room.post", {"room": room, "client_id": "without-redis", "body": "Still here"}, timeout=10)["ok"]
    missed = there.call("room.since", {"room": room, "since": 0})
    assert [message["client_id"] for message in missed["messages"]] == ["without-redis"]
    here.disconnect()
    there.disconnect()


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_behind_nginx_over_tls_pages_and_sockets_of_both_processes_work(
    postgres_settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    port, plain_port = free_port(), free_port()
    with group(postgres_settings, redis_url, ADDRESS=f"https://{HOST}", TRUSTED_PROXIES="1") as pair:
        nginx = start_nginx(tmp_path, port, plain_port, [pair.one.port, pair.two.port])
        try:
            tokens = [pair.make.token(name) for name in ("نور", "Lina", "Samar", "Adam")]
            room = pair.make.room(*(pair.make.actor(token) for token in tokens)).public_id
            heard: list[tuple[int, int]] = []
            clients = []
            for number, token in enumerate(tokens):
                client = socketio.Client(
                    reconnection=False,
                    ssl_verify=False,
                    websocket_extra_options={"origin": f"https://{HOST}", "host": HOST},
                )
                wait_for(lambda c=client, t=token: _connect(c, port, t), what="nginx to let a socket through")  # type: ignore[misc]
                client.on("room.message", lambda message, number=number: heard.append((number, message["seq"])))
                assert client.call("room.open", {"room": room, "since": 0})["ok"]
                clients.append(client)
            for number, client in enumerate(clients):
                assert client.call("room.post", {"room": room, "client_id": f"message-{number}", "body": "Hello"})["ok"]
            wait_for(lambda: len(heard) == 16, what="four messages for each of four people")
            page = requests.get(
                f"https://127.0.0.1:{port}/rooms/{room}",
                headers={"Host": HOST},
                cookies={TLS_COOKIE: tokens[0]},
                verify=False,
            )
            assert page.status_code == 200
            assert page.text.count('class="message') >= 4
            assert "max-age" in page.headers["Strict-Transport-Security"]
            for client in clients:
                client.disconnect()
        finally:
            nginx.terminate()
            nginx.wait(timeout=10)


def _connect(client: socketio.Client, port: int, token: str) -> bool:
    try:
        client.connect(
            f"https://127.0.0.1:{port}",
            headers={"Cookie": f"{TLS_COOKIE}={token}"},
            transports=["websocket"],
            wait_timeout=10,
        )
    except SocketIOError:
        return False
    return True
