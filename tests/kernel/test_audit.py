"""The record of acts: whatever is done to it afterwards is found, and the place is named."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, event, func, insert, select, update
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.kernel import audit, work
from app.kernel.actor import system
from app.kernel.audit import AuditEntry, AuditHead
from app.kernel.house import House
from app.kernel.work import action
from tests.factories import Factory

Tampering = Callable[[Connection], object]
SECRET_REASON = "because سلمى asked for it"


@action
def act(name: str, *, reason: str = "") -> None:
    audit.record(system("test"), name, target_kind="room", target="somewhere", reason=reason)


@pytest.fixture
def five_acts(house: House) -> House:
    with work.scope(house):
        for number in range(1, 6):
            act(f"act.{number}", reason=f"{SECRET_REASON} {number}")
    return house


def found_after(house: House, tamper: Tampering) -> list[str]:
    """What verifying says after the tampering, which is taken back afterwards."""
    with house.databases.for_migrations()["data"].connect() as connection:
        tamper(connection)
        with Session(connection, autoflush=False) as session:
            found = audit.verify(session, house.vault)
        connection.rollback()
    return found


def change(number: int, **values: Any) -> Tampering:
    return lambda connection: connection.execute(update(AuditEntry).where(AuditEntry.number == number).values(**values))


def change_head(**values: Any) -> Tampering:
    return lambda connection: connection.execute(update(AuditHead).values(**values))


def remove(*numbers: int) -> Tampering:
    return lambda connection: connection.execute(delete(AuditEntry).where(AuditEntry.number.in_(numbers)))


def entries(connection: Connection) -> dict[int, dict[str, Any]]:
    rows = connection.execute(select(AuditEntry.__table__)).mappings()
    return {row["number"]: dict(row) for row in rows}


def put(connection: Connection, row: dict[str, Any], number: int) -> None:
    connection.execute(insert(AuditEntry).values(**{**row, "number": number}))


def test_an_untouched_record_is_whole(app: Flask, five_acts: House) -> None:
    assert found_after(five_acts, lambda _: None) == []
    answer = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert (answer.exit_code, answer.output) == (0, "the record is whole\n")


def test_the_command_names_the_place_and_fails(app: Flask, five_acts: House) -> None:
    with five_acts.databases.for_migrations()["data"].begin() as connection:
        change(3, actor="somebody else")(connection)
    answer = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert (answer.exit_code, answer.output) == (1, "entry 3 (act.3) was changed\n")


def test_a_change_to_any_column_is_found(five_acts: House) -> None:
    with work.scope(five_acts) as opened:
        second, third = opened.session.scalars(select(AuditEntry).where(AuditEntry.number.in_([2, 3])))
        earlier = {column.name: getattr(second, column.name) for column in AuditEntry.__table__.columns}
        later = third.at.replace(microsecond=(third.at.microsecond + 1) % 1_000_000)
    changed = ["entry 3 (act.3) was changed"]
    for values, expected in (
        ({"at": later}, changed),
        ({"actor": "system:other"}, changed),
        ({"act": "act.2"}, ["entry 3 (act.2) was changed"]),
        ({"target_kind": "person"}, changed),
        ({"target": "elsewhere"}, changed),
        ({"key_id": "another key"}, changed),
        ({"reason": earlier["reason"]}, changed),
        ({"previous": earlier["previous"]}, ["entry 3 does not follow the one before it", *changed]),
        ({"hash": earlier["hash"]}, [*changed, "entry 4 does not follow the one before it"]),
    ):
        assert found_after(five_acts, change(3, **values)) == expected, values


def test_removed_entries_are_found_wherever_they_were(five_acts: House) -> None:
    for removed, expected in (
        ([1], "entries 1 to 1 are missing"),
        ([3], "entries 3 to 3 are missing"),
        ([2, 3, 4], "entries 2 to 4 are missing"),
        ([5], "entries 5 to 5 are missing at the end"),
        ([4, 5], "entries 4 to 5 are missing at the end"),
        ([1, 2, 3, 4, 5], "entries 1 to 5 are missing at the end"),
    ):
        assert found_after(five_acts, remove(*removed)) == [expected]


def test_a_gap_that_was_closed_by_renumbering_is_found(five_acts: House) -> None:
    def close_gap(connection: Connection) -> None:
        remove(3)(connection)
        for number in (4, 5):
            moved = update(AuditEntry).where(AuditEntry.number == number)
            connection.execute(moved.values(number=number - 1))

    found = found_after(five_acts, close_gap)
    assert found[0] == "entry 3 does not follow the one before it"
    assert found[1] == "entry 3 (act.4) was changed"
    assert found[-1] == "entries 5 to 5 are missing at the end"


def test_entries_in_another_order_are_found(five_acts: House) -> None:
    def swap(connection: Connection) -> None:
        rows = entries(connection)
        remove(2, 3)(connection)
        put(connection, rows[2], 3)
        put(connection, rows[3], 2)

    found = found_after(five_acts, swap)
    assert "entry 2 (act.3) was changed" in found
    assert "entry 3 (act.2) was changed" in found


def test_an_inserted_entry_is_found(five_acts: House) -> None:
    def at_the_end(connection: Connection) -> None:
        put(connection, entries(connection)[5], 6)

    def in_the_middle(connection: Connection) -> None:
        rows = entries(connection)
        remove(3, 4, 5)(connection)
        for number in (3, 4, 5):
            put(connection, rows[number], number + 1)
        put(connection, rows[2], 3)
        connection.execute(update(AuditHead).values(number=6))

    def before_the_first(connection: Connection) -> None:
        put(connection, entries(connection)[1], 0)

    assert found_after(five_acts, at_the_end) == ["entries 6 to 6 were added past the head"]
    found = found_after(five_acts, in_the_middle)
    assert found[:2] == ["entry 3 does not follow the one before it", "entry 3 (act.2) was changed"]
    assert "the head of the chain was changed" in found
    assert found_after(five_acts, before_the_first) != []


def test_a_changed_head_is_found(five_acts: House) -> None:
    def cut_and_mend(connection: Connection) -> None:
        """Remove the last act and make the head agree, as far as one can without the key."""
        remove(5)(connection)
        connection.execute(update(AuditHead).values(number=4, hash=entries(connection)[4]["hash"]))

    assert found_after(five_acts, cut_and_mend) == ["the head of the chain was changed"]
    for values, expected in (
        ({"number": 3}, "the head of the chain was changed"),
        ({"number": 7}, "entries 6 to 7 are missing at the end"),
        ({"hash": bytes(32)}, "entry 5 is not the one that the head knows"),
        ({"proof": bytes(32)}, "the head of the chain was changed"),
    ):
        assert expected in found_after(five_acts, change_head(**values))
    without_head = found_after(five_acts, lambda connection: connection.execute(delete(AuditHead)))
    assert without_head == ["the head of the chain is missing"]


def test_a_record_of_which_everything_was_removed_is_found(five_acts: House) -> None:
    def wipe(connection: Connection) -> None:
        remove(1, 2, 3, 4, 5)(connection)
        connection.execute(delete(AuditHead))

    assert found_after(five_acts, wipe) == ["the head of the chain is missing"]


def test_acts_of_many_at_once_get_consecutive_numbers(house: House) -> None:
    """The very first acts too: there is no head yet that one could wait for."""
    ready = threading.Barrier(8)

    def come(number: int) -> None:
        with work.scope(house) as opened:
            opened.connection.exec_driver_sql("select 1")
            ready.wait()
            for step in range(3):
                act(f"act.{number}.{step}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(8)))
    with work.scope(house) as opened:
        numbers = opened.session.scalars(select(AuditEntry.number).order_by(AuditEntry.number)).all()
        assert list(numbers) == list(range(1, 25))
        assert audit.verify(opened.session, house.vault) == []


def test_two_acts_in_one_scope_follow_what_others_did_between(house: House) -> None:
    def elsewhere() -> None:
        with work.scope(house):
            act("act.2")

    with work.scope(house) as opened:
        act("act.1")
        known = opened.session.scalars(select(AuditHead)).one()  # what a scope holds on to must not go stale
        assert known.number == 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(elsewhere).result(timeout=10)
        act("act.3")
        assert audit.verify(opened.session, house.vault) == []
        named = select(AuditEntry.number, AuditEntry.act).order_by(AuditEntry.number)
        assert [tuple(row) for row in opened.session.execute(named)] == [(1, "act.1"), (2, "act.2"), (3, "act.3")]


def test_a_record_that_grows_while_it_is_verified_is_whole(five_acts: House) -> None:
    def someone_acts() -> None:
        with work.scope(five_acts):
            act("meanwhile")

    with work.scope(five_acts) as opened, ThreadPoolExecutor(1) as pool:
        connection = opened.connection

        def after(*call: Any) -> None:
            if "FROM audit_" in call[2]:
                pool.submit(someone_acts).result(timeout=10)

        event.listen(connection, "after_cursor_execute", after)
        assert audit.verify(opened.session, five_acts.vault) == []
        event.remove(connection, "after_cursor_execute", after)  # others use this connection after us
    with work.scope(five_acts) as opened:
        assert (opened.session.scalar(select(func.max(AuditEntry.number))) or 0) > 6
        assert audit.verify(opened.session, five_acts.vault) == []


def test_an_act_that_fails_leaves_no_entry_and_one_without_entry_does_not_happen(house: House, make: Factory) -> None:
    somebody = make.person(language="en")

    @action
    def change_language(reason: str, fail: bool) -> None:
        work.session().execute(update(Person).values(language="ar"))
        audit.record(somebody, "language.change", target_kind="person", target=somebody.public_id, reason=reason)
        if fail:
            raise ValueError("on purpose")

    def facts() -> tuple[str | None, int]:
        with work.scope(house) as opened:
            language = opened.session.scalar(select(Person.language))
            return language, opened.session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    before = facts()
    with work.scope(house), pytest.raises(ValueError, match="on purpose"):
        change_language("fine", True)
    assert facts() == before
    with work.scope(house), pytest.raises(UnicodeEncodeError):
        change_language("a reason that cannot be kept \ud800", False)
    assert facts() == before
    with work.scope(house):
        change_language("fine", False)
    assert facts() == ("ar", before[1] + 1)


def test_reasons_are_sealed(five_acts: House) -> None:
    with work.scope(five_acts) as opened:
        entry = opened.session.get_one(AuditEntry, 2)
        assert SECRET_REASON.encode() not in entry.reason
        assert audit.reason_of(entry) == f"{SECRET_REASON} 2"
