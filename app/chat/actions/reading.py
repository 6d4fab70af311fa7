"""How far somebody has read in a room."""

from sqlalchemy import update

from app.chat.models import Membership, RoomMember
from app.chat.queries import RoomRef
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.work import action


@action
def mark_read(actor: Actor, room: RoomRef, *, seq: int) -> None:
    """Note how far the actor has read. Never goes back, never past the last message."""
    work.session().execute(
        update(RoomMember)
        .where(
            RoomMember.room_id == room.id,
            RoomMember.person_id == actor.person_id,
            RoomMember.state == Membership.IN,
            RoomMember.read_seq < min(seq, room.last_seq),
        )
        .values(read_seq=min(seq, room.last_seq))
    )
