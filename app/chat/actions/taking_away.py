"""What moderators take away: one message on a report, or everything that somebody wrote."""

from sqlalchemy import delete, select

from app.chat import policy, queries
from app.chat.actions.attaching import drop_files
from app.chat.actions.indexing import unindex
from app.chat.models import Mention, Message, MessageState, Pin, Reaction, Room, Version
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.live import publish
from app.kernel.signals import Words
from app.kernel.states import move
from app.kernel.vault import Shredded
from app.kernel.work import action


@action
def remove_message(actor: Actor, ref: str, reason: str) -> None:
    """Take a reported message away for good, in open pages too. Its words are gone from the database with this commit.

    Raises Forbidden, NotFound, Conflict when it is gone already.
    """
    ensure(policy.can_remove(actor))
    message, room = queries.find_for_removal(ref)
    move(work.session(), message, MessageState.REMOVED, sealed=emptied(message), terms=b"")
    strip(message)
    publish(room.address, "room.gone", {"room": room.public_id, "seq": message.seq, "by": MessageState.REMOVED.value})
    audit.record(actor, "message.remove", target_kind="message", target=ref, reason=reason)


@action
def handle_words(actor: Actor, person_id: int, how: Words) -> int:
    """Do with all of a person's messages what a measure says: hide, show again, or remove. Returns how many changed."""
    ensure(actor.kind is Kind.SYSTEM or policy.can_remove(actor))
    session = work.session()
    before = MessageState.HIDDEN if how is Words.SHOW else MessageState.SHOWN
    after = {Words.HIDE: MessageState.HIDDEN, Words.SHOW: MessageState.SHOWN, Words.DELETE: MessageState.REMOVED}[how]
    wanted = [MessageState.SHOWN, MessageState.HIDDEN] if how is Words.DELETE else [before]
    theirs = select(Message).where(Message.author_id == person_id, Message.state.in_(wanted)).with_for_update()
    messages = list(session.scalars(theirs))
    for message in messages:
        if how is Words.DELETE:
            move(session, message, after, sealed=emptied(message), terms=b"")
            strip(message)
        else:
            move(session, message, after)
    if how is not Words.SHOW:  # what comes back is seen when the page is read again
        theirs_too = select(Room).where(Room.id.in_({message.room_id for message in messages}))
        for room in session.scalars(theirs_too):
            author = queries.public_id_of(person_id, room)
            publish(room.address, "room.gone", {"room": room.public_id, "author": author, "by": after.value})
    return len(messages)


def emptied(message: Message, reason: str = "") -> bytes:
    """The same message without its words: when it was written stays, so that the page keeps its order and its days.

    The reason, where there is one, is for whoever wrote it. Nothing at all where its key is gone already. The search
    finds it no more: what led to it is taken away here, where it is still known.
    """
    unindex(message)
    try:
        key_id = queries.key_of(message)
        content = queries.content_of(message)
    except Shredded:
        return b""
    return work.house().vault.seal(
        key_id, queries.sealed_place(message.public_id), queries.packed(queries.Content("", content.at, reason=reason))
    )


def strip(message: Message) -> None:
    """Take away what hangs on a message whose words are gone: earlier texts, reactions, names, the pin, files."""
    session = work.session()
    session.execute(delete(Version).where(Version.message_id == message.id))
    for hanging in (Reaction, Mention, Pin):
        here = (hanging.room_id == message.room_id) & (hanging.seq == message.seq)
        session.execute(delete(hanging).where(here))
    drop_files(message.room_id, message.seq)
