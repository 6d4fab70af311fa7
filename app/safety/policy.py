"""What is hidden while somebody travels, and who may do what about another's safety."""

from sqlalchemy import BindParameter, ColumnElement, Select, SQLColumnExpression, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from app.identity.models import Cause, Person, Restriction, Standing
from app.kernel import work
from app.kernel.access import GRANTS, STAFF, Permission, Role
from app.kernel.actor import Actor
from app.kernel.db import this_moment
from app.kernel.feature import DraftKind, Hideable
from app.moderation import registry
from app.notifications.models import Notice
from app.profiles.policy import blocked
from app.safety.models import Draft, Freeze, FreezeState, Hidden, Journey, JourneyPeer, JourneyState, TrustedPerson

#: Closed to whoever travels. Work for others closes too: queue, reports and people are for nobody's eyes at a border.
WITHHELD = (
    frozenset({Permission.SETTINGS_CHANGE, Permission.HIDDEN_SEE, Permission.EXPORT, Permission.ERASE})
    | frozenset().union(*(GRANTS[role] for role in STAFF)) - GRANTS[Role.MEMBER]
)


# --- travel mode --------------------------------------------------------------------------------------------------------


def hidden(actor: Actor, kind: str, ref: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether a thing of this kind does not exist for the actor at present: they travel and chose to hide it."""
    if actor.id is None or actor.holds(Permission.HIDDEN_SEE):
        return false()
    return hidden_by(actor.id, kind, ref)


def hidden_by(person: int | BindParameter[int], kind: str, ref: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether a person chose to hide a thing, for statements that are prepared once. Asks nothing about a journey."""
    one = aliased(Hidden)
    return exists().where(one.person_id == person, one.kind == kind, one.ref == ref)


def hidden_notices(person_id: int) -> ColumnElement[bool] | None:
    """Whether a notice of a person is about something that is hidden while they travel now; None where none could be."""
    kinds = [(kind.name, kind.about) for feature in work.house().features for kind in feature.notices if kind.about]
    if not kinds:
        return None
    one, closed = aliased(Hidden), aliased(Restriction)
    under_way = exists().where(
        closed.person_id == person_id,
        closed.withheld == Permission.HIDDEN_SEE,
        closed.cause == Cause.TRAVEL,
        closed.lifted_at.is_(None),
        or_(closed.until.is_(None), closed.until > this_moment()),
    )
    begins = func.substr(Notice.ref, 1, func.length(one.ref) + 1) == one.ref + "."
    same = or_(Notice.ref == one.ref, begins)
    about = [
        (Notice.kind == name) & exists().where(one.person_id == person_id, one.kind == kind, same)
        for name, kind in kinds
    ]
    return under_way & or_(*about)


def visible_hidden(actor: Actor) -> Select[Hidden]:
    """What a person chose to hide; nothing while it is hidden."""
    if actor.id is None or not actor.holds(Permission.HIDDEN_SEE):
        return select(Hidden).where(false())
    return select(Hidden).where(Hidden.person_id == actor.id)


def visible_journeys(actor: Actor) -> Select[Journey]:
    """Journeys of others that the actor may help to end. Nobody sees their own; nobody ends another's while they travel."""
    if actor.id is None or not actor.holds(Permission.SETTINGS_CHANGE):
        return select(Journey).where(false())
    chosen = exists().where(JourneyPeer.journey_id == Journey.id, JourneyPeer.person_id == actor.id)
    return select(Journey).where(chosen)


def is_under_way() -> ColumnElement[bool]:
    """Whether a journey is not over yet, whether or not that was noted."""
    return (Journey.state == JourneyState.UNDER_WAY) & or_(Journey.until.is_(None), Journey.until > this_moment())


def can_travel(actor: Actor) -> bool:
    """Whoever may change their settings, which nobody may who travels."""
    return actor.holds(Permission.SETTINGS_CHANGE) and actor.holds(Permission.HIDDEN_SEE)


def hideables() -> dict[str, Hideable]:
    """Every kind of thing that can be hidden, by its name."""
    return {kind.kind: kind for feature in work.house().features for kind in feature.hideable}


# --- people whom one trusts ---------------------------------------------------------------------------------------------


def visible_trust(actor: Actor) -> Select[TrustedPerson]:
    """Whom a person trusts, and who trusts them, while both are here and neither is kept out of the other's sight."""
    if actor.id is None or not actor.holds(Permission.SETTINGS_CHANGE):
        return select(TrustedPerson).where(false())
    mine = or_(TrustedPerson.person_id == actor.id, TrustedPerson.trusted_id == actor.id)
    other = aliased(Person)
    here = exists().where(
        or_(other.id == TrustedPerson.person_id, other.id == TrustedPerson.trusted_id),
        other.id != actor.id,
        other.standing == Standing.ACTIVE,
        ~blocked(other.id, actor.id),
    )
    return select(TrustedPerson).where(mine, here)


def visible_freezes(actor: Actor) -> Select[Freeze]:
    """For moderators, freezes of others that others made."""
    if actor.id is None or not actor.holds(Permission.MEASURES_TAKE):
        return select(Freeze).where(false())
    by_another = or_(Freeze.by_id.is_(None), Freeze.by_id != actor.id)
    return select(Freeze).where(Freeze.person_id != actor.id, by_another)


def own_freeze(actor: Actor) -> Select[Freeze]:
    """The freeze under which the actor is, if there is one."""
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Freeze).where(false())
    return select(Freeze).where(Freeze.person_id == actor.id, Freeze.state == FreezeState.FROZEN)


def can_decide_on(actor: Actor, freeze: Freeze) -> bool:
    """A moderator who is neither the person nor the one who froze, and did not bring the person in."""
    concerned = actor.id in (freeze.person_id, freeze.by_id)
    if actor.id is None or concerned or not actor.holds(Permission.MEASURES_TAKE):
        return False
    return not registry.did_bring_in(actor.public_id, freeze.person_id)


# --- drafts -------------------------------------------------------------------------------------------------------------


def visible_drafts(actor: Actor) -> Select[Draft]:
    """A person's own drafts, without those in what they hide while they travel."""
    if actor.id is None or not actor.holds(Permission.SIGNED_IN):
        return select(Draft).where(false())
    mine = select(Draft).where(Draft.person_id == actor.id)
    if actor.holds(Permission.HIDDEN_SEE):
        return mine
    # Of what was typed on other pages nobody can tell what it was about: while they travel none of it is there.
    one, kinds = aliased(Hidden), [Draft.place.startswith(f"{kind}:") for kind in draft_kinds()]
    return mine.where(
        or_(false(), *kinds), ~exists().where(one.person_id == actor.id, Draft.place == one.kind + ":" + one.ref)
    )


def draft_kinds() -> dict[str, DraftKind]:
    """Every kind of place for drafts, by its name."""
    return {kind.kind: kind for feature in work.house().features for kind in feature.drafts}
