"""Rooms of each kind, opened by people as they open them, and how somebody is in one."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.chat import actions, queries
from app.chat.actions import circles
from app.chat.models import Membership, Room, RoomKind, RoomMember
from app.identity.models import Space
from app.identity.spaces import actions as spaces
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.house import House
from tests.factories import Factory


def open_room(house: House, host: Actor, *members: Actor, kind: RoomKind = RoomKind.INVITED, **more: Any) -> str:
    """A room that somebody opened, with these members in it; returns its public id."""
    with work.scope(house):
        if kind is RoomKind.CIRCLE:
            more = {"begins_at": now() + timedelta(minutes=20), "minutes": 60, **more}
        room = actions.open_room(host, **{"name_ar": "غرفة", "name_en": "A room of ours", "kind": kind, **more})
        with work.current().writing():
            for member in members:
                actions.rooms.put_in(member.person_id, room)
        return room.public_id


def on_now(house: House, host: Actor, *members: Actor) -> str:
    """A circle that has begun."""
    room = open_room(house, host, *members, kind=RoomKind.CIRCLE)
    with work.scope(house):
        circles.begin_circle(host, queries.get_here(host, room))
    return room


def here(actor: Actor, room: str) -> queries.Here:
    return queries.get_here(actor, room)


def row(room: str) -> Room:
    """The room as it is stored now."""
    found = select(Room).where(Room.public_id == room).execution_options(populate_existing=True)
    return work.session().scalars(found).one()


def membership(actor: Actor, room: str) -> Membership | None:
    """How somebody is in a room, as it is stored now."""
    theirs = select(RoomMember.state).join(Room, Room.id == RoomMember.room_id)
    return work.session().scalar(theirs.where(Room.public_id == room, RoomMember.person_id == actor.id))


def known_as(house: House, make: Factory, actor: Actor, name: str) -> Actor:
    """The same person with a name of their own in rooms."""
    with work.scope(house):
        spaces.choose_name(actor, Space.ROOMS, name=name)
    return make.actor(make.another_session(actor))
