"""Prepared statements say and do what SQLAlchemy would, past most of its layers."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.chat.models import Membership, Room, RoomKind, RoomMember
from app.identity.models import LoginSession, Person, Standing
from app.kernel import work
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.prepared import Prepared
from tests.factories import Factory

ACTIVE = (Standing.ACTIVE,)
_PERSON = select(Person.id, Person.standing, Person.joined_on).where(
    Person.public_id == bindparam("public_id"), Person.standing.in_(ACTIVE)
)


@pytest.fixture
def asked(house: House) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(house.databases.data, "before_cursor_execute", note)
    yield statements
    event.remove(house.databases.data, "before_cursor_execute", note)


def test_it_finds_what_sqlalchemy_finds_and_is_counted_like_any_other(
    house: House, make: Factory, asked: list[str]
) -> None:
    nour, prepared = make.person("Nour"), Prepared(_PERSON)
    with work.scope(house):
        usual = tuple(work.connection().execute(_PERSON, {"public_id": nour.public_id}).one())
        asked.clear()
        assert tuple(prepared.row({"public_id": nour.public_id}) or ()) == usual
        assert prepared.row({"public_id": "nobody"}) is None
        assert len(asked) == 2
    assert usual[1] is Standing.ACTIVE
    assert isinstance(usual[2], date)


def test_two_rows_where_one_is_expected_are_a_defect(house: House, make: Factory) -> None:
    make.person("Nour"), make.person("Lina")
    with work.scope(house), pytest.raises(RuntimeError, match="more than one"):
        Prepared(select(Person.id)).row({})


def test_a_write_outside_an_action_is_refused(house: House, make: Factory) -> None:
    nour, session = make.person("Nour"), LoginSession
    forget = Prepared(
        update(session).where(session.person_id == bindparam("person")).values(last_seen_at=bindparam("seen"))
    )
    with work.scope(house) as here:
        with pytest.raises(RuntimeError, match="outside an action"):
            forget.each([{"person": nour.person_id, "seen": now()}])
        with here.writing():
            assert forget.each([{"person": nour.person_id, "seen": now()}]) == 1


def test_many_are_written_at_once_and_a_clash_is_sqlalchemys_error(house: House, make: Factory) -> None:
    nour, lina, member = make.person("Nour"), make.person("Lina"), RoomMember
    room = make.room(nour)
    leave = Prepared(
        update(member)
        .where(member.room_id == bindparam("room"), member.person_id == bindparam("person"))
        .values(state=bindparam("to"))
    )
    both = [{"room": room.id, "person": one.person_id, "to": Membership.DECLINED} for one in (nour, lina)]
    with work.scope(house) as here:
        with here.writing():
            assert leave.each(both) == 1
        assert here.session.scalar(select(RoomMember.state).where(RoomMember.room_id == room.id)) is Membership.DECLINED
        taken = Prepared(update(Room).where(Room.id == bindparam("room")).values(public_id=bindparam("to")))
        other = make.room(nour)
        with pytest.raises(IntegrityError), here.writing():
            taken.each([{"room": other.id, "to": room.public_id}])


def test_a_moment_comes_back_as_it_was_given(house: House, make: Factory) -> None:
    room, table, moment = make.room(make.person("Nour")), Room, now()
    end = Prepared(update(table).where(table.id == bindparam("room")).values(ends_at=bindparam("ends")))
    ends = Prepared(select(Room.ends_at, Room.attended_at, Room.kind).where(Room.id == bindparam("room")))
    with work.scope(house) as here:
        with here.writing():
            end.each([{"room": room.id, "ends": moment}])
        assert ends.row({"room": room.id}) == [moment, None, RoomKind.OPEN]
        assert here.session.scalar(select(Room.ends_at).where(Room.id == room.id)) == moment


@pytest.mark.one_database
def test_it_is_given_every_value(house: House) -> None:
    short = Prepared(insert(Room), columns=["kind"])
    with work.scope(house), pytest.raises(RuntimeError, match="every value"):
        short.each([{"kind": RoomKind.OPEN}])
