"""Messages: who reads them, and who may still change or take away which."""

from datetime import datetime, timedelta

from sqlalchemy import Select, exists, false, select
from sqlalchemy.orm import aliased

from app.chat.models import Message, MessageState, Room
from app.chat.policy.rooms import ROOM, is_present
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.safety.policy import hidden

#: For so long after it was sent a message can be changed by whoever wrote it.
EDIT_MINUTES = 15


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


def can_change(actor: Actor, message: Message, sent: datetime, moment: datetime) -> bool:
    """One's own words, while they are shown, within a quarter of an hour, by whoever may write at all."""
    mine = actor.id is not None and message.author_id == actor.id
    in_time = moment < sent + timedelta(minutes=EDIT_MINUTES)
    return mine and in_time and message.state is MessageState.SHOWN and actor.holds(Permission.ROOMS_POST)


def can_withdraw(actor: Actor, message: Message) -> bool:
    """One's own words, at any time, also while writing is paused."""
    mine = actor.id is not None and message.author_id == actor.id
    return mine and message.state in (MessageState.SHOWN, MessageState.HIDDEN)
