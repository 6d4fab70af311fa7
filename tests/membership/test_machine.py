"""No sequence of calls reaches membership without two independent vouches and two approvals, or lets anybody decide on
themselves, their invitee or somebody in their branch."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import select

from app.identity.models import Person
from app.kernel import work
from app.kernel.actor import STRANGER, Actor
from app.kernel.errors import Refusal
from app.kernel.house import House
from app.kernel.limits import Budgets
from app.membership.actions import applying, vetting, vouching
from app.membership.models import Application, ApplicationState
from app.membership.queries import vouching as asked
from tests.factories import Factory, _words
from tests.membership.people import Applicant, People

#: Who stands below whom among those who may vouch and vet: by position, two of them each.
TREE = {4: (0, 1), 5: (0, 1), 6: (4, 2), 7: (2, 3), 8: (7, 3)}
CROWD = 9
#: Names must not look like one of an earlier example, who may be here by now.
NUMBERS = itertools.count(1)


def above(number: int) -> set[int]:
    return {number}.union(*(above(one) for one in TREE.get(number, ())))


def strangers_to_each_other(one: int, other: int) -> bool:
    """The rule in its plainest form, over positions: the founders are those who have nobody above them."""
    shared = above(one) & above(other)
    return one not in above(other) and other not in above(one) and all(number not in TREE for number in shared)


def machine(house: House) -> type[RuleBasedStateMachine]:  # noqa: C901  # one class, closed over its world
    people = People(house, Factory(house))
    crowd: list[Actor] = [people.vetter() for _ in range(CROWD)]
    for number, by in TREE.items():
        people.descends(crowd[number], *(crowd[one] for one in by))

    @contextmanager
    def trying() -> Iterator[None]:
        with suppress(Refusal), work.scope(house):
            yield

    class Membership(RuleBasedStateMachine):
        """Everybody tries everything, in any order; a plain model keeps what was really given."""

        applicants = Bundle("applicants")

        def __init__(self) -> None:
            super().__init__()
            self.known: list[Applicant] = []
            self.vouches: dict[str, dict[int, str]] = {}
            self.invited: dict[str, set[int]] = {}
            self.said: dict[str, dict[int, bool]] = {}

        @rule(target=applicants, inviter=st.one_of(st.none(), st.integers(0, CROWD - 1)))
        def applies(self, inviter: int | None) -> object:
            codes: tuple[str, ...] = ()
            if inviter is not None:
                try:
                    codes = (people.code(crowd[inviter]),)
                except Refusal:
                    return multiple()
            made = people.sent(f"Applicant {_words(next(NUMBERS))}", codes=codes)
            self.known.append(made)
            self.vouches[made.public_id], self.said[made.public_id] = {}, {}
            self.invited[made.public_id] = set() if inviter is None else {inviter}
            return made

        @rule(who=applicants, by=st.integers(0, CROWD - 1))
        def is_vouched_for(self, who: Applicant, by: int) -> None:
            with trying():
                vouching.accept_ask(crowd[by], who.status().ask_code)
                self.invited[who.public_id].add(by)
            with trying():
                mine = [line for line in asked.my_vouching(crowd[by]).asked if line.name == who.status().name]
                for line in mine:
                    who.give(crowd[by], line.public_id)
                    self.vouches[who.public_id][by] = line.public_id

        @rule(who=applicants, by=st.integers(0, CROWD - 1))
        def loses_a_vouch(self, who: Applicant, by: int) -> None:
            given = self.vouches[who.public_id].get(by)
            if given is None:
                return
            undecided = who.now().state in (
                ApplicationState.IN_REVIEW,
                ApplicationState.QUESTION,
                ApplicationState.SENT,
            )
            with trying():
                who.take_back(crowd[by], given)
                if undecided:
                    del self.vouches[who.public_id][by]
                    if not self.has_pair(who):
                        self.said[who.public_id].clear()

        @rule(who=applicants, by=st.integers(0, CROWD - 1), approves=st.booleans())
        def is_answered(self, who: Applicant, by: int, approves: bool) -> None:
            with trying():
                who.answered_by(crowd[by], approves=approves)
                assert by not in self.invited[who.public_id], "decided on their invitee, or on whom they vouch for"
                assert all(strangers_to_each_other(by, voucher) for voucher in self.vouches[who.public_id])
                assert by not in self.said[who.public_id], "answered twice"
                self.said[who.public_id][by] = approves

        @rule(who=applicants, by=st.integers(0, CROWD - 1))
        def is_asked(self, who: Applicant, by: int) -> None:
            with trying():
                vetting.ask_applicant(crowd[by], who.application(), words="Why now?")

        @rule(who=applicants)
        def answers(self, who: Applicant) -> None:
            with trying():
                applying.answer_question(STRANGER, who.application(), words="Because")

        @rule(who=applicants)
        def sends_again(self, who: Applicant) -> None:
            with trying():
                applying.send(STRANGER, who.application(), passphrase="copper window ninety swallows")

        @rule(who=applicants)
        def withdraws(self, who: Applicant) -> None:
            with trying():
                applying.withdraw(STRANGER, who.application())

        @rule(who=applicants)
        def becomes_a_vetter_of_their_own(self, who: Applicant) -> None:
            number = who.now().person_id
            if number is None:
                return
            self_made = people.make.actor(people.make.another_session_of(number))
            with trying():
                who.answered_by(self_made)
                raise AssertionError("somebody decided on themselves")

        def has_pair(self, who: Applicant) -> bool:
            given = list(self.vouches[who.public_id])
            return any(strangers_to_each_other(one, other) for one in given for other in given)

        @invariant()
        def nobody_is_here_without_two_vouches_and_two_approvals(self) -> None:
            with work.scope(house) as opened:
                admitted = opened.session.scalars(
                    select(Application).where(Application.state == ApplicationState.APPROVED)
                ).all()
                ours = {one.public_id: one for one in self.known}
                for application in admitted:
                    if application.public_id not in ours:
                        continue
                    who = ours[application.public_id]
                    assert self.has_pair(who)
                    assert sum(self.said[who.public_id].values()) >= 2
                numbers = set(opened.session.scalars(select(Person.id)))
            assert numbers == {actor.id for actor in crowd} | {one.person_id for one in admitted}

    return Membership


@pytest.mark.one_database
def test_no_sequence_of_calls_gets_past_the_rules(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budgets, "spend", lambda *_: None)
    run: Callable[..., None] = run_state_machine_as_test
    run(
        machine(house),
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
