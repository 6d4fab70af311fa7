"""What rooms hold of a person: which they are in, and what they wrote there."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import delete, select

from app.chat import policy, queries
from app.chat.actions import handle_words
from app.chat.actions.attaching import discard_files_of
from app.chat.actions.ending import part_with
from app.chat.actions.rooms import leave_all_rooms
from app.chat.models import (
    PRIVATE,
    Attachment,
    Epoch,
    Mention,
    Message,
    MessageState,
    Pause,
    PrivateNames,
    PutOut,
    Reaction,
)
from app.chat.queries import attachments, hosting, outside
from app.identity.models import Person, Standing
from app.kernel import files, work
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from app.kernel.errors import N_, NotFound
from app.kernel.feature import OwnData
from app.kernel.signals import Words
from app.kernel.vault import Shredded

#: Messages opened in one go.
BATCH = 500
#: Bytes of files that go into an archive. Of those beyond it stands what they are; they can be opened in their room.
MOST_FILES = 40 * 1024 * 1024


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Rooms, their own messages with room and time, what they said to those of others, where their writing is paused, and
    out of which rooms they were put.

    What others wrote is not theirs to take away.
    """
    rooms = {line.room.id: line for line in queries.rooms(actor)}
    yield (
        "rooms",
        [
            {"name_ar": line.room.name_ar, "name_en": line.room.name_en}
            for line in rooms.values()
            if line.joined and line.room.kind not in PRIVATE
        ],
    )
    names = {number: line.room.name_ar for number, line in rooms.items()}
    yield "private_names", list(queries.private_names(actor))
    yield "messages", list(_messages(actor, names))
    said = select(Reaction.room_id, Reaction.seq, Reaction.kind).where(Reaction.person_id == actor.person_id)
    yield (
        "reactions",
        [
            {"room": names.get(number, ""), "number": seq, "what": kind.value}
            for number, seq, kind in work.session().execute(said.order_by(Reaction.id))
        ],
    )
    paused = [
        (line.room, hosting.own_pause(actor, line.room))
        for line in rooms.values()
        if line.member is not None and line.member.paused_until is not None
    ]
    yield (
        "measures",
        [
            {"room": room.name_ar, "until": pause.until, "reason": pause.reason}
            for room, pause in paused
            if pause is not None
        ],
    )
    yield (
        "put_out",
        [{"room": one.name_ar, "on": one.on, "reason": one.reason} for one in outside.every_own(actor)],
    )


def erase(actor: Actor, person_id: int) -> Iterable[str]:
    """They leave their rooms, and their words are taken away; in their place stands that a message was removed.

    Of somebody who was removed, moderators decided what becomes of the words. The keys of rooms seal the words of
    everybody, and are shredded when the room's time is over.
    """
    session = work.session()
    part_with(actor, person_id)
    leave_all_rooms(actor, person_id)
    for hanging in (Mention, Reaction, Pause, PutOut, PrivateNames):
        session.execute(delete(hanging).where(hanging.person_id == person_id))
    if session.get_one(Person, person_id).standing is Standing.CLOSED:
        return discard_files_of(person_id, sent=False)
    keys = discard_files_of(person_id, sent=True)
    # Of an epoch whose time is over nothing opens any more: its messages go with the hourly job, and now.
    over = Message.epoch_id.not_in(select(Epoch.id))
    session.execute(delete(Message).where(Message.author_id == person_id, over))
    handle_words(actor, person_id, Words.DELETE)
    # One by one, since the id of a client is unique in a room: nothing tells any more that these were one person's.
    theirs = select(Message).where(Message.author_id == person_id)
    for message in session.scalars(theirs).all():
        message.author_id, message.client_id = None, new_public_id()
    session.flush()
    return keys


def _messages(actor: Actor, rooms: dict[int, str]) -> Iterator[dict[str, Any]]:
    after, budget = 0, MOST_FILES
    mine = policy.visible_messages(actor).where(Message.author_id == actor.id, Message.state == MessageState.SHOWN)
    attached = attachments.sent_by(actor)
    while True:
        found = list(work.session().scalars(mine.where(Message.id > after).order_by(Message.id).limit(BATCH)))
        if not found:
            return
        after = found[-1].id
        for message in found:
            try:
                content = queries.content_of(message)
            except Shredded:
                continue
            written = {"room": rooms.get(message.room_id, ""), "at": content.at, "words": content.body}
            brought = attached.get((message.room_id, message.seq), ())
            shown = []
            for one in brought:
                budget -= one.size
                said = content.described.get(one.public_id, "")
                shown.append(
                    {"kind": one.kind.value, "described": said, "content": _inside(one) if budget > 0 else None}
                )
            yield {**written, "files": shown} if shown else written


def _inside(one: Attachment) -> str | None:
    """A file as the archive holds it; None where it is gone."""
    try:
        plain, kind = files.open(one.file)
    except NotFound:
        return None
    return f"data:{kind.mimetype};base64,{base64.b64encode(plain).decode()}"


part = OwnData("chat", N_("Rooms and messages"), export, erase)
