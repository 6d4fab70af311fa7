"""Saying one of five things to a message, and taking it back."""

from sqlalchemy import delete

from app.chat import policy, queries
from app.chat.actions.private import check_beside
from app.chat.models import Reaction, ReactionKind
from app.chat.queries.here import present_address
from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, now
from app.kernel.limits import Budget
from app.kernel.live import publish
from app.kernel.work import action

REACTING = Budget("react", "30 per minute; 300 per hour")


@action
def react(actor: Actor, room: queries.Here, seq: int, kind: ReactionKind) -> list[queries.Said]:
    """Say it under the actor's name in the room, and tell the room. Twice is as good as once.

    Returns who said what now. Raises NotFound, Forbidden, TooMany.
    """
    work.house().budgets.spend(REACTING, actor.public_id)
    # Held, so that of two who react at once the later one tells of both.
    message = queries.get_row(actor, room, seq, hold=True)
    ensure(policy.can_react(actor, room, message, now()))
    check_beside(actor, room)
    row = {"room_id": room.id, "seq": seq, "person_id": actor.person_id, "kind": kind}
    work.session().execute(insert_once(work.session(), Reaction).values(row))
    return _told(room, seq)


@action
def take_back(actor: Actor, room: queries.Here, seq: int, kind: ReactionKind) -> list[queries.Said]:
    """Take back what the actor said, at any time. Returns who said what now. Raises NotFound, TooMany."""
    work.house().budgets.spend(REACTING, actor.public_id)
    queries.get_row(actor, room, seq, hold=True)
    mine = delete(Reaction).where(Reaction.room_id == room.id, Reaction.seq == seq, Reaction.kind == kind)
    work.session().execute(mine.where(Reaction.person_id == actor.person_id))
    return _told(room, seq)


def _told(room: queries.Here, seq: int) -> list[queries.Said]:
    said = queries.reactions_to(room, seq)
    frame = {"room": room.public_id, "seq": seq, "reactions": queries.reactions_frame(said)}
    publish(present_address(room), "room.reactions", frame)
    return said
