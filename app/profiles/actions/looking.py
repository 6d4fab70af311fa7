"""Caseworkers read what members show to caseworkers: no purpose, no data."""

from app.identity.looked import actions as looked
from app.kernel.access import Permission
from app.kernel.actor import Actor, ensure
from app.kernel.work import action
from app.profiles.queries import viewing
from app.profiles.queries.viewing import MemberView

#: The kind of look, as registered in feature.py.
LOOK = "profile"


@action
def read_for_a_case(actor: Actor, public_id: str, *, purpose: str) -> MemberView:
    """Note what the caseworker looks for, for the member to read, and show what the member shows to caseworkers.

    Both happen in one transaction. Raises Forbidden for whoever is no caseworker, Invalid without a purpose, and NotFound
    for a profile of which they see nothing, in which case nothing is noted either.
    """
    ensure(actor.holds(Permission.CASES_WORK))
    viewer = viewing.viewer_of(actor, caseworker=True)
    person_id = viewing.find(viewer, public_id)
    looked.note(actor, person_id, LOOK, purpose).insist(person_id, LOOK)
    return viewing.get_member(viewer, public_id)
