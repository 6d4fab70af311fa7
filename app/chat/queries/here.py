"""What an event needs to know of a room and of the actor in it: one prepared statement."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Boolean, bindparam, func, select
from sqlalchemy.orm import aliased

from app.chat import policy
from app.chat.models import Epoch, Membership, Room, RoomKind, RoomMember, RoomRole, RoomState
from app.identity.models import Space
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.kernel.prepared import Prepared
from app.safety.policy import hidden_by


class Here(NamedTuple):
    """A room, and how the actor is in it. `membership` is None when they are not, and so is what follows it until the epoch.

    The last three tell of the room's newest epoch, if it has one: they never change, so that what was read stays true.
    """

    id: int
    public_id: str
    kind: RoomKind
    state: RoomState
    space: Space | None
    address: str
    last_seq: int
    slow_seconds: int
    keep_days: int
    ends_at: datetime | None
    attended_at: datetime | None
    membership: Membership | None
    role: RoomRole | None
    read_seq: int | None
    own_keep_days: int | None
    paused_until: datetime | None
    wrote_at: datetime | None
    epoch_id: int | None
    epoch_key: str | None
    epoch_until: date | None

    @property
    def reads(self) -> bool:
        """Whether the actor reads here: they are in, or were asked into a conversation of two."""
        return self.membership is Membership.IN or (
            self.membership is Membership.ASKED and self.kind is RoomKind.DIRECT
        )


RoomRef = Room | Here

_later = aliased(Epoch)
_READ = (
    select(
        Room.id,
        Room.public_id,
        Room.kind,
        Room.state,
        Room.space,
        Room.address,
        Room.last_seq,
        Room.slow_seconds,
        Room.keep_days,
        Room.ends_at,
        Room.attended_at,
        RoomMember.state,
        RoomMember.role,
        RoomMember.read_seq,
        RoomMember.keep_days,
        RoomMember.paused_until,
        RoomMember.wrote_at,
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
_HERE = Prepared(_READ)
#: The same for whoever travels: what they hide does not exist for them.
_HERE_TRAVELLING = Prepared(_READ.where(~hidden_by(bindparam("person"), policy.ROOM, Room.public_id)))


def get_here(actor: Actor, public_id: str) -> Here:
    """A room that the actor may know of, and how they are in it. Raises NotFound."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        raise NotFound
    asked = {"person": actor.id, "room": public_id, "everywhere": actor.holds(Permission.ROOMS_ALL)}
    here = _HERE if actor.holds(Permission.HIDDEN_SEE) else _HERE_TRAVELLING
    row = here.row(asked)
    if row is None:
        raise NotFound
    return Here._make(row)


def get_inside(actor: Actor, public_id: str) -> Here:
    """The same for what only somebody does who reads there. Raises NotFound."""
    here = get_here(actor, public_id)
    if not here.reads:
        raise NotFound
    return here


def present_address(room: RoomRef) -> str:
    """Where a room's messages are published now: somebody may have left since it was read. For use inside an action."""
    return work.session().scalars(select(Room.address).where(Room.id == room.id)).one()
