"""How much somebody has not read: one rule for the list of rooms, the room, Home and what asks for attention."""

from sqlalchemy import ColumnElement, SQLColumnExpression, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from app.chat.models import Membership, Message, Room, RoomMember
from app.kernel.actor import Actor


def count_for(actor: Actor) -> ColumnElement[int]:
    """The unread messages of a room, where `Room` and the actor's `RoomMember` are in the statement; 0 outside it.

    Of the numbers after the last one that they read: without those whose time is over, without those whose words are
    taken away, without their own.
    """
    known = read_until()
    gone = aliased(Message)
    # As it stands in the condition of the index that holds the few of them.
    taken_away = gone.state != literal_column("'shown'")
    others = or_(gone.author_id.is_(None), gone.author_id != actor.id)
    lost = select(func.count()).where(gone.room_id == Room.id, gone.seq > known, taken_away, others)
    left = Room.last_seq - known - lost.correlate(Room, RoomMember).scalar_subquery()
    left -= func.coalesce(RoomMember.own_unread, 0)
    return case(((RoomMember.state == Membership.IN) & (Room.last_seq > known) & (left > 0), left), else_=0)


def is_gone(room_id: SQLColumnExpression[int], seq: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether the words of a message are not shown at present, or taken away."""
    gone = aliased(Message)
    here = (gone.room_id == room_id) & (gone.seq == seq)
    return exists().where(here, gone.state != literal_column("'shown'"))


def read_until() -> ColumnElement[int]:
    """The number up to which everything is read or gone with its time."""
    first = Room.first_seq - 1
    return case((RoomMember.read_seq > first, RoomMember.read_seq), else_=first)
