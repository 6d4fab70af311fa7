"""Keeping somebody away, and no longer. Neither is told to anybody, nor written into the record that staff read."""

from app.identity.models import Space
from app.identity.spaces.queries import has_own_name
from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, new_public_id, now
from app.kernel.errors import N_, Invalid
from app.kernel.limits import Budget
from app.kernel.signals import kept_away
from app.kernel.work import action
from app.profiles import policy
from app.profiles.actions import held
from app.profiles.models import Block

#: Enough for whoever is beset, too few to try out who is behind a name.
BLOCKING = Budget("block", "20 per hour; 60 per day")
NOT_ONESELF = N_("This is you.")


@action
def block(actor: Actor, person_id: int, *, met_in: Space | None = None) -> None:
    """Keep somebody away from now on, whatever either of them is here. Harmless when that is so already.

    By the usual name it holds both ways, and ends all that was between the two. `met_in` is for somebody whom the actor
    knows by a name that they have in that space alone: they lose sight of the actor, and nothing vanishes for the actor,
    since that would say who it is. Raises Invalid for oneself, NotFound for whoever is gone, TooMany.
    """
    ensure(policy.can_keep(actor))
    if person_id == actor.id:
        raise Invalid(NOT_ONESELF)
    work.house().budgets.spend(BLOCKING, actor.public_id)
    held.hold(actor.person_id, person_id)
    space = met_in if met_in is not None and has_own_name(met_in, person_id) else None
    session = work.session()
    row = {
        "public_id": new_public_id(),
        "person_id": actor.person_id,
        "blocked_id": person_id,
        "space": space,
        "since": now().date(),
    }
    session.execute(insert_once(session, Block).values(row))
    if space is None:
        held.part(actor.person_id, person_id)
        held.answer_all(actor.person_id, person_id)
    kept_away.send(actor, person_id=person_id, met_in=met_in)


@action
def unblock(actor: Actor, one: Block) -> None:
    """Keep somebody away no more. What the block ended stays ended; they learn nothing of either."""
    ensure(one.person_id == actor.person_id)
    work.session().delete(one)
