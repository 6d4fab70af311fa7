"""Who sees which looks."""

from sqlalchemy import Select, false, select

from app.identity.models import Look
from app.kernel.access import Permission
from app.kernel.actor import Actor


def visible_looks(actor: Actor) -> Select[Look]:
    """Looks at the actor, and none while they travel: purposes say what somebody is about. Nobody sees who looked at
    somebody else."""
    if actor.id is None or not actor.holds(Permission.HIDDEN_SEE):
        return select(Look).where(false())
    return select(Look).where(Look.person_id == actor.id)


def own_looks(actor: Actor) -> Select[Look]:
    """Looks by the actor: by these they need not say again within the hour what they look for."""
    if actor.id is None:
        return select(Look).where(false())
    return select(Look).where(Look.reader_id == actor.id)
