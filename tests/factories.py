"""One maker for each model. Everything is made through the actions that people's doors use."""

import itertools
from dataclasses import dataclass

from flask.testing import FlaskClient
from sqlalchemy import select

from app.chat import actions as chat
from app.chat import queries as rooms
from app.chat.models import Room
from app.identity import actions as identity
from app.identity import passphrases
from app.identity.factors import actions as factors
from app.identity.factors.passkeys import Registered
from app.identity.keeper import Sessions
from app.identity.models import Device, Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE

PASSPHRASE = "violet harbour seventeen lanterns"
#: Its hash by what hashes at present: light ones and real ones take different times.
_hashes: dict[object, str] = {}
_numbers = itertools.count(1)
#: One for all, as in a server: what it remembers must be told from what is so now in every test.
KEEPER = Sessions()


@dataclass
class Factory:
    """Makes people, rooms and messages in one house, each call in its own unit of work unless one is open."""

    house: House

    def person(self, name: str = "", *, roles: tuple[Role, ...] = (Role.MEMBER,), language: str = "en") -> Actor:
        """A person who is signed in, as the actor that a door would build."""
        return self.actor(self.token(name, roles=roles, language=language))

    def token(
        self,
        name: str = "",
        *,
        roles: tuple[Role, ...] = (Role.MEMBER,),
        language: str = "en",
        second_factor: bool = True,
    ) -> str:
        """A person with a session, begun with a second factor unless told otherwise; returns the session's token."""
        name = name or f"Person {_words(next(_numbers))}"
        hasher = passphrases._hasher
        if hasher not in _hashes:
            _hashes[hasher] = passphrases.hash_passphrase(self.house, PASSPHRASE)
        with work.scope(self.house) as opened, opened.writing():  # one commit for both
            person = identity.add_person(name, _hashes[hasher], roles=roles, language=language)
            return identity.begin_session(person.id, device=Device.COMPUTER, second_factor=second_factor)

    def another_session(self, actor: Actor) -> str:
        """One more session of the same person; returns its token."""
        return self.another_session_of(actor.person_id)

    def another_session_of(self, person_id: int) -> str:
        with work.scope(self.house):
            return identity.begin_session(person_id, device=Device.PHONE, second_factor=True)

    def actor(self, token: str) -> Actor:
        with work.scope(self.house):
            return KEEPER.recognise(token)

    def passkey(self, actor: Actor, label: str = "The blue key") -> str:
        """A passkey of this person, which nothing can use; returns its public id."""
        with work.scope(self.house):
            made = Registered(new_public_id().encode(), b"a public key", 0)
            return factors.keep_passkey(actor, made, label=label).public_id

    def room(self, *members: Actor, name: str = "Evening talk", for_newcomers: bool = False) -> Room:
        """A room with these members in it."""
        with work.scope(self.house) as opened:
            made = chat.open_room(system("test"), name_ar="كلام المساء", name_en=name, for_newcomers=for_newcomers)
            for member in members:
                chat.join_room(member, made)
            opened.session.refresh(made)
            opened.session.expunge(made)
            return made

    def message(self, actor: Actor, room: Room, body: str = "Good evening", client_id: str = "") -> rooms.Words:
        with work.scope(self.house):
            here = rooms.get_here(actor, room.public_id)
            return chat.post_message(actor, here, client_id=client_id or new_public_id(), body=body)

    def invitation(self, role: Role = Role.MEMBER) -> str:
        with work.scope(self.house):
            return identity.invite(system("test"), role=role)

    def sign_in(self, client: FlaskClient, token: str) -> None:
        """Give a test client the session of this token."""
        client.set_cookie(PLAIN_COOKIE, token)

    def person_row(self, actor: Actor) -> Person:
        with work.scope(self.house) as opened:
            return opened.session.scalars(select(Person).where(Person.id == actor.id)).one()


def _words(number: int) -> str:
    """A number in letters none of which looks like another, since names that look alike are refused."""
    letters = "abdefghkpstxyz"
    word = ""
    while number:
        number, rest = divmod(number, len(letters))
        word = letters[rest] + word
    return word
