"""Reads of rooms: the list with what is unread, one room, and what a room is called for whoever looks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from app.chat import policy
from app.chat.models import PRIVATE, Membership, Mention, Room, RoomKind, RoomMember
from app.chat.queries import unread
from app.chat.queries.naming import names_here
from app.identity.models import Space
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
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
    mine = (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id)
    here = (RoomMember.state != Membership.DECLINED) & mine
    query = (
        policy.visible_rooms(actor)
        .add_columns(RoomMember, unread.count_for(actor))
        .outerjoin(RoomMember, here)
        .order_by(case((RoomMember.favourite.is_(True), 0), (RoomMember.id.is_not(None), 1), else_=2), Room.id)
    )
    rows = [(room, member, new or 0) for room, member, new in work.session().execute(query)]
    named = mentions_unread(actor)
    called = called_by(actor, [room for room, _member, _new in rows if room.kind in PRIVATE])
    lines = []
    for room, member, new in rows:
        others, title = called.get(room.id, ((), ""))
        lines.append(RoomLine(room, member, new, named.get(room.id, 0), others, title))
    return lines


def unread_in(room: Room, member: RoomMember) -> int:
    """How many messages somebody has not read of those that may still be there."""
    if member.state is not Membership.IN:
        return 0
    return max(0, room.last_seq - max(member.read_seq, room.first_seq - 1))


def mentions_unread(actor: Actor) -> dict[int, int]:
    """In how many unread messages the actor is named, by the row number of the room."""
    query = (
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
    return dict(work.session().execute(query).all())


def unread_total(actor: Actor) -> int:
    """How many messages are unread in the actor's rooms, without those that they muted."""
    return (
        work.session().scalar(
            policy.visible_rooms(actor)
            .join(RoomMember, (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id))
            .where(RoomMember.state == Membership.IN, _asks_for_attention(now()), Room.last_seq > RoomMember.read_seq)
            .with_only_columns(func.coalesce(func.sum(unread.count_for(actor)), 0), maintain_column_froms=True)
        )
        or 0
    )


def get_room(actor: Actor, public_id: str) -> Room:
    """A room that the actor may know of. Raises NotFound."""
    room = work.session().scalars(policy.visible_rooms(actor).where(Room.public_id == public_id)).one_or_none()
    if room is None:
        raise NotFound
    return room


def get_line(actor: Actor, public_id: str) -> RoomLine:
    """The same with how the actor is in it, and what it is called for them. Raises NotFound."""
    room = get_room(actor, public_id)
    found = (
        work.session()
        .execute(
            select(RoomMember, unread.count_for(actor))
            .join(Room, Room.id == RoomMember.room_id)
            .where(
                RoomMember.room_id == room.id,
                RoomMember.person_id == actor.person_id,
                RoomMember.state != Membership.DECLINED,
            )
        )
        .one_or_none()
    )
    member, new = found if found is not None else (None, 0)
    others, title = called_by(actor, [room]).get(room.id, ((), "")) if room.kind in PRIVATE else ((), "")
    named = mentions_unread(actor).get(room.id, 0) if new else 0
    return RoomLine(room, member, new, named, others, title)


def membership_in(actor: Actor, room: Room) -> RoomMember | None:
    """How the actor is in the room, or None."""
    return (
        work.session()
        .scalars(
            select(RoomMember).where(
                RoomMember.room_id == room.id,
                RoomMember.person_id == actor.person_id,
                RoomMember.state == Membership.IN,
            )
        )
        .one_or_none()
    )


def called_by(actor: Actor, rooms: Collection[Room]) -> dict[int, tuple[Sequence[str], str]]:
    """Names of the others in conversations of a few, and a group's own name, by the row number of the room.

    A constant number of queries.
    """
    if not rooms:
        return {}
    by_id = {room.id: room for room in rooms}
    query = (
        select(RoomMember.room_id, RoomMember.person_id)
        .where(
            RoomMember.room_id.in_(by_id),
            RoomMember.person_id != actor.id,
            # Whoever was asked and said no is still who the conversation was to be with. Of a group nobody but its host
            # knows who is asked: their name would vanish as they say no.
            or_(RoomMember.state == Membership.IN, _is_direct(by_id)),
        )
        .order_by(RoomMember.id)
    )
    others: dict[int, list[int]] = {}
    for room_id, person in work.session().execute(query):
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


def _is_direct(rooms: dict[int, Room]) -> ColumnElement[bool]:
    return RoomMember.room_id.in_([number for number, room in rooms.items() if room.kind is RoomKind.DIRECT])


def _asks_for_attention(moment: datetime) -> ColumnElement[bool]:
    return and_(or_(RoomMember.muted_until.is_(None), RoomMember.muted_until <= moment))
