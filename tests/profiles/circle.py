"""People who ask each other, by the verbs that the doors use. Each verb has a unit of work of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.identity import actions as identity
from app.identity.models import Cause, Person, Space
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.notifications.models import Notice
from app.profiles.actions import blocks, companions, editing, lists, people
from app.profiles.models import Block, Companionship, Connection, ConnectionState, ListEntry, PeopleList
from app.profiles.queries import companions as pairs
from app.profiles.queries import connections
from app.profiles.queries import lists as kept
from app.profiles.queries import people as queries
from app.profiles.queries.companions import Part
from tests.profiles.scene import Scene

#: What a newcomer has not yet.
WITHHELD = (Permission.CONTACT_FIRST, Permission.DIRECTORY_USE)


@dataclass
class Circle:
    """Whoever is made here is in the directory, so that the others can find and ask them."""

    scene: Scene

    def person(self, name: str = "") -> Actor:
        actor = self.scene.person(name)
        self.scene.enlist(actor)
        return actor

    def newcomer(self) -> Actor:
        """Somebody in their first weeks, who may not be the first to write."""
        actor = self.person()
        with work.scope(self.scene.house):
            identity.restrict(system("test"), actor.person_id, WITHHELD, cause=Cause.PROBATION, ref=new_public_id())
        return self.again(actor)

    def suspended(self, actor: Actor) -> None:
        with work.scope(self.scene.house):
            identity.restrict(
                system("test"), actor.person_id, (Permission.SIGNED_IN,), cause=Cause.MEASURE, ref=new_public_id()
            )

    def again(self, actor: Actor) -> Actor:
        """The same person, as they are now."""
        return self.scene.make.actor(self.scene.tokens[actor.person_id])

    def travelling(self, actor: Actor) -> Actor:
        """The same person while what they hide is hidden."""
        return replace(actor, permissions=actor.permissions - {Permission.HIDDEN_SEE})

    # --- verbs ----------------------------------------------------------------------------------------------------------

    def ask(self, actor: Actor, other: Actor, note: str = "") -> ConnectionState:
        with work.scope(self.scene.house):
            return people.ask(actor, other.public_id, note=note)

    def connected(self, *names: str) -> tuple[Actor, Actor]:
        one, other = self.person(*names[:1]), self.person(*names[1:])
        self.connect(one, other)
        return one, other

    def connect(self, one: Actor, other: Actor) -> None:
        self.ask(one, other)
        self.answer(other, one, people.accept)

    def answer(self, actor: Actor, other: Actor, verb: Callable[[Actor, Connection], None]) -> None:
        """Do this with what the actor sees between the two."""
        with work.scope(self.scene.house):
            verb(actor, connections.between(actor, other.person_id)[0])

    def ask_mentor(self, actor: Actor, other: Actor, part: Part = Part.MENTOR) -> ConnectionState:
        with work.scope(self.scene.house):
            return companions.ask(actor, other.person_id, part=part)

    def answer_mentor(self, actor: Actor, other: Actor, verb: Callable[[Actor, Companionship], None]) -> None:
        with work.scope(self.scene.house):
            found = pairs.pair_of(actor, other.person_id)
            assert found is not None
            verb(actor, found)

    def mentoring(self, mentee: Actor, mentor: Actor) -> None:
        self.ask_mentor(mentee, mentor)
        self.answer_mentor(mentor, mentee, companions.accept)

    def block(self, actor: Actor, other: Actor, met_in: Space | None = None) -> None:
        with work.scope(self.scene.house):
            blocks.block(actor, other.person_id, met_in=met_in)

    def list_with(self, actor: Actor, *others: Actor, name: str = "Family") -> str:
        with work.scope(self.scene.house):
            made = lists.make(actor, name=name)
            for other in others:
                lists.put_on(actor, made, other.person_id)
            return made.public_id

    def forget(self) -> None:
        with work.scope(self.scene.house):
            people.forget_requests(system("test"))
        self.scene.house.queue.sweep()

    # --- what there is --------------------------------------------------------------------------------------------------

    def between(self, actor: Actor, other: Actor) -> queries.Between:
        with work.scope(self.scene.house):
            return queries.standing_between(actor, other.person_id)

    def page(self, actor: Actor) -> queries.People:
        with work.scope(self.scene.house):
            return queries.people_of(actor)

    def known(self, actor: Actor) -> list[str]:
        """Public ids of the actor's people."""
        with work.scope(self.scene.house):
            return [one.public_id for one in queries.people_known(actor)]

    def on_list(self, actor: Actor, public_id: str) -> list[str]:
        with work.scope(self.scene.house):
            return [one.public_id for one in kept.line_of(actor, kept.get_list(actor, public_id)).people]

    def rows(self, table: Any) -> list[Any]:
        with work.scope(self.scene.house) as opened:
            found = list(opened.session.scalars(select(table).order_by(table.id)))
            opened.session.expunge_all()
            return found

    def connections(self) -> list[Connection]:
        return self.rows(Connection)

    def notices(self, actor: Actor) -> list[str]:
        return [one.kind for one in self.rows(Notice) if one.person_id == actor.id]

    def pass_days(self, days: int) -> None:
        """Turn the calendar: everything between people happened so many days earlier."""
        earlier = timedelta(days=days)
        with work.scope(self.scene.house) as opened, opened.writing():
            for table, columns in (
                (Connection, ("asked_on", "waits_until")),
                (Companionship, ("since", "waits_until")),
            ):
                for row in opened.session.scalars(select(table)):
                    for column in columns:
                        before = getattr(row, column)
                        setattr(row, column, before and before - earlier)

    def unlist(self, actor: Actor) -> None:
        with work.scope(self.scene.house) as opened, opened.writing():
            editing.ensure_profile(actor.person_id).listed = False

    def close(self, actor: Actor) -> None:
        """Close somebody's account, as it stands afterwards."""
        with work.scope(self.scene.house) as opened, opened.writing():
            opened.session.execute(update(Person).where(Person.id == actor.id).values(standing="closed"))

    def left(self) -> dict[str, int]:
        """How many rows of each kind there are."""
        tables = (Connection, Companionship, ListEntry, PeopleList, Block)
        return {table.__tablename__: len(self.rows(table)) for table in tables}

    def profile(self, actor: Actor) -> None:
        with work.scope(self.scene.house) as opened, opened.writing():
            editing.ensure_profile(actor.person_id)
