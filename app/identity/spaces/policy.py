"""Who goes by a name of their own where, and how often it may change."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Select, false, select

from app.identity.models import Space, SpaceName
from app.kernel.access import Permission
from app.kernel.actor import Actor

#: A name is chosen once in so many days, so that conversations stay readable.
CHANGE_DAYS = 14
#: For so long nobody else may take a name that was given up, so that nobody speaks as whoever had it.
SPENT_DAYS = 180
#: What opens each space to a person.
OPENS = {
    Space.ROOMS: Permission.ROOMS_USE,
    Space.OPPORTUNITIES: Permission.PROFILE_KEEP,
    Space.TESTIMONIES: Permission.PROFILE_KEEP,
}


def visible_space_names(actor: Actor) -> Select[SpaceName]:
    """A person's own names. Nobody sees which names are the same person's."""
    if actor.id is None:
        return select(SpaceName).where(false())
    return select(SpaceName).where(SpaceName.person_id == actor.id)


def spaces_of(actor: Actor) -> Sequence[Space]:
    """Where this person may go by a name of their own. While settings are withheld, as on a journey, nowhere."""
    if not actor.holds(Permission.SETTINGS_CHANGE):
        return ()
    return tuple(space for space, access in OPENS.items() if actor.holds(access))


def can_choose(actor: Actor, space: Space) -> bool:
    return space in spaces_of(actor)


def next_change(chosen_on: date) -> date:
    """From which day another name can be chosen."""
    return chosen_on + timedelta(days=CHANGE_DAYS)
