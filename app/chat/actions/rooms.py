"""Opening, joining and leaving rooms."""

import secrets

from sqlalchemy import delete, select, update

from app.chat import policy
from app.chat.models import Membership, Pause, Room, RoomKind, RoomMember, RoomRole
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.live import publish
from app.kernel.work import action


@action
def join_room(actor: Actor, room: Room) -> None:
    """Put the actor into the room, with everything so far counted as read. Twice is as good as once."""
    ensure(policy.can_join(actor, room))
    put_in(actor.person_id, room)


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
        .returning(RoomMember.state)
    ).one_or_none()
    if gone is None or gone.state is not Membership.IN:
        return
    session.execute(update(Room).where(Room.id == room.id).values(members=Room.members - 1, address=new_address()))
    publish(before, "room.moved", {"room": room.public_id})


@action
def leave_all_rooms(actor: Actor, person_id: int) -> None:
    """Take somebody who is erased out of every room, each of which moves to a new address."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    theirs = select(Room).join(RoomMember, RoomMember.room_id == Room.id).where(RoomMember.person_id == person_id)
    # In the order of their numbers, so that two who leave several rooms do not wait for each other.
    for room in session.scalars(theirs.order_by(Room.id).with_for_update(of=Room)).all():
        mine = delete(RoomMember).where(RoomMember.room_id == room.id, RoomMember.person_id == person_id)
        was_in = session.execute(mine.returning(RoomMember.state)).scalar_one() is Membership.IN
        before, address = room.address, new_address()
        left = Room.members - 1 if was_in else Room.members
        session.execute(update(Room).where(Room.id == room.id).values(members=left, address=address))
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
) -> Room:
    """Make a room that members may join by themselves."""
    ensure(actor.kind is Kind.SYSTEM)
    room = Room(
        kind=kind,
        public_id=new_public_id(),
        name_ar=name_ar,
        name_en=name_en,
        about_ar=about_ar,
        about_en=about_en,
        address=new_address(),
        keep_days=keep_days,
        for_newcomers=for_newcomers,
    )
    work.session().add(room)
    work.session().flush()
    audit.record(actor, "room.open", target_kind="room", target=room.public_id)
    return room


def put_in(person_id: int, room: Room, role: RoomRole = RoomRole.MEMBER) -> None:
    """Put somebody into a room, whether or not they were asked, with everything so far counted as read.

    A pause of their writing there comes with them. Twice is as good as once. For use inside an action.
    """
    session = work.session()
    before = session.execute(
        select(RoomMember.state).where(RoomMember.room_id == room.id, RoomMember.person_id == person_id)
    ).scalar_one_or_none()
    if before is Membership.IN:
        return
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
