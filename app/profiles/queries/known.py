"""Other people by the usual name, as far as they exist for whoever asks."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, or_

from app.identity import queries as identity
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import NotFound
from app.profiles import policy
from app.profiles.models import Profile
from app.profiles.policy import Viewer
from app.profiles.queries.viewing import find_in, viewer_of


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody else. `has_page` says whether they have a page that the actor sees."""

    person_id: int
    public_id: str
    name: str
    has_page: bool = True


def get_somebody(actor: Actor, public_id: str) -> Known:
    """Somebody else whose page the actor sees. Raises NotFound for everybody else, for whatever reason."""
    found = find_in(viewer_of(actor), public_id)
    if found is None or found == actor.id:
        raise NotFound
    return Known(found, *identity.names_of([found])[found])


def known(actor: Actor, person_ids: Collection[int], *, also_without_page: bool = False) -> dict[int, Known]:
    """Those of these people who exist for the actor. The same number of queries for any number of people.

    `also_without_page` is for those who showed themselves to the actor by asking for something.
    """
    if not person_ids:
        return {}
    there = set(work.session().scalars(*_there(viewer_of(actor), person_ids)))
    names = identity.names_of(person_ids if also_without_page else there)
    return {number: Known(number, *name, has_page=number in there) for number, name in names.items()}


@built_once
def _there(viewer: Viewer, person_ids: Collection[int]) -> Select[int]:
    seen = policy.visible_profiles(viewer).where(Profile.person_id.in_(person_ids))
    return seen.with_only_columns(Profile.person_id)


def are(one: SQLColumnExpression[int], other: SQLColumnExpression[int], first: int, second: int) -> ColumnElement[bool]:
    """Whether a row with two people is about exactly these two, in whichever order."""
    return or_(and_(one == first, other == second), and_(one == second, other == first))
