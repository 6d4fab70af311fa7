"""The keeper that the kernel asks who somebody is: `SessionKeeper` over the login_session table."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

from app.identity import actions, queries
from app.identity.screen import actions as screen
from app.identity.screen import queries as silence
from app.identity.spaces import queries as spaces
from app.identity.tokens import token_hash
from app.kernel import work
from app.kernel.access import LOCKED, STAFF, Permission, Role, granted
from app.kernel.actor import STRANGER, Actor, Kind
from app.kernel.db import now
from app.kernel.sessions import Silence
from app.kernel.vault import Shredded

#: Sessions of which is remembered what their rows say, at most.
REMEMBERED = 1000


class _Known(NamedTuple):
    """What came out of the rows of a session, and what it holds for: those very rows, and that very reading of the key."""

    rows: list[Sequence[Any]]
    key: object
    session: queries.LiveSession
    idle: timedelta
    actor: Actor


class Sessions:
    """Implements `SessionKeeper` over the login_session table.

    The rows of a session are read for every request and every event. What they say is worked out anew only where they
    are others than the last time: most of a recognition is that, opening the name above all.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._turn = threading.Lock()

    def recognise(self, token: str) -> Actor:
        if not 20 <= len(token) <= 100:
            return STRANGER
        moment, hashed = now(), token_hash(token)
        rows = queries.live_rows(hashed, moment)
        if not rows:
            self._forget([hashed])
            return STRANGER
        try:
            known = self._read(hashed, rows)
        except Shredded:
            return STRANGER  # their key is gone, and so are they
        session = known.session
        if session.expires_at <= moment or session.last_seen_at + known.idle <= moment:
            return STRANGER
        if silence.is_locked(session.locked_at, session.locks_after, session.last_seen_at, moment):
            return replace(known.actor, permissions=LOCKED)
        return known.actor

    def _read(self, hashed: bytes, rows: list[Sequence[Any]]) -> _Known:
        known, vault = self._known.get(hashed), work.house().vault
        if known is not None and known.rows == rows and known.key is vault.held(known.session.key_id):
            return known
        self._forget([hashed])
        session, roles, withheld = queries.live_session(rows)
        key, idle = vault.held(session.key_id), queries.limits_for(roles)[0]
        known = _Known(rows, key, session, idle, _actor(session, roles, withheld))
        with self._turn:
            self._known[hashed] = known
        self._forget_the_oldest()
        return known

    def _forget(self, sessions: Sequence[bytes]) -> None:
        with self._turn:
            for hashed in sessions:
                self._known.pop(hashed, None)

    def _forget_the_oldest(self) -> None:
        """A name is remembered for no longer than the key that opens it is: seconds, unless somebody is there again."""
        vault = work.house().vault
        with self._turn:
            while self._known:
                hashed = next(iter(self._known))
                oldest = self._known[hashed]
                if len(self._known) <= REMEMBERED and vault.still_holds(oldest.session.key_id, oldest.key):
                    return
                del self._known[hashed]

    def formerly(self, token: str) -> Actor:
        found = silence.find_formerly(token_hash(token)) if 20 <= len(token) <= 100 else None
        return queries.as_actor(found) if found else STRANGER

    def touch(self, actor: Actor) -> None:
        if actor.is_locked:
            # Whoever looks at a locked screen does not keep it alive; but that it is locked is kept.
            screen.keep_locked(actor)
        elif actor.seen_at is not None and now() - actor.seen_at > silence.TOUCH_EVERY:
            actions.touch(actor)

    def silent_within(self, seconds: float) -> Mapping[int, Silence]:
        self._forget_the_oldest()
        silent = silence.silent_within(seconds)
        if silent:
            self._forget([hashed for hashed, one in list(self._known.items()) if one.session.id in silent])
        return silent

    def silent(self, session_ids: Collection[int]) -> Mapping[int, Silence]:
        return silence.silent(session_ids)


def _actor(session: queries.LiveSession, roles: set[Role], withheld: set[Permission]) -> Actor:
    return Actor(
        kind=Kind.PERSON,
        public_id=session.public_id,
        id=session.person_id,
        name=queries.name_in(session),
        session_id=session.id,
        permissions=granted(roles, withheld=withheld, second_factor=session.factor_at is not None),
        language=session.language,
        data_mode=session.data_mode,
        seen_at=session.last_seen_at,
        proved_at=session.proved_at,
        lacks_factor=session.factor_at is None and bool(STAFF.intersection(roles)),
        has_lock=session.locks_after is not None,
        aliases=spaces.aliases(session),
    )
