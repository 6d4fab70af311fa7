"""Taking away what a report on a conversation encloses. Nothing else of a conversation is ever open to a moderator."""

from app.chat import policy
from app.chat.actions.taking_away import emptied, strip
from app.chat.models import MessageState
from app.chat.queries.reported import picked_for_removal
from app.kernel import audit, work
from app.kernel.actor import Actor, ensure
from app.kernel.errors import Conflict, NotFound
from app.kernel.live import publish
from app.kernel.states import move
from app.kernel.work import action


@action
def remove_picked(actor: Actor, ref: str, reason: str) -> None:
    """Take the enclosed messages away for good, in open pages too.

    Raises Forbidden, NotFound, Conflict when all of them are gone already.
    """
    ensure(policy.can_remove(actor))
    found = picked_for_removal(ref)
    if not found:
        raise NotFound
    there = [(one, room) for one, room in found if one.state in (MessageState.SHOWN, MessageState.HIDDEN)]
    if not there:
        raise Conflict
    for message, room in there:
        move(work.session(), message, MessageState.REMOVED, sealed=emptied(message), terms=b"", expires_on=None)
        strip(message)
        gone = {"room": room.public_id, "seq": message.seq, "by": MessageState.REMOVED.value}
        publish(room.address, "room.gone", gone)
    audit.record(actor, "message.remove", target_kind="message", target=ref, reason=reason)
