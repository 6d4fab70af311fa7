"""Opening, joining and leaving rooms, and how somebody keeps one among their own."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from app.chat import policy, queries
from app.chat.models import PRIVATE, Membership, Pause, Room, RoomKind, RoomMember, RoomRole, RoomState
from app.chat.queries.outside import is_put_out
from app.kernel import audit, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.errors import N_, Conflict, Forbidden, NotFound
from app.kernel.limits import Budget
from app.kernel.live import publish
from app.kernel.vault import Purpose
from app.kernel.work import action

OPENING = Budget("open-room", "5 per day")
#: Whoever leaves has everybody's page look for the room anew: nobody comes and goes all the time.
COMING = Budget("join-room", "60 per hour; 200 per day")
PUT_OUT = N_("You were put out of this room. Those who keep it in order can let you in again.")
LAST_HOST = N_("You are the only host here. Name another host first, or close the room; then you can leave.")
#: Days for which a circle would keep messages if it were never ended.
CIRCLE_DAYS = 7


@action
def join_room(actor: Actor, room: Room) -> None:
    """Put the actor into the room, with everything so far counted as read. Twice is as good as once.

    Raises Forbidden, in words for whoever was put out, TooMany.
    """
    ensure(policy.can_join(actor, room))
    if actor.kind is not Kind.SYSTEM:
        work.house().budgets.spend(COMING, actor.public_id)
    # The room first, as everywhere: whoever is put out at the same moment comes in before it, or not at all.
    work.session().execute(select(Room.id).where(Room.id == room.id).with_for_update()).one()
    put_in(actor.person_id, room)


@action
def leave_room(actor: Actor, room: Room) -> None:
    """Take the actor out and move the room to a new address in the same transaction.

    Whoever still listens at the old address hears only that the room has moved, asks for it again, and is let in or
    not. Raises Conflict for the last host of a room in which people write.
    """
    session = work.session()
    # The room's row first, as when a message is stored: in the other order two devices could wait for each other.
    held = select(Room).where(Room.id == room.id).with_for_update().execution_options(populate_existing=True)
    there = session.scalars(held).one()
    if there.kind in PRIVATE:
        raise NotFound  # conversations have verbs of their own
    before = there.address
    mine = (RoomMember.room_id == room.id) & (RoomMember.person_id == actor.person_id)
    role = session.scalar(select(RoomMember.role).where(mine, RoomMember.state == Membership.IN))
    if role is None:
        return
    if policy.needs_a_host(there, role) and not has_other_host(room, actor.person_id):
        raise Conflict(LAST_HOST)
    session.execute(delete(RoomMember).where(mine))
    session.execute(update(Room).where(Room.id == room.id).values(members=Room.members - 1, address=new_address()))
    publish(before, "room.moved", {"room": room.public_id})


@action
def leave_all_rooms(actor: Actor, person_id: int) -> None:
    """Take somebody who is erased out of every room, each of which moves to a new address.

    But for where they were only asked, or said no: that it moved would tell of it.
    """
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    theirs = select(Room).join(RoomMember, RoomMember.room_id == Room.id).where(RoomMember.person_id == person_id)
    # In the order of their numbers, so that two who leave several rooms do not wait for each other.
    for room in session.scalars(theirs.order_by(Room.id).with_for_update(of=Room)).all():
        mine = delete(RoomMember).where(RoomMember.room_id == room.id, RoomMember.person_id == person_id)
        was_in = session.execute(mine.returning(RoomMember.state)).scalar_one() is Membership.IN
        if was_in:
            before, moved = room.address, {"members": Room.members - 1, "address": new_address()}
            session.execute(update(Room).where(Room.id == room.id).values(**moved))
            publish(before, "room.moved", {"room": room.public_id})


@action
def open_room(
    actor: Actor,
    *,
    name_ar: str,
    name_en: str,
    about_ar: str = "",
    about_en: str = "",
    keep_days: int = 90,
    for_newcomers: bool = False,
    kind: RoomKind = RoomKind.OPEN,
    begins_at: datetime | None = None,
    minutes: int = 0,
) -> Room:
    """Make a room, of which whoever opens it is the host. A circle is planned to begin then and to last so long.

    Raises Forbidden for kinds that the actor may not open, TooMany.
    """
    ensure(actor.kind is Kind.SYSTEM or kind in policy.kinds_to_open(actor))
    if actor.kind is not Kind.SYSTEM:
        work.house().budgets.spend(OPENING, actor.public_id)
    is_circle = kind is RoomKind.CIRCLE
    room = Room(
        kind=kind,
        state=RoomState.PLANNED if is_circle else RoomState.OPEN,
        public_id=new_public_id(),
        name_ar=name_ar,
        name_en=name_en,
        about_ar=about_ar,
        about_en=about_en,
        address=new_address(),
        keep_days=CIRCLE_DAYS if is_circle else keep_days,
        for_newcomers=for_newcomers,
        begins_at=begins_at if is_circle else None,
        ends_at=begins_at + timedelta(minutes=minutes) if is_circle and begins_at else None,
    )
    work.session().add(room)
    work.session().flush()
    if actor.id is not None:
        put_in(actor.id, room, RoomRole.HOST)
    audit.record(as_known(actor, room), "room.open", target_kind="room", target=room.public_id)
    return room


@action
def mute_room(actor: Actor, room: Room, how: policy.Mute) -> None:
    """Have a room that the actor is in not ask for their attention for a while, or ask again. Raises NotFound."""
    until = policy.muted_until(how, now())
    _note(actor, room, muted_until=until)


@action
def favour_room(actor: Actor, room: Room, *, favourite: bool) -> None:
    """Let a room that the actor is in stand before the others in their list, or not. Raises NotFound."""
    _note(actor, room, favourite=favourite)


def put_in(person_id: int, room: Room, role: RoomRole = RoomRole.MEMBER) -> None:
    """Put somebody into a room, whether or not they were asked, with everything so far counted as read.

    A pause of their writing there comes with them. Twice is as good as once. For use inside an action, once the room
    is held. Raises Forbidden for whoever was put out of it.
    """
    session = work.session()
    before = session.execute(
        select(RoomMember.state).where(RoomMember.room_id == room.id, RoomMember.person_id == person_id)
    ).scalar_one_or_none()
    if before is Membership.IN:
        return
    if is_put_out(room, person_id):
        raise Forbidden(PUT_OUT)
    paused = select(Pause.until).where(Pause.room_id == room.id, Pause.person_id == person_id).scalar_subquery()
    values = {
        "state": Membership.IN,
        "role": role,
        "joined_on": now().date(),
        "asked_by_id": None,
        "paused_until": paused,
    }
    if before is None:
        added = session.execute(
            insert_once(session, RoomMember)
            .values(room_id=room.id, person_id=person_id, read_seq=room.last_seq, favourite=False, **values)
            .returning(RoomMember.id)
        ).one_or_none()
    else:
        asked = update(RoomMember).where(
            RoomMember.room_id == room.id, RoomMember.person_id == person_id, RoomMember.state != Membership.IN
        )
        added = session.execute(asked.values(read_seq=room.last_seq, **values).returning(RoomMember.id)).one_or_none()
    if added is not None:
        session.execute(update(Room).where(Room.id == room.id).values(members=Room.members + 1))


def new_address() -> str:
    """Where a room's messages are published until somebody leaves."""
    return secrets.token_urlsafe(18)


def hold_room(actor: Actor, room: queries.RoomRef) -> queries.Here:
    """A room that the actor is in, as it is now that nobody else can change it until this is committed.

    For use inside an action. Raises NotFound.
    """
    held = policy.visible_rooms(actor).where(Room.id == room.id).with_only_columns(Room.id).with_for_update(of=Room)
    if work.session().scalar(held) is None:
        raise NotFound
    here = queries.get_inside(actor, room.public_id)
    if here.kind in PRIVATE:
        raise NotFound  # conversations have verbs of their own
    return here


def has_other_host(room: queries.RoomRef, person_id: int) -> bool:
    """Whether somebody else hosts the room."""
    others = (RoomMember.room_id == room.id) & (RoomMember.person_id != person_id)
    host = (RoomMember.role == RoomRole.HOST) & (RoomMember.state == Membership.IN)
    return work.session().scalar(select(RoomMember.id).where(others, host).limit(1)) is not None


def room_key(room: queries.RoomRef) -> str:
    """The key that seals what belongs to a room as such, made now if there is none. For use once the room is held."""
    session = work.session()
    key_id = session.scalars(select(Room.key_id).where(Room.id == room.id)).one()
    if key_id is None:
        key_id = work.house().vault.create_key(Purpose.ROOM_EPOCH)
        session.execute(update(Room).where(Room.id == room.id).values(key_id=key_id))
    return key_id


def as_known(actor: Actor, room: queries.RoomRef) -> Actor:
    """Who stands in the record for an act in a room: staff as themselves, others as they are known there.

    The record must not tell which name in rooms belongs to whom.
    """
    if actor.id is None or actor.holds(Permission.MEASURES_TAKE) or actor.holds(Permission.ROOMS_OPEN):
        return actor
    return replace(actor, public_id=queries.me_here(actor, room).id)


def tell_state(room: Room) -> None:
    """Let open pages know that writing in the room is otherwise from now on. For use inside an action."""
    state = {"room": room.public_id, "state": room.state.value, "slow_seconds": room.slow_seconds}
    publish(room.address, "room.state", state)


def _note(actor: Actor, room: Room, **noted: Any) -> None:
    own = (RoomMember.person_id == actor.person_id) & (RoomMember.room_id == room.id)
    mine = update(RoomMember).where(own, RoomMember.state == Membership.IN)
    if work.session().execute(mine.values(**noted).returning(RoomMember.id)).one_or_none() is None:
        raise NotFound
