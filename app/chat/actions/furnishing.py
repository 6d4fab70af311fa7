"""Conversations as they were before, without telling anyone: for the demo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.chat.actions.groups import call_group
from app.chat.actions.importing import import_messages
from app.chat.actions.rooms import new_address
from app.chat.models import Membership, Room, RoomKind, RoomMember, RoomRole
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.identity.models import Space
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.work import action


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in a conversation, by row number. `unread` is how many of the last messages they have not read."""

    person: int
    state: Membership = Membership.IN
    unread: int = 0


@action
def furnish_conversation(
    actor: Actor,
    seats: Sequence[Seat],
    messages: list[tuple[int, str, datetime]],
    *,
    on: date,
    space: Space | None = None,
    title: str = "",
    group: bool = False,
) -> Room:
    """A conversation that the first of these began on a day, with what was written in it since."""
    ensure(actor.kind is Kind.SYSTEM)
    session, first = work.session(), seats[0].person
    room = Room(
        public_id=new_public_id(),
        kind=RoomKind.GROUP if group else RoomKind.DIRECT,
        space=space,
        pair=None if group else talking.pair_index(first, seats[1].person, space),
        address=new_address(),
        members=sum(one.state is Membership.IN for one in seats),
        for_newcomers=True,
    )
    session.add(room)
    session.flush()
    import_messages(actor, room, messages)
    for one in seats:
        is_in = one.state is Membership.IN
        session.add(
            RoomMember(
                room_id=room.id,
                person_id=one.person,
                state=one.state,
                role=RoomRole.HOST if group and one.person == first else RoomRole.MEMBER,
                joined_on=on,
                read_seq=max(0, len(messages) - one.unread) if is_in else 0,
                asked_by_id=None if is_in else first,
                muted_until=now() + timedelta(days=rules.QUIET_DAYS) if one.state is Membership.DECLINED else None,
            )
        )
    if title:
        call_group(room, title)
    session.flush()
    return room
