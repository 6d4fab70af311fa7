"""The safety card at the door of a room: who is in, who keeps order there, and whether newcomers are inside."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, exists, func, or_, select

from app.chat import policy
from app.chat.models import Membership, Room, RoomMember, RoomRole
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import Author, me_here, names_here
from app.identity.models import Person, PersonRole, Restriction, Space
from app.identity.spaces.queries import has_own_name
from app.kernel import work
from app.kernel.access import GRANTS, Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import this_moment
from app.kernel.limits import Budget
from app.kernel.text import fold
from app.profiles.policy import blocked_where_met
from app.profiles.policy import here as is_here

#: Names on one card. Of a room with more people the rest is a number.
MOST_NAMES = 60
#: Nobody looks behind so many doors to read names; whoever does collects them.
LOOKING = Budget("room-doors", "60 per 10 minute; 300 per day")
MODERATING = [role for role, grants in GRANTS.items() if Permission.MEASURES_TAKE in grants]
USING = [role for role, grants in GRANTS.items() if Permission.ROOMS_USE in grants]


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody in a room, by the name that they have there. `person_id` never leaves the program."""

    person_id: int
    author: Author
    host: bool
    moderates: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Door:
    """What is said at the door. `count` are those whom the reader may meet there, of whom `more` are not named.

    `newcomers` is None where none may come in, else whether there are any inside at this moment.
    """

    hosts: Sequence[str]
    moderators: Sequence[str]
    names: Sequence[str]
    more: int
    count: int
    newcomers: bool | None
    asked_by: str
    own_name: bool


def door(actor: Actor, room: Room, member: RoomMember | None = None) -> Door:
    """The card of a room that the actor may know of. The same number of queries for any number of people.

    Raises TooMany for whoever goes from door to door.
    """
    work.house().budgets.spend(LOOKING, actor.public_id)
    there = people_in(actor, room, limit=MOST_NAMES)
    count = work.session().scalar(*_counted(actor, room.id, room.space)) or 0
    asker = member.asked_by_id if member is not None and member.state is Membership.ASKED else None
    return Door(
        hosts=[one.author.name for one in there if one.host],
        moderators=[one.author.name for one in there if one.moderates and not one.host],
        names=[one.author.name for one in there if not (one.host or one.moderates)],
        more=max(0, count - len(there)),
        count=count,
        newcomers=newcomers_inside(room) if room.for_newcomers else None,
        asked_by=names_here(room, {asker}).get(asker, ("", ""))[1] if asker is not None else "",
        own_name=room.space is not None and has_own_name(room.space, actor.person_id),
    )


def people_in(actor: Actor, room: RoomRef, *, limit: int = MOST_NAMES) -> list[Present]:
    """People in a room whom the actor may meet there: hosts first, then moderators, then by name.

    Without those who are kept out of each other's sight by a block, and those who cannot be here at present.
    """
    rows = work.session().execute(*_first_met(actor, room.id, room.space, limit)).all()
    names = names_here(room, {row.person_id for row in rows})
    me = me_here(actor, room).id
    there = [
        Present(row.person_id, Author(*names[row.person_id]), row.role is RoomRole.HOST, row.moderates, mine)
        for row in rows
        if row.person_id in names
        for mine in [names[row.person_id][0] == me]
    ]
    return sorted(there, key=lambda one: (not one.host, not one.moderates, fold(one.author.name)))


def newcomers_inside(room: RoomRef) -> bool:
    """Whether somebody is in the room at this moment to whom most rooms are still closed."""
    return work.session().scalar(*_newcomers(room.id)) is not None


def is_newcomer(person: SQLColumnExpression[int] | int) -> ColumnElement[bool]:
    """Whether somebody may at present only be where newcomers are."""
    return is_kept_from(person, Permission.ROOMS_ALL)


def is_kept_from(person: SQLColumnExpression[int] | int, *permissions: Permission) -> ColumnElement[bool]:
    """Whether any of these is withheld from somebody at present."""
    return exists().where(
        Restriction.person_id == person,
        Restriction.withheld.in_(permissions),
        Restriction.lifted_at.is_(None),
        or_(Restriction.until.is_(None), Restriction.until > this_moment()),
    )


def moderates(person_id: int) -> bool:
    """Whether somebody is one of the moderators."""
    return work.session().scalar(*_moderating(person_id)) is not None


@built_once
def _first_met(actor: Actor, room: int, space: Space | None, most: int) -> Select[int, RoomRole, bool]:
    query = _met(actor, room, space)
    query = query.order_by((RoomMember.role == RoomRole.HOST).desc(), _moderates().desc(), RoomMember.id).limit(most)
    return query.with_only_columns(RoomMember.person_id, RoomMember.role, _moderates().label("moderates"))


@built_once
def _counted(actor: Actor, room: int, space: Space | None) -> Select[int]:
    return _met(actor, room, space).with_only_columns(func.count())


@built_once
def _newcomers(room: int) -> Select[int]:
    inside = (RoomMember.room_id == room) & (RoomMember.state == Membership.IN)
    return select(RoomMember.id).where(inside, is_newcomer(RoomMember.person_id)).limit(1)


@built_once
def _moderating(person: int) -> Select[int]:
    role = (PersonRole.person_id == person) & PersonRole.role.in_(MODERATING)
    return select(PersonRole.id).where(role).limit(1)


def _met(actor: Actor, room: int, space: Space | None) -> Select[RoomMember]:
    seen = policy.visible_rooms(actor).with_only_columns(Room.id)
    return (
        select(RoomMember)
        .join(Person, Person.id == RoomMember.person_id)
        .where(
            RoomMember.room_id.in_(seen),
            RoomMember.room_id == room,
            RoomMember.state == Membership.IN,
            is_here(Person.id),
            ~blocked_where_met(Person.id, actor.person_id, space),
        )
    )


def _moderates() -> ColumnElement[bool]:
    return exists().where(and_(PersonRole.person_id == RoomMember.person_id, PersonRole.role.in_(MODERATING)))
