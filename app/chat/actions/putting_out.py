"""Putting somebody out of a room, and letting them in again."""

from sqlalchemy import delete, update

from app.chat import policy, queries
from app.chat.actions.ending import member, move_out
from app.chat.actions.rooms import as_known, hold_room
from app.chat.models import Membership, PutOut, Room, RoomKind, RoomMember, RoomRole
from app.chat.queries import hosting, outside
from app.identity.models import Person
from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, now
from app.kernel.errors import N_, Invalid
from app.kernel.limits import Budget
from app.kernel.work import action
from app.notifications.actions import notify

#: The notices that tell somebody that they were put out of a room, and that they may come back. Neither says by whom.
PUT_OUT, LET_IN = "chat.put-out", "chat.let-in"
#: Each time everybody's page looks for the room anew.
PUTTING_OUT = Budget("put-out", "30 per hour; 100 per day")
NOT_THEM = N_("You cannot put this person out: a moderator never, a host only by a moderator.")
NOT_YOURSELF = N_("That is you. To go, leave the room.")


@action
def put_out(actor: Actor, room: queries.RoomRef, person: str, *, reason: str) -> None:
    """Take somebody out of a room for as long as nobody lets them in again. They are told, and read the reason.

    They read and hear nothing from then on, in any process: the room moves to a new address in the same transaction, as
    when somebody leaves. `person` is the public id that they have in the room; whoever left it and wrote there does not
    come back either. What they wrote stays. Raises Forbidden, NotFound, TooMany, Invalid for oneself and for whom the
    actor may not put out.
    """
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    # Whoever leaves before they are put out would come back as soon as nobody looks.
    somebody = hosting.get_somebody(here, person, or_wrote=True)
    if somebody.person_id == actor.id:
        raise Invalid(NOT_YOURSELF)
    if not policy.can_put_out(actor, here, host=somebody.host, moderates=somebody.moderates):
        raise Invalid(NOT_THEM)
    work.house().budgets.spend(PUTTING_OUT, actor.public_id)
    session = work.session()
    them = session.get_one(Person, somebody.person_id)
    found = session.get_one(Room, here.id, populate_existing=True)
    place = outside.reason_place(here.public_id, them.public_id)
    sealed = work.house().vault.seal(them.key_id, place, outside.packed(found, reason))
    row = {"room_id": here.id, "person_id": them.id, "put_out_on": now().date(), "reason": sealed}
    new = session.execute(insert_once(session, PutOut).values(row).returning(PutOut.id)).one_or_none() is not None
    if not new:  # by somebody else a moment ago, or before they left
        theirs = (PutOut.room_id == here.id) & (PutOut.person_id == them.id)
        session.execute(update(PutOut).where(theirs).values(put_out_on=row["put_out_on"], reason=sealed))
    inside = member(found, them.id)
    if inside is not None:
        was_in = inside.state is Membership.IN
        session.delete(inside)
        if was_in:
            move_out(found)
    if new:
        notify([them.id], PUT_OUT, here.public_id)
    audit.record(as_known(actor, here), "room.put-out", target_kind="member", target=person, reason=reason)


@action
def let_in(actor: Actor, room: queries.RoomRef, person: str, *, reason: str) -> None:
    """Let somebody who was put out come into a room again, when they want to. They are told.

    Into a room by invitation they are asked, by nobody in particular. Raises Forbidden, NotFound.
    """
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    them = outside.put_out_as(here, person)
    session = work.session()
    session.execute(delete(PutOut).where(PutOut.room_id == here.id, PutOut.person_id == them))
    if here.kind is RoomKind.INVITED:
        asked = {"state": Membership.ASKED, "role": RoomRole.MEMBER, "joined_on": now().date()}
        row = {"room_id": here.id, "person_id": them, "read_seq": 0, "favourite": False, **asked}
        session.execute(insert_once(session, RoomMember).values(row))
    notify([them], LET_IN, here.public_id)
    audit.record(as_known(actor, here), "room.let-in", target_kind="member", target=person, reason=reason)
