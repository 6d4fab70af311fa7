"""Who sees what: the scopes that every page reads through, against the rules as one would tell them to a person."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.kernel import work
from app.kernel.built import built_once
from app.kernel.house import House
from app.profiles import policy
from app.profiles.models import Audience, ConnectionState, Field, ProfileField
from app.profiles.policy import Viewer
from tests.profiles.worlds import Looking, Somebody, World, build, lookings, worlds

EXAMPLES = settings(
    max_examples=16,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


# --- the rules, told ----------------------------------------------------------------------------------------------------


def shown(world: World, who: Looking) -> set[tuple[int, Field]]:
    """Every field that this somebody sees, and of whom."""
    return {
        (owner, field)
        for owner, one in enumerate(world.people)
        for field in one.fields
        if is_shown(world, who, owner, one, field)
    }


def is_shown(world: World, who: Looking, owner: int, one: Somebody, field: Field) -> bool:
    if who.person == owner:
        return True
    if not who.peer or not is_here(one) or is_kept_away(world, who, owner):
        return False
    is_companion = who.companion_of == owner or stands_between(world.companions, who.person, owner)
    is_in = {
        Audience.ONLY_ME: False,
        Audience.CASEWORKERS: who.caseworker,
        Audience.COMPANIONS: is_companion,
        Audience.CHOSEN: any(who.person in one.lists[number] for number in one.chosen.get(field, ())),
        Audience.MEMBERS: who.member and not could_be_excluded(who, one),
    }
    return is_in[one.fields[field]]


def existing(world: World, who: Looking) -> set[int]:
    """Everybody whose profile exists for this somebody."""
    return {owner for owner, one in enumerate(world.people) if exists(world, who, owner, one)}


def exists(world: World, who: Looking, owner: int, one: Somebody) -> bool:
    if not one.has_profile or not who.peer or not is_here(one) or (one.honey and not who.sweeping):
        return False
    if who.person == owner:
        return True
    if is_kept_away(world, who, owner):
        return False
    in_directory = one.listed and who.member and not could_be_excluded(who, one)
    known = stands_between(world.connections, who.person, owner)
    return in_directory or known or any(is_shown(world, who, owner, one, field) for field in one.fields)


def is_kept_away(world: World, who: Looking, owner: int) -> bool:
    """Whoever blocks is gone for the other; the other way it holds where they met by their usual names.

    An excluded country is excluded for everybody in it, however well they know each other.
    """
    blocked = who.person is not None and ((owner, who.person) in world.blocks or world.blocks.get((who.person, owner)))
    return bool(blocked) or who.country in world.people[owner].excludes


def is_here(one: Somebody) -> bool:
    return not one.closed and not one.suspended


def could_be_excluded(who: Looking, one: Somebody) -> bool:
    """Whoever says nothing of their country might live in one that is excluded."""
    return who.country is None and bool(one.excludes)


def stands_between(pairs: list[tuple[tuple[int, int], ConnectionState]], one: int | None, other: int) -> bool:
    return any({one, other} == set(pair) and state is ConnectionState.ACCEPTED for pair, state in pairs)


# --- the same, asked of the database ------------------------------------------------------------------------------------


class _Undone(Exception):
    pass


@contextmanager
def built(house: House, world: World) -> Iterator[Session]:
    """The world in the database, for as long as it is looked at."""
    with suppress(_Undone), work.scope(house) as opened, opened.writing():
        build(world, opened.session, house.vault)
        yield opened.session
        raise _Undone


@built_once
def fields_for(viewer: Viewer) -> Select[ProfileField]:
    return policy.visible_fields(viewer)


@EXAMPLES
@given(world=worlds(), looking=st.lists(lookings, min_size=6, max_size=8))
def test_the_scopes_show_to_everybody_what_the_rules_say_and_nothing_else(
    house: House, world: World, looking: list[Looking]
) -> None:
    with built(house, world) as session:
        for who in [*looking, Looking(peer=False, member=False)]:
            viewer = who.as_viewer(world, house.vault)
            fields = session.scalars(policy.visible_fields(viewer))
            assert {(world.number_of(row.person_id), row.field) for row in fields} == shown(world, who), who
            # The same statement, built once for all who are like this one: the directory asks so.
            fields = session.scalars(*fields_for(viewer))
            assert {(world.number_of(row.person_id), row.field) for row in fields} == shown(world, who), who
            profiles = session.scalars(policy.visible_profiles(viewer))
            there = existing(world, who)
            assert {world.number_of(row.person_id) for row in profiles} == there, who
            listed = session.scalars(policy.directory(viewer))
            expected = {number for number in there if who.member and world.people[number].listed}
            assert {world.number_of(row.person_id) for row in listed} == expected, who


def test_the_worlds_hold_everything_that_the_rules_speak_of() -> None:
    """A property over worlds in which nothing ever happens would hold for nothing."""
    met: set[str] = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(world=worlds(), who=lookings)
    def look(world: World, who: Looking) -> None:
        for owner, field in shown(world, who):
            met.add(world.people[owner].fields[field].value if owner != who.person else "mine")
        for owner in set(range(len(world.people))) - {who.person}:
            if who.peer and is_kept_away(world, who, owner):
                met.add("kept away")
            if owner in existing(world, who) and stands_between(world.connections, who.person, owner):
                met.add("known")

    look()
    assert met >= {*(set(Audience) - {Audience.ONLY_ME}), "mine", "kept away", "known"}
