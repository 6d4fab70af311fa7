"""Verbs of the screen's lock. Whether a code is right is for app/safety to say; here stands what follows from it."""

from sqlalchemy import update

from app.identity.models import LoginSession, Person
from app.identity.screen import queries
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import SignedOut
from app.kernel.sessions import Silence
from app.kernel.work import action


@action
def lock(actor: Actor) -> None:
    """Lock the actor's present session. Its sockets are put out after the commit; what was proved is to be proved anew."""
    session_id = actor.session_id
    locked = work.session().execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.locked_at.is_(None), LoginSession.ended_at.is_(None))
        .values(locked_at=now(), wrong_codes=0, proved_at=None)
        .returning(LoginSession.id)
    )
    if locked.one_or_none() is not None and session_id is not None:
        live = work.house().live
        work.after_commit(lambda: live.silence({session_id: Silence.LOCKED}))


def keep_locked(actor: Actor) -> None:
    """Store that a screen has locked by itself. Nothing is written where that is stored already."""
    if queries.locks_by_itself(actor):
        lock(actor)


@action
def count_code(actor: Actor) -> int:
    """Count one more code that is tried on the actor's locked session. Returns the how manieth it is. Raises SignedOut."""
    counted = work.session().scalar(
        update(LoginSession)
        .where(LoginSession.id == actor.session_id, LoginSession.ended_at.is_(None))
        .values(wrong_codes=LoginSession.wrong_codes + 1)
        .returning(LoginSession.wrong_codes)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        raise SignedOut
    return counted


@action
def unlock(actor: Actor) -> None:
    """Open the actor's locked session again, as if they had just come. Raises SignedOut when it ended meanwhile."""
    opened = work.session().execute(
        update(LoginSession)
        .where(LoginSession.id == actor.session_id, LoginSession.ended_at.is_(None))
        .values(locked_at=None, wrong_codes=0, proved_at=None, last_seen_at=now())
        .returning(LoginSession.id)
    )
    if opened.one_or_none() is None:
        raise SignedOut


@action
def choose(actor: Actor, minutes: int | None) -> None:
    """Keep after how many minutes the actor's screens lock: 0 for by hand only, None without a code."""
    work.session().execute(update(Person).where(Person.id == actor.person_id).values(locks_after=minutes))
