"""The keeper that the kernel asks who somebody is: `SessionKeeper` over the login_session table."""

from collections.abc import Collection, Mapping

from app.identity import actions, queries
from app.identity.screen import actions as screen
from app.identity.screen import queries as silence
from app.identity.spaces import queries as spaces
from app.identity.tokens import token_hash
from app.kernel.access import LOCKED, STAFF, granted
from app.kernel.actor import STRANGER, Actor, Kind
from app.kernel.db import now
from app.kernel.sessions import Silence
from app.kernel.vault import Shredded


class Sessions:
    """Implements `SessionKeeper` over the login_session table."""

    def recognise(self, token: str) -> Actor:
        moment = now()
        found = queries.live_session(token_hash(token), moment) if 20 <= len(token) <= 100 else None
        if found is None:
            return STRANGER
        session, roles, withheld = found
        idle, _absolute = queries.limits_for(roles)
        if session.expires_at <= moment or session.last_seen_at + idle <= moment:
            return STRANGER
        try:
            name, aliases = queries.name_in(session), spaces.aliases(session)
        except Shredded:
            return STRANGER  # their key is gone, and so are they
        permissions = granted(roles, withheld=withheld, second_factor=session.factor_at is not None)
        if silence.is_locked(session.locked_at, session.locks_after, session.last_seen_at, moment):
            permissions = LOCKED
        return Actor(
            kind=Kind.PERSON,
            public_id=session.public_id,
            id=session.person_id,
            name=name,
            session_id=session.id,
            permissions=permissions,
            language=session.language,
            data_mode=session.data_mode,
            seen_at=session.last_seen_at,
            proved_at=session.proved_at,
            lacks_factor=session.factor_at is None and bool(STAFF.intersection(roles)),
            has_lock=session.locks_after is not None,
            aliases=aliases,
        )

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
        return silence.silent_within(seconds)

    def silent(self, session_ids: Collection[int]) -> Mapping[int, Silence]:
        return silence.silent(session_ids)
