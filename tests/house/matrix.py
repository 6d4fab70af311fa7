"""Every route and every socket event, really asked by every kind of actor: the table that people review.

`python -m tests.house.matrix > tests/house/matrix.txt` draws it anew. Each changed line is a decision about who may do what.
"""

import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.routing import MapAdapter
from werkzeug.test import TestResponse

from app import create_app
from app.identity import actions as identity
from app.identity.models import Cause, Invitation, LoginSession, Person
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import PROVED_MINUTES, Actor, system
from app.kernel.cli import make_instance
from app.kernel.db import new_public_id
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE
from app.kernel.web.context import manifest
from app.kernel.web.door import all_doors
from app.membership.actions.probation import begin_probation
from app.membership.models import Vouch, VouchCode
from app.moderation import actions as moderation
from app.notifications.models import Notice
from app.own_data import actions as own_data
from app.own_data import queries as archives
from app.profiles.actions import blocks, companions, lists
from app.profiles.actions import people as asking
from app.profiles.actions.listing import set_listed
from app.profiles.queries import connections
from app.profiles.queries.blocks import blocks_of
from app.profiles.queries.companions import Part, pair_of
from app.safety.actions import drafts, travel, trust
from config import Settings, read_settings
from tests.factories import PASSPHRASE, Factory
from tests.house.refusals import drawn_once
from tests.house.sockets import socket
from tests.membership.people import People
from tests.moderation.scene import Scene
from tests.shared import COMPILED

REVIEWED = Path(__file__).with_name("matrix.txt")
ROLES = (
    Role.MEMBER,
    Role.MODERATOR,
    Role.VETTER,
    Role.COORDINATOR,
    Role.CASEWORKER,
    Role.ADMINISTRATOR,
    Role.EMPLOYER,
)
#: Members from whom something is withheld: in probation, while they are suspended, and while they travel.
WITHHELD = {
    "newcomer": (Permission.ROOMS_ALL, Permission.LINKS_SEND, Permission.DIRECTORY_USE, Permission.VOUCH),
    "suspended": (Permission.SIGNED_IN,),
    "travelling": (Permission.SETTINGS_CHANGE, Permission.HIDDEN_SEE, Permission.EXPORT, Permission.ERASE),
}
Row = tuple[str, str, dict[str, str]]
KINDS = ("stranger", *(role.value for role in ROLES), *WITHHELD, "signed-out")
#: A message id that nothing has. As long as a real one, so that only its absence tells it apart.
MISSING = "AAAAAAAAAAAAAAAA"
#: For how long a session asks: much less than what was proved as it began is good for.
NEW_SECONDS = 60 * PROVED_MINUTES / 4
#: Whose passphrase is asked for at sign-in.
KNOWN_NAME = "Known To All"
#: What an address with an id is about, by how it begins.
THINGS = (
    ("/people/invitations/", "invitation"),
    ("/people/", "person"),
    ("/report/", "person"),
    ("/me/passkeys/", "passkey"),
    ("/me/second-step/", "passkey"),
    ("/me/reports/", "report"),
    ("/me/standing/", "measure"),
    ("/measures/", "measure"),
    ("/me/appeals/", "appeal"),
    ("/appeals/", "appeal"),
    ("/me/vouching/codes/", "vouch code"),
    ("/me/vouching/", "vouch"),
    ("/me/profile/", "field"),
    ("/me/names/", "space"),
    ("/sweeps/", "sweep"),
    ("/me/people/", "connection"),
    ("/me/companions/", "companionship"),
    ("/me/lists/", "list"),
    ("/me/blocks/", "block"),
    ("/members/", "member"),
    ("/me/trusted/", "person"),
    ("/me/drafts/", "draft"),
    ("/me/data/archive/", "archive"),
    ("/journeys/", "journey"),
    ("/freezes/", "freeze"),
    ("/notices/", "notice"),
    ("/queue/", "item"),
    ("/proposals/", "proposal"),
    ("/applications/", "application"),
    ("/probations/", "probation"),
    ("/branch-reviews/", "branch review"),
    ("/vouch-reviews/", "vouch review"),
    ("/record/", "entry"),
    ("/", "session"),
)
HEADING = """Who gets what, drawn from real requests by `python -m tests.house.matrix > tests/house/matrix.txt`.
A number is a status; after an arrow stands the page to which one is led. `signed-out` still sends an ended session's cookie.
Socket events answer ok or the code of a refusal; `no socket` means that the handshake was refused.
"""


@dataclass(frozen=True)
class Someone:
    """One kind of actor: the token in their browser, and who they are when they are anyone."""

    kind: str
    token: str | None
    actor: Actor | None


@dataclass
class Stage:
    """Sets scenes in one instance and asks every route in them."""

    app: Flask

    def __post_init__(self) -> None:
        self.house: House = self.app.extensions["house"]
        self.make = Factory(self.house)
        self.make.token(KNOWN_NAME)
        self._names = (f"Newcomer {first}{second}" for first in "abcdefghkpst" for second in "abcdefghkpst")
        self._asking: dict[str, tuple[Someone, float]] = {}
        self._ids: dict[tuple[str, str, bool], dict[str, str]] = {}
        self._people = {role.value: self.make.person(roles=(role,)) for role in ROLES}
        for kind, withheld in WITHHELD.items():
            self._people[kind] = self._without(withheld)
        self._other = self.make.person(roles=(Role.MEMBER, Role.ADMINISTRATOR))
        #: Whose things are asked for where nobody is signed in: of a member who asks, a new key would end the sessions.
        self._left = self.make.person()
        self._rooms = {
            kind: self.make.room(actor, self._other, for_newcomers=kind == "newcomer")
            for kind, actor in self._people.items()
            if _may_join(actor)
        }
        self._room_of_others = self.make.room(self._other)
        for room in (*self._rooms.values(), self._room_of_others):
            self.make.message(self._other, room, "A word that only the room hears")
        self.others = things_of_others(self.house, self.make)
        self._adapter: MapAdapter = self.app.url_map.bind("127.0.0.1")
        browser = self.app.test_client()
        self._form_token = form_token(browser)
        cookie = browser.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        self._form_cookie = cookie.key, cookie.value

    def _without(self, withheld: tuple[Permission, ...]) -> Actor:
        member = self.make.person()
        with work.scope(self.house):
            identity.restrict(system("test"), member.person_id, withheld, cause=Cause.PROBATION, ref=new_public_id())
        return self.make.actor(self.make.another_session(member))

    def someone(self, kind: str) -> Someone:
        """Somebody of this kind, in a browser of their own: another one once they have changed something with it.

        Or when they have long been here: after a while one has to prove again that it is oneself.
        """
        who, since = self._asking.get(kind, (None, 0.0))
        if who is None or time.monotonic() - since > NEW_SECONDS:
            who = self._with_a_session(kind)
            self._asking[kind] = who, time.monotonic()
        return who

    def _with_a_session(self, kind: str) -> Someone:
        if kind == "stranger":
            return Someone(kind, None, None)
        if kind == "signed-out":
            token = self.make.another_session(self._left)
            with work.scope(self.house):
                identity.sign_out(self.make.actor(token))
            return Someone(kind, token, None)
        actor = self._people[kind]
        token = self.make.another_session(actor)
        return Someone(kind, token, self.make.actor(token))

    def forget(self, who: Someone) -> None:
        """What this one has changed is not what it was: their session may have ended, and what they asked for be gone."""
        self._asking.pop(who.kind, None)
        for known in [one for one in self._ids if one[0] == who.kind]:
            del self._ids[known]

    def ids(self, thing: str, who: Someone, *, fresh: bool) -> dict[str, str]:
        """Ids of this kind of thing, by what they are to whoever asks. `fresh` ones may be changed by the request."""
        known = (who.kind, thing, fresh)
        if known not in self._ids:
            self._ids[known] = self._found(thing, who, fresh)
        return self._ids[known]

    def _found(self, thing: str, who: Someone, fresh: bool) -> dict[str, str]:
        if thing == "room":
            return self._rooms_for(who, fresh)
        if thing == "member" and fresh:
            return {"others": listed_member(self.house, self.make).public_id, "missing": MISSING}
        if thing in self.others:
            return {"others": self.others[thing], "missing": MISSING}
        if thing == "session":
            mine, others = who.actor or self._left, self._other
            tokens = {"own": self.make.another_session(mine), "others": self.make.another_session(others)}
            return {**{name: self._session_id(token) for name, token in tokens.items()}, "missing": MISSING}
        if thing == "passkey":
            mine, others = who.actor or self._left, self.make.person()
            return {"own": self.make.passkey(mine), "others": self.make.passkey(others), "missing": MISSING}
        return {"open": self._new_invitation(), "missing": MISSING}

    def _rooms_for(self, who: Someone, fresh: bool) -> dict[str, str]:
        own, others = self._rooms["member"], self._room_of_others
        if who.actor is not None and _may_join(who.actor):
            own = self._rooms[who.kind]
            if fresh:
                own = self.make.room(who.actor, self._other, for_newcomers=who.kind == "newcomer")
                others = self.make.room(self._other)
        return {"own": own.public_id, "others": others.public_id, "missing": MISSING}

    def _session_id(self, token: str) -> str:
        with work.scope(self.house) as opened:
            row = self.make.actor(token).session_id
            return opened.session.scalars(select(LoginSession.public_id).where(LoginSession.id == row)).one()

    def _new_invitation(self) -> str:
        self.make.invitation(Role.CASEWORKER)
        with work.scope(self.house) as opened:
            return opened.session.scalars(select(Invitation.public_id).order_by(Invitation.id.desc()).limit(1)).one()

    def ask(self, who: Someone, method: str, address: str, form: dict[str, str] | None = None) -> TestResponse:
        """The answer to one request, sent as a browser sends it, with the form's token when something is posted."""
        client = self.app.test_client()
        if who.token:
            client.set_cookie(PLAIN_COOKIE, who.token)
        if method != "POST":
            return client.open(address, method=method, buffered=True)
        client.set_cookie(*self._form_cookie)
        answer = client.post(address, data={**(form or {}), "csrf_token": self._form_token})
        if answer.status_code < 400:
            self.forget(who)
        return answer

    def outcome(self, answer: TestResponse) -> str:
        """The status, and the page to which a redirect leads."""
        led_to = answer.headers.get("Location")
        if led_to is None:
            return str(answer.status_code)
        endpoint, _values = self._adapter.match(urlsplit(led_to).path, method="GET")
        return f"{answer.status_code} -> {endpoint}"

    def form_for(self, endpoint: str) -> dict[str, str]:
        """What is posted there, such that it succeeds for whoever may."""
        forms: dict[str, Callable[[], dict[str, str]]] = {
            "web.preferences": lambda: {"language": "en", "next": "/help"},
            "identity.sign_in": lambda: {"name": KNOWN_NAME, "passphrase": PASSPHRASE, "next": "/help"},
            "identity.join": lambda: {
                "code": self.make.invitation(Role.CASEWORKER),
                "name": next(self._names),
                "passphrase": "seven lanterns over the harbour",
            },
            "identity.prove": lambda: {"passphrase": PASSPHRASE, "next": "/help"},
            "identity.passphrase": lambda: {"present": PASSPHRASE, "wished": PASSPHRASE},
            "identity.invitations": lambda: {"role": Role.MEMBER.value},
            "chat.post": lambda: {"body": "Good evening", "client_id": new_public_id()},
            "profiles.field": lambda: {"body": "Good evening", "audience": "only-me"},
            "profiles.look": lambda: {"purpose": "Housing for the winter"},
        }
        return forms.get(endpoint, dict)()


def form_token(client: FlaskClient, base_url: str | None = None) -> str:
    """The CSRF token of this browser's forms, without opening a page for it, which takes longer than most of what is sent."""
    with client.session_transaction(base_url=base_url) as session:
        secret = session.setdefault("csrf_token", secrets.token_hex(20))
    signed = URLSafeTimedSerializer(str(client.application.secret_key), salt="wtf-csrf-token").dumps(secret)
    return str(signed)


def things_of_others(house: House, make: Factory) -> dict[str, str]:
    """One thing of each kind that belongs to none of those who ask, by what it is called."""
    people, scene = People(house, make), Scene(house, make)
    one, other, moderator = people.settled(), people.settled(), scene.moderator()
    report = scene.report(one, other)
    measure = scene.measure(moderator, other)
    applicant = people.in_review(by=(one, people.settled()))
    people.code(one)
    with work.scope(house) as opened:
        appeal = moderation.appeal(make.actor(make.another_session(other)), measure, body="I do not agree")
        proposal = moderation.propose(moderator, "branch.freeze", other.public_id, reason="To be looked at")
        person = opened.session.get_one(Person, people.settled().person_id)
        probation = begin_probation(system("test"), person)

        def newest(model: Any) -> str:
            found = opened.session.scalars(select(model.public_id).order_by(model.id.desc()).limit(1))
            return str(found.one())

        return {
            "person": other.public_id,
            "report": report.public_id,
            "measure": measure.public_id,
            "appeal": appeal.public_id,
            "proposal": proposal.public_id,
            "item": scene.item().public_id,
            "application": applicant.public_id,
            "vouch": newest(Vouch),
            "vouch code": newest(VouchCode),
            "notice": newest(Notice),
            "probation": probation.public_id,
            "entry": "1",
            "field": "about",
            "space": "rooms",
            "member": listed_member(house, make).public_id,
            **between_others(house, make),
            **safety_of_others(house, make),
            "archive": archive_of(house, make),
            # Of these there is none without a whole story: tests/membership and tests/profiles/test_sweeps.py have it.
            "sweep": MISSING,
            "branch review": MISSING,
            "vouch review": MISSING,
        }


def archive_of(house: House, make: Factory) -> str:
    """What somebody else asked to take away."""
    person = make.person()
    with work.scope(house):
        own_data.ask_archive(person)
        found = archives.my_archive(person)
    assert found is not None
    return found.public_id


def listed_member(house: House, make: Factory) -> Actor:
    """Somebody in the directory."""
    member = make.person()
    with work.scope(house):
        set_listed(member, listed=True)
    return member


def between_others(house: House, make: Factory) -> dict[str, str]:
    """What two others have with each other, and what one of them keeps."""
    one, other, away = (listed_member(house, make) for _ in range(3))
    with work.scope(house):
        asking.ask(one, other.public_id)
        connection = connections.between(other, one.person_id)[0]
        asking.accept(other, connection)
        companions.ask(one, other.person_id, part=Part.MENTOR)
        pair = pair_of(other, one.person_id)
        assert pair is not None
        kept = lists.make(one, name="People of the evening")
        lists.put_on(one, kept, other.person_id)
        blocks.block(one, away.person_id)
        return {
            "connection": connection.public_id,
            "companionship": pair.public_id,
            "list": kept.public_id,
            "block": blocks_of(one)[0].public_id,
        }


def safety_of_others(house: House, make: Factory) -> dict[str, str]:
    """A journey, a frozen account and a draft."""
    one, other, third = (listed_member(house, make) for _ in range(3))
    with work.scope(house):
        for friend in (other, third):
            asking.ask(one, friend.public_id)
            asking.accept(friend, connections.between(friend, one.person_id)[0])
        drafts.keep(one, "room:of-others", "Half a sentence")
        trust.name_trusted(one, other.public_id)
        frozen = trust.freeze(other, one.person_id, reason="The phone was taken")
        journey = travel.set_out(one, peers=[other.public_id, third.public_id])
        return {"journey": journey.public_id, "freeze": frozen.public_id, "draft": "room.of-others"}


def cases(stage: Stage, door: str, rule: str, who: Someone) -> dict[str, str]:
    """The addresses of a route, by what stands for its id."""
    if door.endswith(" web.asset"):
        names = {"built": manifest()["page.css"], "missing": "missing.css"}
        return {case: rule.replace("<name>", name) for case, name in names.items()}
    if rule == "/leaving":
        return {"address": f"{rule}?to=https://example.org/", "no address": f"{rule}?to=javascript:x"}
    if "<" not in rule:
        return {"": rule}
    thing = "room" if "<room>" in rule else next(name for prefix, name in THINGS if rule.startswith(prefix))
    ids = stage.ids(thing, who, fresh=door.startswith("POST"))
    fixed = rule.replace("<kind>", "person").replace("<report>", stage.others["report"])
    return {f"{thing}: {name}": re.sub(r"<[^>]+>", filled(value), fixed) for name, value in ids.items()}


def filled(value: str) -> Callable[[re.Match[str]], str]:
    """What stands for each part of an address: the id, or a number where only a number fits."""
    return lambda part: "1" if part.group().startswith("<int:") else value


def page_rows(stage: Stage) -> Iterator[Row]:
    """Every route, asked by everybody, in another session whenever they have changed something: some requests end it."""
    for door, rule in sorted(all_doors(stage.app).items(), key=lambda door: (door[1], door[0])):
        method, endpoint = door.split()
        outcomes: dict[str, dict[str, str]] = {}
        for kind in KINDS:
            who = stage.someone(kind)
            for name, address in cases(stage, door, rule, who).items():
                answer = stage.ask(who, method, address, stage.form_for(endpoint))
                outcomes.setdefault(name, {})[kind] = stage.outcome(answer)
        for name, found in outcomes.items():
            yield f"{method:4} {rule}", name, found


def socket_rows(stage: Stage) -> Iterator[Row]:
    """Every socket event, sent by everybody, about a room of their own, one of others and none."""
    payloads: dict[str, dict[str, Any]] = {
        "room.open": {"since": None},
        "room.since": {"since": 0},
        "room.read": {"seq": 1},
        "room.post": {"body": "Good evening", "client_id": ""},
        "room.draft": {"body": "Good ev"},
    }
    for event in sorted({*stage.house.live.declared, "unknown.event"}):
        for case in ("own", "others", "missing"):
            outcomes = {}
            for kind in KINDS:
                who = stage.someone(kind)
                room = stage.ids("room", who, fresh=False)[case]
                payload = {**payloads.get(event, {}), "room": room}
                if "client_id" in payload:
                    payload["client_id"] = new_public_id()
                outcomes[kind] = socket_outcome(stage.app, who.token, event, payload)
            yield f"socket {event}", f"room: {case}", outcomes


def socket_outcome(app: Flask, token: str | None, event: str, payload: dict[str, Any]) -> str:
    """What one event comes to, through the gateway's own handshake and doors."""
    with socket(app, token) as client:
        if not client.is_connected():
            return "no socket"
        answer = client.emit(event, payload, callback=True)
        return "ok" if answer["ok"] else str(answer["error"]["code"])


def _may_join(actor: Actor) -> bool:
    return actor.holds(Permission.ROOMS_USE)


def draw(settings: Settings) -> str:
    """The whole table for an empty instance. Budgets are off: this asks who may, not how often."""
    app = create_app(replace(settings, limits=False))
    app.jinja_env.bytecode_cache = COMPILED
    try:
        stage = Stage(app)
        with drawn_once():
            rows = [*page_rows(stage), *socket_rows(stage)]
    finally:
        app.extensions["house"].close()
    table = [
        ("door", "ids", *KINDS),
        *((door, case, *(outcomes[kind] for kind in KINDS)) for door, case, outcomes in rows),
    ]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return f"{HEADING}\n" + "\n".join(lines) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"APP_ENV": "test", "SANAD_INSTANCE": folder, "ASYNC_ENGINE": "threading"})
        app = create_app(settings, needs_key=False)
        make_instance(app)
        app.extensions["house"].close()
        sys.stdout.write(draw(settings))


if __name__ == "__main__":
    main()
