"""Who sees what of whom. One scope for all: pages, the directory, counts, search, and "view as"."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    exists,
    false,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from app.identity.models import Person, Restriction, Space, SpaceName, Standing
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.built import Placed
from app.kernel.db import this_day, this_moment
from app.profiles.models import (
    Audience,
    Block,
    Companionship,
    Connection,
    ConnectionState,
    Exclusion,
    FieldList,
    ListEntry,
    PeopleList,
    Profile,
    ProfileField,
    Sweep,
)


@dataclass(frozen=True, slots=True)
class Viewer(Placed):
    """What the rules ask about whoever looks. Made by `queries.viewer`, for a real person or to view as somebody.

    `person_id` is None for those who are nobody in particular: a stranger, "any member". `country_index` is the
    fingerprint of their country, None while they have given none. `companion_of` is somebody whose mentor or mentee
    they are taken to be. `caseworker` is said of one who has given a purpose, which was noted in this very transaction.
    `supposed` is said of somebody as whom another one views themselves, `travels` of whoever is on a journey: what is
    theirs, and what others show to them as one of a few, is not there for whoever holds their phone.
    """

    person_id: int | None = None
    peer: bool = False
    member: bool = False
    caseworker: bool = False
    country_index: bytes | None = None
    companion_of: int | None = None
    sweeping: bool = False
    supposed: bool = False
    travels: bool = False

    def outline(self) -> Hashable:
        """Who they are, and from where, stands for anybody."""
        known = (self.person_id is None, self.country_index is None, self.companion_of is None)
        return known, self.peer, self.member, self.caseworker, self.sweeping, self.supposed, self.travels

    def places(self) -> Mapping[str, Any]:
        given = {
            "person_id": self.person_id,
            "country_index": self.country_index,
            "companion_of": self.companion_of,
        }
        return {name: value for name, value in given.items() if value is not None}


NOBODY = Viewer()


#: Made once: to make an alias costs more than to ask the question, and a page asks many.
_block, _person, _away, _exclusion = aliased(Block), aliased(Person), aliased(Restriction), aliased(Exclusion)
_name = aliased(SpaceName)
_pair, _seen_by, _entry, _one = aliased(Companionship), aliased(FieldList), aliased(ListEntry), aliased(Connection)


def visible_fields(viewer: Viewer) -> Select[ProfileField]:
    """Every field of every profile that this viewer sees."""
    return select(ProfileField).where(sees_field(viewer))


def visible_profiles(viewer: Viewer) -> Select[Profile]:
    """Profiles that exist for this viewer: their own, those in the directory for whoever may use it, those of people
    they are connected with, and those of which they see a field."""
    owner = Profile.person_id
    if not viewer.peer:
        return select(Profile).where(false())
    known: list[ColumnElement[bool]] = [is_there(ProfileField.person_id == owner, sees_field(viewer))]
    if viewer.person_id is not None and not viewer.travels:
        known += [owner == viewer.person_id, _connected(owner, viewer.person_id)]
    if viewer.member:
        known.append(and_(Profile.listed, ~_of_unknown_country(owner, viewer)))
    return select(Profile).where(or_(*known), _open_to(owner, viewer), _real(viewer))


def directory(viewer: Viewer) -> Select[Profile]:
    """Profiles that their people put into the directory, for members; nobody finds themselves there by accident."""
    if not viewer.member:
        return select(Profile).where(false())
    if viewer.peer and viewer.country_index is not None:
        # Whoever says where they live sees everybody listed who is open to them: there is nothing else to ask.
        return select(Profile).where(Profile.listed, _open_to(Profile.person_id, viewer), _real(viewer))
    return visible_profiles(viewer).where(Profile.listed)


def sees_field(viewer: Viewer, *, of_profiles: bool = False) -> ColumnElement[bool]:
    """The rule itself, as a condition on `ProfileField`.

    `of_profiles` says that the same statement takes its people from a scope of profiles, which has asked already whether
    they are open to the viewer.
    """
    owner, audience = ProfileField.person_id, ProfileField.audience
    one_of_a_few = viewer.person_id if not viewer.travels else None
    mine = owner == one_of_a_few if one_of_a_few is not None else false()
    if not viewer.peer:
        return mine
    allowed: list[ColumnElement[bool]] = []
    if viewer.member:
        allowed.append(and_(audience == Audience.MEMBERS, ~_of_unknown_country(owner, viewer)))
    if viewer.caseworker:
        allowed.append(audience == Audience.CASEWORKERS)
    if one_of_a_few is not None or viewer.companion_of is not None:
        allowed.append(and_(audience == Audience.COMPANIONS, _companions(owner, viewer)))
    if one_of_a_few is not None:
        allowed.append(and_(audience == Audience.CHOSEN, _chosen(one_of_a_few)))
    if not allowed:
        return mine
    return or_(mine, *allowed) if of_profiles else or_(mine, and_(or_(*allowed), _open_to(owner, viewer)))


def is_there(*conditions: SQLColumnExpression[bool]) -> ColumnElement[bool]:
    """EXISTS, asked of one row after the other by an index. For conditions on rows of which a page is all that is wanted.

    OFFSET keeps PostgreSQL from answering it for everybody at once, for which it reads whole tables before the first row.
    """
    return select(literal(1)).where(*conditions).offset(0).exists()


def blocked(owner: SQLColumnExpression[int] | int, viewer: SQLColumnExpression[int] | int) -> ColumnElement[bool]:
    """Whether a block keeps the owner out of the viewer's sight. For every scope in which people meet by their own doing.

    Whoever blocks is out of sight for the other everywhere. The other way only where they blocked by the usual name: if
    somebody vanished elsewhere for having been blocked in a room, it would be known who is behind the name there.
    """
    return exists().where(
        or_(
            and_(_block.person_id == owner, _block.blocked_id == viewer),
            and_(_block.person_id == viewer, _block.blocked_id == owner, _block.space.is_(None)),
        )
    )


def blocked_where_met(
    owner: SQLColumnExpression[int] | int, viewer: SQLColumnExpression[int] | int, space: Space | None
) -> ColumnElement[bool]:
    """The same where people go by the names of a space. Whom the viewer keeps away is out of sight there only if they
    know them by the very name that they have there: what vanished besides would say whose name it is.
    """
    own = exists().where(_name.person_id == _block.blocked_id, _name.space == space, _name.name.is_not(None))
    met = or_(and_(_block.space == space, own), and_(_block.space.is_(None), ~own))
    return or_(
        exists().where(_block.person_id == owner, _block.blocked_id == viewer),
        exists().where(_block.person_id == viewer, _block.blocked_id == owner, met),
    )


def here(owner: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether somebody is here at present: neither closed, nor suspended, nor frozen."""
    suspended = is_there(
        _away.person_id == owner,
        _away.withheld == Permission.SIGNED_IN,
        _away.lifted_at.is_(None),
        or_(_away.until.is_(None), _away.until > this_moment()),
    )
    return and_(is_there(_person.id == owner, _person.standing == Standing.ACTIVE), ~suspended)


def visible_lists(actor: Actor) -> Select[PeopleList]:
    """A person's own lists."""
    if actor.id is None:
        return select(PeopleList).where(false())
    return select(PeopleList).where(PeopleList.person_id == actor.id)


def visible_connections(actor: Actor) -> Select[Connection]:
    """What stands between the actor and others who are here: what they asked, were asked, and is accepted.

    Whoever asked sees it wait for its time, also where it was declined: nobody is told that.
    """
    if actor.id is None:
        return select(Connection).where(false())
    other = case((Connection.asker_id == actor.id, Connection.asked_id), else_=Connection.asker_id)
    state, mine = Connection.state, Connection.asker_id == actor.id
    return select(Connection).where(
        or_(mine, Connection.asked_id == actor.id),
        or_(state == ConnectionState.ACCEPTED, and_(_waits(Connection.waits_until), _open(state, mine))),
        here(other),
        ~blocked(other, actor.id),
    )


def visible_companionships(actor: Actor) -> Select[Companionship]:
    """The actor's mentors and mentees, and who was asked to be one. The same holds as for connections."""
    if actor.id is None:
        return select(Companionship).where(false())
    other = case((Companionship.mentor_id == actor.id, Companionship.mentee_id), else_=Companionship.mentor_id)
    state, mine = Companionship.state, Companionship.asked_by_id == actor.id
    return select(Companionship).where(
        or_(Companionship.mentor_id == actor.id, Companionship.mentee_id == actor.id),
        or_(state == ConnectionState.ACCEPTED, and_(_waits(Companionship.waits_until), _open(state, mine))),
        here(other),
        ~blocked(other, actor.id),
    )


def visible_blocks(actor: Actor) -> Select[Block]:
    """Whom the actor keeps away. Nobody sees who keeps them away."""
    if actor.id is None:
        return select(Block).where(false())
    return select(Block).where(Block.person_id == actor.id)


def visible_exclusions(actor: Actor) -> Select[Exclusion]:
    """The countries that the actor excludes. Nobody sees that they are excluded."""
    if actor.id is None:
        return select(Exclusion).where(false())
    return select(Exclusion).where(Exclusion.person_id == actor.id)


def visible_sweeps(actor: Actor) -> Select[Sweep]:
    """For those who take measures: the days of others who once asked for too many profiles. Never of whom those were."""
    if actor.id is None or not actor.holds(Permission.MEASURES_TAKE):
        return select(Sweep).where(false())
    alarm = aliased(Sweep)
    alarmed = is_there(alarm.person_id == Sweep.person_id, alarm.alarmed)
    return select(Sweep).where(alarmed, Sweep.person_id != actor.id)


def can_keep(actor: Actor) -> bool:
    """Whoever has a profile keeps it themselves."""
    return actor.holds(Permission.PROFILE_KEEP)


def can_change(actor: Actor) -> bool:
    """Who may change what others see of them: not while they travel, when a hand on the phone could."""
    return can_keep(actor) and actor.holds(Permission.SETTINGS_CHANGE)


def can_ask(actor: Actor) -> bool:
    """Who may be the first to write. Not while they travel: the answer would say with whom they are connected."""
    return shows_people(actor) and actor.holds(Permission.CONTACT_FIRST)


def shows_people(actor: Actor) -> bool:
    """Whether the actor's people, lists and blocks are shown to them. While they travel these look empty."""
    return actor.holds(Permission.PROFILE_KEEP) and actor.holds(Permission.HIDDEN_SEE)


def _waits(until: SQLColumnExpression[date | None]) -> ColumnElement[bool]:
    return until > this_day()


def _open(state: SQLColumnExpression[ConnectionState], mine: ColumnElement[bool]) -> ColumnElement[bool]:
    """Not answered yet, as far as whoever looks is told."""
    return or_(state == ConnectionState.ASKED, and_(mine, state == ConnectionState.DECLINED))


def _open_to(owner: SQLColumnExpression[int], viewer: Viewer) -> ColumnElement[bool]:
    """Whether there is anything of this owner's for the viewer: they are here, neither blocked, and not excluded."""
    there: list[ColumnElement[bool]] = [here(owner)]
    if viewer.person_id is not None:
        # Viewing as somebody must not tell that they are whom the owner blocked by another name: so it is seen from there.
        as_owner = viewer.supposed
        there.append(
            ~(blocked_where_met(viewer.person_id, owner, None) if as_owner else blocked(owner, viewer.person_id))
        )
        if viewer.travels:
            there.append(owner != viewer.person_id)
    if viewer.country_index is not None:
        out = is_there(_exclusion.person_id == owner, _exclusion.country_index == viewer.country_index)
        there.append(or_(owner == viewer.person_id, ~out) if viewer.person_id is not None else ~out)
    return and_(*there)


def _of_unknown_country(owner: SQLColumnExpression[int], viewer: Viewer) -> ColumnElement[bool]:
    """Whether the viewer gave no country and the owner excludes some: it might be one of them."""
    if viewer.country_index is not None:
        return false()
    return is_there(_exclusion.person_id == owner)


def _companions(owner: SQLColumnExpression[int], viewer: Viewer) -> ColumnElement[bool]:
    taken = owner == viewer.companion_of if viewer.companion_of is not None else false()
    if viewer.person_id is None:
        return taken
    me = viewer.person_id
    both = or_(
        and_(_pair.mentor_id == owner, _pair.mentee_id == me), and_(_pair.mentee_id == owner, _pair.mentor_id == me)
    )
    return or_(taken, is_there(both, _pair.state == ConnectionState.ACCEPTED))


def _chosen(person_id: int) -> ColumnElement[bool]:
    return is_there(
        _seen_by.field_id == ProfileField.id, _entry.list_id == _seen_by.list_id, _entry.person_id == person_id
    )


def _connected(owner: SQLColumnExpression[int], person_id: int) -> ColumnElement[bool]:
    both = or_(
        and_(_one.asker_id == owner, _one.asked_id == person_id),
        and_(_one.asked_id == owner, _one.asker_id == person_id),
    )
    return is_there(both, _one.state == ConnectionState.ACCEPTED)


def _real(viewer: Viewer) -> ColumnElement[bool]:
    return true() if viewer.sweeping else Profile.honey == literal(False)
