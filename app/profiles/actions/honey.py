"""Invented profiles: nobody's, and shown only to somebody who reads far more profiles than people do."""

import random
import secrets
from collections.abc import Iterable
from datetime import timedelta

from app.identity import actions as identity
from app.identity import passphrases
from app.identity import queries as people
from app.identity.naming import proper_name
from app.identity.policy import FOUNDERS
from app.kernel import audit, work
from app.kernel.access import Role, granted
from app.kernel.actor import Actor, Kind
from app.kernel.db import now
from app.kernel.errors import N_, Invalid
from app.kernel.work import action
from app.profiles.actions import directory, editing
from app.profiles.honey import Invented
from app.profiles.models import Audience

#: Since when they are said to be here, at most and at least.
OLDEST, NEWEST = 500, 30
TOO_EARLY = N_("Invented profiles come after the first members: before that they would be counted among them.")


@action
def invent_people(actor: Actor, invented: Iterable[Invented], *, count: int) -> int:
    """Make invented profiles until there are `count` new ones, and list them. Returns how many there are.

    Nobody can sign in as them: their passphrase is drawn and forgotten, and they have no role. A name that somebody has
    is left out. Raises Invalid while there are fewer people than founders, and for what no field may hold.
    """
    if people.count_people() < FOUNDERS:
        raise Invalid(TOO_EARLY)
    hashed = passphrases.hash_passphrase(work.house(), secrets.token_urlsafe(32))
    made = 0
    for one in invented:
        if made < count and people.find_by_name(one.name) is None:
            _make(one, hashed)
            made += 1
    audit.record(actor, "honey.make", target_kind="profile", reason=str(made))
    return made


def _make(one: Invented, hashed: str) -> None:
    lot = random.SystemRandom()
    joined_on = (now() - timedelta(days=lot.randint(NEWEST, OLDEST))).date()
    person = identity.add_person(proper_name(one.name), hashed, roles=(), language=one.language, joined_on=joined_on)
    profile = editing.ensure_profile(person.id, honey=True)
    # As whom they are written: in no session, and of what a member may do only what this needs.
    themselves = Actor(Kind.PERSON, person.public_id, id=person.id, permissions=granted([Role.MEMBER]))
    for field, value in one.fields.items():
        editing.set_field(themselves, field, value=value, audience=Audience.MEMBERS)
    directory.put(profile, listed=True)
