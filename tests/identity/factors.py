"""What the tests of second factors do again and again: set one up, read its secret, and move the clock."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from app.identity.factors import actions
from app.identity.factors import queries as factors
from app.identity.factors.codes import present_code
from app.identity.factors.models import OneTimeCode
from app.identity.models import LoginSession, Person
from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.signals import Security, security_changed

SECRET = "ORANGEGARDENORANGEGARDENORANGE23"


def gives_codes(house: House, actor: Actor) -> None:
    """The actor has an app with SECRET in it."""
    with work.scope(house) as opened:
        person = opened.session.get_one(Person, actor.id)
        actions.furnish_one_time_code(system("test"), person, SECRET)


def code_now() -> str:
    return present_code(SECRET, now())


def can_use_again(house: House) -> None:
    """As if the half minute of the last code were long over."""
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(OneTimeCode).values(last_step=0))


def recovery_codes(house: House, actor: Actor) -> list[str]:
    with work.scope(house):
        return actions.make_recovery_codes(actor)


def ways(house: House, actor: Actor) -> factors.Ways:
    with work.scope(house):
        return factors.ways_of(actor.person_id)


def acts(house: House) -> list[str]:
    """Every act in the record, oldest first."""
    with work.scope(house) as opened:
        return list(opened.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))


def proved_long_ago(house: House, minutes: int = 11) -> None:
    """As if everybody had proved that it is them so long ago."""
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(LoginSession).values(proved_at=now() - timedelta(minutes=minutes)))


@contextmanager
def told() -> Iterator[list[tuple[int, Security]]]:
    """Whom the house tells that something changed, and what."""
    heard: list[tuple[int, Security]] = []

    def hear(_actor: Actor, *, person_id: int, what: Security) -> None:
        heard.append((person_id, what))

    with security_changed.connected_to(hear):
        yield heard


def secret_on(page: str) -> str:
    found = re.search(r"secret=([A-Z2-7]+)", page)
    assert found, "the page shows no secret"
    return found[1]


def everything_stored(house: House) -> str:
    """All tables of factors, as a copied disk would show them."""
    tables = ("passkey", "one_time_code", "recovery_code", "reset_code", "half_sign_in", "passkey_challenge")
    with house.databases.data.connect() as connection:
        rows: list[Any] = []
        for table in tables:
            rows += connection.exec_driver_sql(f'select * from "{table}"').all()
    return repr(rows)
