"""The first members come by invitation; once there are twelve people, nobody does but who is to be staff."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.identity import actions as identity
from app.identity import queries
from app.identity.models import Device, Person, PersonRole
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import system
from app.kernel.audit import AuditEntry
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.house import House
from tests.at_once import at_once
from tests.factories import PASSPHRASE, Factory
from tests.membership.test_races import won

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


def joined(make: Factory, code: str, name: str) -> set[Role]:
    """What somebody is here who just came in with this code."""
    with work.scope(make.house) as opened:
        identity.join(code, name, PASSPHRASE, network="somewhere", device=Device.PHONE)
        held = select(PersonRole.role).join(Person).where(Person.name_index == queries.name_index(name))
        return set(opened.session.scalars(held))


def test_staff_are_invited_by_one_at_any_time_but_after_the_founding_made_staff_by_two(make: Factory) -> None:
    assert joined(make, make.invitation(Role.MODERATOR), "Nour") == {Role.MODERATOR}
    kept, operators = make.invitation(Role.MODERATOR), make.invitation(Role.ADMINISTRATOR)
    for _ in range(12):
        make.person()
    assert joined(make, kept, "Salwa") == set()
    assert joined(make, make.invitation(Role.CASEWORKER), "Tamim") == set()
    assert joined(make, operators, "Dunya") == {Role.ADMINISTRATOR}


def test_an_administrator_invites_no_administrator(make: Factory, house: House) -> None:
    administrator = make.person(roles=(Role.ADMINISTRATOR,))
    for role in (Role.ADMINISTRATOR, Role.VETTER, Role.COORDINATOR):
        with work.scope(house), pytest.raises(Forbidden):
            identity.invite(administrator, role=role)


@pytest.mark.one_database
def test_whoever_came_by_a_late_invitation_finds_their_way_and_no_room(make: Factory, app: Flask) -> None:
    for _ in range(12):
        make.person()
    client = app.test_client()
    make.sign_in(client, make.token("Nour", roles=()))
    for address, status in {"/": 200, "/me": 200, "/notices": 200, "/me/second-step": 200, "/rooms": 404}.items():
        assert client.get(address).status_code == status
    make.sign_in(client, make.token(roles=(Role.ADMINISTRATOR,)))
    assert "begins without a role" in client.get("/people/invitations").text


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
