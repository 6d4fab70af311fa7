"""Writing in a room."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.exc import IntegrityError

from app.chat import policy, queries
from app.chat.actions.epochs import present_epoch
from app.chat.models import Membership, Mention, Message, MessageState, Room, RoomMember
from app.chat.queries import Content, mentioning
from app.kernel import text, work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Forbidden, Invalid, NotFound, TooMany
from app.kernel.limits import Budget
from app.kernel.lines import together
from app.kernel.live import publish
from app.kernel.work import action
from app.notifications.actions import notify

ROOM, MEMBER, MESSAGE = (cast("Table", model.__table__) for model in (Room, RoomMember, Message))
POSTING = Budget("post", "20 per 10 second; 400 per hour")
#: In probation, and wherever links are withheld.
POSTING_NEW = Budget("post-new", "6 per 10 second; 60 per hour")
NO_LINKS_YET = N_("Links cannot be sent by you at present. Take the address out, or describe where to find it.")
#: The notice that tells somebody that they are named in a message.
MENTIONED = "chat.mentioned"


@dataclass(frozen=True, slots=True)
class Written:
    """A message as somebody wrote it. `reply_to` is the number of the one that it answers."""

    client_id: str
    body: str
    note: str = ""
    reply_to: int | None = None


def post_message(
    actor: Actor, room: queries.Here, *, client_id: str, body: str, note: str = "", reply_to: int | None = None
) -> queries.Words:
    """Store a message, tell the room, and return it as stored. Returned means committed.

    The same `client_id` again returns what was stored the first time. Raises NotFound when the actor is not in the
    room, Forbidden in words when nobody or not they may write there now, TooMany when they write faster than a person
    does or than the room allows.
    """
    written = Written(client_id, body, note, reply_to)
    moment = now()
    _refuse_writing(actor, room, moment)
    try:
        _refuse_haste(actor, room, moment)
    except TooMany:
        # A retry whose first answer was lost is no second message.
        if sent := queries.find_sent(actor, room, client_id):
            return sent
        raise
    _refuse_words(actor, written)
    try:
        return _store_message(Draft(actor, room, written, _hangs(actor, room, written)))
    except IntegrityError:
        # A retry whose first answer was lost, or the same message from two tabs at once: it is stored already.
        sent = queries.find_sent(actor, room, client_id)
        if sent is None:
            raise
        return sent


def _refuse_writing(actor: Actor, room: queries.Here, moment: datetime) -> None:
    if room.membership is not Membership.IN:
        raise NotFound
    why = policy.why_not_writing(actor, room, moment)
    if why is not None:
        raise Forbidden(why)


def _refuse_haste(actor: Actor, room: queries.Here, moment: datetime) -> None:
    budget = POSTING if actor.holds(Permission.LINKS_SEND) else POSTING_NEW
    work.house().budgets.spend(budget, actor.public_id)
    if room.slow_seconds and room.wrote_at and not policy.keeps_order(actor, room):
        left = (room.wrote_at + timedelta(seconds=room.slow_seconds) - moment).total_seconds()
        if left > 0:
            raise TooMany(retry_after=int(left) + 1)


def _refuse_words(actor: Actor, written: Written) -> None:
    if not actor.holds(Permission.LINKS_SEND) and text.has_link(f"{written.note}\n\n{written.body}"):
        raise Invalid(NO_LINKS_YET)


class Hangs(NamedTuple):
    """What belongs to a message besides its words: whom it names (row number and public id), and what it answers."""

    named: Sequence[tuple[int, str]] = ()
    reply: queries.Quote | None = None


#: Of a plain message.
NOTHING = Hangs()


def _hangs(actor: Actor, room: queries.Here, written: Written) -> Hangs:
    named = mentioning.named_in(actor, room, written.body) if "@" in written.body else ()
    reply = None
    if written.reply_to is not None:
        answered = queries.get_row(actor, room, written.reply_to)
        names = queries.names_here(room, {answered.author_id} if answered.author_id else set())
        reply = queries.quote(answered, queries.contents_of([answered]), names)
    return Hangs(named, reply) if named or reply else NOTHING


#: Prepared once, since every message passes here (docs/performance).
_TAKE_NUMBERS = (
    update(ROOM)
    .where(ROOM.c.id == bindparam("room"))
    .values(last_seq=ROOM.c.last_seq + bindparam("wanted"))
    .returning(ROOM.c.last_seq, ROOM.c.address)
)
_READ_OWN = (
    update(MEMBER)
    .where(
        MEMBER.c.room_id == bindparam("room"),
        MEMBER.c.person_id == bindparam("person"),
        MEMBER.c.state == Membership.IN,
    )
    .values(read_seq=bindparam("seq"), wrote_at=bindparam("wrote"))
)
_INSERT_MESSAGE = insert(MESSAGE)


class Draft(NamedTuple):
    """A message on its way into a room."""

    actor: Actor
    room: queries.Here
    written: Written
    hangs: Hangs


@together
@action
def _store_message(drafts: Sequence[Draft]) -> list[queries.Words]:
    """Store messages in the order in which they came. When one cannot be stored, none is."""
    connection, vault, moment = work.connection(), work.house().vault, now()
    places = {}
    # In one order everywhere, so that two processes never wait for each other's rooms.
    for room_id, wanted in sorted(Counter(draft.room.id for draft in drafts).items()):
        # The room's row is locked by taking numbers: whoever writes next waits, and numbers are committed in order.
        taken = connection.execute(_TAKE_NUMBERS, {"room": room_id, "wanted": wanted}).one()
        places[room_id] = (taken.address, count(taken.last_seq - wanted + 1))
    read, rows, stored = [], [], []
    for draft in drafts:
        actor, room, written = draft.actor, draft.room, draft.written
        address, numbers = places[room.id]
        seq, public_id = next(numbers), new_public_id()
        epoch_id, key_id = present_epoch(room, moment.date())
        content = Content(written.body, moment, written.note)
        row = {
            "public_id": public_id,
            "room_id": room.id,
            "epoch_id": epoch_id,
            "author_id": actor.person_id,
            "seq": seq,
            "client_id": written.client_id,
            "state": MessageState.SHOWN,
            "reply_to": written.reply_to,
            "topic_id": None,
            "edits": 0,
            "expires_on": _expiry(room, moment.date()),
            "sealed": vault.seal(key_id, queries.sealed_place(public_id), queries.packed(content)),
            "terms": b"",
        }
        read.append(
            {
                "room": room.id,
                "person": actor.person_id,
                "seq": seq,
                "wrote": moment if room.slow_seconds else None,
            }
        )
        rows.append(row)
        if draft.hangs.named:
            _note_mentions(room, seq, draft.hangs.named)
        words = queries.shown(
            room,
            Message(**row),
            queries.me_here(actor, room),
            content,
            reply=draft.hangs.reply,
            mentions=[public_id for _person, public_id in draft.hangs.named],
        )
        publish(address, "room.message", words.frame())
        stored.append(words)
    if connection.execute(_READ_OWN, read).rowcount < len(read):
        raise NotFound  # somebody is not in the room, which looks the same as a room that does not exist
    connection.execute(_INSERT_MESSAGE, rows)
    return stored


def _expiry(room: queries.Here, today: date) -> date | None:
    """The day from which the words are gone, where the author wants that earlier than the room."""
    if room.own_keep_days is None or room.own_keep_days >= room.keep_days:
        return None
    return today + timedelta(days=room.own_keep_days + 1)


def _note_mentions(room: queries.Here, seq: int, named: Sequence[tuple[int, str]]) -> None:
    rows: list[dict[str, Any]] = [{"person_id": person, "room_id": room.id, "seq": seq} for person, _id in named]
    work.session().execute(insert(Mention), rows)
    notify([person for person, _id in named], MENTIONED, room.public_id)
