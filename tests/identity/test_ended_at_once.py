"""On a real server: whoever signs out anywhere hears nothing more, at once; and hashing keeps nobody waiting."""

import re
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import socketio
import websocket
from sqlalchemy import func, select

from app.chat.models import Message, Room
from app.identity import actions
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.sessions import PLAIN_COOKIE
from tests.conftest import Template
from tests.factories import PASSPHRASE, Factory
from tests.server import Server, wait_for

GOOD = "copper window ninety swallows"
#: Seconds within which an ended session must be silent. In another process it is found by looking twice a second.
AT_ONCE = 1.0
#: What a busy machine may take on top of that before a test here fails.
GRACE = 2.0


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


@dataclass
class Listener:
    """A connected socket that notes what it hears and when it was put out."""

    client: socketio.Client
    heard: list[str] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    gone: list[float] = field(default_factory=list)

    @classmethod
    def on(cls, site: Server, token: str, room: Room) -> "Listener":
        client = site.socket(token)
        listener = cls(client)
        client.on("room.message", lambda message: listener.heard.append(message["html"]))
        client.on("session.ended", lambda _: listener.ended.append(time.monotonic()))
        client.on("disconnect", lambda *_: listener.gone.append(time.monotonic()))
        assert client.call("room.open", {"room": room.public_id, "since": None})["ok"]
        return listener


def is_let_in(site: Server, token: str) -> bool:
    """Whether a socket of this session is welcomed. By hand, since the client library may take half a minute to see a refusal."""
    address = f"{site.address.replace('http', 'ws', 1)}/socket.io/?EIO=4&transport=websocket"
    wire = websocket.create_connection(address, origin=site.address, cookie=f"{PLAIN_COOKIE}={token}", timeout=10)
    try:
        assert str(wire.recv()).startswith("0")  # Engine.IO opens
        wire.send("40")  # Socket.IO asks to join
        return str(wire.recv()).startswith("40")
    finally:
        wire.close()


def form_token(browser: requests.Session, site: Server) -> str:
    page = browser.get(f"{site.address}/about", headers={"Cookie": _cookies(browser)}, timeout=10).text
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found
    return found[1]


def _cookies(browser: requests.Session) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def sends(site: Server, browser: requests.Session, path: str, **fields: str) -> requests.Response:
    fields["csrf_token"] = form_token(browser, site)
    return browser.post(f"{site.address}{path}", data=fields, allow_redirects=False, timeout=15)


def sign_out(site: Server, _make: Factory, _nour: Actor, token: str) -> None:
    assert sends(site, site.browser(token), "/sign-out").status_code == 303


def leave(site: Server, _make: Factory, _nour: Actor, token: str) -> None:
    assert sends(site, site.browser(token), "/exit").status_code == 200


def end_from_the_phone(site: Server, make: Factory, nour: Actor, _token: str) -> None:
    phone = site.browser(make.another_session(nour))
    page = phone.get(f"{site.address}/me/sessions", timeout=10).text
    for path in re.findall(r'action="(/me/sessions/[^"]+/end)"', page):
        assert sends(site, phone, path).status_code == 303


def end_others_from_the_phone(site: Server, make: Factory, nour: Actor, _token: str) -> None:
    assert sends(site, site.browser(make.another_session(nour)), "/me/sessions/end-others").status_code == 303


def change_passphrase_on_the_phone(site: Server, make: Factory, nour: Actor, _token: str) -> None:
    phone = site.browser(make.another_session(nour))
    assert sends(site, phone, "/me/passphrase", present=PASSPHRASE, wished=GOOD).status_code == 303


def sign_in_again_in_the_same_browser(site: Server, _make: Factory, nour: Actor, token: str) -> None:
    browser = site.browser(token)
    assert sends(site, browser, "/sign-in", name=nour.name, passphrase=PASSPHRASE).status_code == 303


def sign_out_in_another_process(_site: Server, make: Factory, nour: Actor, _token: str) -> None:
    with work.scope(make.house):
        actions.sign_out(nour)  # this process has no sockets: the server must find out by itself


@pytest.mark.parametrize(
    "end",
    [
        sign_out,
        leave,
        end_from_the_phone,
        end_others_from_the_phone,
        change_passphrase_on_the_phone,
        sign_in_again_in_the_same_browser,
        sign_out_in_another_process,
    ],
)
def test_an_ended_session_hears_nothing_more(
    site: Server, people: Factory, end: Callable[[Server, Factory, Actor, str], None]
) -> None:
    token = people.token()
    nour, lina = people.actor(token), people.person()
    room = people.room(nour, lina)
    hers, tab = Listener.on(site, token, room), Listener.on(site, token, room)
    witness = Listener.on(site, people.another_session(lina), room)
    speaker = site.socket(people.another_session(lina))

    end(site, people, nour, token)
    wait_for(lambda: hers.gone and tab.gone, seconds=AT_ONCE + GRACE, what="both sockets to be put out")
    for listener in (hers, tab):
        assert len(listener.ended) == 1
        assert listener.ended[0] <= listener.gone[0]

    sent = {"room": room.public_id, "client_id": "after-the-end-1", "body": "Is she still here?"}
    assert speaker.call("room.post", sent)["ok"]
    wait_for(lambda: witness.heard, what="the others to hear it")
    assert hers.heard == tab.heard == []
    assert not is_let_in(site, token)
    assert is_let_in(site, people.another_session(lina))
    for client in (witness.client, speaker):
        client.disconnect()


def test_what_is_sent_after_the_end_is_neither_stored_nor_acknowledged(site: Server, people: Factory) -> None:
    token = people.token()
    nour = people.actor(token)
    room = people.room(nour)
    listener = Listener.on(site, token, room)
    sign_out_in_another_process(site, people, nour, token)
    answers: list[dict[str, Any]] = []
    sent = {"room": room.public_id, "client_id": "too-late-to-say", "body": "Am I still here?"}
    listener.client.emit("room.post", sent, callback=answers.append)  # likely before the watch has noticed
    wait_for(lambda: listener.gone, seconds=AT_ONCE + GRACE, what="the socket to be put out")
    assert not any(answer["ok"] for answer in answers)
    assert listener.heard == []
    with work.scope(people.house) as opened:
        assert opened.session.scalar(select(func.count(Message.id)).where(Message.room_id == room.id)) == 0


def test_twelve_who_sign_in_at_once_keep_nobody_waiting(site: Server, people: Factory) -> None:
    names = [people.person().name for _ in range(12)]
    browsers = [requests.Session() for _ in names]
    tokens = [form_token(browser, site) for browser in browsers]
    quiet = [_healthy(site) for _ in range(30)]
    answers: list[int] = []

    def sign_in(browser: requests.Session, token: str, name: str) -> None:
        fields = {"csrf_token": token, "name": name, "passphrase": PASSPHRASE}
        answers.append(
            browser.post(f"{site.address}/sign-in", data=fields, allow_redirects=False, timeout=30).status_code
        )

    threads = [threading.Thread(target=sign_in, args=each) for each in zip(browsers, tokens, names, strict=True)]
    for thread in threads:
        thread.start()
    busy: list[float] = []
    while any(thread.is_alive() for thread in threads):
        busy.append(_healthy(site))
    assert answers == [303] * 12
    # On the loop, twelve hashes of some 30 ms would be one wait of 0.4 s and more; beside it, they share two cores with us.
    assert len(busy) >= 5
    assert statistics.median(busy) < max(0.1, 20 * statistics.median(quiet)), (statistics.median(quiet), busy)


def _healthy(site: Server) -> float:
    begun = time.perf_counter()
    assert requests.get(f"{site.address}/healthz", timeout=10).status_code == 200
    return time.perf_counter() - begun
