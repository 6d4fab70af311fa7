"""The keeper that the kernel asks who somebody is: `SessionKeeper` over the login_session table."""

from collections.abc import Collection
from datetime import timedelta

from app.identity import actions, queries
from app.identity.tokens import token_hash
from app.kernel.access import STAFF, granted
from app.kernel.actor import STRANGER, Actor, Kind
from app.kernel.db import now
from app.kernel.vault import Shredded

#: `last_seen_at` is written at most this often, so that reading does not become writing.
TOUCH_EVERY = timedelta(seconds=60)


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
            name = queries.name_in(session)
        except Shredded:
            return STRANGER  # their key is gone, and so are they
        return Actor(
            kind=Kind.PERSON,
            public_id=session.public_id,
            id=session.person_id,
            name=name,
            session_id=session.id,
            permissions=granted(roles, withheld=withheld, second_factor=session.factor_at is not None),
            language=session.language,
            data_mode=session.data_mode,
            seen_at=session.last_seen_at,
            proved_at=session.proved_at,
            lacks_factor=session.factor_at is None and bool(STAFF.intersection(roles)),
        )

    def touch(self, actor: Actor) -> None:
        if actor.seen_at is not None and now() - actor.seen_at > TOUCH_EVERY:
            actions.touch(actor)

    def ended_within(self, seconds: float) -> Collection[int]:
        return queries.ended_within(seconds)

    def expired(self, session_ids: Collection[int]) -> Collection[int]:
        return set(session_ids) - queries.still_alive(session_ids)
