"""Reads of rooms and messages. Fetching is authorising: what is not visible is NotFound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import orjson
from markupsafe import Markup
from sqlalchemy import Boolean, bindparam, func, select
from sqlalchemy.orm import aliased

from app.chat import policy
from app.chat.models import Epoch, Message, MessageState, Room, RoomMember
from app.identity.models import Space
from app.identity.spaces.queries import names_in
from app.kernel import text, work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.vault import Place, Shredded
from app.safety.policy import hidden_by

PAGE = 50
CATCH_UP = 100


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room in the list, as one person sees it."""

    room: Room
    joined: bool
    unread: int


@dataclass(frozen=True, slots=True)
class Author:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """A message, opened: what a page or a frame may show of it."""

    room: str
    seq: int
    id: str
    client_id: str
    author: Author
    html: Markup
    at: datetime
    gone: bool = False

    def frame(self) -> dict[str, Any]:
        """As it travels to browsers. The same for everybody in the room, so that one frame serves all."""
        return {
            "room": self.room,
            "seq": self.seq,
            "id": self.id,
            "client_id": self.client_id,
            "author": {"id": self.author.id, "name": self.author.name},
            "html": str(self.html),
            "at": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **({"gone": True} if self.gone else {}),
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages in order, and whether there are others before and after them."""

    words: Sequence[Words]
    before: bool
    after: bool


class Here(NamedTuple):
    """What an event needs to know of a room and of the actor in it. `read_seq` is None when they are not in it.

    The last three tell of the room's newest epoch, if it has one: they never change, so that what was read stays true.
    """

    id: int
    public_id: str
    address: str
    last_seq: int
    read_seq: int | None
    epoch_id: int | None
    epoch_key: str | None
    epoch_until: date | None


RoomRef = Room | Here
GONE = Author("", "")

_later = aliased(Epoch)
#: Prepared once: an event passes here, and building a statement takes longer than running it.
_HERE = (
    select(
        Room.id,
        Room.public_id,
        Room.address,
        Room.last_seq,
        RoomMember.read_seq,
        Epoch.id,
        Epoch.key_id,
        Epoch.last_on,
    )
    .outerjoin_from(Room, RoomMember, (RoomMember.room_id == Room.id) & (RoomMember.person_id == bindparam("person")))
    .outerjoin(
        Epoch,
        (Epoch.room_id == Room.id)
        & (Epoch.number == select(func.max(_later.number)).where(_later.room_id == Room.id).scalar_subquery()),
    )
    .where(
        Room.public_id == bindparam("room"),
        policy.room_opens_to(bindparam("person"), everywhere=bindparam("everywhere", type_=Boolean)),
    )
)
#: The same for whoever travels: what they hide does not exist for them.
_HERE_TRAVELLING = _HERE.where(~hidden_by(bindparam("person"), policy.ROOM, Room.public_id))


def rooms(actor: Actor) -> list[RoomLine]:
    """The rooms that the actor may know of, their own first, with how much is unread in each. One query."""
    query = (
        policy.visible_rooms(actor)
        .add_columns(RoomMember.id, RoomMember.read_seq)
        .outerjoin(RoomMember, (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id))
        .order_by(RoomMember.id.is_(None), Room.id)
    )
    return [
        RoomLine(room, joined=member is not None, unread=max(0, room.last_seq - (read or 0)) if member else 0)
        for room, member, read in work.session().execute(query)
    ]


def unread_total(actor: Actor) -> int:
    """How many messages are unread in the actor's rooms."""
    return (
        work.session().scalar(
            policy.visible_rooms(actor)
            .join(RoomMember, (RoomMember.room_id == Room.id) & (RoomMember.person_id == actor.id))
            .with_only_columns(func.coalesce(func.sum(Room.last_seq - RoomMember.read_seq), 0))
        )
        or 0
    )


def get_room(actor: Actor, public_id: str) -> Room:
    """A room that the actor may know of. Raises NotFound."""
    room = work.session().scalars(policy.visible_rooms(actor).where(Room.public_id == public_id)).one_or_none()
    if room is None:
        raise NotFound
    return room


def get_here(actor: Actor, public_id: str) -> Here:
    """The same for events: one prepared statement, and whether the actor is in. Raises NotFound."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        raise NotFound
    asked = {"person": actor.id, "room": public_id, "everywhere": actor.holds(Permission.ROOMS_ALL)}
    here = _HERE if actor.holds(Permission.HIDDEN_SEE) else _HERE_TRAVELLING
    row = work.connection().execute(here, asked).one_or_none()
    if row is None:
        raise NotFound
    return Here(*row)


def membership_in(actor: Actor, room: Room) -> RoomMember | None:
    """How the actor is in the room, or None."""
    return (
        work.session()
        .scalars(select(RoomMember).where(RoomMember.room_id == room.id, RoomMember.person_id == actor.person_id))
        .one_or_none()
    )


def newest(actor: Actor, room: Room, limit: int = PAGE) -> Stretch:
    """The last messages of the room."""
    return older(actor, room, before=room.last_seq + 1, limit=limit)


def older(actor: Actor, room: Room, *, before: int, limit: int = PAGE) -> Stretch:
    """The messages just before a sequence number."""
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq < before)
    found = list(work.session().scalars(query.order_by(Message.seq.desc()).limit(limit + 1)))
    kept = sorted(found[:limit], key=lambda message: message.seq)
    return Stretch(_opened(room, kept), before=len(found) > limit, after=bool(kept) and kept[-1].seq < room.last_seq)


def around(actor: Actor, room: Room, *, seq: int) -> Stretch:
    """A page with the message of this number in its middle."""
    return older(actor, room, before=min(seq + PAGE // 2, room.last_seq) + 1)


def since(actor: Actor, room: RoomRef, *, after: int, limit: int = CATCH_UP) -> Stretch:
    """The messages that somebody who knows `after` has missed, oldest first."""
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq > after)
    found = list(work.session().scalars(query.order_by(Message.seq).limit(limit + 1)))
    return Stretch(_opened(room, found[:limit]), before=after > 0, after=len(found) > limit)


def find_sent(actor: Actor, room: RoomRef, client_id: str) -> Words | None:
    """What the actor already sent under this id, when a retry comes."""
    query = policy.visible_messages(actor).where(
        Message.room_id == room.id, Message.author_id == actor.person_id, Message.client_id == client_id
    )
    found = work.session().scalars(query).one_or_none()
    return _opened(room, [found])[0] if found else None


def sealed_place(public_id: str) -> Place:
    return Place("message", public_id, "sealed")


def packed(body: str, at: datetime) -> bytes:
    """The text and the time of a message as they are sealed together."""
    return orjson.dumps([body, at.timestamp()])


def shown(room: RoomRef, *, seq: int, public_id: str, client_id: str, author: Author, body: str, at: datetime) -> Words:
    """A message ready to be shown."""
    return Words(room.public_id, seq, public_id, client_id, author, text.render(body), at)


def _opened(room: RoomRef, messages: Sequence[Message]) -> list[Words]:
    """Open messages with a constant number of queries. Those whose epoch was shredded meanwhile are left out."""
    vault = work.house().vault
    epochs = {
        epoch.id: epoch.key_id
        for epoch in work.session().execute(
            select(Epoch.id, Epoch.key_id).where(Epoch.id.in_({message.epoch_id for message in messages}))
        )
    }
    vault.prefetch(epochs.values())
    names = names_in(Space.ROOMS, {message.author_id for message in messages if message.author_id is not None})
    opened = []
    for message in messages:
        try:
            plain = vault.open(epochs[message.epoch_id], sealed_place(message.public_id), message.sealed)
        except (Shredded, KeyError):
            continue
        body, stamp = orjson.loads(plain)
        author = Author(*names[message.author_id]) if message.author_id in names else GONE
        words = shown(
            room,
            seq=message.seq,
            public_id=message.public_id,
            client_id=message.client_id,
            author=author,
            body=body if message.state is MessageState.SHOWN else "",
            at=datetime.fromtimestamp(stamp, UTC),
        )
        opened.append(replace(words, gone=message.state is not MessageState.SHOWN))
    return opened


def get_message(actor: Actor, room: Room, seq: int) -> Words:
    """One message of a room. Raises NotFound."""
    query = policy.visible_messages(actor).where(Message.room_id == room.id, Message.seq == seq)
    found = work.session().scalars(query).one_or_none()
    opened = _opened(room, [found]) if found else []
    if not opened:
        raise NotFound
    return opened[0]


def body_of(message: Message) -> tuple[str, datetime]:
    """What somebody wrote, and when. Raises Shredded once its epoch is over."""
    plain = work.house().vault.open(key_of(message), sealed_place(message.public_id), message.sealed)
    body, stamp = orjson.loads(plain)
    return body, datetime.fromtimestamp(stamp, UTC)


def key_of(message: Message) -> str:
    """The key of the epoch that a message belongs to. Raises Shredded once that is over."""
    key_id = work.session().scalars(select(Epoch.key_id).where(Epoch.id == message.epoch_id)).one_or_none()
    if key_id is None:
        raise Shredded
    return key_id
