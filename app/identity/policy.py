"""Who sees and does what with sessions and invitations."""

from sqlalchemy import Select, false, select

from app.identity.models import Invitation, LoginSession
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, Kind
from app.kernel.db import this_moment


def visible_sessions(actor: Actor) -> Select[LoginSession]:
    """A person's own sessions that are still alive. Nobody sees anyone else's."""
    if actor.id is None:
        return select(LoginSession).where(false())
    return select(LoginSession).where(
        LoginSession.person_id == actor.id, LoginSession.ended_at.is_(None), LoginSession.expires_at > this_moment()
    )


def visible_invitations(actor: Actor) -> Select[Invitation]:
    """All invitations, for those who may make them."""
    if not actor.holds(Permission.INVITATIONS_MAKE):
        return select(Invitation).where(false())
    return select(Invitation)


#: So many are let in by invitation before there is anybody to vouch (docs/decisions/0015-founding.md).
FOUNDERS = 12
#: Whom an administrator may invite. Members come first, and only while there are too few to vouch for anybody.
INVITED = (Role.MEMBER, Role.MODERATOR, Role.CASEWORKER)


def may_come_by_invitation(role: Role, *, here: int) -> bool:
    """Whether an invitation lets somebody in as this, with so many people here: members only while they are founders."""
    return role is not Role.MEMBER or here < FOUNDERS


def comes_with_role(role: Role, *, here: int) -> bool:
    """Whether whoever comes by an invitation has at once what it is for.

    Founders do, and an administrator whom the server's operator lets in. Everybody later begins without a role, and two
    persons give it: one administrator alone could otherwise let in the second person of every act of two.
    """
    return here < FOUNDERS or role is Role.ADMINISTRATOR


def can_invite(actor: Actor, role: Role) -> bool:
    """Whoever holds the permission; `flask init`, which invites before anybody is here, and alone an administrator."""
    if actor.kind is Kind.SYSTEM:
        return True
    return actor.holds(Permission.INVITATIONS_MAKE) and role in INVITED


def can_make_reset_code(actor: Actor, person_id: int) -> bool:
    """Whoever looks after people, and never for themselves. That it takes two of them is moderation's to see to."""
    return actor.holds(Permission.PEOPLE_SEE) and actor.id != person_id
