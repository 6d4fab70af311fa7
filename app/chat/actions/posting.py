"""Writing in a room, and how far one has read."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.exc import IntegrityError

from app.chat import policy, queries
from app.chat.actions.epochs import present_epoch
from app.chat.models import Message, Room, RoomMember
from app.chat.queries import RoomRef
from app.kernel import text, work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Forbidden, Invalid, NotFound
from app.kernel.limits import Budget
from app.kernel.lines import together
from app.kernel.live import publish
from app.kernel.work import action

ROOM, MEMBER, MESSAGE = (cast("Table", model.__table__) for model in (Room, RoomMember, Message))
POSTING = Budget("post", "20 per 10 second; 400 per hour")
#: In probation, and wherever links are withheld.
POSTING_NEW = Budget("post-new", "6 per 10 second; 60 per hour")
PAUSED = N_("Writing is paused for you at present. Your standing, under Me, says why and until when. Reading goes on.")
NO_LINKS_YET = N_("Links cannot be sent by you at present. Take the address out, or describe where to find it.")


def post_message(actor: Actor, room: queries.Here, *, client_id: str, body: str) -> queries.Words:
    """Store a message, tell the room, and return it as stored. Returned means committed.

    The same `client_id` again returns what was stored the first time. Raises NotFound when the actor is not in the
    room, TooMany when they write faster than a person does.
    """
    if not policy.can_post(actor):
        raise Forbidden(PAUSED)
    links = actor.holds(Permission.LINKS_SEND)
    work.house().budgets.spend(POSTING if links else POSTING_NEW, actor.public_id)
    if not links and text.has_link(body):
        raise Invalid(NO_LINKS_YET)
    try:
        return _store_message(Draft(actor, room, client_id, body))
    except IntegrityError:
        # A retry whose first answer was lost, or the same message from two tabs at once: it is stored already.
        sent = queries.find_sent(actor, room, client_id)
        if sent is None:
            raise
        return sent


#: Prepared once, since every message passes here (docs/performance).
_TAKE_NUMBERS = (
    update(ROOM)
    .where(ROOM.c.id == bindparam("room"))
    .values(last_seq=ROOM.c.last_seq + bindparam("wanted"))
    .returning(ROOM.c.last_seq, ROOM.c.address)
)
_READ_OWN = (
    update(MEMBER)
    .where(MEMBER.c.room_id == bindparam("room"), MEMBER.c.person_id == bindparam("person"))
    .values(read_seq=bindparam("seq"))
)
_INSERT_MESSAGE = insert(MESSAGE)


class Draft(NamedTuple):
    """A message on its way into a room."""

    actor: Actor
    room: queries.Here
    client_id: str
    body: str


@together
@action
def _store_message(drafts: Sequence[Draft]) -> list[queries.Words]:
    """Store messages in the order in which they came. When one cannot be stored, none is."""
    connection, vault, moment = work.connection(), work.house().vault, now()
    places = {}
    # In one order everywhere, so that two processes never wait for each other's rooms.
    for room_id, wanted in sorted(Counter(draft.room.id for draft in drafts).items()):
        # The room's row is locked by taking numbers: whoever writes next waits, and numbers are committed in order.
        taken = connection.execute(_TAKE_NUMBERS, {"room": room_id, "wanted": wanted}).one()
        places[room_id] = (taken.address, count(taken.last_seq - wanted + 1))
    read, rows, stored = [], [], []
    for draft in drafts:
        actor, room = draft.actor, draft.room
        address, numbers = places[room.id]
        seq, public_id = next(numbers), new_public_id()
        epoch_id, key_id = present_epoch(room, moment.date())
        sealed = vault.seal(key_id, queries.sealed_place(public_id), queries.packed(draft.body, moment))
        read.append({"room": room.id, "person": actor.person_id, "seq": seq})
        rows.append(
            {
                "public_id": public_id,
                "room_id": room.id,
                "epoch_id": epoch_id,
                "author_id": actor.person_id,
                "seq": seq,
                "client_id": draft.client_id,
                "sealed": sealed,
            }
        )
        words = queries.shown(
            room,
            seq=seq,
            public_id=public_id,
            client_id=draft.client_id,
            author=queries.me_in_rooms(actor),
            body=draft.body,
            at=moment,
        )
        publish(address, "room.message", words.frame())
        stored.append(words)
    if connection.execute(_READ_OWN, read).rowcount < len(read):
        raise NotFound  # somebody is not in the room, which looks the same as a room that does not exist
    connection.execute(_INSERT_MESSAGE, rows)
    return stored


@action
def mark_read(actor: Actor, room: RoomRef, *, seq: int) -> None:
    """Note how far the actor has read. Never goes back, never past the last message."""
    work.session().execute(
        update(RoomMember)
        .where(
            RoomMember.room_id == room.id,
            RoomMember.person_id == actor.person_id,
            RoomMember.read_seq < min(seq, room.last_seq),
        )
        .values(read_seq=min(seq, room.last_seq))
    )
