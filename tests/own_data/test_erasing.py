"""Being erased: a week to think it over, then nothing of theirs is left that anybody could read, killed or not."""

import os
import signal
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select, text, update

from app.chat.models import Message, MessageState, Room, RoomMember
from app.identity import actions as identity
from app.identity import queries as people
from app.identity.entry import actions as entry
from app.identity.models import Cause, Device, LoginSession, Person, Restriction, Standing
from app.kernel import audit, erasures, work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.db import Base, now
from app.kernel.erasures import Manner
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.house import House
from app.kernel.signals import Words
from app.moderation import actions as moderation
from app.moderation import queries as histories
from app.moderation.actions.measures import FINAL_AFTER
from app.moderation.models import Category, Measure, Proposal
from app.own_data import actions, policy, queries
from app.own_data.models import Erasure, ErasureState
from config import Settings, Unsafe
from tests.conftest import environment
from tests.factories import PASSPHRASE, Factory
from tests.faults.test_canaries import forms_of
from tests.own_data.planted import Planted
from tests.server import run

#: Where a worker is killed.
POINTS = (
    "in chat",
    "in identity",
    "after the commit",
    "before the keys are shredded",
    "before the ledger is written",
)


def ask(house: House, actor: Actor, name: str = "") -> Erasure:
    with work.scope(house):
        return actions.ask_erasure(actor, name=name or actor.name)


def a_week_later(house: House) -> None:
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Erasure).values(due_at=now() - timedelta(seconds=1)))


def hourly(house: House) -> None:
    """What the worker does: the hourly task, and the jobs that come of it."""
    with work.scope(house):
        actions.begin_due(system("test"))
    while house.queue.sweep():
        pass


def erased(house: House, actor: Actor) -> None:
    ask(house, actor)
    a_week_later(house)
    hourly(house)


def left_behind(house: House) -> dict[str, bytes]:
    """Everything that the instance has on its disk, and in PostgreSQL."""
    places = {str(path): path.read_bytes() for path in house.settings.instance.rglob("*") if path.is_file()}
    for engine in (house.databases.data, house.databases.keys):
        with engine.connect() as connection:
            for table in sorted(Base.metadata.tables):
                if engine.dialect.has_table(connection, table):
                    rows = connection.execute(text(f'select * from "{table}"')).all()
                    content = [bytes(one) if isinstance(one, memoryview) else one for row in rows for one in row]
                    parts = [one if isinstance(one, bytes) else str(one).encode() for one in content]
                    places[f"table {table}"] = b"\n".join(parts)
    return places


def sealed_rows(house: House) -> bytes:
    """All sealed columns of the data database in one."""
    found: list[bytes] = []
    with house.databases.data.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, LargeBinary):
                    found += [bytes(one) for one in connection.scalars(select(column)) if one is not None]
    return b"\n".join(found)


def row_of(house: House, actor: Actor) -> Person:
    with work.scope(house) as opened:
        return opened.session.scalars(select(Person).where(Person.id == actor.id)).one()


def test_after_a_week_nothing_is_left_that_anybody_could_read(
    house: House, planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(planted.sealed) > 15
    assert planted.that_open(house), "before, all of it opens"
    caplog.set_level("DEBUG")
    erased(house, planted.actor)
    rows = sealed_rows(house)
    open_still = planted.that_open(house)
    # Rooms, and applications of others, seal with keys that others need: there the words themselves are gone.
    assert {one.place.table for one in open_still} <= {"message", "vouch"}
    assert [one.words for one in open_still if one.bytes in rows] == []
    places = {**left_behind(house), "log": caplog.text.encode()}
    for what, words in planted.words.items():
        for form, sought in forms_of(words).items():
            assert [place for place, content in places.items() if sought in content] == [], (what, form)
    assert not any((house.settings.instance / "data" / "files").glob("*")), "pictures are off the disk"


def test_an_empty_closed_row_stays_and_the_record_holds(house: House, planted: Planted) -> None:
    before = row_of(house, planted.actor)
    erased(house, planted.actor)
    row = row_of(house, planted.actor)
    assert (row.standing, row.name, row.passphrase, row.key_id) == (Standing.CLOSED, b"", b"", "")
    assert (row.language, row.data_mode, row.joined_on.year) == (None, None, 1970)
    assert row.name_index != before.name_index
    assert row.public_id == before.public_id
    with work.scope(house) as opened:
        assert audit.verify(opened.session, house.vault) == []
        found = opened.session.scalars(select(Erasure)).one()
        assert found.state is ErasureState.DONE
        acts = set(opened.session.scalars(select(audit.AuditEntry.act)))
        assert {"erasure.ask", "person.erase"} <= acts
    (line,) = erasures.read(house)
    assert (line.person, line.manner) == (planted.actor.public_id, Manner.OWN)


def test_what_others_have_stays_theirs(house: House, planted: Planted, make: Factory) -> None:
    erased(house, planted.actor)
    friend = make.actor(make.another_session(planted.friend))
    assert friend.name == planted.friend.name
    with work.scope(house) as opened:
        states = opened.session.execute(select(Message.state, Message.author_id).order_by(Message.id)).all()
        assert [(row.state, row.author_id) for row in states] == [
            (MessageState.REMOVED, None),
            (MessageState.REMOVED, None),
            (MessageState.SHOWN, planted.friend.id),
        ]
        room = opened.session.scalars(select(Room)).one()
        assert room.members == 1
        assert opened.session.scalars(select(RoomMember.person_id)).all() == [planted.friend.id]
        own, _more = histories.my_reports(friend)
        assert [one.says for one in own] == ["They shout"]
        from app.chat import queries as rooms

        words = rooms.newest(friend, room).words
        assert [(str(one.html), one.author.name) for one in words][:1] == [("", "")]
        assert "What a friend answered stays" in str(words[-1].html)


def test_their_name_is_free_for_others(house: House, planted: Planted, make: Factory) -> None:
    name = planted.name
    with pytest.raises(Conflict):
        make.person(name)
    erased(house, planted.actor)
    assert make.person(name).name == name


@pytest.mark.one_database
def test_their_sessions_end_with_it(house: House, planted: Planted, make: Factory) -> None:
    token = make.another_session(planted.actor)
    erased(house, planted.actor)
    assert not make.actor(token).is_authenticated
    with work.scope(house) as opened:
        theirs = select(LoginSession).where(LoginSession.person_id == planted.actor.id)
        assert {one.device for one in opened.session.scalars(theirs)} == {Device.OTHER}
    with work.scope(house), pytest.raises(Invalid):
        entry.sign_in(planted.name, PASSPHRASE, network="n", device=Device.PHONE)


@pytest.mark.one_database
def test_for_a_week_it_can_be_called_off_and_then_nothing_has_happened(house: House, make: Factory) -> None:
    person = make.person()
    asked = ask(house, person)
    assert timedelta(days=6, hours=23) < asked.due_at - now() <= timedelta(days=7)
    hourly(house)
    assert make.actor(make.another_session(person)).name == person.name
    with work.scope(house):
        actions.call_off_erasure(person)
        with pytest.raises(Conflict):
            actions.call_off_erasure(person)
    a_week_later(house)
    hourly(house)
    assert row_of(house, person).standing is Standing.ACTIVE
    ask(house, person)


@pytest.mark.one_database
def test_one_s_own_name_has_to_be_typed_and_once_is_enough(house: House, make: Factory) -> None:
    person = make.person("Rima Said")
    for wrong in ("", "Rima", "Rima Saida", "x" * 200):
        with pytest.raises(Invalid):
            ask(house, person, wrong or " ")
    ask(house, person, "rima  said")
    with pytest.raises(Conflict):
        ask(house, person)


@pytest.mark.one_database
def test_the_last_administrator_stays_until_there_is_another(house: House, make: Factory) -> None:
    first = make.person(roles=(Role.ADMINISTRATOR,))
    with pytest.raises(Invalid):
        ask(house, first)
    second = make.person(roles=(Role.ADMINISTRATOR,))
    ask(house, first)
    ask(house, second)
    a_week_later(house)
    hourly(house)
    hourly(house)
    standings = {row_of(house, one).standing for one in (first, second)}
    assert standings == {Standing.ACTIVE, Standing.CLOSED}, "of two who ask, one stays"


@pytest.mark.parametrize("withheld", [Permission.ERASE, Permission.SIGNED_IN])
@pytest.mark.one_database
def test_it_goes_on_only_while_its_person_could_call_it_off(house: House, make: Factory, withheld: Permission) -> None:
    person = make.person()
    ask(house, person)
    a_week_later(house)
    with work.scope(house):
        identity.restrict(system("test"), person.person_id, [withheld], cause=Cause.FREEZE, ref="freeze")
    hourly(house)
    assert row_of(house, person).standing is Standing.ACTIVE
    with work.scope(house):
        identity.lift_restrictions(system("test"), "freeze")
    hourly(house)
    assert row_of(house, person).standing is Standing.ACTIVE, "there is a week again in which to call it off"
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Restriction).values(lifted_at=now() - policy.COOLING_OFF))
    hourly(house)
    assert row_of(house, person).standing is Standing.CLOSED


@pytest.mark.one_database
def test_nobody_erases_somebody_else(house: House, make: Factory) -> None:
    person, moderator = make.person(), make.person(roles=(Role.MODERATOR, Role.ADMINISTRATOR))
    asked = ask(house, person)
    a_week_later(house)
    with work.scope(house):
        for verb in (
            lambda: actions.erase(moderator, asked.public_id),
            lambda: actions.erase_person(moderator, person.person_id, Manner.OWN),
            lambda: actions.erase_again(moderator),
            lambda: actions.begin_due(moderator),
        ):
            with pytest.raises(Forbidden):
                verb()
    assert row_of(house, person).standing is Standing.ACTIVE


def test_twice_is_as_good_as_once(house: House, planted: Planted) -> None:
    asked = ask(house, planted.actor)
    a_week_later(house)
    hourly(house)
    before = sealed_rows(house)
    with work.scope(house):
        assert actions.erase(system("test"), asked.public_id) is False
        actions.erase_person(system("test"), planted.actor.person_id, Manner.OWN)
        actions.finish(system("test"), person=planted.actor.public_id, manner="own", keys=["nothing"])
        assert actions.erase_again(system("test")) == []
    assert sealed_rows(house) == before
    assert len(erasures.read(house)) == 1


@pytest.mark.faults
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_at_any_point_goes_on(
    house: House, planted: Planted, settings: Settings, point: str
) -> None:
    while house.queue.sweep():
        pass
    ask(house, planted.actor)
    a_week_later(house)
    with work.scope(house):
        actions.begin_due(system("test"))
    environ = environment(settings.instance, DATABASE_URL=settings.database_url, KEYS_URL=settings.keys_url)
    killed = run("-m", "tests.own_data.killed", point, environment={**os.environ, **environ})
    assert killed.returncode == -signal.SIGKILL
    committed = row_of(house, planted.actor).standing is Standing.CLOSED
    assert committed is not point.startswith("in "), "all of it is committed, or nothing"
    if not committed:
        assert planted.that_open(house)
        assert row_of(house, planted.actor).name
    while house.queue.sweep():
        pass
    assert row_of(house, planted.actor).standing is Standing.CLOSED
    assert [one.person for one in erasures.read(house)] == [planted.actor.public_id]
    assert {one.place.table for one in planted.that_open(house)} <= {"message", "vouch"}
    with work.scope(house) as opened:
        assert audit.verify(opened.session, house.vault) == []


def removed_for_good(house: House, make: Factory, planted: Planted, how: Words) -> None:
    """Two moderators remove them, and thirty days go by."""
    second = make.person(roles=(Role.MODERATOR,))
    with work.scope(house) as opened:
        person = opened.session.get_one(Person, planted.actor.person_id)
        proposal = moderation.propose_removal(
            planted.moderator, person, category=Category.SAFETY, reason="An informer", words=how
        )
        moderation.consent(second, opened.session.get_one(Proposal, proposal.id))
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Measure).values(taken_at=now() - FINAL_AFTER - timedelta(hours=1)))
    with work.scope(house):
        assert moderation.close_removed(system("test")) == 1
    while house.queue.sweep():
        pass


def test_somebody_closed_for_good_loses_name_and_hash_and_is_recognised(
    house: House, make: Factory, planted: Planted
) -> None:
    before = row_of(house, planted.actor)
    removed_for_good(house, make, planted, Words.KEEP)
    row = row_of(house, planted.actor)
    assert (row.standing, row.name, row.passphrase) == (Standing.CLOSED, b"", b"")
    assert row.name_index == before.name_index
    with pytest.raises(Conflict):
        make.person(planted.name)
    with work.scope(house), pytest.raises(Invalid):
        entry.sign_in(planted.name, "nobody has this passphrase", network="n", device=Device.PHONE)
    assert {one.place.table for one in planted.that_open(house)}.isdisjoint({"person", "profile_field", "draft"})
    assert erasures.read(house)[0].manner is Manner.REMOVED
    with work.scope(house) as opened:
        found = histories.find_person(planted.moderator, planted.name)
        assert found is not None
        read = moderation.look(planted.moderator, found, purpose="They apply again")
        assert "An informer" in {one.reason for one in read.measures}
        assert read.name == ""
        kept = opened.session.scalars(select(Message.state).where(Message.author_id == planted.actor.id))
        assert set(kept) == {MessageState.HIDDEN} or not list(kept), "moderators decided what becomes of the words"


@pytest.mark.one_database
def test_the_words_of_somebody_removed_go_where_moderators_said_so(
    house: House, make: Factory, planted: Planted
) -> None:
    removed_for_good(house, make, planted, Words.DELETE)
    with work.scope(house) as opened:
        kept = opened.session.scalars(select(Message.state).where(Message.author_id == planted.actor.id))
        assert set(kept) == {MessageState.REMOVED}


@pytest.mark.one_database
def test_a_line_that_somebody_added_to_the_ledger_erases_nobody(house: House, make: Factory) -> None:
    victim = make.person()
    line = f"{now().date().isoformat()} {victim.public_id} own {'0' * 64}"
    erasures.add_lines(erasures.ledger_file(house), [line])
    with work.scope(house), pytest.raises(Unsafe):
        actions.erase_again(system("test"))
    assert row_of(house, victim).standing is Standing.ACTIVE


@pytest.mark.one_database
def test_the_name_of_somebody_erased_is_nowhere_on_pages_of_staff(
    app: Flask, house: House, make: Factory, planted: Planted
) -> None:
    erased(house, planted.actor)
    client = app.test_client()
    make.sign_in(client, make.another_session(planted.moderator))
    for page in ("/queue", "/people", "/proposals", "/record", "/"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert planted.name not in answer.text
    assert client.get(f"/people/{planted.actor.public_id}").status_code == 200
    with work.scope(house):
        assert people.names_of([planted.actor.person_id])[planted.actor.person_id] == (planted.actor.public_id, "")
        assert queries.still_here([planted.actor.public_id]) == []
