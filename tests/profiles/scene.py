"""People with profiles, and what stands between them, for tests. Each verb has a unit of work of its own."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import new_public_id, now
from app.kernel.house import House
from app.profiles.actions import editing
from app.profiles.models import (
    Audience,
    Block,
    Companionship,
    Connection,
    ConnectionState,
    Field,
    ListEntry,
    PeopleList,
    Profile,
)
from app.profiles.queries import lists, viewing
from app.profiles.queries.viewing import MemberView
from app.profiles.values import Value
from tests.factories import Factory
from tests.house.matrix import form_token

MEMBER, MODERATOR, CASEWORKER, EMPLOYER = (
    (role,) for role in (Role.MEMBER, Role.MODERATOR, Role.CASEWORKER, Role.EMPLOYER)
)


@dataclass
class Scene:
    """One house. People are made with a session, so that they can be asked through `client` as well."""

    app: Flask
    house: House
    make: Factory
    tokens: dict[int, str] = field(default_factory=dict)
    #: A browser for each of them, with the token of its forms once it has sent one.
    browsers: dict[int | None, FlaskClient] = field(default_factory=dict)
    form_tokens: dict[int | None, str] = field(default_factory=dict)

    def person(self, name: str = "", *, roles: tuple[Role, ...] = MEMBER, language: str = "en", **kept: Value) -> Actor:
        """Somebody who keeps these fields and shows them to members."""
        token = self.make.token(name, roles=roles, language=language)
        actor = self.make.actor(token)
        self.tokens[actor.person_id] = token
        for name_of_field, value in kept.items():
            self.keep(actor, Field(name_of_field), value, Audience.MEMBERS)
        return actor

    def client(self, actor: Actor | None = None) -> FlaskClient:
        """The browser of this person, or of a stranger."""
        number = actor.id if actor else None
        if number not in self.browsers:
            self.browsers[number] = self.app.test_client()
            if number is not None:
                self.make.sign_in(self.browsers[number], self.tokens[number])
        return self.browsers[number]

    def open(self, actor: Actor | None, address: str, **form: Any) -> TestResponse:
        """What somebody is answered; with fields of a form, when they send it."""
        client, number = self.client(actor), actor.id if actor else None
        if not form:
            return client.get(address)
        if number not in self.form_tokens:
            self.form_tokens[number] = form_token(client)
        return client.post(address, data={"csrf_token": self.form_tokens[number], **form})

    def keep(
        self,
        actor: Actor,
        kind: Field,
        value: Value,
        audience: Audience = Audience.ONLY_ME,
        lists: Collection[str] = (),
    ) -> None:
        with work.scope(self.house):
            editing.set_field(actor, kind, value=value, audience=audience, lists=lists)

    def exclude(self, actor: Actor, *countries: str) -> None:
        with work.scope(self.house):
            editing.exclude_countries(actor, countries=countries)

    def sees(self, actor: Actor, other: Actor) -> MemberView:
        """Somebody's page as this person is shown it. Raises NotFound."""
        with work.scope(self.house):
            return viewing.get_member(viewing.viewer_of(actor), other.public_id)

    # --- what stands between people, put there as rows: by which verbs it comes about is tested elsewhere ---------------

    def list_of(self, actor: Actor, name: str, *people: Actor) -> str:
        """A list with these people on it; returns its public id."""
        with work.scope(self.house) as opened, opened.writing():
            profile, public_id = editing.ensure_profile(actor.person_id), new_public_id()
            sealed = self.house.vault.seal(profile.key_id, lists.name_place(public_id), name.encode())
            made = PeopleList(public_id=public_id, person_id=actor.person_id, name=sealed)
            opened.session.add(made)
            opened.session.flush()
            opened.session.add_all(ListEntry(list_id=made.id, person_id=one.person_id) for one in people)
            return public_id

    def connect(self, one: Actor, other: Actor, state: ConnectionState = ConnectionState.ACCEPTED) -> None:
        with work.scope(self.house) as opened, opened.writing():
            for somebody in (one, other):
                editing.ensure_profile(somebody.person_id)
            opened.session.add(
                Connection(asker_id=one.person_id, asked_id=other.person_id, state=state, asked_on=now().date())
            )

    def pair(self, mentor: Actor, mentee: Actor) -> None:
        with work.scope(self.house) as opened, opened.writing():
            opened.session.add(
                Companionship(
                    mentor_id=mentor.person_id,
                    mentee_id=mentee.person_id,
                    asked_by_id=mentor.person_id,
                    state=ConnectionState.ACCEPTED,
                    since=now().date(),
                )
            )

    def block(self, blocker: Actor, blocked: Actor, space: Space | None = None) -> None:
        with work.scope(self.house) as opened, opened.writing():
            opened.session.add(
                Block(person_id=blocker.person_id, blocked_id=blocked.person_id, space=space, since=now().date())
            )

    def enlist(self, actor: Actor) -> None:
        """Put somebody into the directory."""
        with work.scope(self.house) as opened, opened.writing():
            editing.ensure_profile(actor.person_id).listed = True

    def profile_of(self, actor: Actor) -> Profile:
        with work.scope(self.house) as opened, opened.writing():
            return editing.ensure_profile(actor.person_id)
