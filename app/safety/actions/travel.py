"""Choosing what to hide, going on a journey, and coming back from it.

A journey cannot be ended by whoever is on it: somebody may be standing beside them. It ends at its moment, which the
restrictions know by themselves, or when two chosen peers agree that it is over.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.identity.actions import lift_restrictions, restrict
from app.identity.models import Cause, Person
from app.kernel import work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.jobs import enqueue
from app.kernel.states import move
from app.kernel.work import action
from app.notifications.actions import notify
from app.profiles.queries.people import people_known
from app.safety import policy
from app.safety.models import Hidden, Journey, JourneyPeer, JourneyState

LONGEST_DAYS = 90
PEERS = 2
#: For how long a journey that is over is remembered (days).
OVER_KEPT_DAYS = 7
TWO_PEERS = N_("Choose two different people. Both together can end it.")
NOT_KNOWN = N_("Choose people whom you are connected with.")
TOO_LONG = N_("Choose a day within the next 90 days.")


@action
def choose_hidden(actor: Actor, chosen: Collection[str]) -> None:
    """Keep what the actor wants to hide when they travel, each as kind and reference. It changes nothing until then.

    Raises Forbidden while they travel. What they could not hide is left out.
    """
    ensure(policy.can_travel(actor))
    wanted = {
        (name, ref) for name, kind in policy.hideables().items() for ref, _words in kind.mine(actor)
        if f"{name}:{ref}" in chosen
    }  # fmt: skip
    session = work.session()
    session.execute(delete(Hidden).where(Hidden.person_id == actor.person_id))
    session.add_all(Hidden(person_id=actor.person_id, kind=kind, ref=ref) for kind, ref in sorted(wanted))


@action
def set_out(actor: Actor, *, until: datetime | None = None, peers: Collection[str] = ()) -> Journey:
    """Hide what was chosen until a moment, or until two peers agree; at the latest after 90 days.

    Every session of the actor ends, so that no open page or socket goes on. Raises Forbidden, Invalid for peers whom they
    are not connected with and for a moment that is too late or past, Conflict when they travel already.
    """
    ensure(policy.can_travel(actor))
    session, moment = work.session(), now()
    latest = moment + timedelta(days=LONGEST_DAYS)
    helpers = _known(actor, peers) if until is None else []
    session.execute(select(Person.id).where(Person.id == actor.person_id).with_for_update())  # two pages at once
    if until is not None and not moment < until <= latest:
        raise Invalid(TOO_LONG)
    under_way = select(Journey.id).where(Journey.person_id == actor.person_id, policy.is_under_way())
    if session.scalar(under_way.limit(1)) is not None:
        raise Conflict
    ends = until or latest
    journey = Journey(public_id=new_public_id(), person_id=actor.person_id, began_at=moment, until=ends)
    session.add(journey)
    session.flush()
    session.add_all(JourneyPeer(journey_id=journey.id, person_id=number) for number in helpers)
    restrict(actor, actor.person_id, policy.WITHHELD, cause=Cause.TRAVEL, ref=journey.public_id, until=ends)
    notify(helpers, "journey.peer", journey.public_id)
    enqueue("safety.end-journeys", after=ends - moment + timedelta(seconds=5))
    return journey


@action
def agree(actor: Actor, journey: Journey) -> bool:
    """Agree, once, that somebody's journey is over. Returns whether it is: with the second one it ends at once.

    Raises Forbidden for whoever is not one of the two or travels themselves, Conflict when it is over already.
    """
    session = work.session()
    # Held, so that of two at once the second one counts the first.
    journey = session.get_one(Journey, journey.id, with_for_update=True, populate_existing=True)
    peers = list(session.scalars(select(JourneyPeer).where(JourneyPeer.journey_id == journey.id)))
    ensure(policy.can_travel(actor) and any(peer.person_id == actor.id for peer in peers))
    if journey.state is not JourneyState.UNDER_WAY:
        raise Conflict
    session.execute(
        update(JourneyPeer)
        .where(
            JourneyPeer.journey_id == journey.id,
            JourneyPeer.person_id == actor.id,
            JourneyPeer.agreed_at.is_(None),
        )
        .values(agreed_at=now())
    )
    others = [peer for peer in peers if peer.person_id != actor.id]
    if len(peers) < PEERS or any(peer.agreed_at is None for peer in others):  # one who has left agrees to nothing
        return False
    _over(actor, journey)
    return True


@action
def end_journeys(actor: Actor) -> int:
    """Note the journeys whose moment has come, and tell who was on them; forget those long over. Returns how many ended."""
    ensure(actor.kind is Kind.SYSTEM)
    session, moment = work.session(), now()
    due = select(Journey).where(Journey.state == JourneyState.UNDER_WAY, Journey.until <= moment).with_for_update()
    ended = list(session.scalars(due))
    for journey in ended:
        _over(actor, journey)
    long_ago = moment - timedelta(days=OVER_KEPT_DAYS)
    session.execute(delete(Journey).where(Journey.state == JourneyState.OVER, Journey.until < long_ago))
    return len(ended)


def _over(actor: Actor, journey: Journey) -> None:
    """What was hidden is there again, and its person is told: only now, since a notice would have said it before."""
    ended_at = min(now(), journey.until) if journey.until else now()
    move(work.session(), journey, JourneyState.OVER, until=ended_at)
    lift_restrictions(actor, journey.public_id)
    notify([journey.person_id], "journey.over", journey.public_id)


def _known(actor: Actor, public_ids: Collection[str]) -> list[int]:
    wanted = set(public_ids)
    if len(wanted) != PEERS:
        raise Invalid(TWO_PEERS)
    known = [one.person_id for one in people_known(actor) if one.public_id in wanted]
    if len(known) != PEERS:
        raise Invalid(NOT_KNOWN)
    return known
