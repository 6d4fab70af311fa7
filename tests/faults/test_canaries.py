"""What people write, who they are and where they come from is nowhere to be read: not on disk, not in logs, not in Redis.

Canaries are planted through the doors that people use, on a real server, errors included; then everything that the instance
has left behind is searched for them in every form in which bytes may hide.
"""

import base64
import json
import re
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
import socketio
import websocket
from sqlalchemy import select, text

from app.chat.models import Room
from app.kernel.db import Base, KeysBase
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE
from config import Settings
from tests.factories import Factory
from tests.server import Server, wait_for

pytestmark = pytest.mark.faults


def canary(words: str) -> str:
    """Words that occur nowhere else in the world, with letters beyond ASCII in them."""
    return f"{words} سنونو {uuid.uuid4().hex}"


@dataclass(frozen=True)
class Canaries:
    """One for each thing that must not be found again."""

    name: str
    passphrase: str
    wrong_passphrase: str
    unknown_name: str
    code: str
    page_message: str
    socket_message: str
    lost_page_message: str
    lost_socket_message: str
    long_message: str
    odd_event: str
    question: str
    user_agent: str
    address: str

    @classmethod
    def fresh(cls) -> "Canaries":
        letters = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex)
        return cls(
            name=f"Samira {letters}",
            passphrase=canary("harbour lantern"),
            wrong_passphrase=canary("violet"),
            unknown_name=f"Nobody {letters[::-1]}",
            code=uuid.uuid4().hex.upper()[:20],
            page_message=canary("through the page"),
            socket_message=canary("through the socket"),
            lost_page_message=canary("while the table was gone"),
            lost_socket_message=canary("while the table was gone, too"),
            long_message=canary("too long"),
            odd_event=canary("no such event"),
            question=canary("in an address"),
            user_agent=f"Bird/{uuid.uuid4().hex}",
            address="203.0.113.77",
        )


def forms_of(secret: str) -> dict[str, bytes]:
    """The secret as it may lie somewhere: plain, wide, escaped, encoded."""
    plain = secret.encode()
    escaped = json.dumps(secret)[1:-1].encode()
    forms = {
        "utf-8": plain,
        "utf-16-le": secret.encode("utf-16-le"),
        "utf-16-be": secret.encode("utf-16-be"),
        "json": escaped,
        "python": repr(plain)[2:-1].encode(),
        "percent": quote(secret).encode(),
        "hex": plain.hex().encode(),
    }
    if re.search("[A-Z]", secret):
        forms["without marks"] = re.sub(r"[^0-9A-Z]", "", secret.upper()).encode()  # as codes are read
    for offset in range(3):
        # What stands between whole groups of three is the same wherever the secret begins.
        encoded = base64.b64encode(b"\0" * offset + plain)
        forms[f"base64+{offset}"] = encoded[4 if offset else 0 : len(encoded) - 4]
    forms["unique part"] = max(re.findall(r"[0-9A-Za-z.]+", secret), key=len).encode()
    return forms


def found_in(places: dict[str, bytes], secrets: dict[str, str]) -> list[str]:
    """Which secret was found where, and in which form."""
    return [
        f"{name} as {form} in {place}"
        for name, secret in secrets.items()
        for form, sought in forms_of(secret).items()
        for place, content in places.items()
        if sought in content
    ]


class Visitor:
    """Somebody with a browser of their own, behind the proxy of the instance."""

    def __init__(self, server: Server, canaries: Canaries) -> None:
        self.server, self.canaries = server, canaries
        self.headers = {"User-Agent": canaries.user_agent, "X-Forwarded-For": canaries.address}
        self.browser = requests.Session()
        self.browser.headers.update(self.headers)

    def close(self) -> None:
        self.browser.close()

    def get(self, path: str) -> requests.Response:
        return self.browser.get(self.url(path), allow_redirects=False)

    def post(self, path: str, page: str, **fields: str) -> requests.Response:
        """Send a form as it stands on `page`."""
        shown = self.browser.get(self.url(page)).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
        assert token is not None, shown
        return self.browser.post(self.url(path), data={"csrf_token": token[1], **fields}, allow_redirects=False)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    @property
    def token(self) -> str:
        return str(self.browser.cookies[PLAIN_COOKIE])

    @contextmanager
    def connected(self) -> Iterator[socketio.Client]:
        client = socketio.Client(reconnection=False, websocket_extra_options={"origin": self.server.address})
        client.connect(
            self.url(""),
            headers={"Cookie": f"{PLAIN_COOKIE}={self.token}", **self.headers},
            transports=["websocket"],
            wait_timeout=10,
        )
        try:
            yield client
        finally:
            client.disconnect()


def live_a_day(server: Server, house: House, canaries: Canaries) -> dict[str, str]:
    """Plant every canary through the doors that people use. Returns all that must not be found, by what it is."""
    with closing(Visitor(server, canaries)) as visitor, closing(Visitor(server, canaries)) as stranger:
        return _live(visitor, stranger, house)


def _live(visitor: Visitor, stranger: Visitor, house: House) -> dict[str, str]:
    canaries, make = visitor.canaries, Factory(house)
    host = make.person("Host")
    room = make.room(host, name=SHOWN)
    assert visitor.get(f"/?{canaries.question}").status_code == 200
    before = visitor.browser.cookies.get("form", "")

    assert (
        visitor.post("/sign-in", "/sign-in", name=canaries.unknown_name, passphrase=canaries.passphrase).status_code
        == 422
    )
    wrong_code = {"code": canaries.code, "name": canaries.name, "passphrase": canaries.passphrase}
    assert visitor.post("/join", f"/join?code={canaries.code}", **wrong_code).status_code == 422
    invitation = make.invitation()
    joined = visitor.post("/join", "/join", **{**wrong_code, "code": invitation})
    assert joined.status_code == 303, joined.text
    first_token = visitor.token
    for _ in range(2):
        wrong = stranger.post("/sign-in", "/sign-in", name=canaries.name, passphrase=canaries.wrong_passphrase)
        assert wrong.status_code == 422
    changed = visitor.post(
        "/me/passphrase", "/me/passphrase", present=canaries.wrong_passphrase, wished=canaries.passphrase
    )
    assert changed.status_code == 422
    assert visitor.get(f"/rooms/{quote(canaries.question)}?next={quote(canaries.question)}").status_code == 404
    assert visitor.get(f"/leaving?to=https://example.org/{canaries.question.split()[-1]}").status_code == 200

    page = f"/rooms/{room.public_id}"
    assert visitor.post(f"{page}/join", page).status_code == 303
    write_everywhere(visitor, page, room)
    with out_of_reach(house):
        lose_everywhere(visitor, page, room)
    make_noise(visitor)

    signed_in = stranger.post("/sign-in", "/sign-in", name=canaries.name, passphrase=canaries.passphrase)
    assert signed_in.status_code == 303
    assert canaries.page_message in visitor.get(page).text, "they can still be read by those who may"
    return {
        **vars(canaries),
        "invitation": invitation,
        "first token": first_token,
        "second token": stranger.token,
        "form cookie": before or visitor.browser.cookies.get("form", "none"),
        "network": "203.0.113.0",
    }


def write_everywhere(visitor: Visitor, page: str, room: Room) -> None:
    canaries = visitor.canaries
    sent = {"client_id": "canary-by-page", "body": canaries.page_message}
    assert visitor.post(f"{page}/messages", page, **sent).status_code == 303
    too_long = {"client_id": "canary-too-long", "body": canaries.long_message + " and so on" * 400}
    assert visitor.post(f"{page}/messages", page, **too_long).status_code == 422
    with visitor.connected() as client:
        opened = client.call("room.open", {"room": room.public_id, "since": None})
        assert opened["ok"], opened
        event = {"room": room.public_id, "client_id": "canary-by-socket", "body": canaries.socket_message}
        assert client.call("room.post", event)["ok"]
        for name, payload in (
            (canaries.odd_event, {"room": room.public_id}),
            ("room.post", {"room": canaries.odd_event}),
            ("room.post", {**event, "client_id": canaries.odd_event}),
            ("room.post", {**event, "body": canaries.long_message + "x" * 5000}),
            ("room.since", {"room": room.public_id, "since": canaries.odd_event}),
            ("room.read", canaries.odd_event),
        ):
            assert not client.call(name, payload)["ok"], name


def lose_everywhere(visitor: Visitor, page: str, room: Room) -> None:
    """The same while every message makes the server fail."""
    canaries = visitor.canaries
    failed = visitor.browser.post(visitor.url(f"{page}/messages"), data={"body": canaries.lost_page_message})
    assert failed.status_code >= 400
    sent = {"client_id": "canary-lost-page", "body": canaries.lost_page_message}
    answer = visitor.post(f"{page}/messages", "/me", **sent)
    assert answer.status_code == 503, answer.text
    assert canaries.lost_page_message in answer.text, "what was typed is given back"
    with visitor.connected() as client:
        event = {"room": room.public_id, "client_id": "canary-lost-socket", "body": canaries.lost_socket_message}
        answer = client.call("room.post", event)
        assert answer["error"]["code"] == "unavailable", answer


def make_noise(visitor: Visitor) -> None:
    """What no browser sends: half requests, broken lines, packets of no known kind."""
    secret, port = visitor.canaries.odd_event.encode(), visitor.server.port
    for raw in (
        b"GET /%b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % secret,
        b"%b\r\n\r\n" % secret,
        b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % secret,
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n\r\n" % secret,
        b"GET /%b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (secret * 200),
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: %b\r\n\r\n" % (secret * 3000),
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %b\r\n\r\n" % secret,
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\nname=%b" % secret,
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n%b\r\n" % secret,
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line, suppress(OSError):
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            while line.recv(65536):
                pass
    for packet in ("4" + visitor.canaries.odd_event, '42["room.post"', visitor.canaries.odd_event, "42" + "[" * 9000):
        odd = websocket.create_connection(
            visitor.url("/socket.io/?EIO=4&transport=websocket").replace("http", "ws", 1),
            origin=visitor.server.address,
            cookie=f"{PLAIN_COOKIE}={visitor.token}",
            timeout=30,
        )
        odd.send("40")
        odd.send(packet)
        with suppress(websocket.WebSocketException, OSError):
            while odd.recv():
                odd.settimeout(0.2)
        odd.shutdown()  # type: ignore[no-untyped-call]  # its library leaves it untyped


@contextmanager
def out_of_reach(house: House) -> Iterator[None]:
    """Take the table of messages away under the server's feet, so that whatever touches it fails."""
    engine = house.databases.for_migrations()["data"]
    with engine.begin() as connection:
        connection.execute(text("alter table message rename to message_elsewhere"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text("alter table message_elsewhere rename to message"))


@contextmanager
def listening_to_redis(url: str) -> Iterator[bytearray]:
    """Everything that Redis is told by anybody meanwhile, and what it sends to listeners of the relay."""
    parts = urlsplit(url)
    heard = bytearray()
    lines = [socket.create_connection((parts.hostname, parts.port)) for _ in range(2)]

    def listen(line: socket.socket) -> None:
        with suppress(OSError):
            while piece := line.recv(65536):
                heard.extend(piece)

    listeners = [threading.Thread(target=listen, args=(line,)) for line in lines]
    for line, order, listener in zip(lines, (b"MONITOR\r\n", b"SUBSCRIBE sanad-live\r\n"), listeners, strict=True):
        line.sendall(order)
        listener.start()
    wait_for(lambda: b"+OK" in heard and b"subscribe" in heard, what="Redis to be listened to")
    try:
        yield heard
    finally:
        for line, listener in zip(lines, listeners, strict=True):
            line.shutdown(socket.SHUT_RDWR)
            listener.join()
            line.close()


def files_of(server: Server) -> dict[str, bytes]:
    """Every file that the instance has, its log included."""
    return {
        str(path.relative_to(server.folder)): path.read_bytes() for path in server.folder.rglob("*") if path.is_file()
    }


def rows_of(house: House) -> dict[str, bytes]:
    """Every column of every table, as bytes."""
    found: dict[str, bytes] = {}
    for engine, tables in (
        (house.databases.data, Base.metadata.sorted_tables),
        (house.databases.keys, KeysBase.metadata.sorted_tables),
    ):
        with engine.connect() as connection:
            for table in tables:
                for row in connection.execute(select(table)).mappings():
                    for column, value in row.items():
                        content = value if isinstance(value, bytes) else str(value).encode()
                        found[f"{table.name}.{column}"] = found.get(f"{table.name}.{column}", b"") + content + b"\n"
    return found


#: What is stored in the clear by design, so that the search is known to find what is there.
SHOWN = "Evening talk under the fig tree"


def test_what_people_write_is_nowhere_on_the_disk_of_a_small_instance(sqlite_settings: Settings) -> None:
    server = Server(sqlite_settings.instance, more={"TRUSTED_PROXIES": "1"}).start()
    house = server.house()
    try:
        secrets = live_a_day(server, house, Canaries.fresh())
        running = files_of(server)
    finally:
        server.kill()
        left = files_of(server)
        house.close()
    for places in (running, left):
        assert {"data/sanad.sqlite3", "data/sanad.sqlite3-wal", "keys/keys.sqlite3", "server.log"} <= set(places)
        assert found_in(places, {"control": SHOWN}) != []
        assert b"a page failed" in places["server.log"]
        assert b"event room.post failed" in places["server.log"]
        assert found_in(places, secrets) == []


def test_what_people_write_is_neither_in_redis_nor_in_postgresql(
    postgres_settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    more = {
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": postgres_settings.database_url,
        "KEYS_URL": postgres_settings.keys_url,
        "REDIS_URL": redis_url,
    }
    server = Server(postgres_settings.instance, more=more).start()
    house = server.house()
    try:
        with listening_to_redis(redis_url) as heard:
            secrets = live_a_day(server, house, Canaries.fresh())
        rows = rows_of(house)
    finally:
        server.stop()
        house.close()
    places = {**files_of(server), **rows, "redis": bytes(heard)}
    assert found_in(places, {"control": SHOWN}) != []
    assert b'"PUBLISH" "sanad-live"' in heard, "messages did pass"
    assert b"sanad-limits" in heard
    assert found_in(places, secrets) == []
