"""Conversations of a few: how each stands for whoever looks, who is in it, and whom one could talk with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, or_, select

from app.chat import policy
from app.chat.models import PRIVATE, Membership, Message, Room, RoomKind, RoomMember, RoomRole
from app.chat.policy import conversations as rules
from app.chat.queries.here import Here, RoomRef, get_here
from app.chat.queries.naming import Author, names_here
from app.chat.queries.rooms import RoomLine
from app.identity import queries as identity
from app.identity.models import Space
from app.identity.spaces.queries import has_own_name, names_in
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.kernel.text import fold
from app.profiles.models import Block
from app.profiles.policy import blocked, here
from app.profiles.queries.people import people_known


class Standing(StrEnum):
    """How a conversation stands, as one person is told. Whoever asked is told the same whatever became of it."""

    #: The other one asks.
    ASKED = "asked"
    #: One asked, and it waits.
    WAITS = "waits"
    #: One asked, and its time is over.
    UNANSWERED = "unanswered"
    ON = "on"
    #: The other one is suspended, or not here any more.
    AWAY = "away"
    #: Somebody left, or keeps the other away.
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation of two as one of them is told. `other` is a row number, None when they are gone.

    `until` is the day on which a request is over.
    """

    standing: Standing
    other: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a conversation, as they are known there."""

    id: str
    name: str
    hosts: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be asked into a group: public id and name in its space."""

    person_id: int
    id: str
    name: str


def talk_in(actor: Actor, room: RoomRef) -> Talk:
    """How a conversation of two stands for the actor: two queries."""
    return talks(actor, [room])[room.id]


def may_choose_keep(actor: Actor, room: RoomRef) -> bool:
    """Whether the actor chooses for how long words are kept: of two, while they talk. So no first word is gone before
    somebody could report it, and what comes of choosing does not tell a block from leaving."""
    if not rules.can_choose_keep(get_here(actor, room.public_id)):
        return False
    talk = (Standing.ON, Standing.AWAY)
    return room.kind is not RoomKind.DIRECT or talk_in(actor, room).standing in talk


def talks(actor: Actor, rooms: Collection[RoomRef]) -> dict[int, Talk]:
    """The same for several, by the row number of the room, in as many queries."""
    if not rooms:
        return {}
    wanted = {room.id for room in rooms}
    open_pairs = set(work.session().scalars(*_open_pairs(wanted)))
    found: dict[int, dict[bool, tuple[int, Membership, date, bool]]] = {number: {} for number in wanted}
    for room_id, person, state, on, is_here in work.session().execute(*_both(wanted)):
        found[room_id][person == actor.id] = (person, state, on, is_here)
    return {
        number: _talk(rows.get(True), rows.get(False), is_open=number in open_pairs) for number, rows in found.items()
    }


def _talk(
    mine: tuple[int, Membership, date, bool] | None,
    others: tuple[int, Membership, date, bool] | None,
    *,
    is_open: bool,
) -> Talk:
    other = others[0] if others else None
    if mine is None or others is None or not is_open:
        return Talk(Standing.OVER, other)
    _person, state, on, _is_here = mine
    today, until = now().date(), rules.waits_until(on)
    if state is Membership.ASKED:
        return Talk(Standing.ASKED if today < until else Standing.OVER, other, until)
    if others[1] is Membership.IN:
        return Talk(Standing.ON if others[3] else Standing.AWAY, other)
    return Talk(Standing.WAITS if today < until else Standing.UNANSWERED, other, until)


def first_messages(actor: Actor, room: RoomRef, *, besides: str = "") -> int:
    """How many messages the actor wrote in a room; the one of the client id `besides` is not counted."""
    return work.session().scalar(*_written(actor, room.id, besides)) or 0


def pair_index(one: int, other: int, space: Space | None) -> bytes:
    """The same for both of them: the database lets one room carry it."""
    return work.house().vault.blind_index("talk", f"{min(one, other)}-{max(one, other)}-{space or ''}")


def space_with(actor: Actor, person_id: int, met_in: Space | None) -> Space | None:
    """By which names the actor and somebody talk whom they met in a space."""
    own = met_in is not None and (met_in in actor.aliases or has_own_name(met_in, person_id))
    return rules.space_between(met_in, either_has_own=own)


def room_with(actor: Actor, person_id: int, met_in: Space | None) -> Room | None:
    """The conversation that the actor has with somebody by the names in which they met, if there is one to open.

    None where the actor declined, took it back or asked in vain: one may ask.
    """
    index = pair_index(actor.person_id, person_id, space_with(actor, person_id, met_in))
    room: Room | None = work.session().scalars(*_pair(actor, index)).one_or_none()
    if room is None or talk_in(actor, room).standing in (Standing.UNANSWERED, Standing.OVER):
        return None
    return room


def waiting_requests(actor: Actor) -> int:
    """How many requests wait for the actor's answer: one statement. None while they travel."""
    if not rules.shows_requests(actor):
        return 0
    return work.session().scalar(*_asked(actor, now().date() - timedelta(days=rules.WAITS_DAYS))) or 0


def unanswered(actor: Actor) -> int:
    """How many of the actor's requests wait, as far as they are told."""
    return work.session().scalar(*_unanswered(actor, now().date() - timedelta(days=rules.WAITS_DAYS))) or 0


def keep_each_other_away(one: int, other: int) -> bool:
    """Whether a block stands between two people, whoever made it and by whichever name. Shown to nobody."""
    return bool(work.session().scalar(select(or_(blocked(one, other), blocked(other, one)))))


def wishes(room: RoomRef) -> dict[int, int | None]:
    """For how long each person in a conversation wants it kept (days), by row number; None without a wish."""
    query = select(RoomMember.person_id, RoomMember.keep_days)
    return dict(
        work.session().execute(query.where(RoomMember.room_id == room.id, RoomMember.state == Membership.IN)).all()
    )


def people_in(here: Here) -> list[Person]:
    """Who is in a conversation, by name; for the host also who was asked and is still waited for, after the others.

    Whoever said no is waited for until their time is over: nobody is told, nor by the place in which they stand when they
    are asked again. Raises NotFound for whoever may not know.
    """
    if here.kind not in PRIVATE or here.membership not in (Membership.IN, Membership.ASKED):
        raise NotFound
    rows = list(work.session().scalars(*_inside(here.id, with_asked=rules.keeps_group(here))))
    names = names_here(here, {row.person_id for row in rows})
    today = now().date()
    people = [
        Person(*names[row.person_id], hosts=row.role is RoomRole.HOST, waits=row.state is not Membership.IN)
        for row in rows
        if row.person_id in names and (row.state is Membership.IN or today < rules.waits_until(row.joined_on))
    ]
    return sorted(people, key=lambda one: (one.waits, fold(one.name)))


def person_in(here: Here, public_id: str) -> int:
    """The row number of somebody in a conversation, or asked into it, by the id that they have there. Raises NotFound."""
    people = set(work.session().scalars(select(RoomMember.person_id).where(RoomMember.room_id == here.id)))
    for person, (known_as, _name) in names_here(here, people).items():
        if known_as == public_id:
            return person
    raise NotFound


def asked_by(actor: Actor, here: Here) -> Author | None:
    """Who asked the actor into a conversation, as they are known there."""
    asker: int | None = work.session().scalar(*_asker(actor, here.id))
    names = names_here(here, {asker} if asker is not None else set())
    return Author(*names[asker]) if asker in names else None


def kept_away_in(actor: Actor, here: Here) -> list[str]:
    """Names of people in a conversation whom the actor keeps away by the very names that they have there.

    Somebody whom they know by another name alone is not among them: it would say who that is.
    """
    known = []
    for person, space in work.session().execute(*_blocked_in(actor, here.id)):
        own = here.space is not None and has_own_name(here.space, person)
        if (space is here.space) if own else (space is None):
            known.append(person)
    names = names_here(here, set(known))
    return [names[person][1] for person in known if person in names]


def candidates(actor: Actor, space: Space | None) -> list[Candidate]:
    """Who could be asked into a group in which people go by the names of this space, by name.

    By the usual names: those with whom the actor is connected, or talks by these. By those of a space: those with whom
    they talk there.
    """
    rooms = list(work.session().scalars(*_talking(actor, space)))
    people = {talk.other for talk in talks(actor, rooms).values() if talk.standing is Standing.ON}
    if space is None:
        people |= {one.person_id for one in people_known(actor)}
    wanted = {person for person in people if person is not None}
    names = names_in(space, wanted) if space else identity.names_of(wanted)
    found = [Candidate(person, public_id, name) for person, (public_id, name) in names.items() if name]
    return sorted(found, key=lambda one: fold(one.name))


def sorted_out(actor: Actor, lines: Sequence[RoomLine]) -> Mapping[str, list[tuple[RoomLine, Talk | None]]]:
    """Conversations among the lines of a list: who asks, what is on, what waits, and what is over.

    A group has no `Talk`.
    """
    private = [line for line in lines if line.room.kind in PRIVATE]
    two = talks(actor, [line.room for line in private if line.room.kind is RoomKind.DIRECT])
    sorts: dict[str, list[tuple[RoomLine, Talk | None]]] = {"asked": [], "on": [], "waits": [], "over": []}
    for line in private:
        talk = two.get(line.room.id)
        if line.asked:
            if rules.shows_requests(actor) and (talk is None or talk.standing is Standing.ASKED):
                sorts["asked"].append((line, talk))
        elif talk is None or talk.standing in (Standing.ON, Standing.AWAY):
            sorts["on"].append((line, talk))
        else:
            sorts["waits" if talk.standing is Standing.WAITS else "over"].append((line, talk))
    return sorts


@built_once
def _open_pairs(rooms: Collection[int]) -> Select[int]:
    return select(Room.id).where(Room.id.in_(rooms), Room.pair.is_not(None))


@built_once
def _both(rooms: Collection[int]) -> Select[int, int, Membership, date, bool]:
    member = RoomMember
    query = select(member.room_id, member.person_id, member.state, member.joined_on, here(member.person_id))
    return query.where(member.room_id.in_(rooms))


@built_once
def _written(actor: Actor, room: int, besides: str) -> Select[int]:
    mine = (Message.author_id == actor.person_id) & (Message.client_id != besides)
    return select(func.count()).where(Message.room_id == room, mine)


@built_once
def _pair(actor: Actor, index: bytes) -> Select[Room]:
    return policy.visible_rooms(actor).where(Room.pair == index)


@built_once
def _talking(actor: Actor, space: Space | None) -> Select[Room]:
    direct = (Room.kind == RoomKind.DIRECT) & Room.pair.is_not(None)
    return policy.visible_rooms(actor).where(direct, Room.space == space)


@built_once
def _asked(actor: Actor, after: date) -> Select[int]:
    asked = (
        policy.visible_rooms(actor)
        .join(RoomMember, (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id))
        .where(Room.kind.in_(PRIVATE), RoomMember.state == Membership.ASKED, RoomMember.joined_on > after)
    )
    return asked.with_only_columns(func.count(Room.id), maintain_column_froms=True)


@built_once
def _unanswered(actor: Actor, after: date) -> Select[int]:
    mine = (RoomMember.person_id == actor.person_id) & (RoomMember.state == Membership.IN)
    rooms = select(func.count()).select_from(Room).join(RoomMember, RoomMember.room_id == Room.id)
    return rooms.where(mine, RoomMember.joined_on > after, rules.nobody_accepted(actor.person_id))


@built_once
def _inside(room: int, *, with_asked: bool) -> Select[RoomMember]:
    query = select(RoomMember).where(RoomMember.room_id == room).order_by(RoomMember.id)
    return query if with_asked else query.where(RoomMember.state == Membership.IN)


@built_once
def _asker(actor: Actor, room: int) -> Select[int | None]:
    mine = (RoomMember.room_id == room) & (RoomMember.person_id == actor.person_id)
    return select(RoomMember.asked_by_id).where(mine, RoomMember.state == Membership.ASKED)


@built_once
def _blocked_in(actor: Actor, room: int) -> Select[int, Space | None]:
    inside = select(RoomMember.person_id).where(RoomMember.room_id == room, RoomMember.state == Membership.IN)
    return select(Block.blocked_id, Block.space).where(Block.person_id == actor.person_id, Block.blocked_id.in_(inside))
