"""Verbs of names in spaces: to choose one, another one, and to give it up."""

from datetime import date, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.identity.models import Person, Space, SpaceName, SpentName
from app.identity.naming import NAME_TAKEN, proper_name
from app.identity.queries import name_index
from app.identity.spaces import policy, queries
from app.kernel import audit, work
from app.kernel.actor import Actor, Kind, ensure, system
from app.kernel.db import hold, insert_once, new_public_id, now
from app.kernel.errors import N_, Conflict, Invalid
from app.kernel.limits import Budget
from app.kernel.work import action

#: Each refusal says that somebody has a name: nobody tries out many.
TRIES = Budget("space-name", "6 per hour; 20 per day")
TOO_SOON = N_("You chose a name here less than 14 days ago. It can be changed again later, and given up at any time.")


def choose_name(actor: Actor, space: Space, *, name: str) -> None:
    """Be known by this name in a space from now on, in what was written there before too, under a new public id.

    Raises Invalid in words when the name does not do, is taken or looks like one that is, Conflict within the days in
    which one was chosen already, Forbidden, TooMany.
    """
    ensure(policy.can_choose(actor, space))
    work.house().budgets.spend(TRIES, actor.public_id)
    _choose_name(actor, space, proper_name(name))


@action
def _choose_name(actor: Actor, space: Space, name: str) -> None:
    _store_name(actor.person_id, space, name, now().date())
    # Not whose it is: whoever reads the record sees new names come up in rooms at the same moment.
    audit.record(system("names"), "name.choose", target_kind="space", target=space.value)


@action
def give_up_name(actor: Actor, space: Space) -> None:
    """Be known in a space by the usual name again, in what was written there before too. Raises Conflict if one is."""
    ensure(policy.can_choose(actor, space))
    session = work.session()
    row = session.scalars(queries.row_of(actor.person_id, space)).one_or_none()
    if row is None or row.name is None:
        raise Conflict
    _spend(row)
    row.public_id, row.name_index, row.name = new_public_id(), None, None
    session.flush()
    audit.record(system("names"), "name.give-up", target_kind="space", target=space.value)


@action
def furnish_name(actor: Actor, person_id: int, space: Space, name: str) -> None:
    """Give somebody of the demo a name in a space, chosen so long ago that they could change it."""
    ensure(actor.kind is Kind.SYSTEM)
    _store_name(person_id, space, proper_name(name), now().date() - timedelta(days=2 * policy.CHANGE_DAYS))


@action
def forget_spent_names(actor: Actor) -> None:
    """Let names go that were given up long ago, and what only remembers that one was chosen lately."""
    ensure(actor.kind is Kind.SYSTEM)
    session, today = work.session(), now().date()
    session.execute(delete(SpentName).where(SpentName.until < today))
    over = today - timedelta(days=policy.CHANGE_DAYS)
    session.execute(delete(SpaceName).where(SpaceName.name.is_(None), SpaceName.chosen_on <= over))


def _store_name(person_id: int, space: Space, name: str, chosen_on: date) -> None:
    session, index = work.session(), name_index(name)
    person = session.get_one(Person, person_id)
    # Names of people are in another table: whoever takes the same one there waits until we are done, and we for them.
    hold(session, f"name:{index.hex()}")
    row = session.scalars(queries.row_of(person_id, space)).one_or_none()
    if row is not None and chosen_on < policy.next_change(row.chosen_on):
        raise Conflict(TOO_SOON)
    if queries.is_taken(name):
        raise Invalid(NAME_TAKEN)
    if row is None:
        row = SpaceName(person_id=person_id, space=space)
        session.add(row)
    else:
        _spend(row)
    row.public_id, row.name_index, row.chosen_on = new_public_id(), index, chosen_on
    row.name = work.house().vault.seal(person.key_id, queries.place(row.public_id), name.encode())
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict from error  # from two pages at once


def _spend(row: SpaceName) -> None:
    """Keep the name that a row has free for a while."""
    if row.name_index is None:
        return
    session, until = work.session(), now().date() + timedelta(days=policy.SPENT_DAYS)
    session.execute(insert_once(session, SpentName).values(name_index=row.name_index, until=until))
