"""Verbs of rooms: the only writers of rooms, memberships, epochs and messages."""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from app.chat import policy, queries
from app.chat.models import Epoch, Message, Room, RoomMember
from app.chat.queries import RoomRef
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import NotFound
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.lines import together
from app.kernel.live import publish
from app.kernel.vault import Purpose
from app.kernel.work import action

ROOM, MEMBER, EPOCH, MESSAGE = (cast("Table", model.__table__) for model in (Room, RoomMember, Epoch, Message))
POSTING = Budget("post", "20 per 10 second; 400 per hour")
#: A key serves a room for this long (days). Messages live from `keep_days` to `keep_days + EPOCH_DAYS`.
EPOCH_DAYS = 7


def post_message(actor: Actor, room: queries.Here, *, client_id: str, body: str) -> queries.Words:
    """Store a message, tell the room, and return it as stored. Returned means committed.

    The same `client_id` again returns what was stored the first time. Raises NotFound when the actor is not in the
    room, TooMany when they write faster than a person does.
    """
    ensure(policy.can_post(actor))
    work.house().budgets.spend(POSTING, actor.public_id)
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
_LATEST_EPOCH = (
    select(EPOCH.c.id, EPOCH.c.key_id, EPOCH.c.number, EPOCH.c.last_on)
    .where(EPOCH.c.room_id == bindparam("room"))
    .order_by(EPOCH.c.number.desc())
    .limit(1)
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
        epoch_id, key_id = _present_epoch(room, moment.date())
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
            author=queries.Author(actor.public_id, actor.name),
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


@action
def join_room(actor: Actor, room: Room) -> None:
    """Put the actor into the room, with everything so far counted as read. Twice is as good as once."""
    ensure(policy.can_join(actor, room))
    session = work.session()
    insert_once = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    added = session.execute(
        insert_once(RoomMember)
        .values(room_id=room.id, person_id=actor.person_id, read_seq=room.last_seq, joined_on=now().date())
        .on_conflict_do_nothing()
        .returning(RoomMember.id)
    ).one_or_none()
    if added is not None:
        session.execute(update(Room).where(Room.id == room.id).values(members=Room.members + 1))


@action
def leave_room(actor: Actor, room: Room) -> None:
    """Take the actor out and move the room to a new address in the same transaction.

    Whoever still listens at the old address hears only that the room has moved, asks for it again, and is let in or
    not.
    """
    session = work.session()
    # The room's row first, as when a message is stored: in the other order two devices could wait for each other.
    before = session.scalars(select(Room.address).where(Room.id == room.id).with_for_update()).one()
    gone = session.execute(
        delete(RoomMember)
        .where(RoomMember.room_id == room.id, RoomMember.person_id == actor.person_id)
        .returning(RoomMember.id)
    ).one_or_none()
    if gone is None:
        return
    session.execute(update(Room).where(Room.id == room.id).values(members=Room.members - 1, address=new_address()))
    publish(before, "room.moved", {"room": room.public_id})


@action
def open_room(
    actor: Actor, *, name_ar: str, name_en: str, about_ar: str = "", about_en: str = "", keep_days: int = 90
) -> Room:
    """Make a room that members may join by themselves."""
    ensure(actor.kind is Kind.SYSTEM)
    room = Room(
        public_id=new_public_id(),
        name_ar=name_ar,
        name_en=name_en,
        about_ar=about_ar,
        about_en=about_en,
        address=new_address(),
        keep_days=keep_days,
    )
    work.session().add(room)
    work.session().flush()
    audit.record(actor, "room.open", target_kind="room", target=room.public_id)
    return room


@action
def forget_old_epochs(actor: Actor) -> int:
    """Remove messages whose time is over, and shred their keys once that is committed. Returns how many epochs went."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    today = now().date()
    over = [
        epoch
        for epoch, keep_days in session.execute(select(Epoch, Room.keep_days).join(Room, Room.id == Epoch.room_id))
        if epoch.last_on + timedelta(days=keep_days) < today
    ]
    for epoch in over:
        session.execute(delete(Message).where(Message.room_id == epoch.room_id, Message.epoch_id == epoch.id))
        session.delete(epoch)
    if over:
        enqueue("vault.shred", keys=[epoch.key_id for epoch in over])
        audit.record(actor, "room.forget", target_kind="epochs", target=str(len(over)))
    return len(over)


def new_address() -> str:
    """Where a room's messages are published until somebody leaves."""
    return secrets.token_urlsafe(18)


def _present_epoch(room: queries.Here, today: date) -> tuple[int, str]:
    """The row and the key of the epoch that today belongs to, begun now when the last one is over."""
    if room.epoch_id is not None and room.epoch_key is not None and room.epoch_until and today <= room.epoch_until:
        return room.epoch_id, room.epoch_key
    # Somebody may have begun it since the room was read; its row is ours by now, so nobody can any more.
    latest = work.connection().execute(_LATEST_EPOCH, {"room": room.id}).one_or_none()
    if latest is not None and today <= latest.last_on:
        return latest.id, latest.key_id
    return _begin_epoch(room.id, latest.number + 1 if latest else 1, today)


def _begin_epoch(room_id: int, number: int, first_day: date) -> tuple[int, str]:
    key_id = work.house().vault.create_key(Purpose.ROOM_EPOCH)
    begun = work.connection().execute(
        insert(Epoch)
        .values(
            room_id=room_id,
            number=number,
            key_id=key_id,
            began_on=first_day,
            last_on=first_day + timedelta(days=EPOCH_DAYS - 1),
        )
        .returning(Epoch.id)
    )
    return begun.one().id, key_id


@action
def import_messages(actor: Actor, room: Room, messages: list[tuple[int, str, datetime]]) -> None:
    """Store messages written elsewhere or before, in order, without telling anyone. For the demo and for moving house.

    Each is (author's row number, text, moment); moments must not go back. Epochs are made as they would have been then.
    """
    ensure(actor.kind is Kind.SYSTEM)
    session, vault = work.session(), work.house().vault
    # All numbers at once. As when a message is stored, whoever writes next waits until they are committed.
    taken = update(Room).where(Room.id == room.id).values(last_seq=Room.last_seq + len(messages))
    last_seq = session.scalars(taken.returning(Room.last_seq)).one()
    latest = work.connection().execute(_LATEST_EPOCH, {"room": room.id}).one_or_none()
    number, rows = latest.number if latest else 0, []
    epochs: dict[date, tuple[int, str]] = {}
    for seq, (author_id, body, at) in enumerate(messages, start=last_seq - len(messages) + 1):
        week = at.date() - timedelta(days=at.date().toordinal() % EPOCH_DAYS)
        if week not in epochs:
            number += 1
            epochs[week] = _begin_epoch(room.id, number, week)
        epoch_id, key_id = epochs[week]
        public_id = new_public_id()
        rows.append(
            {
                "public_id": public_id,
                "room_id": room.id,
                "epoch_id": epoch_id,
                "author_id": author_id,
                "seq": seq,
                "client_id": public_id,
                "sealed": vault.seal(key_id, queries.sealed_place(public_id), queries.packed(body, at)),
            }
        )
    if rows:
        session.execute(insert(Message), rows)
    audit.record(actor, "room.import", target_kind="room", target=room.public_id, reason=str(len(rows)))


@action
def import_members(actor: Actor, room: Room, members: list[tuple[int, int, date]]) -> None:
    """Put people into a room as they were there before, without telling anyone. For the demo and for moving house.

    Each is (person's row number, number of the last message they have read, day on which they joined).
    """
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    if members:
        session.execute(
            insert(RoomMember),
            [
                {
                    "room_id": room.id,
                    "person_id": person_id,
                    "read_seq": min(read_seq, room.last_seq),
                    "joined_on": joined_on,
                }
                for person_id, read_seq, joined_on in members
            ],
        )
        session.execute(update(Room).where(Room.id == room.id).values(members=Room.members + len(members)))
    audit.record(actor, "room.import-members", target_kind="room", target=room.public_id, reason=str(len(members)))
