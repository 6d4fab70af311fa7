"""What becomes of a message after it was sent: changed or withdrawn by whoever wrote it, taken out by those who keep order."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select, update

from app.chat import policy, queries
from app.chat.actions.indexing import reindex
from app.chat.actions.posting import Written, note_mentions, refuse_words, refuse_writing
from app.chat.actions.private import check_change
from app.chat.actions.rooms import as_known
from app.chat.actions.taking_away import emptied, strip
from app.chat.models import Mention, Message, MessageState, Version
from app.chat.queries import Content, mentioning
from app.chat.queries.here import present_address
from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.db import now
from app.kernel.errors import Conflict
from app.kernel.limits import Budget
from app.kernel.live import publish
from app.kernel.states import move
from app.kernel.work import action
from app.notifications.actions import notify

CHANGING = Budget("message-change", "10 per minute; 60 per hour")
#: The notice that tells somebody that words of theirs were taken out of a room, and why.
TAKEN_OUT = "chat.taken-out"


@action
def change_message(
    actor: Actor, room: queries.Here, seq: int, *, body: str, note: str = "", edits: int | None = None
) -> queries.Words:
    """Put other words in place of the actor's own, keep the earlier ones for moderators, and tell the room.

    `edits` is how often it had been changed when the actor saw it. Raises NotFound, Forbidden when its time is over or
    nobody may write there now, Conflict when it was changed or taken away meanwhile, Invalid, TooMany.
    """
    message, moment = queries.get_row(actor, room, seq), now()
    before = queries.content_of(message)
    refuse_writing(actor, room, moment)
    ensure(policy.can_change(actor, message, before.at, moment))
    if edits is not None and edits != message.edits:
        raise Conflict
    if (body, note) == (before.body, before.note):
        return queries.get_message(actor, room, seq)
    work.house().budgets.spend(CHANGING, actor.public_id)
    refuse_words(actor, Written("", body, note))
    check_change(actor, room, "\n".join(filter(None, (note, body))))
    named = mentioning.named_in(actor, room, body) if "@" in body else ()
    after = replace(before, body=body, note=note, named=[(one.public_id, one.typed) for one in named])
    _store(message, before, after)
    _name_anew(room, message, named)
    words = queries.get_message(actor, room, seq)
    publish(present_address(room), "room.changed", {"room": room.public_id, "message": words.frame()})
    return words


@action
def withdraw_message(actor: Actor, room: queries.RoomRef, seq: int) -> None:
    """Take the actor's own words away for everybody, in open pages too. They are gone from the database with this commit.

    Raises NotFound, Forbidden, Conflict when they are gone already.
    """
    message = queries.get_row(actor, room, seq)
    ensure(policy.can_withdraw(actor, message))
    _take_away(room, message, MessageState.WITHDRAWN)


@action
def take_out_message(actor: Actor, room: queries.Here, seq: int, *, reason: str) -> None:
    """Take somebody's words out of a room that the actor keeps in order. Whoever wrote them is told, and reads why.

    Raises NotFound, Forbidden, Conflict when they are gone already.
    """
    message = queries.get_row(actor, room, seq)
    ensure(policy.can_take_out(actor, room, message))
    _take_away(room, message, MessageState.REMOVED, reason)
    ref = queries.reference(room.public_id, seq)
    audit.record(as_known(actor, room), "message.take-out", target_kind="message", target=ref, reason=reason)
    if message.author_id is not None:
        notify([message.author_id], TAKEN_OUT, ref)


def _take_away(room: queries.RoomRef, message: Message, state: MessageState, reason: str = "") -> None:
    move(work.session(), message, state, sealed=emptied(message, reason), terms=b"", expires_on=None)
    strip(message)
    publish(room.address, "room.gone", {"room": room.public_id, "seq": message.seq, "by": state.value})


def _store(message: Message, before: Content, after: Content) -> None:
    """One guarded statement, so that of two changes at once exactly one wins. Raises Conflict."""
    session, vault, key_id = work.session(), work.house().vault, queries.key_of(message)
    number = message.edits
    changed = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == MessageState.SHOWN, Message.edits == number)
        .values(
            edits=number + 1,
            terms=reindex(message, after),
            sealed=vault.seal(key_id, queries.sealed_place(message.public_id), queries.packed(after)),
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if changed is None:
        raise Conflict
    place = queries.version_place(message.public_id, number)
    sealed = vault.seal(key_id, place, queries.packed(before))
    session.execute(insert(Version).values(message_id=message.id, number=number, sealed=sealed))
    session.refresh(message)


def _name_anew(room: queries.Here, message: Message, named: Sequence[mentioning.Named]) -> None:
    """Whoever is not named any more is not marked any more; whoever is named now for the first time is told."""
    session = work.session()
    here = (Mention.room_id == message.room_id) & (Mention.seq == message.seq)
    before = set(session.scalars(select(Mention.person_id).where(here)))
    gone = before - {one.person for one in named if one.told}
    if gone:
        session.execute(delete(Mention).where(here, Mention.person_id.in_(gone)))
    note_mentions(room, message.seq, [one for one in named if one.person not in before])
