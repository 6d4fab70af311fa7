"""Reads of travel mode: what could be hidden, what was chosen, and the journeys that the actor may help to end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import NotFound
from app.safety import policy
from app.safety.models import Hidden, Journey, JourneyPeer, JourneyState


@dataclass(frozen=True, slots=True)
class Things:
    """What of one kind could be hidden: a message id for the kind, and for each its value, its words and whether it is."""

    label: str
    lines: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class JourneyLine:
    """A journey of somebody else, as one of the two sees it who may end it."""

    public_id: str
    name: str
    began: datetime
    over: bool
    agreed: bool


def hideable(actor: Actor) -> list[Things]:
    """Everything that the actor could hide, kind by kind, and what they have chosen of it."""
    rows = work.session().execute(policy.visible_hidden(actor).with_only_columns(Hidden.kind, Hidden.ref))
    chosen = {(row[0], row[1]) for row in rows}
    return [
        Things(kind.label, [(f"{name}:{ref}", words, (name, ref) in chosen) for ref, words in kind.mine(actor)])
        for name, kind in policy.hideables().items()
    ]


def journeys(actor: Actor) -> list[JourneyLine]:
    """Journeys under way that wait for the actor to agree that they are over."""
    waiting = policy.visible_journeys(actor).where(policy.is_under_way())
    found = list(work.session().scalars(waiting.order_by(Journey.id)))
    return [line for line in _lines(actor, found) if not line.agreed]


def get_journey(actor: Actor, public_id: str) -> Journey:
    """A journey that the actor may help to end, or could. Raises NotFound."""
    wanted = policy.visible_journeys(actor).where(Journey.public_id == public_id)
    found = work.session().scalars(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def read_journey(actor: Actor, journey: Journey) -> JourneyLine:
    """The same for its page."""
    return _lines(actor, [journey])[0]


def _lines(actor: Actor, found: Sequence[Journey]) -> list[JourneyLine]:
    if not found:
        return []
    mine = select(JourneyPeer.journey_id, JourneyPeer.agreed_at).where(
        JourneyPeer.person_id == actor.id, JourneyPeer.journey_id.in_([one.id for one in found])
    )
    agreed = {row[0]: row[1] for row in work.session().execute(mine)}
    names = names_of({one.person_id for one in found})
    return [
        JourneyLine(
            public_id=one.public_id,
            name=names.get(one.person_id, ("", ""))[1],
            began=one.began_at,
            over=one.state is JourneyState.OVER or (one.until is not None and one.until <= now()),
            agreed=agreed.get(one.id) is not None,
        )
        for one in found
    ]
