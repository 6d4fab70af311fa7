"""Messages and members that come from elsewhere: the demo, and moving house."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import insert, update

from app.chat import queries
from app.chat.actions.epochs import EPOCH_DAYS, LATEST_EPOCH, begin_epoch
from app.chat.actions.indexing import INDEX
from app.chat.models import Membership, Message, MessageState, Room, RoomMember, RoomRole, Topic
from app.chat.queries.terms import terms_of
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id
from app.kernel.jobs import enqueue
from app.kernel.work import action


@action
def import_messages(
    actor: Actor, room: Room, messages: list[tuple[int, str, datetime]], *, topic: Topic | None = None
) -> None:
    """Store messages written elsewhere or before, in order, without telling anyone. For the demo and for moving house.

    Each is (author's row number, text, moment); moments must not go back. All of them stand under the topic, if one is
    given. Epochs are made as they would have been then.
    """
    ensure(actor.kind is Kind.SYSTEM)
    session, vault = work.session(), work.house().vault
    # All numbers at once. As when a message is stored, whoever writes next waits until they are committed.
    taken = update(Room).where(Room.id == room.id).values(last_seq=Room.last_seq + len(messages))
    last_seq = session.scalars(taken.returning(Room.last_seq)).one()
    latest = work.connection().execute(LATEST_EPOCH, {"room": room.id}).one_or_none()
    number, rows = latest.number if latest else 0, []
    epochs: dict[date, tuple[int, str]] = {}
    for seq, (author_id, body, at) in enumerate(messages, start=last_seq - len(messages) + 1):
        week = at.date() - timedelta(days=at.date().toordinal() % EPOCH_DAYS)
        if week not in epochs:
            number += 1
            epochs[week] = begin_epoch(room.id, number, week)
        epoch_id, key_id = epochs[week]
        public_id, content = new_public_id(), queries.Content(body, at)
        rows.append(
            {
                "public_id": public_id,
                "room_id": room.id,
                "epoch_id": epoch_id,
                "author_id": author_id,
                "seq": seq,
                "client_id": public_id,
                "state": MessageState.SHOWN,
                "topic_id": topic.id if topic else None,
                "sealed": vault.seal(key_id, queries.sealed_place(public_id), queries.packed(content)),
                "terms": terms_of(key_id, author_id, content),
            }
        )
    if rows:
        session.execute(insert(Message), rows)
        enqueue(INDEX, room=room.id)
    audit.record(actor, "room.import", target_kind="room", target=room.public_id, reason=str(len(rows)))


@action
def import_members(
    actor: Actor, room: Room, members: list[tuple[int, int, date]], *, hosts: Collection[int] = ()
) -> None:
    """Put people into a room as they were there before, without telling anyone. For the demo and for moving house.

    Each is (person's row number, number of the last message they have read, day on which they joined). Those of `hosts`
    host it.
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
                    "state": Membership.IN,
                    "role": RoomRole.HOST if person_id in hosts else RoomRole.MEMBER,
                }
                for person_id, read_seq, joined_on in members
            ],
        )
        session.execute(update(Room).where(Room.id == room.id).values(members=Room.members + len(members)))
    audit.record(actor, "room.import-members", target_kind="room", target=room.public_id, reason=str(len(members)))
