"""Asking people into a room by invitation, and their answer, of which nobody else hears."""

from sqlalchemy import delete, select, update

from app.chat import policy, queries
from app.chat.actions.rooms import hold_room, put_in
from app.chat.models import Membership, Room, RoomKind, RoomMember, RoomRole
from app.chat.queries import hosting
from app.chat.queries.outside import is_put_out
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import insert_once, now
from app.kernel.errors import Conflict
from app.kernel.limits import Budget
from app.kernel.work import action
from app.notifications.actions import notify

#: The notice that tells somebody that they are asked into a room.
ASKED = "chat.asked"
ASKING = Budget("ask-in", "20 per hour; 60 per day")


@action
def ask_in(actor: Actor, room: queries.RoomRef, *, name: str = "", person: str = "") -> None:
    """Ask a member into a room: by the exact name that they have in rooms, or by public id one whom the actor knows.

    Returns the same whether there is such a member or not, whether they are in already, were asked, declined or were put
    out: who comes in is seen inside, and nothing else is. Whoever declined is not asked again for thirty days. Raises
    Forbidden, NotFound, TooMany.
    """
    work.house().budgets.spend(ASKING, actor.public_id)
    here = hold_room(actor, room)
    ensure(policy.can_ask_in(actor, here))
    newcomers = work.session().get_one(Room, here.id).for_newcomers
    them = hosting.find_to_ask(actor, name=name, person=person, newcomers=newcomers)
    if them is not None and not is_put_out(here, them) and _is_asked_now(actor, here, them):
        notify([them], ASKED, here.public_id)


@action
def answer(actor: Actor, room: Room, *, comes: bool) -> None:
    """Come into a room that the actor was asked into, or decline. Raises Conflict when it was answered meanwhile."""
    session = work.session()
    # The room first, as everywhere.
    session.execute(select(Room.id).where(Room.id == room.id).with_for_update()).one()
    ensure(policy.can_answer(room))
    if hosting.asked_in(actor, room) is None:
        raise Conflict
    if comes:
        put_in(actor.person_id, room)
        return
    mine = (RoomMember.room_id == room.id) & (RoomMember.person_id == actor.person_id)
    declined = update(RoomMember).where(mine, RoomMember.state == Membership.ASKED)
    session.execute(declined.values(state=Membership.DECLINED, joined_on=now().date(), asked_by_id=None))


@action
def forget_answers(actor: Actor) -> None:
    """The hourly task: that somebody declined to come into a room is forgotten when they may be asked again."""
    ensure(actor.kind is Kind.SYSTEM)
    rooms = select(Room.id).where(Room.kind == RoomKind.INVITED)
    old = (RoomMember.state == Membership.DECLINED) & (RoomMember.joined_on <= now().date() - policy.NOT_AGAIN)
    work.session().execute(delete(RoomMember).where(old, RoomMember.room_id.in_(rooms)))


def _is_asked_now(actor: Actor, here: queries.Here, them: int) -> bool:
    """Whether they are asked by this, and were not before."""
    session, today = work.session(), now().date()
    asked = {"state": Membership.ASKED, "asked_by_id": actor.person_id, "joined_on": today}
    theirs = (RoomMember.room_id == here.id) & (RoomMember.person_id == them)
    new = insert_once(session, RoomMember).values(
        room_id=here.id, person_id=them, read_seq=0, favourite=False, role=RoomRole.MEMBER, **asked
    )
    if session.execute(new.returning(RoomMember.id)).one_or_none() is not None:
        return True
    long_ago = (RoomMember.state == Membership.DECLINED) & (RoomMember.joined_on <= today - policy.NOT_AGAIN)
    again = update(RoomMember).where(theirs, long_ago).values(**asked)
    return session.execute(again.returning(RoomMember.id)).one_or_none() is not None
