"""What those who keep a room in order read: whom they may ask in, who is meant by a name, whose writing is paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from app.chat.models import Membership, Message, Pause, Room, RoomKind, RoomMember, RoomRole
from app.chat.queries.doors import USING, is_kept_from, is_newcomer, moderates
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import Author, names_here
from app.identity import queries as identity
from app.identity.models import Person, PersonRole, Space, SpaceName
from app.identity.spaces.queries import person_behind
from app.kernel import work
from app.kernel.access import GRANTS, Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import this_moment
from app.kernel.errors import NotFound
from app.kernel.vault import Place, Shredded
from app.profiles.policy import blocked_where_met
from app.profiles.policy import here as is_here
from app.profiles.queries.people import people_known

#: What somebody may do who opens a room for others (`policy.kinds_to_open`), and the roles that may all of it.
OPENING = (Permission.ROOMS_USE, Permission.ROOMS_ALL, Permission.ROOMS_POST, Permission.CONTACT_FIRST)
OPENERS = [role for role, grants in GRANTS.items() if grants.issuperset(OPENING)]


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody who is in a room, for whoever keeps it in order. `person_id` never leaves the program."""

    person_id: int
    author: Author
    host: bool
    moderates: bool


@dataclass(frozen=True, slots=True)
class PauseLine:
    """Whose writing is paused in a room, and until when. The reason is for them alone."""

    author: Author
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnPause:
    """A pause of one's own writing in a room, with what was said about it."""

    until: datetime
    reason: str


def reason_place(room: str, person: str) -> Place:
    """Where the reason of a pause is sealed, with the key of the person whom it is about (both by public id)."""
    return Place("room_pause", f"{room}.{person}", "reason")


def get_somebody(room: RoomRef, public_id: str, *, or_wrote: bool = False) -> Somebody:
    """Somebody who is in the room, by the public id that they have there. Raises NotFound.

    `or_wrote` finds also whoever left it and wrote there.
    """
    person_id = person_behind(room.space or Space.ROOMS, public_id)
    inside = (RoomMember.room_id == room.id) & (RoomMember.state == Membership.IN)
    role = work.session().scalar(select(RoomMember.role).where(inside, RoomMember.person_id == person_id))
    if role is None and not (or_wrote and _wrote(room, person_id)):
        raise NotFound
    author = Author(*names_here(room, {person_id})[person_id])
    return Somebody(person_id, author, role is RoomRole.HOST, moderates(person_id))


def _wrote(room: RoomRef, person_id: int) -> bool:
    theirs = (Message.room_id == room.id) & (Message.author_id == person_id)
    return work.session().scalar(select(Message.id).where(theirs).limit(1)) is not None


def paused_as(room: RoomRef, public_id: str) -> int:
    """The row number of somebody whose writing is paused in the room, whether they are in it or left. Raises NotFound."""
    person_id = person_behind(room.space or Space.ROOMS, public_id)
    theirs = (Pause.room_id == room.id) & (Pause.person_id == person_id)
    if work.session().scalar(select(Pause.id).where(theirs)) is None:
        raise NotFound
    return person_id


def pauses(room: RoomRef) -> list[PauseLine]:
    """Whose writing is paused in a room at present, for whoever keeps it in order."""
    rows = work.session().execute(*_pauses(room.id)).all()
    names = names_here(room, {row.person_id for row in rows})
    return [PauseLine(Author(*names[row.person_id]), row.until) for row in rows if row.person_id in names]


def own_pause(actor: Actor, room: RoomRef) -> OwnPause | None:
    """Until when the actor's writing in a room is paused, and why; None when it is not."""
    found: Pause | None = work.session().scalars(*_own_pause(actor, room.id)).one_or_none()
    if found is None:
        return None
    me = identity.get_me(actor)
    try:
        plain = work.house().vault.open(me.key_id, reason_place(room.public_id, me.public_id), found.reason)
    except Shredded:
        return OwnPause(found.until, "")
    return OwnPause(found.until, plain.decode())


def next_hosts() -> list[RoomMember]:
    """Of each room that members open and that has lost its hosts: who has been in it longest among those who could open one.

    Nobody for a room in which all are newcomers, paused, suspended, or kept from writing or from reaching others.
    """
    return list(work.session().scalars(*_next_hosts()))


@built_once
def _next_hosts() -> Select[RoomMember]:
    inside, host = (RoomMember.state == Membership.IN), aliased(RoomMember)
    hosted = exists().where(host.room_id == RoomMember.room_id, host.state == Membership.IN, host.role == RoomRole.HOST)
    may = is_here(RoomMember.person_id) & ~is_kept_from(RoomMember.person_id, *OPENING)
    opens = exists().where(PersonRole.person_id == RoomMember.person_id, PersonRole.role.in_(OPENERS))
    paused = RoomMember.paused_until.is_not(None) & (RoomMember.paused_until > this_moment())
    longest = (
        select(func.min(RoomMember.id))
        .join(Room, Room.id == RoomMember.room_id)
        .where(Room.kind.in_((RoomKind.INVITED, RoomKind.CIRCLE)), inside, opens, may, ~hosted, ~paused)
        .group_by(RoomMember.room_id)
    )
    return select(RoomMember).where(RoomMember.id.in_(longest)).order_by(RoomMember.room_id)


def to_ask(actor: Actor) -> Sequence[tuple[str, str]]:
    """Public id and name of those whom the actor is connected with, by their usual names."""
    return [(one.public_id, one.name) for one in people_known(actor)]


def find_to_ask(actor: Actor, *, name: str = "", person: str = "", newcomers: bool = False) -> int | None:
    """The row number of whoever the actor asks into a room: by the exact name in rooms, or by public id of one they know.

    None for whoever is not there, is kept away by a block, or may not use rooms, or this one: the same for all of them.
    """
    wanted = (
        select(Person.id)
        .outerjoin(
            SpaceName,
            (SpaceName.person_id == Person.id) & (SpaceName.space == Space.ROOMS) & SpaceName.name.is_not(None),
        )
        .where(
            Person.id != actor.person_id,
            is_here(Person.id),
            ~blocked_where_met(Person.id, actor.person_id, None if person else Space.ROOMS),
            select(PersonRole.id).where(PersonRole.person_id == Person.id, PersonRole.role.in_(USING)).exists(),
        )
    )
    if not newcomers:
        wanted = wanted.where(~is_newcomer(Person.id))
    if person:
        known = next((one.person_id for one in people_known(actor) if one.public_id == person), None)
        # As below: who has another name in rooms would come in under it, and whoever asked would know whose it is.
        wanted = wanted.where(Person.id == known, SpaceName.id.is_(None))
    else:
        index = identity.name_index(name)
        # By the usual name only who has no other one in rooms: it would say whose that is.
        wanted = wanted.where((SpaceName.name_index == index) | (SpaceName.id.is_(None) & (Person.name_index == index)))
    return work.session().scalar(wanted.limit(1))


def asked_in(actor: Actor, room: Room) -> RoomMember | None:
    """How the actor is asked into a room and has not answered yet."""
    mine = (RoomMember.room_id == room.id) & (RoomMember.person_id == actor.person_id)
    asked = select(RoomMember).where(mine, RoomMember.state == Membership.ASKED)
    return work.session().scalars(asked.with_for_update()).one_or_none()


@built_once
def _pauses(room: int) -> Select[int, datetime]:
    on = select(Pause.person_id, Pause.until).where(Pause.room_id == room, Pause.until > this_moment())
    return on.order_by(Pause.until)


@built_once
def _own_pause(actor: Actor, room: int) -> Select[Pause]:
    mine = (Pause.room_id == room) & (Pause.person_id == actor.person_id)
    return select(Pause).where(mine, Pause.until > this_moment())
