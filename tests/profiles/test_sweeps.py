"""Whoever reads far more people than anybody does is slowed down and noticed; a normal day never notices anything."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import create_app
from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Invalid, NotFound
from app.kernel.house import House
from app.moderation.models import ItemState, QueueItem
from app.notifications.models import Notice
from app.profiles.actions import honey, sweeps
from app.profiles.actions.sweeps import ALARM, NORMAL, Wait
from app.profiles.honey import MOST, Invented, invent, read
from app.profiles.models import Field, Profile, Sweep
from app.profiles.queries import directory, viewing
from app.profiles.queries import sweeps as counted
from app.profiles.queries.directory import Search
from config import Settings
from tests.factories import Factory
from tests.profiles.towns import Town

MODERATOR = (Role.MEMBER, Role.MODERATOR)


def somebody(number: int) -> tuple[int, str]:
    """A row number and a public id, as of some profile: to be counted it need not be there."""
    return 1_000_000 + number, f"profile-{number:05}"


def opens(house: House, actor: Actor, number: int) -> bool:
    """Whether this profile opens for the actor now."""
    with work.scope(house):
        return opens_here(actor, number)


def opens_here(actor: Actor, number: int) -> bool:
    """The same, in an open unit of work."""
    try:
        sweeps.read_profile(actor, *somebody(number))
    except Wait as wait:
        return not 0 < (wait.retry_after or 0) <= sweeps.LONG_WAIT.total_seconds()
    return True


def sweep(house: House, actor: Actor, numbers: range) -> int:
    """Open one after the other without ever waiting; returns how many opened."""
    with work.scope(house):
        return sum(opens_here(actor, number) for number in numbers)


def pass_time(house: House, by: timedelta) -> None:
    """Let so much time pass for everybody who waits."""
    with work.scope(house) as opened, opened.writing():
        for row in opened.session.scalars(select(Sweep).where(Sweep.next_at.is_not(None))):
            row.next_at = (row.next_at or now()) - by


def end_day(house: House) -> None:
    """Make today yesterday."""
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Sweep).values(day=now().date() - timedelta(days=1)))


def row_of(house: House, actor: Actor) -> Sweep:
    with work.scope(house) as opened:
        return opened.session.scalars(
            select(Sweep).where(Sweep.person_id == actor.id).order_by(Sweep.day.desc())
        ).first()  # type: ignore[return-value]


def items(house: House) -> list[QueueItem]:
    with work.scope(house) as opened:
        return list(opened.session.scalars(select(QueueItem).where(QueueItem.kind == sweeps.KIND)))


@pytest.fixture
def town(house: House, make: Factory) -> Town:
    return Town(house, make)


@pytest.fixture
def reader(make: Factory) -> Actor:
    return make.person()


# --- how much is normal -------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_a_normal_day_never_notices_anything(house: House, reader: Actor) -> None:
    with work.scope(house):
        for page in range(10):
            sweeps.read_page(reader, range(20 * page, 20 * page + 20))
    assert sweep(house, reader, range(60)) == 60
    assert sweep(house, reader, range(60)) == 60, "to look again costs nothing"
    with work.scope(house):
        for page in range(10):
            sweeps.read_page(reader, range(20 * page + 19, 20 * page - 1, -1))
        assert not counted.is_sweeping(reader)
    assert row_of(house, reader).asked == NORMAL
    assert items(house) == []


@pytest.mark.one_database
def test_whoever_opens_five_hundred_profiles_is_slowed_down_and_moderators_are_told_once(
    house: House, reader: Actor
) -> None:
    opened = sweep(house, reader, range(500))
    assert opened == NORMAL + 1, "then the next one has to wait for its turn"
    [item] = items(house)
    assert (item.person_id, item.safety, item.state) == (reader.id, False, ItemState.OPEN)
    with work.scope(house):
        assert counted.is_sweeping(reader)
    assert row_of(house, reader).asked == 500, "what is asked for in vain counts as well"
    assert sweep(house, reader, range(NORMAL)) == NORMAL, "what was open stays open"


@pytest.mark.one_database
def test_whoever_waits_goes_on_more_slowly_and_is_noticed_all_the_same(house: House, reader: Actor) -> None:
    number = sweep(house, reader, range(NORMAL + 1))
    assert not opens(house, reader, number)
    while number < ALARM:
        pass_time(house, sweeps.WAIT)
        assert opens(house, reader, number)
        number += 1
    assert items(house) == []
    pass_time(house, sweeps.WAIT)
    assert opens(house, reader, number)
    assert len(items(house)) == 1
    pass_time(house, sweeps.WAIT)
    assert not opens(house, reader, number + 1), "the wait is longer now"
    pass_time(house, sweeps.LONG_WAIT)
    assert opens(house, reader, number + 1)


@pytest.mark.one_database
def test_somebody_who_reloads_the_page_that_tells_them_to_wait_is_not_counted_for_it(
    house: House, reader: Actor
) -> None:
    sweep(house, reader, range(NORMAL + 1))
    asked = row_of(house, reader).asked
    for _ in range(100):
        assert not opens(house, reader, NORMAL + 1)
    assert row_of(house, reader).asked == asked + 1
    pass_time(house, sweeps.WAIT)
    assert opens(house, reader, NORMAL + 1)
    assert row_of(house, reader).asked == asked + 1


@pytest.mark.one_database
def test_nobody_waits_for_their_own_page_and_others_are_not_held_up(house: House, make: Factory, reader: Actor) -> None:
    sweep(house, reader, range(NORMAL + 5))
    with work.scope(house):
        sweeps.read_profile(reader, reader.person_id, reader.public_id)
    assert opens(house, make.person(), 1)


@pytest.mark.one_database
def test_pages_of_the_directory_count_as_a_few_and_an_empty_one_as_one(house: House, reader: Actor) -> None:
    with work.scope(house):
        sweeps.read_page(reader, range(20))
        assert row_of(house, reader).asked == 3
        sweeps.read_page(reader, [50])
        sweeps.read_page(reader, [])
    assert row_of(house, reader).asked == 5
    with work.scope(house):
        for page in range(1, 30):
            sweeps.read_page(reader, range(20 * page, 20 * page + 20))
        with pytest.raises(Wait):
            sweeps.read_page(reader, range(2000, 2020))


# --- what is kept -------------------------------------------------------------------------------------------------------


def test_a_restart_forgets_no_count_and_two_processes_share_it(
    settings: Settings, house: House, make: Factory, reader: Actor
) -> None:
    other = create_app(settings)
    elsewhere: House = other.extensions["house"]
    try:
        assert sweep(house, reader, range(50)) + sweep(elsewhere, reader, range(50, NORMAL)) == NORMAL
        assert sweep(elsewhere, reader, range(NORMAL)) == NORMAL, "what was opened there is known here"
        assert opens(elsewhere, reader, NORMAL)
        assert not opens(house, reader, NORMAL + 1)
    finally:
        elsewhere.close()


def test_two_processes_that_count_at_the_same_moment_lose_nothing(
    settings: Settings, house: House, reader: Actor
) -> None:
    other = create_app(settings)
    elsewhere: House = other.extensions["house"]
    together = threading.Barrier(2)

    def read_some(where: House, numbers: range) -> Callable[[], None]:
        def run() -> None:
            together.wait()
            for number in numbers:
                assert opens(where, reader, number)

        return run

    try:
        threads = [
            threading.Thread(target=read_some(house, range(25))),
            threading.Thread(target=read_some(elsewhere, range(15, 40))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        elsewhere.close()
    row = row_of(house, reader)
    assert (row.asked, len(row.shown)) == (40, 40 * sweeps.MARK_BYTES)


def test_of_whom_it_was_is_forgotten_after_the_day_and_the_numbers_after_a_month(house: House, reader: Actor) -> None:
    sweep(house, reader, range(NORMAL + 5))
    with work.scope(house):
        assert sweeps.forget(system("test")) == 0, "not while the day lasts"
    end_day(house)
    with work.scope(house):
        assert sweeps.forget(system("test")) == 1
        assert sweeps.forget(system("test")) == 0
    row = row_of(house, reader)
    assert (row.shown, row.refused, row.asked) == (b"", b"", NORMAL + 5)
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Sweep).values(day=now().date() - timedelta(days=counted.DAYS_KEPT + 1)))
    with work.scope(house) as opened:
        sweeps.forget(system("test"))
        assert opened.session.scalars(select(Sweep)).all() == []


def test_nothing_that_is_stored_says_who_was_read(house: House, make: Factory, reader: Actor) -> None:
    one, other = make.person(), make.person()
    with work.scope(house):
        for somebody_who_reads in (reader, other):
            sweeps.read_profile(somebody_who_reads, one.person_id, one.public_id)
    first, second = row_of(house, reader).shown, row_of(house, other).shown
    assert len(first) == len(second) == sweeps.MARK_BYTES
    assert first != second, "two people who read the same are not linked by it"


# --- what moderators see ------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_a_moderator_sees_how_many_on_which_day_and_closes_the_alarm(
    house: House, make: Factory, reader: Actor
) -> None:
    moderator, member = make.person(roles=MODERATOR), make.person()
    sweep(house, reader, range(NORMAL + 20))
    end_day(house)
    sweep(house, reader, range(ALARM + 20))
    [item] = items(house)
    with work.scope(house):
        assert counted.may_take(moderator, item.ref)
        found = counted.get_sweep(moderator, item.ref)
        seen = counted.sweep_seen(moderator, found)
        assert (seen.person, seen.open) == (reader.public_id, True)
        assert [(day.asked, day.alarmed) for day in seen.days] == [(ALARM + 20, True), (NORMAL + 20, False)]
        for nobody in (member, reader):
            with pytest.raises(NotFound):
                counted.get_sweep(nobody, item.ref)
        sweeps.settle(moderator, found, reason="A librarian at heart")
        assert not counted.is_sweeping(reader)
        assert not counted.sweep_seen(moderator, counted.get_sweep(moderator, item.ref)).open
    assert [one.state for one in items(house)] == [ItemState.CLOSED]
    sweep(house, reader, range(ALARM + 20, ALARM + 40))
    assert len(items(house)) == 1, "once a day"


@pytest.mark.one_database
def test_a_moderator_who_sweeps_is_never_handed_their_own_affair(house: House, make: Factory) -> None:
    moderator, colleague = make.person(roles=MODERATOR), make.person(roles=MODERATOR)
    sweep(house, moderator, range(ALARM + 5))
    [item] = items(house)
    with work.scope(house):
        assert not counted.may_take(moderator, item.ref)
        assert counted.may_take(colleague, item.ref)
        with pytest.raises(NotFound):
            counted.get_sweep(moderator, item.ref)


@pytest.mark.one_database
def test_midnight_is_no_way_out_but_the_second_one_is(house: House, reader: Actor) -> None:
    sweep(house, reader, range(ALARM + 5))
    end_day(house)
    with work.scope(house) as opened:
        assert counted.is_sweeping(reader)
        with opened.writing():
            opened.session.execute(update(Sweep).values(day=now().date() - timedelta(days=2)))
        assert not counted.is_sweeping(reader)


# --- invented profiles --------------------------------------------------------------------------------------------------


def found_by(house: House, actor: Actor, words: str = "") -> set[int]:
    with work.scope(house):
        return set(directory.search(viewing.viewer_of(actor), Search(words)).person_ids)


@pytest.fixture
def invented(house: House, make: Factory) -> set[int]:
    """Three invented profiles in a house of a dozen people."""
    for _ in range(12):
        make.person()
    entries = [{"name": f"{name} Invented", "skills": ["pottery"]} for name in ("Alder", "Birch", "Cedar")]
    with work.scope(house) as opened:
        assert honey.invent_people(system("test"), read(entries), count=3) == 3
        return set(opened.session.scalars(select(Profile.person_id).where(Profile.honey)))


def test_nobody_meets_an_invented_profile_but_whoever_sweeps(
    town: Town, house: House, make: Factory, reader: Actor, invented: set[int]
) -> None:
    real = town.member(skills=["pottery"])
    with work.scope(house) as opened:
        ids = list(opened.session.scalars(select(Person.public_id).where(Person.id.in_(invented))))
    assert found_by(house, reader) == found_by(house, reader, "pottery") == {real.id}
    with work.scope(house):
        for public_id in ids:
            with pytest.raises(NotFound):
                viewing.get_member(viewing.viewer_of(reader), public_id)
    sweep(house, reader, range(ALARM + 5))
    for words in ("", "pottery"):
        met = found_by(house, reader, words)
        assert real.id in met
        assert len(met & invented) == 1, "one on each page, so that no sweep misses them however many people there are"
        assert found_by(house, reader, words) == met, "the same whenever the page is read again"
    assert found_by(house, reader, "carpentry") == set()
    with work.scope(house):
        assert [viewing.get_member(viewing.viewer_of(reader), one).public_id for one in ids] == ids
        assert viewing.get_member(viewing.viewer_of(reader), ids[0]).fields[Field.SKILLS] == ["pottery"]
    assert not found_by(house, make.person()) & invented


@pytest.mark.one_database
def test_to_open_an_invented_profile_alarms_at_once(
    house: House, make: Factory, reader: Actor, invented: set[int]
) -> None:
    moderator = make.person(roles=MODERATOR)
    sweep(house, reader, range(ALARM + 5))
    [item] = items(house)
    assert not item.safety
    pass_time(house, sweeps.LONG_WAIT)
    one, *others = sorted(invented)
    with work.scope(house):
        sweeps.read_profile(reader, one, f"invented-{one}")
        for number in others:
            with pytest.raises(Wait):
                sweeps.read_profile(reader, number, f"invented-{number}")
    [item] = items(house)
    assert item.safety
    assert item.due_at - now() < timedelta(hours=5)
    assert row_of(house, reader).honey == len(invented)
    with work.scope(house) as opened:
        told = opened.session.scalars(select(Notice.person_id).where(Notice.kind == "item.safety")).all()
    assert told == [moderator.id], "once"


@pytest.mark.one_database
def test_nobody_can_sign_in_as_an_invented_person_and_they_are_nothing_here(house: House, invented: set[int]) -> None:
    with work.scope(house) as opened:
        people = opened.session.scalars(select(Person).where(Person.id.in_(invented))).all()
        assert [one.roles for one in people] == [[], [], []]
        assert all(one.joined_on < now().date() - timedelta(days=29) for one in people)


@pytest.mark.one_database
def test_invented_people_are_made_after_the_first_members_and_as_many_as_there_are_names(
    house: House, make: Factory
) -> None:
    everybody = invent(random.Random(1))
    assert len({one.name for one in everybody}) == MOST
    with work.scope(house), pytest.raises(Invalid):
        honey.invent_people(system("test"), everybody, count=1)
    for _ in range(12):
        make.person()
    taken = everybody[0].name
    make.person(taken)
    with work.scope(house) as opened:
        made = honey.invent_people(system("test"), everybody, count=MOST)
        assert made == MOST - 1, "a name that somebody has is theirs"
        profiles = opened.session.scalars(select(Profile).where(Profile.honey)).all()
        assert all(one.listed for one in profiles)
        assert len({one.position for one in profiles}) == made


@pytest.mark.one_database
def test_an_invented_person_whose_field_holds_what_none_may_is_refused(house: House, make: Factory) -> None:
    for _ in range(12):
        make.person()
    wrong = Invented("Alder", "en", {Field.PLACE: {"country": "XX"}})
    with work.scope(house) as opened:
        with pytest.raises(Invalid):
            honey.invent_people(system("test"), [wrong], count=1)
        assert opened.session.scalars(select(Profile)).all() == []
