"""People who travel, lock their screens and trust each other, for tests. Each verb has a unit of work of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.chat.models import Room
from app.identity.models import LoginSession, Restriction
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.house import House
from app.notifications.models import Notice
from app.profiles.actions.editing import ensure_profile
from app.profiles.models import Connection, ConnectionState
from app.safety.actions import lock, travel, trust
from app.safety.models import Freeze, Journey
from app.safety.queries import trust as trusting
from tests.at_once import outcomes
from tests.factories import Factory
from tests.house.matrix import form_token

CODE = "7305"
MODERATOR = (Role.MODERATOR,)


@dataclass
class Scene:
    """One house. People are made with a session, so that they can be asked through `client` as well."""

    app: Flask
    house: House
    make: Factory
    tokens: dict[int, str] = field(default_factory=dict)

    def person(self, name: str = "", *, roles: tuple[Role, ...] = (Role.MEMBER,)) -> Actor:
        token = self.make.token(name, roles=roles)
        actor = self.make.actor(token)
        self.tokens[actor.person_id] = token
        return actor

    def again(self, actor: Actor) -> Actor:
        """The same person after signing in anew, in the browser that `client` gives."""
        self.tokens[actor.person_id] = self.make.another_session(actor)
        return self.now(actor)

    def now(self, actor: Actor) -> Actor:
        """The actor whom a door would build at this moment."""
        return self.make.actor(self.tokens[actor.person_id])

    def client(self, actor: Actor) -> FlaskClient:
        client = self.app.test_client()
        self.make.sign_in(client, self.tokens[actor.person_id])
        return client

    def get(self, actor: Actor, address: str) -> TestResponse:
        return self.client(actor).get(address)

    def post(self, actor: Actor, address: str, **form: Any) -> TestResponse:
        client = self.client(actor)
        return client.post(address, data={"csrf_token": form_token(client), **form})

    def connect(self, one: Actor, *others: Actor) -> None:
        """Put between them what it takes that they know each other: how it comes about is tested with profiles."""
        with work.scope(self.house) as opened, opened.writing():
            for other in others:
                for somebody in (one, other):
                    ensure_profile(somebody.person_id)
                accepted, today = ConnectionState.ACCEPTED, now().date()
                opened.session.add(
                    Connection(asker_id=one.person_id, asked_id=other.person_id, state=accepted, asked_on=today)
                )

    def hide(self, actor: Actor, *rooms: Room) -> None:
        with work.scope(self.house):
            travel.choose_hidden(actor, [f"room:{room.public_id}" for room in rooms])

    def travel(self, actor: Actor, *peers: Actor, until: datetime | None = None) -> Actor:
        """Begin a journey, and sign in anew on it."""
        ends = None if peers else until or now() + timedelta(days=5)
        with work.scope(self.house):
            travel.set_out(actor, until=ends, peers=[peer.public_id for peer in peers])
        return self.again(actor)

    def journey(self) -> Journey:
        with work.scope(self.house) as opened:
            return opened.session.scalars(select(Journey).order_by(Journey.id.desc()).limit(1)).one()

    def turn_clock(self, to: timedelta) -> None:
        """Move everything that is to come nearer by so much."""
        with work.scope(self.house) as opened, opened.writing():
            rows = [*opened.session.scalars(select(Journey)), *opened.session.scalars(select(Restriction))]
            for row in rows:
                row.until = row.until and row.until - to

    def with_code(self, actor: Actor, minutes: int = 0) -> Actor:
        with work.scope(self.house):
            lock.set_code(actor, CODE, minutes=minutes)
        return self.now(actor)

    def locked(self, actor: Actor) -> Actor:
        with work.scope(self.house):
            lock.lock(self.now(actor))
        return self.now(actor)

    def last_seen(self, actor: Actor, ago: timedelta) -> None:
        with work.scope(self.house) as opened, opened.writing():
            mine = update(LoginSession).where(LoginSession.id == actor.session_id)
            opened.session.execute(mine.values(last_seen_at=now() - ago))

    def trusts(self, actor: Actor, other: Actor) -> None:
        self.connect(actor, other)
        with work.scope(self.house):
            trust.name_trusted(actor, other.public_id)

    def freeze(self, by: Actor, whose: Actor, reason: str = "The phone was taken") -> Freeze:
        with work.scope(self.house):
            return trust.freeze(by, whose.person_id, reason=reason)

    def review(self, actor: Actor, frozen: Freeze) -> Freeze:
        with work.scope(self.house):
            return trusting.get_freeze(actor, frozen.public_id)

    def told(self, who: Actor) -> list[str]:
        """What somebody was told of, by kind."""
        with work.scope(self.house) as opened:
            mine = select(Notice.kind).where(Notice.person_id == who.person_id).order_by(Notice.id)
            return list(opened.session.scalars(mine))

    def at_once(self, verbs: Sequence[Callable[[], object]]) -> list[str]:
        """What each of these came to, done at the same moment."""
        return outcomes(self.house, verbs)
