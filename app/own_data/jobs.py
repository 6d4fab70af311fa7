"""Tasks of own data. Making an archive is an errand: it reads part by part, and no transaction stays open meanwhile."""

from typing import Any

from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.house import House
from app.kernel.jobs import Outward
from app.kernel.vault import age
from app.own_data import actions, packing, queries, store
from app.own_data.queries import Asked


def begin_archive(actor: Actor, archive: str) -> Asked | None:
    """What is to be made; None when nobody waits for it any more."""
    return actions.begin_archive(actor, archive)


def make_archive(house: House, asked: Asked) -> int:
    """Read everything, seal it for its person, and put it on the disk. Returns its size.

    Raises NotFound when the person is erased meanwhile. A worker that dies here leaves it to be begun again.
    """
    content: dict[str, tuple[str, dict[str, Any]]] = {}
    with work.scope(house):
        parts = queries.parts()
    for number, part in enumerate(parts, start=1):
        with work.scope(house):
            content[part.name] = (part.label, dict(part.export(queries.actor_of(asked.person_id))))
        with work.scope(house):
            actions.note_progress(system("own_data.archive"), asked.archive, done=number)
    sealed = age.encrypt(packing.packed(content, asked.language), asked.recipient)
    store.write(house, asked.archive, sealed)
    return len(sealed)


def settle_archive(actor: Actor, size: int, archive: str) -> None:
    """Offer what was made."""
    actions.offer_archive(actor, archive, size=size)


def remove_old(actor: Actor) -> None:
    """Take away archives whose days are over. Safe to run at any time, any number of times."""
    actions.remove_old(actor)


def remove_files(actor: Actor, archives: list[str]) -> None:
    """Take archives off the disk."""
    actions.remove_files(actor, archives=archives)


def begin_due(actor: Actor) -> None:
    """Begin the erasures whose week is over."""
    actions.begin_due(actor)


def erase_again(actor: Actor) -> None:
    """Erase whom a backup brought back that was restored by hand. Fails, and is seen, for a ledger that was changed."""
    actions.erase_again(actor)


def erase(actor: Actor, erasure: str) -> None:
    """Erase one person. Safe to run at any time, any number of times."""
    actions.erase(actor, erasure)


def finish(actor: Actor, person: str, manner: str, keys: list[str]) -> None:
    """Shred the keys of somebody erased, and write the ledger."""
    actions.finish(actor, person=person, manner=manner, keys=keys)


archive = Outward(begin_archive, make_archive, settle_archive)
