"""Circles: planned, begun by a host, written in while a host is there, emptied at once when they are over."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.chat import policy, queries
from app.chat.actions.attaching import drop_files_of_room
from app.chat.actions.epochs import forget_epoch
from app.chat.actions.rooms import as_known, hold_room, tell_state
from app.chat.models import Epoch, Room, RoomKind, RoomRole, RoomState, Topic
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.jobs import enqueue
from app.kernel.live import publish
from app.kernel.states import move
from app.kernel.work import action

#: The task that ends circles whose time is over.
END = "chat.end-circles"
#: A host who does something in a circle is noted once in so long.
NOTED = timedelta(minutes=1)
TOO_EARLY = N_("This circle can be begun from an hour before its time.")
IN_THE_PAST = N_("Choose a time that is still to come.")


@action
def plan_circle(actor: Actor, room: queries.RoomRef, *, begins_at: datetime, minutes: int) -> None:
    """Plan a circle that has not begun, or that is over, for another time. Raises Forbidden, Invalid, Conflict."""
    here = hold_room(actor, room)
    ensure(policy.can_lead(actor, here))
    if begins_at <= now():
        raise Invalid(IN_THE_PAST)
    found = _as_stored(here)
    times: dict[str, Any] = {"begins_at": begins_at, "ends_at": begins_at + timedelta(minutes=minutes)}
    if found.state is RoomState.PLANNED:
        work.session().execute(update(Room).where(Room.id == found.id).values(**times))
    else:
        move(work.session(), found, RoomState.PLANNED, **times)
        tell_state(found)
    audit.record(as_known(actor, here), "circle.plan", target_kind="room", target=here.public_id)


@action
def begin_circle(actor: Actor, room: queries.RoomRef) -> None:
    """Begin a planned circle: it lasts as long as was planned, from now on. Raises Forbidden, Invalid, Conflict."""
    here = hold_room(actor, room)
    ensure(policy.can_lead(actor, here))
    found, moment = _as_stored(here), now()
    if found.state is not RoomState.PLANNED or found.begins_at is None or found.ends_at is None:
        raise Conflict
    if moment < found.begins_at - policy.EARLY:
        raise Invalid(TOO_EARLY)
    lasts = found.ends_at - found.begins_at
    move(work.session(), found, RoomState.OPEN, begins_at=moment, ends_at=moment + lasts, attended_at=moment)
    tell_state(found)
    enqueue(END, after=lasts)
    audit.record(as_known(actor, here), "circle.begin", target_kind="room", target=here.public_id)


@action
def end_circle(actor: Actor, room: queries.RoomRef) -> None:
    """End a circle, or one that was planned. All that was said in it is gone with this. Raises Forbidden, Conflict."""
    here = hold_room(actor, room)
    ensure(policy.can_lead(actor, here))
    _end(as_known(actor, here), _as_stored(here))


@action
def end_circles(actor: Actor) -> int:
    """End every circle whose time is over, also those that nobody began. Returns how many.

    Safe to run at any time: what a job that was killed did not end, the next one ends.
    """
    ensure(actor.kind is Kind.SYSTEM)
    over = select(Room).where(Room.kind == RoomKind.CIRCLE, Room.state != RoomState.ENDED, Room.ends_at <= now())
    # In the order of their numbers, so that two jobs do not wait for each other.
    found = work.session().scalars(over.order_by(Room.id).with_for_update()).all()
    for room in found:
        _end(actor, room)
    return len(found)


def note_host(here: queries.Here) -> None:
    """Note that whoever is `here`, if they host a circle that is on, does something in it. Nobody is told.

    At most once a minute: everywhere else, and for everybody else, this costs nothing.
    """
    if here.kind is not RoomKind.CIRCLE or here.role is not RoomRole.HOST or here.state is not RoomState.OPEN:
        return
    moment = now()
    if here.attended_at is None or here.attended_at + NOTED <= moment:
        work.in_passing(_note, here.id, moment)


@action
def _note(room_id: int, moment: datetime) -> None:
    work.session().execute(
        update(Room).where(Room.id == room_id, Room.state == RoomState.OPEN).values(attended_at=moment)
    )


def empty_room(room: Room) -> None:
    """Remove all that was ever said in a room, and have its keys shredded once that is committed."""
    session = work.session()
    epochs = session.scalars(select(Epoch).where(Epoch.room_id == room.id)).all()
    keys = [epoch.key_id for epoch in epochs]
    for epoch in epochs:
        forget_epoch(epoch)
    drop_files_of_room(room.id)  # those too that still wait for a message
    session.execute(delete(Topic).where(Topic.room_id == room.id))
    if room.key_id is not None:
        keys.append(room.key_id)
        room.key_id = room.title = None
    session.flush()
    if keys:
        enqueue("vault.shred", keys=keys)


def _end(actor: Actor, room: Room) -> None:
    moment = now()
    over = min(room.ends_at, moment) if room.ends_at else moment
    move(work.session(), room, RoomState.ENDED, attended_at=None, slow_seconds=0, ends_at=over)
    empty_room(room)
    publish(room.address, "room.gone", {"room": room.public_id, "all": True, "by": RoomState.ENDED.value})
    tell_state(room)
    audit.record(actor, "circle.end", target_kind="room", target=room.public_id)


def _as_stored(here: queries.Here) -> Room:
    return work.session().get_one(Room, here.id, populate_existing=True)
