"""Keeping the list of names and words that one wants to be warned of."""

from collections.abc import Sequence

import orjson
from sqlalchemy import delete

from app.chat import queries
from app.chat.models import PrivateNames
from app.identity.queries import get_me
from app.kernel import text, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once
from app.kernel.limits import Budget
from app.kernel.work import action

KEEPING = Budget("private-names", "30 per hour")


@action
def keep_private_names(actor: Actor, names: Sequence[str]) -> None:
    """Keep these in the stead of what was kept before, sealed with the actor's key. None is nothing kept.

    Raises Forbidden while the actor travels, TooMany.
    """
    ensure(actor.holds(Permission.HIDDEN_SEE))
    work.house().budgets.spend(KEEPING, actor.public_id)
    session, me = work.session(), get_me(actor)
    session.execute(delete(PrivateNames).where(PrivateNames.person_id == me.id))
    kept = list({text.bare_name(name): name for name in names if text.bare_name(name)}.values())
    if kept:
        plain = orjson.dumps(kept[: queries.MOST_PRIVATE])
        sealed = work.house().vault.seal(me.key_id, queries.private_place(me), plain)
        session.execute(insert_once(session, PrivateNames).values(person_id=me.id, sealed=sealed))
