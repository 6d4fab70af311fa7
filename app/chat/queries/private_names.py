"""Names and words that somebody wants to be warned of before they send them. Nobody else ever reads them."""

from collections.abc import Sequence

import orjson
from sqlalchemy import Select, select

from app.chat.models import PrivateNames
from app.identity.models import Person
from app.identity.queries import get_me
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.vault import Place, Shredded

#: So many, and of so many letters each.
MOST, LONGEST = 40, 60


def private_place(person: Person) -> Place:
    return Place("private_names", person.public_id, "sealed")


def private_names(actor: Actor) -> Sequence[str]:
    """The actor's own list, in the order in which they wrote it.

    Empty while they travel, for the warning too: whoever holds their telephone could try names one by one.
    """
    if actor.id is None or not actor.holds(Permission.HIDDEN_SEE):
        return ()
    sealed = work.session().scalar(*_sealed(actor))
    if sealed is None:
        return ()
    me = get_me(actor)
    try:
        names: list[str] = orjson.loads(work.house().vault.open(me.key_id, private_place(me), sealed))
    except Shredded:
        return ()
    return names


@built_once
def _sealed(actor: Actor) -> Select[bytes]:
    return select(PrivateNames.sealed).where(PrivateNames.person_id == actor.id)
