"""Conversations of a few: who may ask whom, what holds until somebody has accepted, and for how long."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, exists
from sqlalchemy.orm import aliased

from app.chat.models import Membership, Room, RoomKind, RoomMember
from app.chat.policy.rooms import Circumstances, can_host, can_post
from app.identity.models import Space
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_

#: A request waits for so long (days). After that one may ask again.
WAITS_DAYS = 30
#: Whoever declined is not reached by the same person for so long (days). Nobody is told.
QUIET_DAYS = 90
#: What may be written before anybody has accepted: messages, and characters of each.
FIRST_MESSAGES, FIRST_LETTERS = 3, 400
#: Requests that may wait at one time, for members and for those who are not the first to write.
UNANSWERED, UNANSWERED_NEW = 5, 2
#: People in a small group, with those who are asked.
MOST_IN_GROUP = 12
#: For how long a conversation may be kept (days). The shortest wish holds.
KEEPS = (1, 7, 30, 90)

ASKED = N_("Somebody asks you to talk. You can write once you accept.")
ENOUGH = N_("These are the three messages that one can send before the other has accepted.")
NOT_NOW = N_("They have not answered within thirty days. You can ask them again.")
OVER = N_("This conversation is over: one of you left it. What was written stays readable until its time is over.")
AWAY = N_("They cannot be reached at present. What was written stays here.")


def can_begin(actor: Actor) -> bool:
    """Who opens conversations at all: whoever may write, and is not travelling, when a hand on the phone could."""
    return can_post(actor) and actor.holds(Permission.PROFILE_KEEP) and actor.holds(Permission.HIDDEN_SEE)


def can_ask(actor: Actor, *, connected: bool) -> bool:
    """Who may ask somebody to talk: whoever may be the first to write; others only those with whom they are connected.

    In probation, and while first contact is withheld, that leaves the people who have agreed to know them.
    """
    return can_begin(actor) and (actor.holds(Permission.CONTACT_FIRST) or connected)


def can_open_group(actor: Actor) -> bool:
    """Opening a small group asks several people at once: whoever may be the first to write."""
    return can_begin(actor) and actor.holds(Permission.CONTACT_FIRST)


def shows_requests(actor: Actor) -> bool:
    """Whether who asks the actor is shown to them. While they travel nobody asks, as far as one sees."""
    return actor.holds(Permission.HIDDEN_SEE)


def keeps_group(here: Circumstances) -> bool:
    """Asking into a group, removing from it, naming it: whoever opened it, or was handed it."""
    return here.kind is RoomKind.GROUP and can_host(here)


def can_choose_keep(here: Circumstances) -> bool:
    """How long words are kept: either of two, and the host of a group."""
    return here.membership is Membership.IN and (here.kind is RoomKind.DIRECT or keeps_group(here))


def waits_until(asked_on: date) -> date:
    """The day on which a request is over."""
    return asked_on + timedelta(days=WAITS_DAYS)


def space_between(met_in: Space | None, *, either_has_own: bool) -> Space | None:
    """By which names two people talk who met in a space: those of the space, where one of them has a name of its own
    there; else by the usual ones. So that a conversation never says who somebody is elsewhere."""
    return met_in if either_has_own else None


def nobody_accepted(person_id: int) -> ColumnElement[bool]:
    """Whether nobody but this person is in a conversation of two, as a condition on `Room`."""
    other = aliased(RoomMember)
    others = exists().where(other.room_id == Room.id, other.person_id != person_id, other.state == Membership.IN)
    return and_(Room.kind == RoomKind.DIRECT, Room.pair.is_not(None), ~others)
