"""Keeping the search index: what was written moves into it some time after, so that writing stays quick.

Up to `Room.indexed_seq` every message that has words stands in `message_term`; later ones are found by their own
`terms`. One transaction does a few hundred messages and says how far it came, so that a kill loses nothing and doing it
again changes nothing.
"""

from sqlalchemy import delete, select, update

from app.chat import queries
from app.chat.models import Epoch, Message, MessageState, Posting, Room
from app.chat.queries import terms
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import do_not_wait, hold, insert_once
from app.kernel.jobs import enqueue
from app.kernel.vault import Shredded
from app.kernel.work import action

INDEX = "chat.index"
#: With more than so many messages that are not in the index its job is asked for; fewer wait for the hour.
TAIL = 500
#: Messages of one transaction: a writer of a SQLite file waits for it.
BATCH = 250
PATIENCE_MS = 400
#: Whose words are there, or may come back.
_THERE = (MessageState.SHOWN, MessageState.HIDDEN)


@action
def index_room(actor: Actor, room_id: int) -> int:
    """Put the next messages of a room into the index, and ask for another turn while there are more.

    Returns how many messages it went through.
    """
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    hold_index(room_id)
    found = session.execute(select(Room.indexed_seq, Room.last_seq).where(Room.id == room_id)).one_or_none()
    if found is None:
        return 0
    query = select(Message).where(Message.room_id == room_id, Message.seq > found.indexed_seq)
    # As they are now, not as somebody read them before our turn came.
    query = query.order_by(Message.seq).limit(BATCH).execution_options(populate_existing=True)
    messages = list(session.scalars(query))
    _give_terms([message for message in messages if not message.terms and message.state in _THERE])
    rows = [
        {"epoch_id": message.epoch_id, "term": term, "seq": message.seq}
        for message in messages
        if message.state in _THERE
        for term in terms.numbers(message.terms)
    ]
    # In the order of the table, so that neighbours are written together.
    rows.sort(key=lambda row: (row["epoch_id"], row["term"], row["seq"]))
    if rows:
        session.execute(insert_once(session, Posting), rows)
    # Who holds the room's row may wait for our hold on its index: then it is we who come again later.
    do_not_wait(session, PATIENCE_MS)
    # Numbers that nobody has any more, at the end of an emptied room, are done as well.
    done = messages[-1].seq if len(messages) == BATCH else found.last_seq
    session.execute(update(Room).where(Room.id == room_id, Room.indexed_seq < done).values(indexed_seq=done))
    if len(messages) == BATCH:
        enqueue(INDEX, room=room_id)
    return len(messages)


@action
def ask_for_index(actor: Actor) -> None:
    """Have every room indexed in which something was written since."""
    ensure(actor.kind is Kind.SYSTEM)
    for room_id in work.session().scalars(select(Room.id).where(Room.indexed_seq < Room.last_seq).order_by(Room.id)):
        enqueue(INDEX, room=room_id)


def wants_index(last_seq: int, wanted: int, indexed_seq: int) -> bool:
    """Whether the job is to be asked for as numbers up to `last_seq` are taken: once for each TAIL of them."""
    return last_seq - indexed_seq > TAIL and last_seq // TAIL != (last_seq - wanted) // TAIL


def reindex(message: Message, content: queries.Content) -> bytes:
    """Put other words of a message into the index in place of the earlier ones. Returns its new terms, to be stored.

    For use inside the action that changes the words. Raises Shredded.
    """
    unindex(message)
    made = terms.terms_of(queries.key_of(message), message.author_id, content)
    session = work.session()
    if message.seq <= session.scalars(select(Room.indexed_seq).where(Room.id == message.room_id)).one():
        rows = [{"epoch_id": message.epoch_id, "term": term, "seq": message.seq} for term in terms.numbers(made)]
        session.execute(insert_once(session, Posting), rows)
    return made


def unindex(message: Message) -> None:
    """Take a message out of the index, while its terms are still known. For use inside an action."""
    hold_index(message.room_id)
    theirs = (Posting.epoch_id == message.epoch_id) & (Posting.seq == message.seq)
    work.session().execute(delete(Posting).where(theirs, Posting.term.in_(terms.numbers(message.terms))))


def hold_index(room_id: int) -> None:
    """Let nobody else change the index of a room until this is committed. For use inside an action."""
    hold(work.session(), f"room-index:{room_id}")


def _give_terms(messages: list[Message]) -> None:
    """Make the terms of messages that came without, from before there was a search."""
    if not messages:
        return
    session = work.session()
    wanted = {message.epoch_id for message in messages}
    keys = dict(session.execute(select(Epoch.id, Epoch.key_id).where(Epoch.id.in_(wanted))).all())
    contents = queries.contents_of(messages)
    for message in messages:
        content = contents.get(message.public_id)
        if content is None:
            continue
        try:
            message.terms = terms.terms_of(keys[message.epoch_id], message.author_id, content)
        except Shredded:
            continue
    session.flush()
