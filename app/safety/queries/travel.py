"""Reads of travel mode: what could be hidden, what was chosen, and the journeys that the actor may help to end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from app.identity.queries import names_of
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
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
    rows = work.session().execute(*_hidden(actor))
    chosen = {(row[0], row[1]) for row in rows}
    return [
        Things(kind.label, [(f"{name}:{ref}", words, (name, ref) in chosen) for ref, words in kind.mine(actor)])
        for name, kind in policy.hideables().items()
    ]


def journeys(actor: Actor) -> list[JourneyLine]:
    """Journeys under way that wait for the actor to agree that they are over."""
    found = list(work.session().scalars(*_under_way(actor)))
    return [line for line in _lines(actor, found) if not line.agreed]


@built_once
def _under_way(actor: Actor) -> Select[Journey]:
    return policy.visible_journeys(actor).where(policy.is_under_way()).order_by(Journey.id)


@built_once
def _hidden(actor: Actor) -> Select[str, str]:
    return policy.visible_hidden(actor).with_only_columns(Hidden.kind, Hidden.ref)


@built_once
def _one(actor: Actor, public_id: str) -> Select[Journey]:
    return policy.visible_journeys(actor).where(Journey.public_id == public_id)


@built_once
def _agreed(actor: Actor, journeys: Collection[int]) -> Select[int, datetime | None]:
    mine = (JourneyPeer.person_id == actor.id) & JourneyPeer.journey_id.in_(journeys)
    return select(JourneyPeer.journey_id, JourneyPeer.agreed_at).where(mine)


def get_journey(actor: Actor, public_id: str) -> Journey:
    """A journey that the actor may help to end, or could. Raises NotFound."""
    found: Journey | None = work.session().scalars(*_one(actor, public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def read_journey(actor: Actor, journey: Journey) -> JourneyLine:
    """The same for its page."""
    return _lines(actor, [journey])[0]


def _lines(actor: Actor, found: Sequence[Journey]) -> list[JourneyLine]:
    if not found:
        return []
    agreed = {row[0]: row[1] for row in work.session().execute(*_agreed(actor, [one.id for one in found]))}
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
