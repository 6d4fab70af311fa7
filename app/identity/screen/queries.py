"""Reads about sessions that are to hear nothing more: ended, over their limits, or locked. Shown to nobody."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from app.identity import queries
from app.identity.models import LoginSession, Person, PersonRole, Standing
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.sessions import Silence

#: `last_seen_at` is written at most this often, so that reading does not become writing.
TOUCH_EVERY = timedelta(seconds=60)
#: For so long what was sent with the token of an ended session is kept for whoever it was.
FORMERLY = timedelta(days=1)


def is_locked(locked_at: datetime | None, locks_after: int | None, last_seen_at: datetime, moment: datetime) -> bool:
    """Whether a screen is locked: by hand, or because nothing was asked for so long.

    `last_seen_at` may be behind by as much as `TOUCH_EVERY`; to count that in spares people a screen that locks early.
    """
    if locked_at is not None:
        return True
    return bool(locks_after) and last_seen_at + timedelta(minutes=locks_after or 0) + TOUCH_EVERY <= moment


def locks_by_itself(actor: Actor) -> bool:
    """Whether the actor's locked session is not stored as locked yet."""
    stored = select(LoginSession.locked_at).where(LoginSession.id == actor.session_id)
    return work.session().scalar(stored) is None


def silent_within(seconds: float) -> dict[int, Silence]:
    """Sessions that were ended or locked during the last `seconds`, in any process."""
    since = now() - timedelta(seconds=seconds)
    recent = or_(LoginSession.ended_at > since, LoginSession.locked_at > since)
    rows = work.session().execute(select(LoginSession.id, LoginSession.ended_at).where(recent))
    return {row[0]: Silence.LOCKED if row[1] is None else Silence.ENDED for row in rows}


def find_formerly(token_hash: bytes) -> Person | None:
    """Whose session had this token, if it was used within a day. It opens nothing: the caller was refused already."""
    lately = LoginSession.last_seen_at > now() - FORMERLY
    theirs = select(Person).join(LoginSession, LoginSession.person_id == Person.id)
    return work.session().scalars(theirs.where(LoginSession.token_hash == token_hash, lately)).one_or_none()


def silent(session_ids: Collection[int]) -> dict[int, Silence]:
    """Those of the given sessions that are locked, or ended, over their limits, or of a person who may not act."""
    alive = _alive(session_ids)
    found = {number: Silence.ENDED for number in session_ids if number not in alive}
    return found | {number: Silence.LOCKED for number, locked in alive.items() if locked}


def _alive(session_ids: Collection[int]) -> dict[int, bool]:
    """Those of the given sessions that are alive, and whether each is locked."""
    if not session_ids:
        return {}
    moment = now()
    rows = work.session().execute(
        select(LoginSession, PersonRole.role, Person.locks_after)
        .join(Person, Person.id == LoginSession.person_id)
        .outerjoin(PersonRole, PersonRole.person_id == Person.id)
        .where(
            LoginSession.id.in_(session_ids),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > moment,
            Person.standing == Standing.ACTIVE,
        )
    )
    roles: dict[int, list[Role]] = {}
    sessions: dict[int, tuple[LoginSession, int | None]] = {}
    for session, role, locks_after in rows:
        sessions[session.id] = session, locks_after
        roles.setdefault(session.id, []).extend([role] if role else [])
    return {
        number: is_locked(session.locked_at, locks_after, session.last_seen_at, moment)
        for number, (session, locks_after) in sessions.items()
        if session.last_seen_at + queries.limits_for(roles[number])[0] > moment
    }
