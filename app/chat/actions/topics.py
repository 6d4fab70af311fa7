"""Topics of a room: opened by members, closed and opened again by those who keep it in order."""

from sqlalchemy import func, select

from app.chat import policy, queries
from app.chat.actions.rooms import as_known, hold_room, room_key
from app.chat.models import Topic, TopicState
from app.chat.queries import topics
from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Invalid
from app.kernel.limits import Budget
from app.kernel.states import move
from app.kernel.work import action

OPENING = Budget("open-topic", "6 per hour")
#: Topics of one room: more would be a second list of rooms.
MOST = 60
FULL = N_("There are as many topics here as a room can have. Write under one of them.")


@action
def open_topic(actor: Actor, room: queries.RoomRef, *, name: str) -> Topic:
    """Make a topic in a room that the actor writes in. Raises Forbidden, NotFound, Invalid for one too many, TooMany."""
    here = hold_room(actor, room)
    ensure(policy.can_open_topic(actor, here, now()))
    work.house().budgets.spend(OPENING, actor.public_id)
    session, public_id = work.session(), new_public_id()
    if (session.scalar(select(func.count()).select_from(Topic).where(Topic.room_id == here.id)) or 0) >= MOST:
        raise Invalid(FULL)
    sealed = work.house().vault.seal(room_key(here), topics.topic_place(public_id), name.encode())
    topic = Topic(public_id=public_id, room_id=here.id, state=TopicState.OPEN, name=sealed)
    session.add(topic)
    session.flush()
    return topic


@action
def close_topic(actor: Actor, room: queries.RoomRef, public_id: str) -> None:
    """Let nothing more be written under a topic. Raises Forbidden, NotFound, Conflict."""
    _turn(actor, room, public_id, TopicState.CLOSED)


@action
def reopen_topic(actor: Actor, room: queries.RoomRef, public_id: str) -> None:
    """Let people write under a closed topic again. Raises Forbidden, NotFound, Conflict."""
    _turn(actor, room, public_id, TopicState.OPEN)


def _turn(actor: Actor, room: queries.RoomRef, public_id: str, to: TopicState) -> None:
    here = hold_room(actor, room)
    ensure(policy.keeps_order(actor, here))
    topic = move(work.session(), topics.get_topic(actor, here, public_id), to)
    act = "topic.close" if to is TopicState.CLOSED else "topic.reopen"
    audit.record(as_known(actor, here), act, target_kind="topic", target=topic.public_id, reason=here.public_id)
