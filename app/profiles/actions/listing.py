"""Being in the directory or not: everybody's own choice, and off until they make it."""

from app.kernel.actor import Actor, ensure
from app.kernel.work import action
from app.profiles import policy
from app.profiles.actions import directory
from app.profiles.actions.editing import ensure_profile


@action
def set_listed(actor: Actor, *, listed: bool) -> None:
    """Put the actor into the directory, or take them out of it at once. Raises Forbidden.

    Of those who are not in it the directory holds no words by which to find them.
    """
    ensure(policy.can_change(actor))
    directory.put(ensure_profile(actor.person_id), listed=listed)
