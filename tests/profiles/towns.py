"""A town: people of one house who show things to each other and look for each other, through the actions of their pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.house import House
from app.profiles.actions import editing, listing
from app.profiles.models import Audience, Companionship, ConnectionState, Field, ListEntry, PeopleList, Term
from app.profiles.queries import directory, viewing
from app.profiles.queries.directory import Search
from app.profiles.values import Value
from tests.factories import Factory

TODAY = date(2026, 11, 21)


@dataclass
class Town:
    """People of one house who show things to each other, each call in its own unit of work."""

    house: House
    make: Factory

    def member(self, listed: bool = True, **fields: Value) -> Actor:
        """A member who shows these fields to members and is in the directory."""
        actor = self.make.person()
        for name, value in fields.items():
            self.show(actor, Field(name), value)
        if listed:
            self.list_(actor)
        return actor

    def show(self, actor: Actor, what: Field, value: Value, audience: Audience = Audience.MEMBERS, *lists: str) -> None:
        with work.scope(self.house):
            editing.set_field(actor, what, value=value, audience=audience, lists=lists)

    def list_(self, actor: Actor, *, listed: bool = True) -> None:
        with work.scope(self.house):
            listing.set_listed(actor, listed=listed)

    def store(self, *rows: object) -> None:
        with work.scope(self.house) as opened, opened.writing():
            opened.session.add_all(rows)

    def list_of(self, owner: Actor, *people: Actor) -> str:
        """A list of this owner's with these people on it; returns its public id."""
        with work.scope(self.house) as opened, opened.writing():
            made = PeopleList(person_id=owner.person_id, name=b"")
            opened.session.add(made)
            opened.session.flush()
            opened.session.add_all(ListEntry(list_id=made.id, person_id=one.person_id) for one in people)
            return made.public_id

    def pair(self, mentor: Actor, mentee: Actor) -> None:
        one, other = mentor.person_id, mentee.person_id
        state = ConnectionState.ACCEPTED
        self.store(Companionship(mentor_id=one, mentee_id=other, asked_by_id=one, state=state, since=TODAY))

    def found(self, looking: Actor, words: str = "", after: int = -1, **filters: str) -> list[int]:
        with work.scope(self.house):
            viewer = viewing.viewer_of(looking)
            return list(directory.search(viewer, Search(words, **filters), after).person_ids)

    def pages(self, looking: Actor, words: str = "") -> Iterator[list[int]]:
        """Page after page, as somebody reads them who follows the link to the next one."""
        after: int | None = -1
        while after is not None:
            with work.scope(self.house):
                page = directory.search(viewing.viewer_of(looking), Search(words), after)
            yield list(page.person_ids)
            after = page.after

    def terms(self, actor: Actor) -> int:
        with work.scope(self.house) as opened:
            return opened.session.scalar(select(func.count()).where(Term.person_id == actor.id)) or 0
