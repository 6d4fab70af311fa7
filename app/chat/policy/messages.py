"""Messages: who reads them, and who may still change or take away which."""

from datetime import datetime, timedelta

from sqlalchemy import Select, exists, false, select
from sqlalchemy.orm import aliased

from app.chat.models import Membership, Message, MessageState, Room, RoomKind, RoomRole
from app.chat.policy.rooms import HOSTS_WRITE, ROOM, Circumstances, is_present, keeps_order, why_not_writing
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.safety.policy import hidden

#: For so long after it was sent a message can be changed by whoever wrote it.
EDIT_MINUTES = 15
#: Messages that are kept at hand in one room.
MOST_PINS = 20


def visible_messages(actor: Actor) -> Select[Message]:
    """Messages of the rooms that the actor is in and may know of. Knowing of a room does not open its messages."""
    if actor.id is None or not actor.holds(Permission.ROOMS_USE):
        return select(Message).where(false())
    there = aliased(Room)
    messages = select(Message).where(is_present(actor.id, Message.room_id))
    if not actor.holds(Permission.HIDDEN_SEE):
        here = aliased(Room)
        seen = exists().where(here.id == Message.room_id, ~hidden(actor, ROOM, here.public_id))
        messages = messages.where(seen)
    if actor.holds(Permission.ROOMS_ALL):
        return messages
    return messages.where(exists().where(there.id == Message.room_id, there.for_newcomers))


def can_remove(actor: Actor) -> bool:
    """Taking a reported message away: moderators."""
    return actor.holds(Permission.MEASURES_TAKE)


def can_take_out(actor: Actor, here: Circumstances, message: Message) -> bool:
    """Taking somebody else's message out of a room: whoever keeps it in order, with a reason. One's own is withdrawn."""
    others = actor.id is not None and message.author_id != actor.id
    return others and message.state in (MessageState.SHOWN, MessageState.HIDDEN) and keeps_order(actor, here)


def can_react(actor: Actor, here: Circumstances, message: Message, moment: datetime) -> bool:
    """Saying one of the five things to a message that is shown: whoever may write there, and who only reads a broadcast."""
    if here.membership is not Membership.IN or message.state is not MessageState.SHOWN:
        return False
    return why_not_writing(actor, here, moment) in (None, HOSTS_WRITE)


def can_pin(actor: Actor, here: Circumstances) -> bool:
    """Keeping a message at hand: whoever keeps the room in order; the hosts of a group; of two who talk, both."""
    if keeps_order(actor, here):
        return True
    if here.membership is not Membership.IN:
        return False
    return here.kind is RoomKind.DIRECT or (here.kind is RoomKind.GROUP and here.role is RoomRole.HOST)


def can_change(actor: Actor, message: Message, sent: datetime, moment: datetime) -> bool:
    """One's own words, while they are shown, within a quarter of an hour, by whoever may write at all."""
    mine = actor.id is not None and message.author_id == actor.id
    in_time = moment < sent + timedelta(minutes=EDIT_MINUTES)
    return mine and in_time and message.state is MessageState.SHOWN and actor.holds(Permission.ROOMS_POST)


def can_withdraw(actor: Actor, message: Message) -> bool:
    """One's own words, at any time, also while writing is paused."""
    mine = actor.id is not None and message.author_id == actor.id
    return mine and message.state in (MessageState.SHOWN, MessageState.HIDDEN)
