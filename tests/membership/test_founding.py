"""The first members come by invitation; once there are twelve people, nobody does but staff."""

import pytest
from sqlalchemy import func, select

from app.identity import actions as identity
from app.identity.models import Device, Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import system
from app.kernel.audit import AuditEntry
from app.kernel.errors import Conflict, Invalid
from app.kernel.house import House
from tests.factories import PASSPHRASE, Factory
from tests.membership.test_races import at_once, won

HARMLESS_NAMES = "abdefghkpr"


def people_here(house: House) -> int:
    with work.scope(house) as opened:
        return opened.session.scalar(select(func.count()).select_from(Person)) or 0


def test_the_thirteenth_person_is_not_let_in_by_an_invitation(make: Factory, house: House) -> None:
    kept = make.invitation()
    for _ in range(12):
        make.person()
    with pytest.raises(Invalid, match="two members vouch"):
        make.invitation()
    with work.scope(house), pytest.raises(Conflict) as told:
        identity.join(kept, "Nour", PASSPHRASE, network="somewhere", device=Device.PHONE)
    assert told.value.text == identity.NO_CODE
    assert people_here(house) == 12


def test_staff_are_invited_at_any_time(make: Factory, house: House) -> None:
    for _ in range(12):
        make.person()
    code = make.invitation(Role.CASEWORKER)
    with work.scope(house):
        assert identity.join(code, "Nour", PASSPHRASE, network="somewhere", device=Device.PHONE)


def test_of_ten_who_come_at_once_for_the_last_place_one_is_let_in(make: Factory, house: House) -> None:
    codes = [make.invitation() for _ in HARMLESS_NAMES]
    for _ in range(11):
        make.person()

    def join(number: int) -> str:
        name, network = f"Newcomer {HARMLESS_NAMES[number]}", f"network-{number}"
        return identity.join(codes[number], name, PASSPHRASE, network=network, device=Device.PHONE)

    told = at_once(house, [lambda number=number: join(number) for number in range(10)])  # type: ignore[misc]
    assert won(told) == 1
    assert people_here(house) == 12


def test_the_record_of_acts_does_not_say_who_let_in_whom(make: Factory, house: House) -> None:
    with work.scope(house) as opened:
        code = identity.invite(system("test"))
        identity.join(code, "Nour", PASSPHRASE, network="somewhere", device=Device.PHONE)
        noted = opened.session.scalars(select(AuditEntry).where(AuditEntry.target_kind == "invitation")).all()
    targets = {entry.act: entry.target for entry in noted}
    assert targets["invitation.make"]
    assert targets["invitation.use"] == ""
