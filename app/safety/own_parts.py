"""What personal safety holds of a person: whom they trust, what they hide while travelling, and what they had typed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, or_, select, update

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.safety.models import Draft, Freeze, Hidden, Journey, JourneyPeer, LockCode, TrustedPerson
from app.safety.queries import drafts, lock, travel, trust


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Choices, trusted people by name, and drafts. The code of the screen lock is known to nobody but them."""
    yield (
        "safety",
        {
            "trusted_people": [one.name for one in trust.trusted_by_me(actor)],
            "people_who_trust_me": [one.name for one in trust.who_trust_me(actor)],
            "hidden_while_travelling": [
                words for things in travel.hideable(actor) for _value, words, chosen in things.lines if chosen
            ],
            "screen_lock_minutes": lock.minutes_of(actor),
        },
    )
    yield "drafts", [{"at": one.at, "words": one.words} for one in drafts.drafts(actor)]


def erase(_actor: Actor, person_id: int) -> Iterable[str]:
    """All of it goes, also where others trusted them or chose them for a journey."""
    session = work.session()
    journeys = select(Journey.id).where(Journey.person_id == person_id)
    session.execute(
        delete(JourneyPeer).where(or_(JourneyPeer.journey_id.in_(journeys), JourneyPeer.person_id == person_id))
    )
    session.execute(
        delete(TrustedPerson).where(or_(TrustedPerson.person_id == person_id, TrustedPerson.trusted_id == person_id))
    )
    for table in (Draft, Hidden, Journey, LockCode):
        session.execute(delete(table).where(table.person_id == person_id))
    session.execute(update(Freeze).where(Freeze.by_id == person_id).values(by_id=None))
    return list(session.scalars(delete(Freeze).where(Freeze.person_id == person_id).returning(Freeze.key_id)))


part = OwnData("safety", N_("Personal safety"), export, erase)
