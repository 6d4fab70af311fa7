"""Reads of topics: which there are in a room, and when something was last written under each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from app.chat import policy
from app.chat.models import Message, Room, Topic, TopicState
from app.chat.queries.here import RoomRef
from app.chat.queries.opening import contents_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.kernel.vault import Place, Shredded


@dataclass(frozen=True, slots=True)
class TopicLine:
    """A topic: `last_at` is None where nothing is written under it, or nothing any more."""

    public_id: str
    name: str
    open: bool
    last_seq: int
    last_at: datetime | None


def topic_place(public_id: str) -> Place:
    return Place("room_topic", public_id, "name")


def topics(actor: Actor, room: RoomRef) -> list[TopicLine]:
    """The topics of a room that the actor is in: open ones first, those with the latest words before others.

    The same number of queries for any number of topics and messages: the last message of each is found by an index.
    """
    found = work.session().execute(*_with_last(actor, room.id)).all()
    if not found:
        return []
    names = names_of(room, [topic for topic, _last in found])
    wanted = {seq for _topic, seq in found if seq is not None}
    rows = {one.seq: one for one in work.session().scalars(*_messages(actor, room.id, wanted))} if wanted else {}
    contents = contents_of(rows.values())
    lines = []
    for topic, seq in found:
        content = contents.get(rows[seq].public_id) if seq in rows else None
        lines.append(
            TopicLine(
                topic.public_id,
                names[topic.id],
                topic.state is TopicState.OPEN,
                seq or 0,
                content.at if content else None,
            )
        )
    return sorted(lines, key=lambda line: (not line.open, -line.last_seq, line.name))


def get_topic(actor: Actor, room: RoomRef, public_id: str) -> Topic:
    """A topic of a room that the actor is in. Raises NotFound."""
    found: Topic | None = work.session().scalars(*_topic(actor, room.id, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def name_of_topic(room: RoomRef, topic: Topic) -> str:
    """What a topic is called."""
    return names_of(room, [topic])[topic.id]


def names_of(room: RoomRef, found: Collection[Topic]) -> dict[int, str]:
    """The names of topics of one room, by their row numbers; empty where the room's key is gone."""
    key_id, vault, names = _room_key(room), work.house().vault, {}
    for topic in found:
        try:
            names[topic.id] = vault.open(key_id, topic_place(topic.public_id), topic.name).decode() if key_id else ""
        except Shredded:
            names[topic.id] = ""
    return names


def topic_names(actor: Actor, room: RoomRef) -> dict[str, str]:
    """What the topics of a room are called, by their public ids, open ones first: for pages that show some of them."""
    found = list(work.session().scalars(*_in_order(actor, room.id)))
    names = names_of(room, found) if found else {}
    return {topic.public_id: names[topic.id] for topic in found}


def _room_key(room: RoomRef) -> str | None:
    found: str | None = work.session().scalar(*_key_of(room.id))
    return found


@built_once
def _with_last(actor: Actor, room: int) -> Select[Topic, int | None]:
    last = (
        select(func.max(Message.seq))
        .where(Message.room_id == Topic.room_id, Message.topic_id == Topic.id)
        .correlate(Topic)
        .scalar_subquery()
    )
    return policy.visible_topics(actor).where(Topic.room_id == room).add_columns(last)


@built_once
def _messages(actor: Actor, room: int, seqs: Collection[int]) -> Select[Message]:
    return policy.visible_messages(actor).where(Message.room_id == room, Message.seq.in_(seqs))


@built_once
def _topic(actor: Actor, room: int, public_id: str) -> Select[Topic]:
    return policy.visible_topics(actor).where(Topic.room_id == room, Topic.public_id == public_id)


@built_once
def _in_order(actor: Actor, room: int) -> Select[Topic]:
    return policy.visible_topics(actor).where(Topic.room_id == room).order_by(Topic.state.desc(), Topic.id.desc())


@built_once
def _key_of(room: int) -> Select[str | None]:
    return select(Room.key_id).where(Room.id == room)
