"""Connecting, mentors and mentees, lists: as people meet them, and when many do it at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooMany
from app.kernel.house import House
from app.kernel.limits import Budgets
from app.kernel.vault import Shredded
from app.profiles.actions import blocks, companions, lists, people
from app.profiles.models import Audience, Companionship, Connection, ConnectionState, Field, ListEntry
from app.profiles.queries import companions as pairs
from app.profiles.queries import connections
from app.profiles.queries import lists as kept
from app.profiles.queries import people as queries
from app.profiles.queries.blocks import blocks_of, get_block
from app.profiles.queries.companions import Part
from app.profiles.queries.people import Way
from tests.at_once import at_once
from tests.profiles.circle import Circle
from tests.profiles.scene import Scene

ACCEPTED, DECLINED, ASKED = ConnectionState.ACCEPTED, ConnectionState.DECLINED, ConnectionState.ASKED


@pytest.fixture
def circle(scene: Scene) -> Circle:
    return Circle(scene)


# --- asking and answering -----------------------------------------------------------------------------------------------


def test_whoever_is_asked_reads_the_note_accepts_and_both_know_each_other(circle: Circle) -> None:
    amal, tamim = circle.person("Amal"), circle.person("Tamim")
    assert circle.between(amal, tamim).way is Way.ASK
    circle.ask(amal, tamim, "We met at the course")
    assert [(one.person.name, one.note) for one in circle.page(tamim).asked_of_me] == [("Amal", "We met at the course")]
    assert (circle.between(amal, tamim).way, circle.between(tamim, amal).way) == (Way.WAITS, Way.ASKED)
    assert circle.notices(tamim) == ["profiles.asked"]
    circle.answer(tamim, amal, people.accept)
    assert circle.known(amal) == [tamim.public_id]
    assert circle.known(tamim) == [amal.public_id]
    assert circle.notices(amal) == ["profiles.accepted"]
    assert circle.between(amal, tamim).way is Way.JOINED


def test_the_note_is_gone_for_good_once_it_is_answered(circle: Circle) -> None:
    one, other = circle.person(), circle.person()
    circle.ask(one, other, "We met at the course")
    asked = circle.connections()[0]
    assert asked.key_id is not None
    assert asked.note is not None
    assert b"course" not in asked.note
    circle.answer(other, one, people.accept)
    circle.scene.house.queue.sweep()
    with pytest.raises(Shredded):
        circle.scene.house.vault.open(asked.key_id, connections.note_place(asked.public_id), asked.note)
    assert circle.connections()[0].note is None


@pytest.mark.one_database
@pytest.mark.parametrize(
    "note",
    [
        "Look at https://example.org/x",
        "Look at example.com",
        "I am t.me/somebody",
        "Write to somebody@example.org",
        "Call 0944 123 456",
    ],
)
def test_a_first_note_leads_nowhere_else(circle: Circle, note: str) -> None:
    one, other = circle.person(), circle.person()
    with pytest.raises(Invalid, match="no links"):
        circle.ask(one, other, note)
    assert circle.connections() == []
    circle.ask(one, other, "I read what you offer. 3.5 hours a week would help me, at 10:30 or so.")


@pytest.mark.one_database
def test_a_newcomer_may_not_be_the_first_and_may_answer(circle: Circle) -> None:
    newcomer, member = circle.newcomer(), circle.person()
    with pytest.raises(Forbidden):
        circle.ask(newcomer, member)
    assert circle.between(newcomer, member).way is Way.NOTHING
    circle.ask(member, newcomer)
    circle.answer(newcomer, member, people.accept)
    assert circle.known(newcomer) == [member.public_id]


@pytest.mark.one_database
def test_nobody_asks_themselves_or_somebody_who_does_not_show_themselves(circle: Circle) -> None:
    one, unlisted = circle.person(), circle.scene.person()
    circle.profile(unlisted)
    for nobody in (one, unlisted):
        with pytest.raises(NotFound):
            circle.ask(one, nobody)


def test_the_one_who_was_declined_is_not_told_and_asks_in_vain_for_ever(circle: Circle) -> None:
    asker, asked = circle.person(), circle.person()
    circle.ask(asker, asked, "Please")
    before = (circle.page(asker), circle.between(asker, asked))
    circle.answer(asked, asker, people.decline)
    assert (circle.page(asker), circle.between(asker, asked)) == before
    assert circle.page(asked).asked_of_me == []
    assert circle.notices(asker) == []
    with pytest.raises(Conflict, match="waits"):
        circle.ask(asker, asked)
    for _ in range(2):
        circle.pass_days(31)
        assert circle.page(asker).asked_by_me == []
        assert circle.ask(asker, asked, "Please, once more") is ASKED
        assert [one.note for one in circle.page(asker).asked_by_me] == ["Please, once more"]
        assert circle.page(asked).asked_of_me == []
    assert circle.notices(asked) == ["profiles.asked"]
    assert circle.ask(asked, asker) is ASKED, "whoever declined may think again"
    circle.answer(asker, asked, people.accept)
    assert circle.known(asker) == [asked.public_id]
    assert [row.state for row in circle.connections()] == [ACCEPTED]


def test_taking_back_looks_the_same_whether_it_was_declined_or_not(circle: Circle) -> None:
    seen = []
    for declined in (False, True):
        asker, asked = circle.person(), circle.person()
        circle.ask(asker, asked, "Please")
        if declined:
            circle.answer(asked, asker, people.decline)
        circle.answer(asker, asked, people.withdraw)
        with pytest.raises(Invalid) as refusal:
            circle.ask(asker, asked)
        between = circle.between(asker, asked)
        seen.append((circle.page(asker).asked_by_me, between.way, between.from_on, refusal.value.text))
        assert circle.page(asked).asked_of_me == []
        circle.scene.house.queue.sweep()
    assert seen[0] == seen[1]
    assert seen[0][1] is Way.LATER
    assert [row.note for row in circle.connections()] == [None, None]


def test_what_nobody_answers_ends_after_thirty_days_and_the_third_time_reaches_nobody(circle: Circle) -> None:
    asker, asked = circle.person(), circle.person()
    for time in range(3):
        circle.ask(asker, asked, "Please")
        assert len(circle.page(asked).asked_of_me) == (time < 2)
        assert len(circle.page(asker).asked_by_me) == 1
        circle.pass_days(30)
        assert circle.page(asked).asked_of_me == []
        assert circle.page(asker).asked_by_me == []
        if time:
            circle.forget()
            assert all(row.note is None and row.waits_until is None for row in circle.connections())
    assert circle.between(asker, asked).way is Way.ASK


def test_a_request_whose_time_is_over_cannot_be_accepted(circle: Circle) -> None:
    asker, asked = circle.person(), circle.person()
    circle.ask(asker, asked)
    with work.scope(circle.scene.house):
        seen = connections.between(asked, asker.person_id)[0]
        circle.pass_days(30)
        with pytest.raises(NotFound):
            people.accept(asked, seen)


def test_removing_is_quiet_and_takes_everything_with_it(circle: Circle) -> None:
    one, other = circle.connected()
    circle.mentoring(one, other)
    mine, theirs = circle.list_with(one, other), circle.list_with(other, one)
    told = circle.notices(one), circle.notices(other)
    circle.answer(one, other, people.remove)
    assert circle.known(one) == circle.known(other) == []
    assert circle.page(one).companions == circle.page(other).companions == []
    assert circle.on_list(one, mine) == circle.on_list(other, theirs) == []
    assert (circle.notices(one), circle.notices(other)) == told
    circle.forget()
    assert circle.left() == {"connection": 0, "companionship": 0, "list_entry": 0, "people_list": 2, "block": 0}
    assert circle.ask(other, one) is ASKED


@pytest.mark.one_database
def test_somebody_who_asks_many_people_has_to_wait(circle: Circle) -> None:
    asker = circle.person()
    others = [circle.person() for _ in range(6)]
    for other in others[:5]:
        circle.ask(asker, other)
    with pytest.raises(TooMany):
        circle.ask(asker, others[5])


@pytest.mark.one_database
def test_answers_are_for_whoever_was_asked_and_taking_back_for_whoever_asked(circle: Circle) -> None:
    asker, asked, outsider = circle.person(), circle.person(), circle.person()
    circle.ask(asker, asked)
    public_id = circle.connections()[0].public_id
    for actor, verb in ((asker, people.accept), (asker, people.decline), (asked, people.withdraw)):
        with pytest.raises(Forbidden):
            circle.answer(actor, asked if actor is asker else asker, verb)
    with work.scope(circle.scene.house), pytest.raises(NotFound):
        connections.get_connection(outsider, public_id)
    assert circle.connections()[0].state is ASKED


def test_whoever_leaves_or_is_suspended_is_among_nobodys_people(circle: Circle) -> None:
    one, closed, suspended = circle.person(), circle.person(), circle.person()
    for other in (closed, suspended):
        circle.connect(one, other)
    on_it = circle.list_with(one, closed, suspended)
    circle.close(closed)
    circle.suspended(suspended)
    assert circle.known(one) == []
    assert circle.on_list(one, on_it) == []


@pytest.mark.one_database
def test_while_somebody_travels_their_people_look_like_nobodys(circle: Circle) -> None:
    one, other, asker = circle.person(), circle.person(), circle.person()
    circle.connect(one, other)
    circle.mentoring(one, other)
    circle.ask(asker, one)
    public_id = circle.list_with(one, other)
    circle.block(one, circle.person())
    away, alone = circle.travelling(one), circle.person()
    assert circle.page(away) == circle.page(alone)
    assert circle.between(away, other).way is Way.NOTHING
    with work.scope(circle.scene.house):
        assert kept.lists_of(away) == []
        assert queries.waiting(away) == 0
        assert queries.waiting(one) == 1
        with pytest.raises(NotFound):
            kept.get_list(away, public_id)
    for row in circle.connections():
        with work.scope(circle.scene.house), pytest.raises(NotFound):
            connections.get_connection(away, row.public_id)


# --- mentors and mentees ------------------------------------------------------------------------------------------------


def test_a_mentor_sees_what_is_shown_to_mentors_from_the_moment_that_they_agree(circle: Circle) -> None:
    mentee, mentor = circle.connected()
    circle.scene.keep(mentee, Field.ABOUT, "I begin again", Audience.COMPANIONS)
    circle.ask_mentor(mentee, mentor)
    assert Field.ABOUT not in circle.scene.sees(mentor, mentee).fields, "asking shows nothing"
    circle.answer_mentor(mentor, mentee, companions.accept)
    assert circle.scene.sees(mentor, mentee).fields[Field.ABOUT] == "I begin again"
    assert circle.between(mentee, mentor).part is Part.MENTOR
    assert circle.between(mentor, mentee).part is Part.MENTEE
    assert circle.notices(mentee)[-1] == "profiles.companion-accepted"
    told = len(circle.notices(mentee)), len(circle.notices(mentor))
    circle.answer_mentor(mentee, mentor, companions.end)
    assert Field.ABOUT not in circle.scene.sees(mentor, mentee).fields
    assert (len(circle.notices(mentee)), len(circle.notices(mentor))) == told


@pytest.mark.one_database
def test_only_people_one_knows_are_asked_to_be_a_mentor(circle: Circle) -> None:
    one, stranger = circle.person(), circle.person()
    with pytest.raises(NotFound):
        circle.ask_mentor(one, stranger)
    circle.ask(one, stranger)
    with pytest.raises(NotFound):
        circle.ask_mentor(one, stranger)


def test_a_mentor_who_declines_is_not_known_to_have_declined(circle: Circle) -> None:
    seen = []
    pairs_of_people = [circle.connected("Salwa"), circle.connected("Amal")]
    for declined, (mentee, mentor) in zip((False, True), pairs_of_people, strict=True):
        circle.ask_mentor(mentee, mentor)
        if declined:
            circle.answer_mentor(mentor, mentee, companions.decline)
        waits = [(line.part, line.waits, line.mine) for line in circle.page(mentee).companions]
        between = circle.between(mentee, mentor).companion_way
        circle.answer_mentor(mentee, mentor, companions.withdraw)
        with pytest.raises(Invalid) as refusal:
            circle.ask_mentor(mentee, mentor)
        seen.append((waits, between, circle.page(mentee).companions, refusal.value.text))
        assert circle.page(mentor).companions == []
    assert seen[0] == seen[1]
    circle.pass_days(31)
    assert circle.ask_mentor(*pairs_of_people[1]) is ASKED


@pytest.mark.one_database
def test_two_who_name_each_other_in_the_same_parts_agree_and_otherwise_answer_first(circle: Circle) -> None:
    one, other = circle.connected()
    circle.ask_mentor(one, other, Part.MENTOR)
    with pytest.raises(Conflict, match="something else"):
        circle.ask_mentor(other, one, Part.MENTOR)
    assert circle.ask_mentor(other, one, Part.MENTEE) is ACCEPTED


# --- lists --------------------------------------------------------------------------------------------------------------


def test_whoever_is_put_on_a_list_sees_what_it_sees_and_no_more_when_taken_off(circle: Circle) -> None:
    owner, friend = circle.connected()
    family = circle.list_with(owner)
    circle.scene.keep(owner, Field.STUDIES, "Botany", Audience.CHOSEN, [family])
    told = circle.notices(friend)

    def with_list(verb: Callable[[Actor, Any, int], None]) -> None:
        with work.scope(circle.scene.house):
            verb(owner, kept.get_list(owner, family), friend.person_id)

    assert Field.STUDIES not in circle.scene.sees(friend, owner).fields
    with_list(lists.put_on)
    with_list(lists.put_on)
    assert circle.scene.sees(friend, owner).fields[Field.STUDIES] == "Botany"
    with work.scope(circle.scene.house):
        line = kept.lists_of(owner)[0]
    assert (line.name, list(line.fields), [one.public_id for one in line.people]) == (
        "Family",
        [Field.STUDIES],
        [friend.public_id],
    )
    with_list(lists.take_off)
    assert Field.STUDIES not in circle.scene.sees(friend, owner).fields
    assert circle.notices(friend) == told


def test_deleting_a_list_shows_nobody_anything_that_they_did_not_see(circle: Circle) -> None:
    owner, on_it, not_on_it = circle.person(), circle.person(), circle.person()
    for other in (on_it, not_on_it):
        circle.connect(owner, other)
    family = circle.list_with(owner, on_it)
    circle.scene.keep(owner, Field.STUDIES, "Botany", Audience.CHOSEN, [family])
    with work.scope(circle.scene.house):
        lists.remove(owner, kept.get_list(owner, family))
    for other in (on_it, not_on_it, circle.person()):
        assert Field.STUDIES not in circle.scene.sees(other, owner).fields
    assert circle.scene.sees(owner, owner).fields[Field.STUDIES] == "Botany"
    assert circle.left()["list_entry"] == 0


@pytest.mark.one_database
def test_lists_hold_only_people_one_knows_and_have_names_of_their_own(circle: Circle) -> None:
    owner, stranger = circle.person(), circle.person()
    family = circle.list_with(owner, name="Family")
    with work.scope(circle.scene.house):
        one = kept.get_list(owner, family)
        with pytest.raises(NotFound):
            lists.put_on(owner, one, stranger.person_id)
        for name, words in ((" family ", "already"), ("  ", "a name"), ("x" * 61, "60")):
            with pytest.raises(Invalid, match=words):
                lists.make(owner, name=name)
        lists.rename(owner, one, name="Family")
        lists.rename(owner, one, name="العائلة")
        assert [line.name for line in kept.lists_of(owner)] == ["العائلة"]
        with pytest.raises(Forbidden):
            lists.rename(stranger, one, name="Mine")
        with pytest.raises(Forbidden):
            lists.remove(stranger, one)


# --- at once ------------------------------------------------------------------------------------------------------------


def test_two_who_ask_each_other_at_once_are_connected_once(circle: Circle) -> None:
    for _ in range(3):
        one, other = circle.person(), circle.person()
        told = at_once(
            circle.scene.house,
            [
                lambda: people.ask(one, other.public_id, note="Good morning"),  # noqa: B023  # all end before the next
                lambda: people.ask(other, one.public_id, note="Good evening"),  # noqa: B023
            ],
        )
        assert told == [None, None]
        assert circle.known(one) == [other.public_id]
        assert circle.known(other) == [one.public_id]
    assert [row.state for row in circle.connections()] == [ACCEPTED] * 3


def test_a_request_accepted_twenty_times_at_once_is_accepted_once(circle: Circle) -> None:
    asker, asked = circle.person(), circle.person()
    circle.ask(asker, asked)

    with work.scope(circle.scene.house):
        public_id = connections.between(asked, asker.person_id)[0].public_id

    def accept() -> None:
        people.accept(asked, connections.get_connection(asked, public_id))

    told = at_once(circle.scene.house, [accept] * 20)
    assert sum(one is None for one in told) == 1
    assert all(isinstance(one, Conflict) for one in told if one is not None)
    assert circle.notices(asker) == ["profiles.accepted"]


def test_somebody_asked_twenty_times_at_once_by_one_person_is_asked_once(circle: Circle) -> None:
    circle.scene.house.budgets = Budgets(None, enabled=False)
    asker, asked = circle.person(), circle.person()
    told = at_once(circle.scene.house, [lambda: people.ask(asker, asked.public_id)] * 20)
    assert sum(one is None for one in told) == 1
    assert len(circle.page(asked).asked_of_me) == 1


def test_accepting_against_taking_back_ends_in_one_of_the_two(circle: Circle) -> None:
    for _ in range(3):
        asker, asked = circle.person(), circle.person()
        circle.ask(asker, asked)

        def do(verb: Any, actor: Actor, other: Actor) -> Callable[[], Any]:
            return lambda: [verb(actor, row) for row in connections.between(actor, other.person_id)]

        at_once(circle.scene.house, [do(people.accept, asked, asker), do(people.withdraw, asker, asked)])
        assert bool(circle.known(asker)) is bool(circle.known(asked))
        assert circle.connections()[-1].state in (ACCEPTED, ConnectionState.WITHDRAWN)


def test_asking_against_a_block_leaves_nothing_to_see(circle: Circle) -> None:
    for _ in range(4):
        asker, blocker = circle.person(), circle.person()
        at_once(
            circle.scene.house,
            [
                lambda: people.ask(asker, blocker.public_id, note="Please"),  # noqa: B023  # all end before the next
                lambda: blocks.block(blocker, asker.person_id),  # noqa: B023
            ],
        )
        assert not [row for row in circle.connections() if row.pair is not None or row.waits_until is not None]
        assert circle.page(blocker).asked_of_me == circle.page(asker).asked_by_me == []


def test_accepting_against_a_block_leaves_nobody_connected(circle: Circle) -> None:
    for _ in range(4):
        asker, asked = circle.person(), circle.person()
        circle.ask(asker, asked)

        def accept() -> None:
            for row in connections.between(asked, asker.person_id):  # noqa: B023
                people.accept(asked, row)  # noqa: B023

        at_once(circle.scene.house, [accept, lambda: blocks.block(asker, asked.person_id)])  # noqa: B023
        assert not [row for row in circle.connections() if row.state in (ASKED, ACCEPTED)]
        assert circle.known(asker) == circle.known(asked) == []


def test_putting_on_a_list_against_removing_leaves_no_stranger_on_it(circle: Circle) -> None:
    for _ in range(3):
        owner, friend = circle.connected()
        family = circle.list_with(owner)
        at_once(
            circle.scene.house,
            [
                lambda: lists.put_on(owner, kept.get_list(owner, family), friend.person_id),  # noqa: B023
                lambda: [people.remove(friend, row) for row in connections.between(friend, owner.person_id)],  # noqa: B023
            ],
        )
        assert circle.rows(ListEntry) == []


# --- no sequence --------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_no_sequence_of_verbs_makes_two_of_one_pair_or_shows_somebody_what_was_ended(
    circle: Circle, house: House
) -> None:
    house.budgets = Budgets(None, enabled=False)
    run: Callable[..., None] = run_state_machine_as_test
    run(
        lambda: Crowd(circle),
        settings=settings(
            max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


who = st.integers(0, 2)


class Crowd(RuleBasedStateMachine):
    """Three people who do whatever can be done to each other."""

    def __init__(self, circle: Circle) -> None:
        super().__init__()
        self.circle = circle
        self.people = [circle.person() for _ in range(3)]
        self.numbers = {person.person_id for person in self.people}

    @contextmanager
    def trying(self) -> Iterator[None]:
        with work.scope(self.circle.scene.house), suppress(Refusal):
            yield

    @rule(one=who, other=who)
    def ask(self, one: int, other: int) -> None:
        with self.trying():
            people.ask(self.people[one], self.people[other].public_id)

    @rule(one=who, other=who, verb=st.sampled_from([people.accept, people.decline, people.withdraw, people.remove]))
    def answer(self, one: int, other: int, verb: Any) -> None:
        with self.trying():
            for row in connections.between(self.people[one], self.people[other].person_id)[:1]:
                verb(self.people[one], row)

    @rule(one=who, other=who, part=st.sampled_from(Part))
    def ask_companion(self, one: int, other: int, part: Part) -> None:
        if one != other:
            with self.trying():
                companions.ask(self.people[one], self.people[other].person_id, part=part)

    @rule(
        one=who,
        other=who,
        verb=st.sampled_from([companions.accept, companions.decline, companions.withdraw, companions.end]),
    )
    def answer_companion(self, one: int, other: int, verb: Any) -> None:
        with self.trying():
            row = pairs.pair_of(self.people[one], self.people[other].person_id)
            if row is not None:
                verb(self.people[one], row)

    @rule(one=who, other=who)
    def list_them(self, one: int, other: int) -> None:
        with self.trying():
            mine = kept.lists_of(self.people[one])
            row = kept.get_list(self.people[one], mine[0].public_id) if mine else lists.make(self.people[one], name="A")
            lists.put_on(self.people[one], row, self.people[other].person_id)

    @rule(one=who, other=who)
    def block(self, one: int, other: int) -> None:
        with self.trying():
            blocks.block(self.people[one], self.people[other].person_id)

    @rule(one=who)
    def unblock_all(self, one: int) -> None:
        with self.trying():
            for line in blocks_of(self.people[one]):
                blocks.unblock(self.people[one], get_block(self.people[one], line.public_id))

    @rule(days=st.sampled_from([1, 31]))
    def wait(self, days: int) -> None:
        self.circle.pass_days(days)
        self.circle.forget()

    @invariant()
    def one_of_each_pair(self) -> None:
        present: list[tuple[type, frozenset[int]]] = []
        joined: set[frozenset[int]] = set()
        for row in self.circle.connections():
            two = frozenset({row.asker_id, row.asked_id})
            assert len(two) == 2
            assert (row.pair is not None) is (row.state in (ASKED, ACCEPTED))
            if row.pair is not None:
                present.append((Connection, two))
            if row.state is ACCEPTED:
                joined.add(two)
        for row in self.circle.rows(Companionship):
            two = frozenset({row.mentor_id, row.mentee_id})
            assert (row.pair is not None) is (row.state in (ASKED, ACCEPTED))
            if row.pair is not None:
                present.append((Companionship, two))
                assert row.state is ASKED or two in joined, "mentor and mentee know each other"
        assert len(present) == len(set(present))

    @invariant()
    def both_say_the_same(self) -> None:
        for person in self.people:
            for other in self.people:
                if person is not other:
                    mine = other.public_id in self.circle.known(person)
                    assert mine is (person.public_id in self.circle.known(other))
