"""What every message of a conversation of a few passes as it is stored, and nothing else does."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import or_, select

from app.chat import queries
from app.chat.models import Membership, RoomKind, RoomMember
from app.chat.policy import conversations as rules
from app.chat.queries import conversations as talking
from app.chat.queries.conversations import Standing
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import N_, Forbidden, Invalid
from app.notifications.actions import notify
from app.profiles.actions.people import check_note

#: The notices of conversations. None of them says who, or what.
ASKED, ACCEPTED, WROTE = "chat.talk-asked", "chat.talk-accepted", "chat.wrote"
#: The task that tells those who are asked.
TELL = "chat.tell-asked"
TOO_LONG = N_("Until they accept, a message can be at most 400 characters. Shorten it, or send it in parts.")
NO_FILES = N_("Files can be sent once they accept. Take the file out; your words are still here.")
WHY = {
    Standing.ASKED: rules.ASKED,
    Standing.UNANSWERED: rules.NOT_NOW,
    Standing.OVER: rules.OVER,
    Standing.AWAY: rules.AWAY,
}


class Said(NamedTuple):
    """A message on its way into a conversation, as far as it is asked about here."""

    actor: Actor
    room: queries.Here
    client_id: str
    #: With what stands above them.
    words: str
    has_files: bool


def check_private(messages: Iterable[Said]) -> None:
    """Refuse what cannot be written in a conversation, and tell the others that there is something new.

    For use inside the action that stores these messages, once nobody else can change their rooms. Raises Forbidden where
    nothing can be written now, Invalid for what has to wait until the other one accepts.
    """
    together: Counter[tuple[int, int]] = Counter()
    for said in messages:
        if said.room.kind is RoomKind.DIRECT:
            standing = talking.talk_in(said.actor, said.room).standing
            if standing in WHY:
                raise Forbidden(WHY[standing])
            if standing is Standing.WAITS:
                _check_first(said, together[said.actor.person_id, said.room.id])
        together[said.actor.person_id, said.room.id] += 1
        _tell(said.actor, said.room)


def check_change(actor: Actor, room: queries.Here, words: str) -> None:
    """Refuse other words for a message of a conversation of two where these could not be written now. Raises as above."""
    if room.kind is not RoomKind.DIRECT:
        return
    standing = talking.talk_in(actor, room).standing
    if standing in WHY:
        raise Forbidden(WHY[standing])
    if standing is Standing.WAITS:
        _check_words(words)


def check_beside(actor: Actor, room: queries.Here) -> None:
    """Refuse to hang anything on messages of a conversation of two in which nothing can be written any more.

    Whoever is kept away would reach the other by it. Raises Forbidden.
    """
    if room.kind is RoomKind.DIRECT:
        standing = talking.talk_in(actor, room).standing
        if standing in WHY:
            raise Forbidden(WHY[standing])


def why_not_talking(actor: Actor, room: queries.Here) -> str | None:
    """Why nothing can be written in a conversation at present, as a message id, for its page."""
    if room.kind is not RoomKind.DIRECT:
        return None
    standing = talking.talk_in(actor, room).standing
    if standing is Standing.WAITS and talking.first_messages(actor, room) >= rules.FIRST_MESSAGES:
        return rules.ENOUGH
    return WHY.get(standing)


def _check_first(said: Said, besides: int) -> None:
    written = talking.first_messages(said.actor, said.room, besides=said.client_id) + besides
    if written >= rules.FIRST_MESSAGES:
        raise Forbidden(rules.ENOUGH)
    if said.has_files:
        raise Invalid(NO_FILES)
    _check_words(said.words)


def _check_words(words: str) -> None:
    if len(words) > rules.FIRST_LETTERS:
        raise Invalid(TOO_LONG)
    check_note(words)


def _tell(actor: Actor, room: queries.Here) -> None:
    """One notice to each who is in, until they have read it; none to whoever muted the conversation."""
    muted_no_more = or_(RoomMember.muted_until.is_(None), RoomMember.muted_until <= now())
    others = select(RoomMember.person_id).where(
        RoomMember.room_id == room.id,
        RoomMember.person_id != actor.person_id,
        RoomMember.state == Membership.IN,
        muted_no_more,
    )
    if people := work.session().scalars(others).all():
        notify(people, WROTE, room.public_id)
