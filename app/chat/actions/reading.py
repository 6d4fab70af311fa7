"""How far somebody has read in a room, and from where on they keep it unread."""

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select, update

from app.chat import policy, queries
from app.chat.actions.private import ACCEPTED, WROTE
from app.chat.models import PRIVATE, Membership, Message, Room, RoomMember
from app.chat.queries import RoomRef
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.work import action
from app.notifications.actions import mark_seen


@action
def mark_read(actor: Actor, room: RoomRef, *, seq: int) -> None:
    """Note how far the actor has read. Never goes back, never past the last message."""
    last, session = min(seq, room.last_seq), work.session()
    mine = _mine(actor) & (RoomMember.room_id == room.id)
    read = update(RoomMember).where(mine, RoomMember.read_seq < last).values(read_seq=last)
    kept = session.execute(read.returning(RoomMember.own_unread)).scalar_one_or_none()
    if kept is not None:  # whoever kept something unread has read on
        session.execute(update(RoomMember).where(mine).values(own_unread=func.nullif(_own_after(last), 0)))
    if room.kind in PRIVATE and last == room.last_seq:
        mark_seen(actor, (ACCEPTED, WROTE), room.public_id)


@action
def mark_unread(actor: Actor, room: queries.Here, *, seq: int) -> None:
    """Keep a message and what follows it unread, until the actor reads on. Raises NotFound when they do not see it."""
    if room.membership is not Membership.IN:
        raise NotFound
    message = queries.get_row(actor, room, seq)
    work.session().execute(
        update(RoomMember)
        .where(_mine(actor), RoomMember.room_id == room.id)
        .values(read_seq=message.seq - 1, own_unread=_own_after(message.seq - 1))
    )


@action
def stay_behind(actor: Actor, room: queries.Here) -> None:
    """Count no more as read than before, though the actor has just written: under a topic one sees what belongs to it."""
    mine = _mine(actor) & (RoomMember.room_id == room.id)
    behind = {"read_seq": room.read_seq, "own_unread": _own_after(room.read_seq or 0)}
    work.session().execute(update(RoomMember).where(mine).values(**behind))


@action
def mark_all_read(actor: Actor) -> None:
    """Count everything as read in each of the actor's rooms that they may know of at present."""
    known = policy.visible_rooms(actor).with_only_columns(Room.id)
    last = select(Room.last_seq).where(Room.id == RoomMember.room_id).scalar_subquery()
    work.session().execute(
        update(RoomMember)
        .where(_mine(actor), RoomMember.room_id.in_(known))
        .values(read_seq=last, own_unread=None)
        .execution_options(synchronize_session=False)
    )


def count_own_anew(whose: ColumnElement[bool]) -> None:
    """Count again how many of their own stand among what members keep unread, after messages went. For use inside an action."""
    work.session().execute(
        update(RoomMember)
        .where(whose, RoomMember.own_unread.is_not(None))
        .values(own_unread=_own_after(RoomMember.read_seq))
        .execution_options(synchronize_session=False)
    )


def _mine(actor: Actor) -> ColumnElement[bool]:
    return (RoomMember.person_id == actor.person_id) & (RoomMember.state == Membership.IN)


def _own_after(seq: int | SQLColumnExpression[int]) -> ColumnElement[int]:
    """How many messages of their own somebody has after a number, for an UPDATE of `RoomMember`."""
    theirs = (Message.room_id == RoomMember.room_id) & (Message.author_id == RoomMember.person_id)
    counted = select(func.count()).where(theirs, Message.seq > seq)
    return counted.correlate(RoomMember).scalar_subquery()
