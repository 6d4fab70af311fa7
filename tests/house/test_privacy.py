"""Law 7: privacy is data. What one person planted shows up only for those for whom it is meant.

A canary is a word that exists nowhere else. Each is planted the way people plant it, through a page, and then looked for in
everything that everybody else is sent and in everything that is logged. Profiles will bring their fields to `PLANTED`.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.kernel.access import Permission, Role, granted
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE
from app.kernel.web.door import all_doors
from tests.factories import Factory
from tests.house.matrix import MISSING, form_token
from tests.house.sockets import socket

pytestmark = pytest.mark.one_database

NAME = "Zumurrud Qandil"
PASSPHRASE = "quartzite meadow ninepins umbrella"
WORDS = "The kestrel nests behind the mill"
SECRETS = ("code", "passphrase", "token")


@dataclass
class Planted:
    """What somebody gave us, and what everybody is sent afterwards."""

    app: Flask
    make: Factory
    room: str = ""
    canaries: dict[str, str] = field(default_factory=dict)

    def client(self, token: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if token:
            self.make.sign_in(client, token)
        return client

    def everything_sent_to(self, token: str | None) -> Iterator[tuple[str, str]]:
        """Every page of every route and the answer to every event, as this browser gets them."""
        client, first = self.client(token), f"{self.room}.1"
        ids = {"room": self.room, "name": "page.css", "seq": "1", "kind": "message", "ref": first}
        for door, rule in all_doors(self.app).items():
            if door.startswith("GET "):
                address = re.sub(r"<(\w+)>", lambda match: ids.get(match.group(1), MISSING), rule)
                answer = client.get(address, buffered=True, follow_redirects=True)
                yield address, unescape(answer.get_data(as_text=True)) + str(answer.headers)
        with socket(self.app, token) as live:
            for event in self.app.extensions["house"].live.declared if live.is_connected() else ():
                payload = {"room": self.room, "since": 0, "seq": 1, "body": "", "client_id": ""}
                yield event, str(live.emit(event, payload, callback=True)) + str(live.get_received())

    def seen_by(self, token: str | None) -> dict[str, set[str]]:
        """For each canary that this browser is sent, where."""
        found: dict[str, set[str]] = {}
        for place, sent in self.everything_sent_to(token):
            for canary, value in self.canaries.items():
                if value in sent:
                    found.setdefault(canary, set()).add(place)
        return found


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """Every line that any part of the program logs meanwhile, at every level."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logging.Formatter().format(record))

    keep, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(keep)


@pytest.fixture(scope="module")
def planted(app: Flask, logged: list[str]) -> Planted:
    """Somebody joins with a code, signs in, mistypes, and writes in a room."""
    house: House = app.extensions["house"]
    made = Planted(app, Factory(house))
    code = made.make.invitation()
    made.canaries = {
        "name": NAME,
        "passphrase": PASSPHRASE,
        "words": WORDS,
        "code": code,
        "bare code": code.replace("-", ""),
    }
    client = made.client()

    def post(path: str, **form: str) -> int:
        return client.post(path, data={**form, "csrf_token": form_token(client)}, buffered=True).status_code

    assert post("/join", code=code, name=NAME, passphrase="short") == 422
    assert post("/join", code=code, name=NAME, passphrase=PASSPHRASE) == 303
    assert post("/sign-out") == 303
    assert post("/sign-in", name=NAME, passphrase=f"{PASSPHRASE}!") == 422
    assert post("/sign-in", name=NAME, passphrase=PASSPHRASE) == 303
    cookie = client.get_cookie(PLAIN_COOKIE)
    assert cookie is not None
    made.canaries["token"] = cookie.value
    made.room = made.make.room().public_id
    assert post(f"/rooms/{made.room}/join") == 303
    assert post(f"/rooms/{made.room}/messages", body=WORDS, client_id="canary-of-words") == 303
    assert post(f"/rooms/{made.room}/messages", body=WORDS, client_id="?") == 422
    return made


def joined(planted: Planted, token: str) -> str:
    """The same token, once its person has joined the room."""
    client = planted.client(token)
    client.post(f"/rooms/{planted.room}/join", data={"csrf_token": form_token(client)})
    return token


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_nobody_outside_the_room_is_sent_anything_of_it(planted: Planted, role: Role | None) -> None:
    token = planted.make.token(roles=(role,)) if role else None
    # Whoever may come in is told at the door who is inside, and nothing of what they say.
    finds = role is not None and Permission.ROOMS_ALL in granted([role])
    room = f"/rooms/{planted.room}"
    door = {room, f"{room}/about", f"{room}/outside"}
    assert planted.seen_by(token) == ({"name": door} if finds else {})


@pytest.mark.parametrize("role", [Role.MEMBER, Role.MODERATOR])
def test_whoever_is_in_the_room_is_sent_the_words_and_the_name_and_no_more(planted: Planted, role: Role) -> None:
    seen = planted.seen_by(joined(planted, planted.make.token(roles=(role,))))
    room = f"/rooms/{planted.room}"
    # Whoever is not outside is led from there into the room, as they are from a day.
    where = {room, f"{room}/day", f"{room}/outside", "room.open", "room.since"}
    names = {f"{room}/about", f"{room}/names"}
    if role is Role.MODERATOR:  # who keeps order
        names |= {f"{room}/pause", f"{room}/put-out", f"{room}/settings"}
    # Whoever reads a message may report it, and is shown what they would enclose.
    assert seen == {"name": where | names, "words": where | {f"/report/message/{planted.room}.1"}}


def test_not_even_the_person_is_ever_sent_a_secret_again(planted: Planted) -> None:
    seen = planted.seen_by(planted.canaries["token"])
    assert {"name", "words"} <= set(seen)
    assert not set(seen) & {*SECRETS, "bare code"}


def test_a_message_is_broadcast_to_the_room_and_to_nobody_else(planted: Planted) -> None:
    inside, outside = joined(planted, planted.make.token()), planted.make.token()
    with socket(planted.app, inside) as hears, socket(planted.app, outside) as does_not:
        for client in (hears, does_not):
            client.emit("room.open", {"room": planted.room, "since": None}, callback=True)
        author = planted.client(planted.canaries["token"])
        form = {"body": "Another line", "client_id": "canary-of-frames", "csrf_token": form_token(author)}
        author.post(f"/rooms/{planted.room}/messages", data=form)
        frames: list[dict[str, Any]] = hears.get_received()
        assert [frame["args"][0]["author"]["name"] for frame in frames if frame["name"] == "room.message"] == [NAME]
        assert does_not.get_received() == []


def test_the_log_holds_no_word_of_anybody_even_when_the_database_fails(planted: Planted, logged: list[str]) -> None:
    client = planted.client(planted.canaries["token"])
    client.get(f"/join?code={planted.canaries['code']}")
    client.get(f"/sign-in?next=/rooms/{planted.room}")
    with without_messages(planted.app.extensions["house"]):
        form = {"body": WORDS, "client_id": "canary-of-failure", "csrf_token": form_token(client)}
        assert client.post(f"/rooms/{planted.room}/messages", data=form).status_code == 503
    assert [line for line in logged if "a page failed" in line], "the failure must be in the log, or this finds nothing"
    assert all(engine.hide_parameters for engine in planted.app.extensions["house"].databases.for_migrations().values())
    for name, value in {**planted.canaries, "client id": "canary-of-failure"}.items():
        assert not [line for line in logged if value in line], name
    assert not [line for line in logged if "127.0.0.1" in line or "Werkzeug" in line or "code=" in line]


@contextmanager
def without_messages(house: House) -> Iterator[None]:
    """The table of messages is not there for a while."""
    engine = house.databases.for_migrations()["data"]
    with engine.begin() as connection:
        connection.execute(text("alter table message rename to message_away"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text("alter table message_away rename to message"))
