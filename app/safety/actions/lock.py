"""The screen's lock: choosing a short code, locking, and opening the screen again."""

from itertools import pairwise

from sqlalchemy import delete

from app.identity import passphrases
from app.identity.actions import end_other_sessions, sign_out
from app.identity.queries import get_me
from app.identity.screen import actions as screen
from app.kernel import audit, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, ensure
from app.kernel.db import insert_once
from app.kernel.errors import N_, Invalid, SignedOut
from app.kernel.limits import Budget
from app.kernel.text import fold
from app.kernel.work import action
from app.safety.models import LockCode
from app.safety.queries import lock as queries

SHORTEST, LONGEST = 4, 8
#: After so many wrong codes the session ends.
TRIES = 5
#: For all of somebody's sessions together: a code has only some thousand values.
CODES = Budget("unlock", "15 per 10 minute; 40 per hour")
CHANGES = Budget("lock-code", "6 per hour")
NOT_A_CODE = N_("Use 4 to 8 digits.")
TOO_PLAIN = N_("This is one of the first that anybody tries. Choose digits that do not follow or repeat each other.")
WRONG = N_("That is not the code.")
ENDED = N_("That was the fifth wrong code, so this session has ended. Sign in again with your passphrase.")


def set_code(actor: Actor, typed: str, *, minutes: int) -> None:
    """Keep a short code for the actor's screens, which lock after so many minutes, or with 0 by hand only.

    Their other sessions end. Raises Forbidden, Invalid when the code does not do, TooMany.
    """
    ensure(actor.holds(Permission.SETTINGS_CHANGE))
    house = work.house()
    house.budgets.spend(CHANGES, actor.public_id)
    code = _digits(typed)
    if not SHORTEST <= len(code) <= LONGEST:
        raise Invalid(NOT_A_CODE)
    if _is_plain(code):
        raise Invalid(TOO_PLAIN)
    work.release()
    _store(actor, passphrases.hash_passphrase(house, code), minutes)


@action
def choose_minutes(actor: Actor, minutes: int) -> None:
    """Keep after how many minutes the actor's screens lock, with the code that they have. Raises Invalid without one."""
    ensure(actor.holds(Permission.SETTINGS_CHANGE))
    if queries.minutes_of(actor) is None:
        raise Invalid(NOT_A_CODE)
    screen.choose(actor, minutes)


@action
def remove_code(actor: Actor) -> None:
    """Do without a lock again. The actor's other sessions end, locked ones too."""
    ensure(actor.holds(Permission.SETTINGS_CHANGE))
    work.session().execute(delete(LockCode).where(LockCode.person_id == actor.person_id))
    screen.choose(actor, None)
    end_other_sessions(actor)
    audit.record(actor, "lock.remove", target_kind="person", target=actor.public_id)


@action
def lock(actor: Actor) -> None:
    """Lock the present session at once. Raises Forbidden where there is no code to open it with."""
    ensure(actor.has_lock)
    screen.lock(actor)


def unlock(actor: Actor, typed: str) -> None:
    """Open the present session again. Raises Invalid for a wrong code, SignedOut with the fifth, TooMany.

    Each try is counted and committed before the code is looked at, so that many at once are not more than five.
    """
    house = work.house()
    house.budgets.spend(CODES, actor.public_id)
    number, stored = screen.count_code(actor), queries.hash_of(actor)
    if number > TRIES or stored is None:
        sign_out(actor)
        raise SignedOut(ENDED)
    work.release()
    if passphrases.matches(house, stored, _digits(typed)):
        screen.unlock(actor)
        return
    if number == TRIES:
        sign_out(actor)
        raise SignedOut(ENDED)
    raise Invalid(WRONG)


@action
def _store(actor: Actor, hashed: str, minutes: int) -> None:
    session, person = work.session(), get_me(actor)
    sealed = work.house().vault.seal(person.key_id, queries.hash_place(person.public_id), hashed.encode())
    session.execute(insert_once(session, LockCode).values(person_id=person.id, hash=sealed))
    session.get_one(LockCode, person.id).hash = sealed
    screen.choose(actor, minutes)
    # One that somebody else holds must not be opened by a code that was changed.
    end_other_sessions(actor)
    audit.record(actor, "lock.set", target_kind="person", target=actor.public_id)


def _digits(typed: str) -> str:
    """The digits of a code as it was typed, in whichever script; nothing when there is something else in it."""
    folded = "".join(fold(typed[:40]).split())
    return folded if folded.isascii() and folded.isdigit() else ""


def _is_plain(code: str) -> bool:
    """One digit again and again, digits in a row, or a year."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(code)}
    return steps in ({0}, {1}, {9}) or (len(code) == 4 and code[:2] in ("19", "20"))
