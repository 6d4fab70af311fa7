"""A room with a few people in it, and doors by which each of them comes in: what tests about messages stand on."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.chat import actions, queries
from app.chat.models import RoomMember, RoomRole
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from app.kernel.house import House
from tests.factories import Factory
from tests.house.matrix import form_token


class Meeting:
    """Nour and Lina talk, Hala hosts, Sami moderates and is in the room; Omar is not."""

    def __init__(self, app: Flask, house: House, make: Factory) -> None:
        self.app, self.house, self.make = app, house, make
        names = {"nour": "Nour", "lina": "Lina", "hala": "Hala", "sami": "Sami", "omar": "Omar"}
        self.tokens = {
            who: make.token(name, roles=(Role.MEMBER, Role.MODERATOR) if who == "sami" else (Role.MEMBER,))
            for who, name in names.items()
        }
        self.nour, self.lina, self.hala, self.sami, self.omar = (make.actor(token) for token in self.tokens.values())
        self.room = make.room(self.nour, self.lina, self.hala, self.sami)
        self.browsers: dict[str, FlaskClient] = {}
        with work.scope(house) as opened, opened.writing():
            theirs = update(RoomMember).where(RoomMember.person_id == self.hala.id)
            opened.session.execute(theirs.values(role=RoomRole.HOST))

    def says(self, who: Actor, body: str, **more: Any) -> queries.Words:
        with work.scope(self.house):
            here = queries.get_here(who, self.room.public_id)
            return actions.post_message(who, here, client_id=new_public_id(), body=body, **more)

    def here(self, who: Actor) -> queries.Here:
        """For use inside a scope."""
        return queries.get_here(who, self.room.public_id)

    def sees(self, who: Actor) -> list[queries.Words]:
        with work.scope(self.house):
            return list(queries.newest(who, queries.get_room(who, self.room.public_id)).words)

    def browser(self, who: str) -> FlaskClient:
        if who not in self.browsers:
            self.browsers[who] = self.app.test_client()
            self.make.sign_in(self.browsers[who], self.tokens[who])
        return self.browsers[who]

    def get(self, who: str, rest: str = "") -> TestResponse:
        return self.browser(who).get(self.at(rest))

    def page(self, who: str, rest: str = "") -> str:
        answer = self.get(who, rest)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def send(self, who: str, rest: str, **fields: str) -> TestResponse:
        """Send a form of the room's pages."""
        browser = self.browser(who)
        return browser.post(self.at(rest), data={"csrf_token": form_token(browser), **fields})

    def write(self, who: str, body: str, **fields: str) -> TestResponse:
        return self.send(who, "/messages", client_id=new_public_id(), body=body, **fields)

    def at(self, rest: str) -> str:
        return rest if rest.startswith("/me/") else f"/rooms/{self.room.public_id}{rest}"
