"""Writing in a room."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, case, insert, update
from sqlalchemy.exc import IntegrityError

from app.chat import policy, queries
from app.chat.actions import attaching
from app.chat.actions.epochs import present_epoch
from app.chat.actions.indexing import INDEX, wants_index
from app.chat.actions.private import Said, check_private
from app.chat.actions.reading import stay_behind
from app.chat.models import PRIVATE, Membership, Mention, Message, MessageState, Room, RoomMember, RoomState, TopicState
from app.chat.queries import Content, attachments, mentioning, topics
from app.chat.queries.terms import terms_of
from app.kernel import text, work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Forbidden, Invalid, NotFound, TooMany
from app.kernel.jobs import enqueue
from app.kernel.limits import Budget
from app.kernel.lines import together
from app.kernel.live import publish
from app.kernel.prepared import Prepared
from app.kernel.work import action
from app.notifications.actions import notify

ROOM, MEMBER, MESSAGE = (cast("Table", model.__table__) for model in (Room, RoomMember, Message))
POSTING = Budget("post", "20 per 10 second; 400 per hour")
#: In probation, and wherever links are withheld.
POSTING_NEW = Budget("post-new", "6 per 10 second; 60 per hour")
NO_LINKS_YET = N_("Links cannot be sent by you at present. Take the address out, or describe where to find it.")
TOPIC_CLOSED = N_("This topic is closed. Write under another one, or under none.")
#: The notice that tells somebody that they are named in a message.
MENTIONED = "chat.mentioned"


@dataclass(frozen=True, slots=True)
class Written:
    """A message as somebody wrote it. `reply_to` is the number of the one that it answers, `topic` a public id."""

    client_id: str
    body: str
    note: str = ""
    reply_to: int | None = None
    topic: str = ""
    #: Public ids of files that wait.
    files: Sequence[str] = ()


def post_message(
    actor: Actor,
    room: queries.Here,
    *,
    client_id: str,
    body: str,
    note: str = "",
    reply_to: int | None = None,
    topic: str = "",
    files: Sequence[str] = (),
) -> queries.Words:
    """Store a message, tell the room, and return it as stored. Returned means committed.

    The same `client_id` again returns what was stored the first time. Raises NotFound when the actor is not in the
    room, Forbidden in words when nobody or not they may write there now, TooMany when they write faster than a person
    does or than the room allows.
    """
    written = Written(client_id, body, note, reply_to, topic, files)
    moment = now()
    refuse_writing(actor, room, moment)
    try:
        _refuse_haste(actor, room, moment)
    except TooMany:
        # A retry whose first answer was lost is no second message.
        if sent := queries.find_sent(actor, room, client_id):
            return sent
        raise
    refuse_words(actor, written)
    try:
        return _store_message(Draft(actor, room, written, _hangs(actor, room, written)))
    except (IntegrityError, attachments.FilesGone):
        # A retry whose first answer was lost, or the same message from two tabs at once: it is stored already.
        sent = queries.find_sent(actor, room, client_id)
        if sent is None:
            raise
        return sent


def refuse_writing(actor: Actor, room: queries.Here, moment: datetime) -> None:
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
        if 0 < left <= room.slow_seconds:  # longer only where the clock was set back meanwhile
            raise TooMany(retry_after=int(left) + 1)


def refuse_words(actor: Actor, written: Written) -> None:
    if not actor.holds(Permission.LINKS_SEND) and text.has_link(f"{written.note}\n\n{written.body}"):
        raise Invalid(NO_LINKS_YET)


class Hangs(NamedTuple):
    """What belongs to a message besides its words: whom it names, what it answers, its topic (row number, public id), files."""

    named: Sequence[mentioning.Named] = ()
    reply: queries.Quote | None = None
    topic: tuple[int, str] | None = None
    files: Sequence[queries.File] = ()


#: Of a plain message.
NOTHING = Hangs()


def _hangs(actor: Actor, room: queries.Here, written: Written) -> Hangs:
    named = mentioning.named_in(actor, room, written.body) if "@" in written.body else ()
    reply = None
    if written.reply_to is not None:
        reply = queries.answered(actor, room, written.reply_to)
    topic = _topic(actor, room, written.topic) if written.topic else None
    files = attachments.chosen(actor, room, written.files) if written.files else ()
    return Hangs(named, reply, topic, files) if named or reply or topic or files else NOTHING


def _topic(actor: Actor, room: queries.Here, public_id: str) -> tuple[int, str]:
    topic = topics.get_topic(actor, room, public_id)
    if topic.state is not TopicState.OPEN:
        raise Forbidden(TOPIC_CLOSED)
    return topic.id, topic.public_id


#: Prepared, since every message passes here (docs/performance).
_TAKE_NUMBERS = Prepared(
    update(ROOM)
    .where(ROOM.c.id == bindparam("room"))
    .values(last_seq=ROOM.c.last_seq + bindparam("wanted"))
    .returning(ROOM.c.last_seq, ROOM.c.address, ROOM.c.state, ROOM.c.indexed_seq)
)
_READ_OWN = Prepared(
    update(MEMBER)
    .where(
        MEMBER.c.room_id == bindparam("room"),
        MEMBER.c.person_id == bindparam("person"),
        MEMBER.c.state == Membership.IN,
    )
    .values(
        # Whoever writes has read what is there, unless they keep it unread; then their own are counted apart.
        read_seq=case((MEMBER.c.own_unread.is_(None), bindparam("seq")), else_=MEMBER.c.read_seq),
        own_unread=MEMBER.c.own_unread + 1,
        wrote_at=bindparam("wrote"),
    )
)
_INSERT_MESSAGE = Prepared(
    insert(MESSAGE).inline(), columns=[column.name for column in MESSAGE.c if column.name != "id"]
)


class New(NamedTuple):
    """A message that nobody has changed yet: what `queries.shown` asks of one."""

    public_id: str
    client_id: str
    seq: int
    state: MessageState = MessageState.SHOWN
    topic_id: int | None = None
    edits: int = 0


class Draft(NamedTuple):
    """A message on its way into a room."""

    actor: Actor
    room: queries.Here
    written: Written
    hangs: Hangs


def _said(draft: Draft) -> Said:
    written = draft.written
    words = "\n".join(filter(None, (written.note, written.body)))
    return Said(draft.actor, draft.room, written.client_id, words, has_files=bool(draft.hangs.files))


def _take_numbers(drafts: Sequence[Draft]) -> dict[int, tuple[str, Iterator[int]]]:
    """The address of each room, and the numbers that its new messages have, in their order.

    Raises NotFound for a room that is gone, Forbidden for one in which nobody writes any more.
    """
    places: dict[int, tuple[str, Iterator[int]]] = {}
    # In one order everywhere, so that two processes never wait for each other's rooms.
    for room_id, wanted in sorted(Counter(draft.room.id for draft in drafts).items()):
        # The room's row is locked by taking numbers: whoever writes next waits, and numbers are committed in order.
        taken = _TAKE_NUMBERS.row({"room": room_id, "wanted": wanted})
        if taken is None:
            raise NotFound  # it is gone since it was read
        last, address, state, indexed = taken
        if state is not RoomState.OPEN:
            raise Forbidden(policy.CLOSED)  # it was closed, or ended and emptied, since it was read
        places[room_id] = (address, count(last - wanted + 1))
        if wants_index(last, wanted, indexed):
            enqueue(INDEX, room=room_id)
    return places


@together
@action
def _store_message(drafts: Sequence[Draft]) -> list[queries.Words]:
    """Store messages in the order in which they came. When one cannot be stored, none is."""
    vault, moment = work.house().vault, now()
    today = moment.date()
    places = _take_numbers(drafts)
    if private := [draft for draft in drafts if draft.room.kind in PRIVATE]:
        check_private(_said(one) for one in private)
    read, rows, stored = [], [], []
    for draft in drafts:
        actor, room, written = draft.actor, draft.room, draft.written
        address, numbers = places[room.id]
        seq, public_id = next(numbers), new_public_id()
        epoch_id, key_id = present_epoch(room, today)
        content = _content(draft, moment)
        row = {
            "public_id": public_id,
            "room_id": room.id,
            "epoch_id": epoch_id,
            "author_id": actor.person_id,
            "seq": seq,
            "client_id": written.client_id,
            "state": MessageState.SHOWN,
            "reply_to": written.reply_to,
            "topic_id": draft.hangs.topic[0] if draft.hangs.topic else None,
            "edits": 0,
            "expires_on": _expiry(room, today),
            "sealed": vault.seal(key_id, queries.sealed_place(public_id), queries.packed(content)),
            "terms": terms_of(key_id, actor.person_id, content),
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
        if draft.hangs is not NOTHING:
            _hang(draft, seq)
        words = queries.shown(
            room,
            New(public_id, written.client_id, seq),
            queries.me_here(actor, room),
            content,
            topic=draft.hangs.topic[1] if draft.hangs.topic else "",
            reply=draft.hangs.reply,
            files=draft.hangs.files,
        )
        publish(address, "room.message", words.frame())
        stored.append(words)
    if _READ_OWN.each(read) < len(read):
        raise NotFound  # somebody is not in the room, which looks the same as a room that does not exist
    _INSERT_MESSAGE.each(rows)
    for draft, words in zip(drafts, stored, strict=True):
        if draft.hangs.topic is not None and (draft.room.read_seq or 0) < words.seq - 1:
            stay_behind(draft.actor, draft.room)
    return stored


def _content(draft: Draft, moment: datetime) -> Content:
    named = [(one.public_id, one.typed) for one in draft.hangs.named]
    described = {one.id: one.described for one in draft.hangs.files if one.described}
    return Content(draft.written.body, moment, draft.written.note, named, described=described)


def _hang(draft: Draft, seq: int) -> None:
    """Store what belongs to a message besides its words."""
    if draft.hangs.named:
        note_mentions(draft.room, seq, draft.hangs.named)
    if draft.hangs.files:
        attaching.claim(draft.actor, draft.room, seq, draft.hangs.files)


def _expiry(room: queries.Here, today: date) -> date | None:
    """The day from which the words are gone, where the author wants that earlier than the room."""
    if room.own_keep_days is None or room.own_keep_days >= room.keep_days:
        return None
    return today + timedelta(days=room.own_keep_days + 1)


def note_mentions(room: queries.Here, seq: int, named: Sequence[mentioning.Named]) -> None:
    """Have those who are named find it, and be told. For use inside an action."""
    told = [one.person for one in named if one.told]
    rows: list[dict[str, Any]] = [{"person_id": person, "room_id": room.id, "seq": seq} for person in told]
    if rows:
        work.session().execute(insert(Mention), rows)
        notify(told, MENTIONED, room.public_id)
