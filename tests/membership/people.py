"""People and applications in the states that the tests of membership begin with, made by the verbs that the doors use."""

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import STRANGER, Actor, system
from app.kernel.db import now
from app.kernel.house import House
from app.membership.actions import applying, vetting, vouching
from app.membership.models import Application, ApplicationState, Vouch
from app.membership.queries import applying as mine
from app.membership.queries import vouching as asked
from app.membership.wording import Knows, Why
from tests.factories import Factory

PASSPHRASE = "copper window ninety swallows"
LONG_AGO = timedelta(days=200)
#: Every applicant comes from a network of their own.
_networks = itertools.count()


@dataclass
class People:
    """Makes members who have been here for long, applications, vouches and answers."""

    house: House
    make: Factory

    def settled(self, name: str = "", *, roles: tuple[Role, ...] = (Role.MEMBER,), language: str = "en") -> Actor:
        """A member who came in long ago, before there were vouches."""
        actor = self.make.person(name, roles=roles, language=language)
        self.joined(actor, now().date() - LONG_AGO)
        return actor

    def vetter(self, name: str = "") -> Actor:
        return self.settled(name, roles=(Role.MEMBER, Role.VETTER))

    def moderator(self, name: str = "") -> Actor:
        return self.settled(name, roles=(Role.MODERATOR,))

    def joined(self, actor: Actor, on: date) -> None:
        with work.scope(self.house) as opened, opened.writing():
            opened.session.execute(update(Person).where(Person.id == actor.id).values(joined_on=on))

    def descends(self, actor: Actor, *vouchers: Actor) -> Actor:
        """Let somebody stand below others, as if these had vouched for them."""
        with work.scope(self.house):
            vouching.trace(system("test"), actor.public_id, vouchers=[voucher.public_id for voucher in vouchers])
        return actor

    def draft(self, name: str = "Amal", *, known_by: tuple[str, ...] = (), codes: tuple[str, ...] = ()) -> "Applicant":
        with work.scope(self.house):
            application, code = applying.start(STRANGER, language="ar", network=f"network-{next(_networks)}")
            applicant = Applicant(self, application.public_id, code)
            applying.choose_name(STRANGER, application, name=name)
            applying.say_who_knows(STRANGER, application, known_by=list(known_by), codes=list(codes))
            applying.say_why(STRANGER, application, country="", brings="Company in the evenings", offers="")
        return applicant

    def sent(self, name: str = "Amal", *, known_by: tuple[str, ...] = (), codes: tuple[str, ...] = ()) -> "Applicant":
        applicant = self.draft(name, known_by=known_by, codes=codes)
        with work.scope(self.house):
            applying.send(STRANGER, applicant.application(), passphrase=PASSPHRASE)
        return applicant

    def in_review(self, name: str = "Amal", *, by: tuple[Actor, Actor] | None = None) -> "Applicant":
        applicant = self.sent(name)
        for voucher in by or (self.settled(), self.settled()):
            applicant.vouched_by(voucher)
        return applicant

    def admitted(self, name: str = "Amal", *, by: tuple[Actor, Actor] | None = None) -> tuple["Applicant", Actor]:
        """Somebody who was admitted, and the actor they are now."""
        applicant = self.in_review(name, by=by)
        for _ in range(2):
            applicant.answered_by(self.vetter())
        number = applicant.now().person_id
        assert number is not None
        return applicant, self.make.actor(self.make.another_session_of(number))

    def code(self, actor: Actor) -> str:
        with work.scope(self.house):
            return vouching.make_code(actor, whom="A neighbour")


@dataclass
class Applicant:
    """Somebody who applies, with their return code."""

    people: People
    public_id: str
    code: str

    def application(self) -> Application:
        """The row, inside of an open scope."""
        return mine.get_mine(self.public_id)

    def now(self) -> Application:
        """The row as it is stored."""
        with work.scope(self.people.house) as opened:
            found = opened.session.query(Application).filter_by(public_id=self.public_id).one()
            opened.session.expunge(found)
            return found

    def is_in(self, state: ApplicationState) -> bool:
        """Whether it is in this state now."""
        return self.now().state is state

    def status(self) -> mine.Status:
        with work.scope(self.people.house):
            return mine.status_of(self.application())

    def ask(self, voucher: Actor) -> str:
        """Have a member enter the applicant's code; returns the public id of what they are asked."""
        code = self.status().ask_code
        with work.scope(self.people.house):
            return vouching.accept_ask(voucher, code).public_id

    def vouched_by(self, voucher: Actor) -> str:
        id = self.ask(voucher)
        self.give(voucher, id)
        return id

    def give(self, voucher: Actor, id: str) -> None:
        with work.scope(self.people.house):
            vouch, application = asked.get_my_vouch(voucher, id)
            vouching.give(voucher, vouch, application, how=Knows.FRIEND, words="For years")

    def take_back(self, voucher: Actor, id: str) -> None:
        with work.scope(self.people.house):
            vouch, application = asked.get_my_vouch(voucher, id)
            vouching.take_back(voucher, vouch, application, reason="I was mistaken")

    def answered_by(self, vetter: Actor, *, approves: bool = True, **told: Any) -> None:
        with work.scope(self.people.house):
            words: dict[str, Any] = {"reason": "As far as I can see", "why": Why.OTHER, **told}
            vetting.answer(vetter, self.application(), approves=approves, **words)

    def change(self, **values: Any) -> None:
        """Turn the calendar: set days of the row."""
        with work.scope(self.people.house) as opened, opened.writing():
            opened.session.execute(update(Application).where(Application.public_id == self.public_id).values(**values))

    def vouch_rows(self) -> list[Vouch]:
        with work.scope(self.people.house):
            return asked.vouches_on(self.application())
