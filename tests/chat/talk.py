"""People who talk, for tests of conversations. Each verb has a unit of work of its own."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, select, update

from app.chat import actions as chat
from app.chat import queries
from app.chat.actions import conversations, ending, groups
from app.chat.models import Room, RoomMember
from app.chat.policy import FAR
from app.chat.queries import conversations as talking
from app.chat.queries.conversations import Standing
from app.identity import actions as identity
from app.identity.models import Cause, Space
from app.identity.spaces import actions as names
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id
from app.kernel.house import House
from app.notifications.models import Notice
from app.profiles.actions import blocks
from tests.profiles.scene import Scene


@dataclass
class Talks:
    """Verbs of conversations in one house, whose people have a browser each (`scene`)."""

    scene: Scene

    @property
    def house(self) -> House:
        return self.scene.house

    def person(self, name: str = "", *, roles: tuple[Role, ...] = (Role.MEMBER,)) -> Actor:
        return self.scene.person(name, roles=roles)

    def again(self, actor: Actor) -> Actor:
        """The same person as a door would see them now."""
        return self.scene.make.actor(self.scene.tokens[actor.person_id])

    def without(self, actor: Actor, *withheld: Permission, cause: Cause = Cause.PROBATION) -> Actor:
        """The same person, with these permissions withheld."""
        with work.scope(self.house):
            identity.restrict(system("test"), actor.person_id, withheld, cause=cause, ref=new_public_id())
        return self.scene.make.actor(self.scene.make.another_session(actor))

    def named(self, actor: Actor, name: str) -> Actor:
        """The same person, who goes by this name in rooms from now on."""
        with work.scope(self.house):
            names.furnish_name(system("test"), actor.person_id, Space.ROOMS, name)
        return self.again(actor)

    def ask(self, one: Actor, other: Actor, body: str = "May I ask you something?", met_in: Space | None = None) -> str:
        """Ask somebody; returns the public id of the conversation."""
        with work.scope(self.house):
            return conversations.ask_to_talk(one, other.person_id, met_in=met_in, body=body, client_id=new_public_id())

    def accept(self, actor: Actor, room: str) -> None:
        with work.scope(self.house):
            conversations.accept(actor, queries.get_room(actor, room))

    def decline(self, actor: Actor, room: str) -> None:
        with work.scope(self.house):
            conversations.decline(actor, queries.get_room(actor, room))

    def between(self, one: Actor, other: Actor, met_in: Space | None = None) -> str:
        """A conversation that both are in."""
        room = self.ask(one, other, met_in=met_in)
        self.accept(other, room)
        return room

    def write(self, actor: Actor, room: str, body: str = "Good evening", client_id: str = "") -> queries.Words:
        with work.scope(self.house):
            here = queries.get_here(actor, room)
            return chat.post_message(actor, here, client_id=client_id or new_public_id(), body=body)

    def leave(self, actor: Actor, room: str, *, take_words: bool = False) -> None:
        with work.scope(self.house):
            ending.leave_conversation(actor, queries.get_room(actor, room), take_words=take_words)

    def block(self, actor: Actor, other: Actor, met_in: Space | None = None) -> None:
        with work.scope(self.house):
            blocks.block(actor, other.person_id, met_in=met_in)

    def group(self, host: Actor, *people: Actor, title: str = "", space: Space | None = None) -> str:
        """A group into which these are asked; returns its public id."""
        with work.scope(self.house):
            ids = [one.known_in(space)[0] if space else one.public_id for one in people]
            return groups.open_group(host, space=space, title=title, people=ids).public_id

    def standing(self, actor: Actor, room: str) -> Standing:
        with work.scope(self.house):
            return talking.talk_in(actor, queries.get_room(actor, room)).standing

    def listed(self, actor: Actor) -> dict[str, list[str]]:
        """Public ids of conversations as the list sorts them."""
        with work.scope(self.house):
            sorts = talking.sorted_out(actor, queries.rooms(actor))
            return {sort: [line.room.public_id for line, _talk in lines] for sort, lines in sorts.items()}

    def read(self, actor: Actor, room: str) -> list[str]:
        """What somebody reads in a room. Raises NotFound."""
        with work.scope(self.house):
            found = queries.newest(actor, queries.get_inside(actor, room))
            return [words.html.striptags() for words in found.words]

    def wait(self, room: str, days: int) -> None:
        """Let so many days pass in a conversation, and the hourly task run."""
        member = cast("Table", RoomMember.__table__)
        with work.scope(self.house) as opened:
            with opened.writing():
                number = opened.session.scalar(select(Room.id).where(Room.public_id == room))
                for row in opened.session.execute(select(member).where(member.c.room_id == number)).all():
                    quiet = row.muted_until - timedelta(days=days) if row.muted_until and row.muted_until < FAR else FAR
                    values = {"joined_on": row.joined_on - timedelta(days=days)}
                    values |= {"muted_until": quiet} if row.muted_until else {}
                    opened.session.execute(update(member).where(member.c.id == row.id).values(**values))
            opened.session.expire_all()
            ending.end_waiting(system("test"))

    def notices(self, actor: Actor) -> list[str]:
        """Kinds of the notices that somebody has not read, once the jobs that tell them have run."""
        self.house.queue.sweep()
        with work.scope(self.house) as opened:
            new = select(Notice.kind).where(Notice.person_id == actor.id, Notice.read_at.is_(None))
            return sorted(opened.session.scalars(new))
