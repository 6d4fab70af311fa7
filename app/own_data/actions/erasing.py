"""Verbs of erasing: asking for it, calling it off for a week, and then doing it for good.

All features' parts go in one transaction, and the keys are shredded by a job that is committed with it: killed at any
point, either nothing has happened or everything will.
"""

from collections.abc import Iterable

from sqlalchemy import select

from app.identity import queries as identity
from app.identity.models import Person, Standing
from app.kernel import audit, erasures, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import now
from app.kernel.erasures import Manner
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.jobs import enqueue
from app.kernel.states import move
from app.kernel.work import action
from app.notifications.actions import notify
from app.own_data import policy, queries, store
from app.own_data.models import Erasure, ErasureState

WRONG_NAME = N_("This is not your name here. Type it as it stands at the foot of the page.")
LAST_ADMINISTRATOR = N_(
    "You are the only administrator. Let somebody else become one first: without one nobody could change a role here."
)
ASKED_ALREADY = N_("You have asked for this already.")


@action
def ask_erasure(actor: Actor, *, name: str) -> Erasure:
    """Wish to be erased, in a week, unless it is called off. `name` is their own, typed.

    Raises Forbidden, Invalid for another name and for the last administrator, Conflict when it waits already.
    """
    ensure(policy.can_erase(actor))
    person = work.session().get_one(Person, actor.person_id, with_for_update=True)
    if identity.name_index(name) != person.name_index:
        raise Invalid(WRONG_NAME)
    if policy.is_last_administrator(actor.person_id):
        raise Invalid(LAST_ADMINISTRATOR)
    if queries.waiting_erasure(actor) is not None:
        raise Conflict(ASKED_ALREADY)
    moment = now()
    asked = Erasure(
        person_id=actor.person_id, person_public_id=actor.public_id, asked_at=moment, due_at=moment + policy.COOLING_OFF
    )
    work.session().add(asked)
    work.session().flush()
    audit.record(actor, "erasure.ask", target_kind="person", target=actor.public_id)
    notify([actor.person_id], "erasure.asked", "")
    return asked


@action
def call_off_erasure(actor: Actor) -> None:
    """Stay. Raises Conflict when there is nothing to call off, or it is too late."""
    found = work.session().scalars(policy.visible_erasures(actor).with_for_update()).one_or_none()
    if found is None:
        raise Conflict
    move(work.session(), found, ErasureState.CALLED_OFF)
    audit.record(actor, "erasure.call-off", target_kind="person", target=actor.public_id)


@action
def begin_due(actor: Actor) -> int:
    """Enqueue every erasure whose week is over: each is a job of its own. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    due = queries.due_erasures()
    for erasure in due:
        enqueue("own_data.erase", erasure=erasure)
    return len(due)


@action
def erase(actor: Actor, erasure: str) -> bool:
    """Erase whoever asked for it. Returns False where it was called off, is done, or has to wait still."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    wanted = select(Erasure).where(
        Erasure.public_id == erasure,
        Erasure.state == ErasureState.WAITING,
        Erasure.due_at <= now(),
        ~policy.is_held_back(),
    )
    found = session.scalars(wanted.with_for_update()).one_or_none()
    if found is None or policy.is_last_administrator(found.person_id):
        return False
    move(session, found, ErasureState.DONE)
    erase_person(actor, found.person_id, Manner.OWN)
    return True


@action
def close_for_good(actor: Actor, *, person_id: int) -> None:
    """Erase somebody who was removed and is now closed for good. They are recognised by keyed marks alone."""
    work.session().flush()
    erase_person(actor, person_id, Manner.REMOVED)


@action
def erase_again(actor: Actor) -> list[str]:
    """Erase whoever is in the ledger of erasures and here nevertheless: out of a backup. Returns their public ids.

    Each in a transaction of its own where this is not called inside one; killed, it goes on when called again. Raises
    Unsafe for a ledger with a line that this instance did not write.
    """
    ensure(actor.kind is Kind.SYSTEM)
    manners = {one.person: one.manner for one in erasures.read(work.house())}
    here = queries.still_here(list(manners))
    session = work.session()
    for public_id in here:
        person = session.scalars(select(Person).where(Person.public_id == public_id)).one()
        if manners[public_id] is Manner.REMOVED:
            person.standing = Standing.CLOSED
            session.flush()
        for waiting in session.scalars(
            select(Erasure).where(Erasure.person_id == person.id, Erasure.state == ErasureState.WAITING)
        ).all():
            move(session, waiting, ErasureState.DONE)
        erase_person(actor, person.id, manners[public_id])
    return here


@action
def erase_person(actor: Actor, person_id: int, manner: Manner) -> None:
    """Have every feature empty what it holds of a person, the last one first, and shred their keys after the commit."""
    ensure(actor.kind is Kind.SYSTEM)
    session = work.session()
    person = session.get_one(Person, person_id, with_for_update=True)
    if not person.key_id:
        return
    keys: list[str] = []
    for part in reversed(queries.parts()):
        keys += part.erase(actor, person_id)
        session.flush()
    audit.record(actor, "person.erase", target_kind="person", target=person.public_id)
    enqueue("own_data.finish", person=person.public_id, manner=manner.value, keys=sorted(set(keys)))


def finish(actor: Actor, *, person: str, manner: str, keys: Iterable[str]) -> None:
    """After the commit: shred the keys, and write the ledger by which no backup brings the person back."""
    ensure(actor.kind is Kind.SYSTEM)
    house = work.house()
    house.vault.shred(keys)
    erasures.write(house, person, Manner(manner))


def remove_files(actor: Actor, *, archives: Iterable[str]) -> None:
    """After the commit: take archives off the disk."""
    ensure(actor.kind is Kind.SYSTEM)
    store.remove(work.house(), list(archives))
