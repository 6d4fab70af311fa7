"""Reads of rooms: the list with what is unread, one room, and what a room is called for whoever looks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from app.chat import policy
from app.chat.models import PRIVATE, Membership, Mention, Room, RoomKind, RoomMember
from app.chat.queries import unread
from app.chat.queries.naming import names_here
from app.identity.models import Space
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import this_moment
from app.kernel.errors import NotFound
from app.kernel.vault import Place, Shredded

#: Names of others by which a conversation is called.
CALLED_BY = 3


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room in the list, as one person sees it. `with_names` are those of the others, in a conversation of a few.

    `title` is what its people call a group.
    """

    room: Room
    member: RoomMember | None
    unread: int
    mentions: int
    with_names: Sequence[str] = ()
    title: str = ""

    @property
    def joined(self) -> bool:
        return self.member is not None and self.member.state is Membership.IN

    @property
    def asked(self) -> bool:
        return self.member is not None and self.member.state is Membership.ASKED

    @property
    def favourite(self) -> bool:
        return self.member is not None and self.member.favourite

    def muted(self, moment: datetime) -> bool:
        """Whether it does not ask for attention at this moment."""
        return self.member is not None and is_muted(self.member, moment)


def is_muted(member: RoomMember, moment: datetime) -> bool:
    return member.muted_until is not None and member.muted_until > moment


def rooms(actor: Actor) -> list[RoomLine]:
    """Rooms and conversations that the actor may know of: favourites, then their own, then the others.

    A constant number of queries, however many rooms there are and however much is in them.
    """
    rows = [(room, member, new or 0) for room, member, new in work.session().execute(*_lines(actor))]
    named = mentions_unread(actor)
    called = called_by(actor, [room for room, _member, _new in rows if room.kind in PRIVATE])
    lines = []
    for room, member, new in rows:
        others, title = called.get(room.id, ((), ""))
        lines.append(RoomLine(room, member, new, named.get(room.id, 0), others, title))
    return lines


def mentions_unread(actor: Actor) -> dict[int, int]:
    """In how many unread messages the actor is named, by the row number of the room."""
    return dict(work.session().execute(*_named_unread(actor)).all())


def unread_total(actor: Actor) -> int:
    """How many messages are unread in the actor's rooms, without those that they muted."""
    return work.session().scalar(*_unread(actor)) or 0


def get_room(actor: Actor, public_id: str) -> Room:
    """A room that the actor may know of. Raises NotFound."""
    room: Room | None = work.session().scalars(*_room(actor, public_id)).one_or_none()
    if room is None:
        raise NotFound
    return room


def get_line(actor: Actor, public_id: str) -> RoomLine:
    """The same with how the actor is in it, and what it is called for them. Raises NotFound."""
    found = work.session().execute(*_line(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    room, member, new = found
    others, title = called_by(actor, [room]).get(room.id, ((), "")) if room.kind in PRIVATE else ((), "")
    named = mentions_unread(actor).get(room.id, 0) if new else 0
    return RoomLine(room, member, new or 0, named, others, title)


def membership_in(actor: Actor, room: Room) -> RoomMember | None:
    """How the actor is in the room, or None."""
    found: RoomMember | None = work.session().scalars(*_inside(actor, room.id)).one_or_none()
    return found


def called_by(actor: Actor, rooms: Collection[Room]) -> dict[int, tuple[Sequence[str], str]]:
    """Names of the others in conversations of a few, and a group's own name, by the row number of the room.

    A constant number of queries.
    """
    if not rooms:
        return {}
    direct = {room.id for room in rooms if room.kind is RoomKind.DIRECT}
    others: dict[int, list[int]] = {}
    for room_id, person in work.session().execute(*_others(actor, {room.id for room in rooms}, direct)):
        if len(others.setdefault(room_id, [])) < CALLED_BY:
            others[room_id].append(person)
    names: dict[Space | None, dict[int, tuple[str, str]]] = {}
    for space in {room.space for room in rooms}:
        there = [room for room in rooms if room.space is space]
        names[space] = names_here(there[0], {person for room in there for person in others.get(room.id, ())})
    work.house().vault.prefetch(room.key_id for room in rooms if room.key_id and room.title)
    return {
        room.id: (
            [names[room.space][person][1] for person in others.get(room.id, ()) if person in names[room.space]],
            title_of(room),
        )
        for room in rooms
    }


def title_place(public_id: str) -> Place:
    return Place("room", public_id, "title")


def title_of(room: Room) -> str:
    """What its people call a group; nothing where they gave it no name."""
    if room.title is None or room.key_id is None:
        return ""
    try:
        return work.house().vault.open(room.key_id, title_place(room.public_id), room.title).decode()
    except Shredded:
        return ""


@built_once
def _lines(actor: Actor) -> Select[Any]:
    mine_first = case((RoomMember.favourite.is_(True), 0), (RoomMember.id.is_not(None), 1), else_=2)
    return _with_mine(actor).order_by(mine_first, Room.id)


@built_once
def _line(actor: Actor, public_id: str) -> Select[Any]:
    return _with_mine(actor).where(Room.public_id == public_id)


def _with_mine(actor: Actor) -> Select[Any]:
    mine = (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id)
    here = (RoomMember.state != Membership.DECLINED) & mine
    rooms = policy.visible_rooms(actor).add_columns(RoomMember, unread.count_for(actor))
    return rooms.outerjoin(RoomMember, here)


@built_once
def _named_unread(actor: Actor) -> Select[int, int]:
    return (
        select(Mention.room_id, func.count())
        .join(RoomMember, (RoomMember.room_id == Mention.room_id) & (RoomMember.person_id == Mention.person_id))
        .where(
            Mention.person_id == actor.id,
            RoomMember.state == Membership.IN,
            Mention.seq > RoomMember.read_seq,
            ~unread.is_gone(Mention.room_id, Mention.seq),
        )
        .group_by(Mention.room_id)
    )


@built_once
def _unread(actor: Actor) -> Select[int]:
    heard = or_(RoomMember.muted_until.is_(None), RoomMember.muted_until <= this_moment())
    return (
        policy.visible_rooms(actor)
        .join(RoomMember, (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id))
        .where(RoomMember.state == Membership.IN, heard, Room.last_seq > RoomMember.read_seq)
        .with_only_columns(func.coalesce(func.sum(unread.count_for(actor)), 0), maintain_column_froms=True)
    )


@built_once
def _room(actor: Actor, public_id: str) -> Select[Room]:
    return policy.visible_rooms(actor).where(Room.public_id == public_id)


@built_once
def _inside(actor: Actor, room: int) -> Select[RoomMember]:
    return select(RoomMember).where(
        RoomMember.room_id == room, RoomMember.person_id == actor.person_id, RoomMember.state == Membership.IN
    )


@built_once
def _others(actor: Actor, rooms: Collection[int], direct: Collection[int]) -> Select[int, int]:
    # Whoever was asked and said no is still who the conversation was to be with. Of a group nobody but its host knows
    # who is asked: their name would vanish as they say no.
    told = or_(RoomMember.state == Membership.IN, RoomMember.room_id.in_(direct))
    return (
        select(RoomMember.room_id, RoomMember.person_id)
        .where(RoomMember.room_id.in_(rooms), RoomMember.person_id != actor.id, told)
        .order_by(RoomMember.id)
    )
