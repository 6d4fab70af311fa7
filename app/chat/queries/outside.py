"""Who was put out of a room: for whoever keeps order there the list, for whoever it happened to the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson
from sqlalchemy import Select, select

from app.chat.models import PutOut, Room
from app.chat.policy import ROOM
from app.chat.queries.here import RoomRef
from app.chat.queries.naming import Author, names_here
from app.identity import queries as identity
from app.identity.models import Space
from app.identity.spaces.queries import person_behind
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.vault import Place, Shredded
from app.safety.policy import hidden


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """Who was put out of a room, and on which day. The reason is for them alone, and in the record."""

    author: Author
    on: date


@dataclass(frozen=True, slots=True)
class Outside:
    """A room out of which one was put, as it was called then, with what was said about it."""

    name_ar: str
    name_en: str
    on: date
    reason: str


def reason_place(room: str, person: str) -> Place:
    """Where the reason is sealed, with the key of the person whom it is about (both by public id)."""
    return Place("room_put_out", f"{room}.{person}", "reason")


def packed(room: Room, reason: str) -> bytes:
    """What is sealed. With the names of that day: what the room is called later is not for whoever is outside."""
    return orjson.dumps([room.name_ar, room.name_en, reason])


def is_put_out(room: RoomRef, person_id: int) -> bool:
    """Whether somebody was put out of the room and not let in again."""
    theirs = (PutOut.room_id == room.id) & (PutOut.person_id == person_id)
    return work.session().scalar(select(PutOut.id).where(theirs)) is not None


def put_out_as(room: RoomRef, public_id: str) -> int:
    """The row number of somebody who was put out of the room. Raises NotFound."""
    person_id = person_behind(room.space or Space.ROOMS, public_id)
    if not is_put_out(room, person_id):
        raise NotFound
    return person_id


def outside(room: RoomRef) -> Sequence[OutsideLine]:
    """Who was put out of a room, the latest first, for whoever keeps it in order."""
    rows = work.session().execute(*_outside(room.id)).all()
    names = names_here(room, {person for person, _on in rows})
    return [OutsideLine(Author(*names[person]), on) for person, on in rows if person in names]


def own_outside(actor: Actor, public_id: str) -> Outside | None:
    """What is said to whoever was put out of a room; None to whoever was not, or hides it while they travel."""
    found = work.session().execute(*_own(actor, public_id)).one_or_none()
    return _opened(actor, *found) if found is not None else None


def every_own(actor: Actor) -> list[Outside]:
    """The same for all rooms out of which the actor was put, for their archive."""
    return [_opened(actor, one, room) for one, room in work.session().execute(*_every(actor))]


def _opened(actor: Actor, one: PutOut, room: Room) -> Outside:
    me = identity.get_me(actor)
    try:
        plain = work.house().vault.open(me.key_id, reason_place(room.public_id, me.public_id), one.reason)
    except Shredded:
        return Outside("", "", one.put_out_on, "")
    name_ar, name_en, reason = orjson.loads(plain)
    return Outside(name_ar, name_en, one.put_out_on, reason)


@built_once
def _outside(room: int) -> Select[int, date]:
    wanted = select(PutOut.person_id, PutOut.put_out_on).where(PutOut.room_id == room)
    return wanted.order_by(PutOut.id.desc())


@built_once
def _own(actor: Actor, public_id: str) -> Select[PutOut, Room]:
    mine = select(PutOut, Room).join(Room, Room.id == PutOut.room_id).where(PutOut.person_id == actor.person_id)
    return mine.where(Room.public_id == public_id, ~hidden(actor, ROOM, Room.public_id))


@built_once
def _every(actor: Actor) -> Select[PutOut, Room]:
    mine = select(PutOut, Room).join(Room, Room.id == PutOut.room_id).where(PutOut.person_id == actor.person_id)
    return mine.where(~hidden(actor, ROOM, Room.public_id)).order_by(PutOut.id)
