"""An infiltrator in probation asks every address with every id there is, and finds none of what they may not see.

A canary is a word that exists nowhere else. They are planted wherever people who may write something secret write it.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, request
from sqlalchemy import select

from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import STRANGER, Actor, system
from app.kernel.db import Base
from app.kernel.house import House
from app.kernel.limits import Budgets
from app.kernel.web.door import all_doors
from app.membership.actions import applying, probation, vouching
from app.moderation import actions as moderation
from app.moderation.models import Category, MeasureKind
from tests.factories import Factory
from tests.house.refusals import drawn_once
from tests.house.sockets import socket
from tests.membership.people import People

CANARIES = {
    "name of somebody in inner rooms": "Zumurrud Qandil",
    "name of an inner room": "Quartzite corner",
    "message in an inner room": "The kestrel nests behind the mill",
    "report": "ninepins at the umbrella stand",
    "hope of a report": "may the lanterns be moved",
    "reason of a measure": "for throwing cobblestones at swans",
    "note of a moderator": "walks with a brass compass",
    "name in an application": "Marzipan Turret",
    "what an applicant says": "a meadow of blue thistles",
    "who knows an applicant": "the miller of Tartous street",
    "whom a code is for": "my cousin the clockmaker",
}


def plant(house: House, make: Factory) -> None:
    """Let people do what they do, each leaving a canary."""
    said = CANARIES
    people = People(house, make)
    author, other = people.settled(said["name of somebody in inner rooms"]), people.settled()
    moderator = make.person(roles=(Role.MODERATOR,))
    room = make.room(author, other, name=said["name of an inner room"])
    message = make.message(author, room, said["message in an inner room"])
    with work.scope(house) as opened:
        ref = f"{room.public_id}.{message.seq}"
        report, hope = said["report"], said["hope of a report"]
        moderation.report(other, "message", ref, category=Category.HARASSMENT, says=report, hopes=hope)
        moderation.take(
            moderator,
            author.person_id,
            MeasureKind.NOTICE,
            category=Category.OTHER,
            reason=said["reason of a measure"],
        )
        person = opened.session.scalars(select(Person).where(Person.id == author.person_id)).one()
        moderation.write_note(moderator, person, note=said["note of a moderator"])
        vouching.make_code(other, whom=said["whom a code is for"])
        application, _code = applying.start(STRANGER, language="en", network="somewhere")
        applying.choose_name(STRANGER, application, name=said["name in an application"])
        applying.say_who_knows(STRANGER, application, known_by=[said["who knows an applicant"]], codes=[])
        applying.say_why(STRANGER, application, country="", brings=said["what an applicant says"], offers="")
        applying.send(STRANGER, application, passphrase="seven lanterns over the harbour")


def newcomer(house: House, make: Factory) -> str:
    """The token of somebody who was admitted today, in a room for newcomers."""
    member = make.person("Infiltrator")
    host = make.person("A host")
    make.message(host, make.room(host, name="Welcome", for_newcomers=True), "Good evening, everyone")
    with work.scope(house) as opened:
        person = opened.session.scalars(select(Person).where(Person.id == member.person_id)).one()
        probation.begin_probation(system("test"), person)
    return make.another_session_of(member.person_id)


def every_id(house: House) -> list[str]:
    """The public id of every row of every table."""
    found: list[str] = []
    with work.scope(house) as opened:
        for table in Base.metadata.tables.values():
            if "public_id" in table.c and table.name != "job":
                found += opened.session.scalars(select(table.c.public_id))
    return found


def every_address(app: Flask, ids: list[str], *, pairs: bool) -> Iterator[tuple[str, str, str]]:
    """Every address that a browser could ask for, with every id in the place of every part: its rule, its first id, itself.

    Where there is room for two ids, every pair of them, or else each with its neighbour.
    """
    neighbours = set(zip(ids, [*ids[1:], *ids[:1]], strict=True))
    house: House = app.extensions["house"]
    kinds = [kind.name for feature in house.features for kind in feature.reportable]
    for door, rule in all_doors(app).items():
        if not door.startswith("GET ") or "<name>" in rule:
            continue
        parts = re.findall(r"<(?:(\w+):)?(\w+)>", rule)
        choices: list[list[str]] = []
        for converter, name in parts:
            if converter == "int":
                choices.append(["1", "2"])
            elif name == "kind":
                choices.append(kinds)
            elif name == "ref":
                choices.append([*ids, *(f"{one}.1" for one in ids)])
            else:
                choices.append(ids)
        for values in itertools.product(*choices):
            if not pairs and choices == [ids, ids] and values not in neighbours:
                continue
            filled = iter(values)
            address = re.sub(r"<[^>]+>", lambda _part, filled=filled: next(filled), rule)  # type: ignore[misc]
            yield rule, next((value for value in values if value in ids), ""), address


@dataclass
class Looked:
    """Looks for canaries in what was sent. Most answers are the same page of a refusal, in which it has looked before."""

    canaries: dict[str, str]
    _before: dict[int, frozenset[str]] = field(default_factory=dict)

    def into(self, sent: str) -> frozenset[str]:
        """The names of the canaries in it, however they are written."""
        if (known := hash(sent)) not in self._before:
            plain = unescape(sent)
            self._before[known] = frozenset(name for name, value in self.canaries.items() if value in plain)
        return self._before[known]


def what_was_asked() -> tuple[object, ...]:
    """Draw the page of a refusal for every address there is, and with every id."""
    return request.endpoint, next(iter((request.view_args or {}).values()), "")


def found_by(app: Flask, token: str | None, ids: list[str], *, pairs: bool = False) -> dict[str, set[str]]:
    """For each canary that this browser gets hold of, where."""
    client = app.test_client()
    if token:
        Factory(app.extensions["house"]).sign_in(client, token)
    found: dict[str, set[str]] = {}
    looked = Looked(CANARIES)

    def look(place: str, sent: str) -> None:
        for name in looked.into(sent):
            found.setdefault(name, set()).add(place)

    led_to: set[tuple[str, str]] = set()
    with drawn_once(what_was_asked):
        for rule, one, address in every_address(app, ids, pairs=pairs):
            answer = client.get(address, buffered=True)
            look(address, answer.get_data(as_text=True))
            look(address, str(answer.headers))
            # Most lead to the same few pages: each is opened for every rule and for every id, not for both at once.
            to = urlsplit(answer.headers.get("Location", "")).path
            if to and not {(to, rule), (to, one)} <= led_to:
                led_to |= {(to, rule), (to, one)}
                answer = client.get(answer.headers["Location"], buffered=True, follow_redirects=True)
                look(address, answer.get_data(as_text=True) + str(answer.headers))
    with socket(app, token) as live:
        for event, one in itertools.product(app.extensions["house"].live.declared, ids if live.is_connected() else ()):
            payload: dict[str, Any] = {"room": one, "since": 0, "seq": 1, "body": "", "client_id": ""}
            look(event, str(live.emit(event, payload, callback=True)) + str(live.get_received()))
    return found


@pytest.fixture
def scene(sqlite_app: Flask) -> tuple[Flask, House, Factory]:
    house: House = sqlite_app.extensions["house"]
    house.budgets = Budgets(None, enabled=False)
    make = Factory(house)
    plant(house, make)
    return sqlite_app, house, make


def test_a_newcomer_who_asks_for_everything_finds_nothing_that_is_not_for_them(
    scene: tuple[Flask, House, Factory],
) -> None:
    app, house, make = scene
    token = newcomer(house, make)
    assert found_by(app, token, every_id(house), pairs=True) == {}


def test_neither_does_a_stranger_or_an_employer_or_somebody_who_is_suspended(
    scene: tuple[Flask, House, Factory],
) -> None:
    app, house, make = scene
    suspended: Actor = make.person()
    moderator = make.person(roles=(Role.MODERATOR,))
    with work.scope(house):
        moderation.take(
            moderator,
            suspended.person_id,
            MeasureKind.SUSPEND,
            category=Category.OTHER,
            reason="A pause",
            days=1,
        )
    ids = every_id(house)
    for token in (None, make.token(roles=(Role.EMPLOYER,)), make.another_session(suspended)):
        assert found_by(app, token, ids) == {}


def test_the_crawl_finds_what_a_member_sees(scene: tuple[Flask, House, Factory]) -> None:
    """Or it would prove nothing."""
    app, house, make = scene
    found = found_by(app, make.token(), every_id(house))
    # At the door of a room that members may join stands who is inside.
    assert set(found) == {"name of an inner room", "name of somebody in inner rooms"}
