"""Other people by the usual name, as far as they exist for whoever asks."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_

from app.identity import queries as identity
from app.identity.models import Person
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.profiles import policy
from app.profiles.models import Profile
from app.profiles.queries.viewing import viewer_of


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody else. `has_page` says whether they have a page that the actor sees."""

    person_id: int
    public_id: str
    name: str
    has_page: bool = True


def get_somebody(actor: Actor, public_id: str) -> Known:
    """Somebody else whose page the actor sees. Raises NotFound for everybody else, for whatever reason."""
    wanted = policy.visible_profiles(viewer_of(actor)).join(Person, Person.id == Profile.person_id)
    found = work.session().scalar(
        wanted.where(Person.public_id == public_id, Profile.person_id != actor.id).with_only_columns(
            Profile.person_id, maintain_column_froms=True
        )
    )
    if found is None:
        raise NotFound
    return Known(found, *identity.names_of([found])[found])


def known(actor: Actor, person_ids: Collection[int], *, also_without_page: bool = False) -> dict[int, Known]:
    """Those of these people who exist for the actor. The same number of queries for any number of people.

    `also_without_page` is for those who showed themselves to the actor by asking for something.
    """
    if not person_ids:
        return {}
    seen = policy.visible_profiles(viewer_of(actor)).where(Profile.person_id.in_(person_ids))
    there = set(work.session().scalars(seen.with_only_columns(Profile.person_id)))
    names = identity.names_of(person_ids if also_without_page else there)
    return {number: Known(number, *name, has_page=number in there) for number, name in names.items()}


def are(one: SQLColumnExpression[int], other: SQLColumnExpression[int], first: int, second: int) -> ColumnElement[bool]:
    """Whether a row with two people is about exactly these two, in whichever order."""
    return or_(and_(one == first, other == second), and_(one == second, other == first))
