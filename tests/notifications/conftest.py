"""A house with kinds of notices of its own, a real mail server, a real push service, and clocks that can be moved."""

import asyncio
import dataclasses
import email
import email.message
import email.policy
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import select, update

from app import create_app
from app.features import FEATURES
from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.feature import Feature, NoticeKind
from app.kernel.house import House
from app.kernel.jobs import Job, JobState
from app.kernel.mail import Mail
from app.kernel.work import action
from app.notifications import actions, queries
from app.notifications.models import Delivery, NoticeSettings
from config import Settings
from tests.factories import Factory
from tests.server import free_port

ANSWERED, PAUSED = "test.answered-canary", "test.paused-canary"
REF = "canaryReference1"
#: Shorter than the slow server below takes, and long enough for a machine that has much to do.
PATIENCE_SECONDS = 1.0

SAMPLE = Feature(
    "sample",
    notices=(
        NoticeKind(ANSWERED, "Somebody answered you.", lambda ref: f"/rooms/{ref}"),
        NoticeKind(PAUSED, "Something about your being here was decided.", lambda ref: f"/help?{ref}", urgent=True),
    ),
)


class Post:
    """A mail server, in one of several moods. `letters` are those that it took."""

    def __init__(self) -> None:
        self.mood = "well"
        self.letters: list[email.message.EmailMessage] = []
        self.raw: list[bytes] = []
        self.greetings: list[str] = []
        self.attempts = 0
        self.tried = threading.Event()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        self.attempts += 1
        self.tried.set()
        if self.mood == "unknown":
            return "550 5.1.1 nobody of that name"
        if self.mood == "not ours":
            return "550 5.7.1 not from you"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.mood == "busy":
            return "451 come back later"
        if self.mood == "slow":
            await asyncio.sleep(PATIENCE_SECONDS * 1.5)
            return "451 too late in any case"
        if self.mood == "drags":
            await asyncio.sleep(PATIENCE_SECONDS / 3)
        self.raw.append(envelope.content)
        self.greetings.append(session.host_name)
        made = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(made, email.message.EmailMessage)
        self.letters.append(made)
        if self.mood == "drops":
            server.transport.abort()
        return "250 taken"


@dataclasses.dataclass
class Office:
    """The mail server of a test, which can be closed and opened again at the same address."""

    post: Post
    port: int
    _controller: Controller | None = None

    def open(self) -> None:
        self._controller = Controller(self.post, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office(Post(), free_port())
    made.open()
    yield made
    with suppress(RuntimeError):
        made.close()


@pytest.fixture
def post(office: Office) -> Post:
    return office.post


@pytest.fixture
def app(settings: Settings, office: Office) -> Iterator[Flask]:
    yield from running(settings, office)


def running(settings: Settings, office: Office, **changes: Any) -> Iterator[Flask]:
    """An app over this instance that knows the kinds of this test and sends to its mail server."""
    sending = dataclasses.replace(
        settings,
        smtp_url=f"smtp://127.0.0.1:{office.port}",
        mail_from="post@example.org",
        site_title="Sanadcanary",
        web_push=True,
        **changes,
    )
    app = create_app(sending, features=(*FEATURES, SAMPLE))
    house: House = app.extensions["house"]
    house.mail = Mail(sending, patience=PATIENCE_SECONDS, rest=0)
    yield app
    house.close()


@dataclasses.dataclass
class Telling:
    """What tests of telling do again and again, in one house."""

    house: House
    make: Factory

    def notify(self, *people: Actor, kind: str = ANSWERED, ref: str = REF) -> None:
        """Something happens to these people."""
        with work.scope(self.house), work.current().writing():
            actions.notify([person.person_id for person in people], kind, ref)

    def reader(self, *, language: str = "en", address: str = "reader@example.net", **choices: Any) -> Actor:
        """Somebody who is told by mail at a confirmed address, and has seen everything so far."""
        person = self.make.person("Kestrelcanary", language=language)
        with work.scope(self.house):
            actions.add_address(person, address=address)
        self.work_off()
        with work.scope(self.house):
            actions.confirm_address(person, code=self.code_of(person))
            chosen = {"by_mail": True, "by_push": False, "once_a_day": False, "hours": None, **choices}
            actions.choose(person, **chosen)
        self.work_off()
        return person

    def code_of(self, person: Actor) -> str:
        """The code that is on its way to somebody's address."""
        row = self.make.person_row(person)
        with work.scope(self.house):
            return queries.opened(self.settings(person).code, row, "code")

    def work_off(self, *, later: bool = False) -> int:
        """Run every job that is due, or with `later` every job that waits at all. Returns how many ran."""
        if later:
            self.all_due()
        ran = 0
        while count := self.house.queue.sweep():
            ran += count
        return ran

    def all_due(self) -> None:
        @action
        def due() -> None:
            work.session().execute(
                update(Job).where(Job.state == JobState.WAITING).values(due_at=now() - timedelta(seconds=1))
            )

        with work.scope(self.house):
            due()

    def waits(self) -> list[timedelta]:
        """For how long each waiting job still waits, shortest first."""
        with work.scope(self.house) as opened:
            due = opened.session.scalars(select(Job.due_at).where(Job.state == JobState.WAITING))
            return sorted(at - now() for at in due)

    def tell(self, person: Actor, moment: datetime) -> None:
        """Decide what is due at this moment, and send it."""
        with work.scope(self.house):
            actions.tell(system("test"), person.person_id, moment)
        self.work_off()

    def deliveries(self) -> list[Delivery]:
        with work.scope(self.house) as opened:
            return list(opened.session.scalars(select(Delivery).order_by(Delivery.id)))

    def settings(self, person: Actor) -> NoticeSettings:
        with work.scope(self.house):
            found = queries.settings_of(person.person_id)
        assert found is not None
        return found


@pytest.fixture
def telling(house: House, make: Factory) -> Telling:
    return Telling(house, make)
