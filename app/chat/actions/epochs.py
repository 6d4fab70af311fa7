"""Epochs of a room: each is a week sealed with one key, which is shredded when the week's messages are over."""

from datetime import date, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, func, insert, select, update

from app.chat import queries
from app.chat.actions.attaching import drop_files_until
from app.chat.actions.indexing import hold_index
from app.chat.actions.reading import count_own_anew
from app.chat.models import Epoch, Mention, Message, Pin, Posting, Reaction, Room, RoomMember
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.jobs import enqueue
from app.kernel.vault import Purpose
from app.kernel.work import action

EPOCH = cast("Table", Epoch.__table__)
#: A key serves a room for this long (days). Messages live from `keep_days` to `keep_days + EPOCH_DAYS`.
EPOCH_DAYS = 7
LATEST_EPOCH = (
    select(EPOCH.c.id, EPOCH.c.key_id, EPOCH.c.number, EPOCH.c.last_on)
    .where(EPOCH.c.room_id == bindparam("room"))
    .order_by(EPOCH.c.number.desc())
    .limit(1)
)


def present_epoch(room: queries.Here, today: date) -> tuple[int, str]:
    """The row and the key of the epoch that today belongs to, begun now when the last one is over."""
    if room.epoch_id is not None and room.epoch_key is not None and room.epoch_until and today <= room.epoch_until:
        return room.epoch_id, room.epoch_key
    # Somebody may have begun it since the room was read; its row is ours by now, so nobody can any more.
    latest = work.connection().execute(LATEST_EPOCH, {"room": room.id}).one_or_none()
    if latest is not None and today <= latest.last_on:
        return latest.id, latest.key_id
    return begin_epoch(room.id, latest.number + 1 if latest else 1, today, days=min(EPOCH_DAYS, room.keep_days))


def begin_epoch(room_id: int, number: int, first_day: date, *, days: int = EPOCH_DAYS) -> tuple[int, str]:
    """A new key, and the row of the days that it seals: a week, or fewer where words are kept for fewer."""
    key_id = work.house().vault.create_key(Purpose.ROOM_EPOCH)
    begun = work.connection().execute(
        insert(Epoch)
        .values(
            room_id=room_id,
            number=number,
            key_id=key_id,
            began_on=first_day,
            last_on=first_day + timedelta(days=days - 1),
        )
        .returning(Epoch.id)
    )
    return begun.one().id, key_id


def forget_epoch(epoch: Epoch) -> None:
    """Remove a stretch of a room's life with everything that hangs on it. Its key is for the caller to shred."""
    session = work.session()
    theirs = (Message.room_id == epoch.room_id) & (Message.epoch_id == epoch.id)
    hold_index(epoch.room_id)
    last = session.scalar(select(func.max(Message.seq)).where(theirs))
    session.execute(delete(Posting).where(Posting.epoch_id == epoch.id))
    if last is not None:
        for hanging in (Reaction, Mention, Pin):
            session.execute(delete(hanging).where(hanging.room_id == epoch.room_id, hanging.seq <= last))
        drop_files_until(epoch.room_id, last)
        session.execute(delete(Message).where(theirs))
        first = update(Room).where(Room.id == epoch.room_id, Room.first_seq <= last)
        session.execute(first.values(first_seq=last + 1))
        count_own_anew(RoomMember.room_id == epoch.room_id)
    session.delete(epoch)


def kept_for(epoch: Epoch, keep_days: int) -> int:
    """For how many days the words of an epoch are kept in a room that keeps them for so many now.

    Never for longer than was said when they were written.
    """
    return keep_days if epoch.keep_days is None else min(epoch.keep_days, keep_days)


@action
def forget_old_epochs(actor: Actor) -> int:
    """Remove messages whose time is over, and shred their keys once that is committed. Returns how many epochs went."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    today = now().date()
    over = [
        epoch
        for epoch, keep_days in session.execute(select(Epoch, Room.keep_days).join(Room, Room.id == Epoch.room_id))
        if epoch.last_on + timedelta(days=kept_for(epoch, keep_days)) < today
    ]
    for epoch in over:
        forget_epoch(epoch)
    if over:
        enqueue("vault.shred", keys=[epoch.key_id for epoch in over])
        audit.record(actor, "room.forget", target_kind="epochs", target=str(len(over)))
    return len(over)
