"""Lists of people one knows, by names of one's own. Nobody is told that they are on one."""

from sqlalchemy import delete, func, select

from app.kernel import work
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once, new_public_id
from app.kernel.errors import N_, Conflict, Invalid, NotFound
from app.kernel.text import clean_line, skeleton
from app.kernel.work import action
from app.profiles import policy
from app.profiles.actions import held
from app.profiles.actions.editing import ensure_profile
from app.profiles.models import ListEntry, PeopleList, Profile
from app.profiles.queries import connections, lists

MOST_LISTS, MOST_ON_LIST, NAME_LETTERS = 20, 200, 60
NO_NAME = N_("Give the list a name.")
TOO_LONG = N_("Use at most 60 characters.")
SAME_NAME = N_("You have a list of this name already.")
ENOUGH = N_("You have 20 lists. Delete one first.")
FULL = N_("This list has 200 people on it. Make another one.")


@action
def make(actor: Actor, *, name: str) -> PeopleList:
    """Begin a list. Raises Invalid for a name that does not do, and when there are MOST_LISTS.

    Not while they travel: that a name is taken would say that there is a list of it.
    """
    ensure(policy.shows_people(actor))
    profile = ensure_profile(actor.person_id)
    own = _held_lists(actor)
    if len(own) >= MOST_LISTS:
        raise Invalid(ENOUGH)
    public_id = new_public_id()
    sealed = _sealed(profile, public_id, _proper(actor, name, own))
    made = PeopleList(public_id=public_id, person_id=actor.person_id, name=sealed)
    work.session().add(made)
    work.session().flush()
    return made


@action
def rename(actor: Actor, one: PeopleList, *, name: str) -> None:
    """Give one of the actor's lists another name. Raises Invalid for one that does not do."""
    ensure(policy.can_keep(actor) and one.person_id == actor.person_id)
    profile = ensure_profile(actor.person_id)
    others = [own for own in _held_lists(actor) if own.id != one.id]
    one.name = _sealed(profile, one.public_id, _proper(actor, name, others))


@action
def remove(actor: Actor, one: PeopleList) -> None:
    """Delete one of the actor's lists. Those on it see no more what was shown to it, and nobody else sees it instead."""
    ensure(policy.can_keep(actor) and one.person_id == actor.person_id)
    work.session().execute(delete(PeopleList).where(PeopleList.id == one.id))


@action
def put_on(actor: Actor, one: PeopleList, person_id: int) -> None:
    """Put somebody with whom the actor is connected on a list. Harmless when they are on it.

    Raises NotFound for whoever is not among the actor's people, Invalid when the list is full.
    """
    ensure(policy.can_keep(actor) and one.person_id == actor.person_id)
    held.hold(actor.person_id, person_id)
    if not connections.is_connected(actor, person_id):
        raise NotFound
    session = work.session()
    if session.scalars(policy.visible_lists(actor).where(PeopleList.id == one.id)).one_or_none() is None:
        raise Conflict
    on_it = session.scalar(select(func.count()).select_from(ListEntry).where(ListEntry.list_id == one.id)) or 0
    if on_it >= MOST_ON_LIST:
        raise Invalid(FULL)
    session.execute(insert_once(session, ListEntry).values(list_id=one.id, person_id=person_id))


@action
def take_off(actor: Actor, one: PeopleList, person_id: int) -> None:
    """Take somebody off a list: what it sees is hidden from them at once. Harmless when they are not on it."""
    ensure(policy.can_keep(actor) and one.person_id == actor.person_id)
    gone = delete(ListEntry).where(ListEntry.list_id == one.id, ListEntry.person_id == person_id)
    work.session().execute(gone)


def _held_lists(actor: Actor) -> list[PeopleList]:
    """The actor's lists, their owner's profile held, so that two at once count each other's."""
    mine = select(Profile.id).where(Profile.person_id == actor.person_id)
    work.session().execute(mine.with_for_update())
    return list(work.session().scalars(policy.visible_lists(actor)))


def _proper(actor: Actor, name: str, others: list[PeopleList]) -> str:
    cleaned = clean_line(name)
    if not cleaned:
        raise Invalid(NO_NAME)
    if len(cleaned) > NAME_LETTERS:
        raise Invalid(TOO_LONG)
    if skeleton(cleaned) in {skeleton(other) for other in lists.names_of(actor, others).values()}:
        raise Invalid(SAME_NAME)
    return cleaned


def _sealed(profile: Profile, public_id: str, name: str) -> bytes:
    return work.house().vault.seal(profile.key_id, lists.name_place(public_id), name.encode())
