"""What identity holds of a person: for the archive that they take away, and for when they want it erased."""

import os
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import delete, update

from app.identity import actions, queries
from app.identity.factors import queries as factors
from app.identity.factors.models import (
    HalfSignIn,
    OneTimeCode,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    ResetCode,
)
from app.identity.looked import queries as looks
from app.identity.models import Device, LoginSession, Look, Person, PersonRole, Restriction, SpaceName, Standing
from app.identity.spaces import policy
from app.identity.spaces import queries as spaces
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import N_
from app.kernel.feature import OwnData
from app.kernel.vault import Shredded

#: In place of the day on which somebody came: a day that says nothing.
NO_DAY = date(1970, 1, 1)


def export(actor: Actor) -> Iterable[tuple[str, Any]]:
    """Account, sessions, and who looked."""
    me = queries.get_me(actor)
    yield (
        "account",
        {
            "name": queries.name_of(me),
            "names_in_spaces": list(_space_names(actor, me)),
            "language": me.language,
            "data_mode": me.data_mode,
            "joined_on": me.joined_on,
            "roles": sorted(one.role.value for one in me.roles),
            "passkeys": [{"label": one.label, "added_on": one.made_on} for one in factors.my_passkeys(actor)],
            "one_time_codes": factors.ways_of(me.id).one_time_code,
            "recovery_codes_left": factors.codes_left(actor),
            "withheld": [
                {"what": one.withheld.value, "because_of": one.cause.value, "until": one.until}
                for one in queries.restrictions_of(me.id)
            ],
        },
    )
    yield (
        "sessions",
        [
            {"device": one.device.value, "started": one.started, "last_used": one.last_seen}
            for one in queries.my_sessions(actor)
        ],
    )
    yield (
        "who_looked",
        [
            {"at": one.at, "what": one.label, "role": one.role.value, "number": one.number, "purpose": one.purpose}
            for one in looks.all_looks(actor)
        ],
    )


def erase(actor: Actor, person_id: int) -> Iterable[str]:
    """Empty the row of a person: it stays as a closed one that holds nothing, so that the record of acts has its number.

    Their name is free for others again, unless they were removed: then its keyed mark stays, and they are recognised.
    """
    session = work.session()
    person = session.get_one(Person, person_id, with_for_update=True)
    key_id = person.key_id
    actions.end_sessions_of(actor, person_id)
    session.execute(
        # What is over goes by itself after two days; until then other processes hear by it that the sockets must close.
        update(LoginSession)
        .where(LoginSession.person_id == person_id)
        .values(device=Device.OTHER, started_at=now(), last_seen_at=now(), expires_at=now())
    )
    for table in (
        HalfSignIn, OneTimeCode, Passkey, PasskeyChallenge, RecoveryCode, ResetCode,
        PersonRole, Restriction, SpaceName, Look,
    ):  # fmt: skip
        session.execute(delete(table).where(table.person_id == person_id))
    session.execute(update(Look).where(Look.reader_id == person_id).values(reader_id=None))
    if person.standing is not Standing.CLOSED:
        person.name_index = os.urandom(32)
    person.standing = Standing.CLOSED
    person.key_id, person.name, person.passphrase = "", b"", b""
    person.language = person.data_mode = person.locks_after = None
    person.joined_on = NO_DAY
    session.flush()
    session.expire(person, ["roles"])
    return [key_id] if key_id else []


def _space_names(actor: Actor, me: Person) -> Iterator[dict[str, str]]:
    for one in work.session().scalars(policy.visible_space_names(actor)):
        if one.name is None:
            continue
        try:
            name = work.house().vault.open(me.key_id, spaces.place(one.public_id), one.name).decode()
        except Shredded:
            continue
        yield {"space": one.space.value, "name": name}


part = OwnData("identity", N_("Account and sessions"), export, erase)
