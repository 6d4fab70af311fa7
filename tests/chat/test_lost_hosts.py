"""A room whose hosts are gone has one again: who has been in it longest and could have opened it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.chat import jobs, queries
from app.chat.actions import circles, hosting
from app.chat.actions.putting_out import put_out
from app.chat.models import Membership, Room, RoomKind, RoomMember, RoomRole
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.erasures import Manner
from app.kernel.errors import Forbidden
from app.kernel.house import House
from app.notifications.models import Notice
from app.own_data.actions import erase_person
from tests.chat.opening import here, known_as, on_now, open_room, row
from tests.chat.test_newcomers import withhold
from tests.factories import Factory


def erased(house: House, person: Actor) -> None:
    with work.scope(house):
        erase_person(system("test"), person.person_id, Manner.OWN)


def an_hour_later(house: House) -> None:
    with work.scope(house):
        jobs.replace_lost_hosts(system("worker"))


def hosts(house: House, room: str) -> list[int]:
    inside = (RoomMember.state == Membership.IN) & (RoomMember.role == RoomRole.HOST)
    with work.scope(house):
        found = select(RoomMember.person_id).join(Room, Room.id == RoomMember.room_id)
        return list(work.session().scalars(found.where(Room.public_id == room, inside)))


@pytest.mark.parametrize("kind", [RoomKind.INVITED, RoomKind.CIRCLE])
def test_when_the_last_host_is_erased_whoever_was_there_longest_hosts_and_is_told(
    house: House, make: Factory, kind: RoomKind
) -> None:
    host, first, second = make.person(), make.person(), make.person()
    room = open_room(house, host, first, second, kind=kind)
    an_hour_later(house)
    assert hosts(house, room) == [host.person_id]
    erased(house, host)
    assert hosts(house, room) == []
    for _twice in range(2):
        an_hour_later(house)
        assert hosts(house, room) == [first.person_id]
    with work.scope(house):
        told = work.session().execute(select(Notice.person_id, Notice.kind, Notice.ref)).all()
        assert told == [(first.person_id, hosting.HOSTS, room)]
        named = select(AuditEntry.actor).where(AuditEntry.act == "room.name-host")
        assert work.session().scalars(named).all() == ["system:worker"]
        hosting.name_host(first, here(first, room), second.public_id)
        hosting.unname_host(first, here(first, room), first.public_id)
    assert hosts(house, room) == [second.person_id]


def test_a_circle_whose_host_was_put_out_is_led_again(house: House, make: Factory) -> None:
    moderator, host, member = make.person(roles=(Role.MODERATOR,)), make.person(), make.person()
    room = on_now(house, host, member, moderator)
    with work.scope(house):
        put_out(moderator, here(moderator, room), host.public_id, reason="Because")
        with pytest.raises(Forbidden):
            circles.end_circle(member, here(member, room))
    an_hour_later(house)
    with work.scope(house):
        circles.end_circle(member, here(member, room))


def test_nobody_hosts_who_could_not_have_opened_the_room(house: House, make: Factory) -> None:
    kept_from = (Permission.ROOMS_ALL, Permission.ROOMS_POST, Permission.CONTACT_FIRST, Permission.SIGNED_IN)
    tokens = {withheld: make.token() for withheld in kept_from}
    host, paused = make.person(), make.person()
    newcomers = [make.actor(token) for token in tokens.values()]
    room = open_room(house, host, *newcomers, paused)
    with work.scope(house):
        hosting.pause_member(host, here(host, room), paused.public_id, hours=1, reason="Because")
    for permission, token in tokens.items():
        withhold(house, make, token, permission)
    erased(house, host)
    an_hour_later(house)
    assert hosts(house, room) == []
    with work.scope(house), work.current().writing():
        work.session().execute(update(RoomMember).values(paused_until=now() - timedelta(hours=1)))
    an_hour_later(house)
    assert hosts(house, room) == [paused.person_id]


def test_conversations_and_open_rooms_get_no_host(house: House, make: Factory) -> None:
    coordinator, member = make.person(roles=(Role.MEMBER, Role.COORDINATOR)), make.person()
    rooms = [open_room(house, coordinator, member, kind=kind) for kind in (RoomKind.OPEN, RoomKind.BROADCAST)]
    erased(house, coordinator)
    an_hour_later(house)
    assert [hosts(house, room) for room in rooms] == [[], []]


def test_the_record_knows_the_new_host_by_the_name_of_the_room(house: House, make: Factory) -> None:
    host, member = make.person(), make.person()
    other = known_as(house, make, member, "A reed")
    room = open_room(house, host, member)
    erased(house, host)
    an_hour_later(house)
    with work.scope(house):
        said = work.session().scalars(select(AuditEntry).where(AuditEntry.act == "room.name-host")).one()
        assert said.target == queries.me_here(other, row(room)).id != member.public_id
