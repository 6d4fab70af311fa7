"""Reads of letters. Fetching is authorising."""

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from tests.house.sample import policy
from tests.house.sample.models import Letter


def get_letter(actor: Actor, public_id: str) -> Letter:
    """A letter of the actor's own. Raises NotFound, also for those of others."""
    found = work.session().scalars(policy.visible_letters(actor).where(Letter.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound
    return found
