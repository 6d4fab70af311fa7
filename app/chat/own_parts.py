"""What rooms hold of a person: which they are in, and what they wrote there."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import delete, select

from app.chat import policy, queries
from app.chat.actions import handle_words
from app.chat.actions.rooms import leave_all_rooms
from app.chat.models import Epoch, Mention, Message, MessageState, Pause, Reaction
from app.identity.models import Person, Standing
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.kernel.signals import Words
from app.kernel.vault import Shredded

#: Messages opened in one go.
BATCH = 500


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Rooms, and their own messages with room and time. What others wrote is not theirs to take away."""
    rooms = {line.room.id: line for line in queries.rooms(actor)}
    yield (
        "rooms",
        [{"name_ar": line.room.name_ar, "name_en": line.room.name_en} for line in rooms.values() if line.joined],
    )
    yield "messages", list(_messages(actor, {number: line.room.name_ar for number, line in rooms.items()}))


def erase(actor: Actor, person_id: int) -> Iterable[str]:
    """They leave their rooms, and their words are taken away; in their place stands that a message was removed.

    Of somebody who was removed, moderators decided what becomes of the words. The keys of rooms seal the words of
    everybody, and are shredded when the room's time is over.
    """
    session = work.session()
    leave_all_rooms(actor, person_id)
    if session.get_one(Person, person_id).standing is Standing.CLOSED:
        return []
    # Of an epoch whose time is over nothing opens any more: its messages go with the hourly job, and now.
    over = Message.epoch_id.not_in(select(Epoch.id))
    session.execute(delete(Message).where(Message.author_id == person_id, over))
    handle_words(actor, person_id, Words.DELETE)
    # One by one, since the id of a client is unique in a room: nothing tells any more that these were one person's.
    theirs = select(Message).where(Message.author_id == person_id)
    for message in session.scalars(theirs).all():
        message.author_id, message.client_id = None, new_public_id()
    for hanging in (Mention, Reaction, Pause):
        session.execute(delete(hanging).where(hanging.person_id == person_id))
    session.flush()
    return []


def _messages(actor: Actor, rooms: dict[int, str]) -> Iterator[dict[str, Any]]:
    after = 0
    mine = policy.visible_messages(actor).where(Message.author_id == actor.id, Message.state == MessageState.SHOWN)
    while True:
        found = list(work.session().scalars(mine.where(Message.id > after).order_by(Message.id).limit(BATCH)))
        if not found:
            return
        after = found[-1].id
        for message in found:
            try:
                body, at = queries.body_of(message)
            except Shredded:
                continue
            yield {"room": rooms.get(message.room_id, ""), "at": at, "words": body}


part = OwnData("chat", N_("Rooms and messages"), export, erase)
