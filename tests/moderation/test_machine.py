"""Whatever people do, in whatever order: nobody decides on themselves, and every reporter hears the end."""

from typing import Any, ClassVar

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from app.identity.models import Person, PersonRole
from app.kernel import work
from app.kernel.access import Role
from app.kernel.errors import Refusal
from app.kernel.house import House
from app.kernel.signals import Words
from app.moderation import actions, sealing
from app.moderation.models import (
    Appeal,
    AppealState,
    Category,
    Measure,
    MeasureKind,
    Outcome,
    Proposal,
    ProposalState,
    QueueItem,
    Report,
    ReportState,
)
from app.notifications.models import Notice
from tests.factories import Factory

who = st.integers(min_value=0, max_value=5)
EXAMPLES = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


class Moderation(RuleBasedStateMachine):
    """Three moderators, an administrator and two members in one house, and all that they may try."""

    house: ClassVar[House]

    @initialize()
    def people_come(self) -> None:
        make = Factory(self.house)
        moderators = [make.person(roles=(Role.MEMBER, Role.MODERATOR)) for _ in range(3)]
        members = [make.person() for _ in range(2)]
        self.them = [*moderators, make.person(roles=(Role.ADMINISTRATOR,)), *members]

    def attempt(self, verb: Any) -> None:
        """Try something. What is refused changes nothing, which the invariants see."""
        with work.scope(self.house):
            try:
                verb()
            except Refusal:
                pass

    @rule(by=who, about=who, category=st.sampled_from(Category))
    def report(self, by: int, about: int, category: Category) -> None:
        person = self.them[about]
        self.attempt(
            lambda: actions.report(self.them[by], "person", person.public_id, category=category, says="x", hopes="")
        )

    @rule(by=who, number=st.integers(0, 3))
    def claim(self, by: int, number: int) -> None:
        self.attempt(lambda: actions.claim(self.them[by], nth(QueueItem, number)))

    @rule(by=who, number=st.integers(0, 3))
    def close(self, by: int, number: int) -> None:
        self.attempt(
            lambda: actions.close_reports(
                self.them[by], [nth(QueueItem, number)], outcome=Outcome.ACTED, answer="So it is"
            )
        )

    @rule(by=who, about=who, number=st.integers(0, 3), kind=st.sampled_from(MeasureKind))
    def measure(self, by: int, about: int, number: int, kind: MeasureKind) -> None:
        self.attempt(
            lambda: actions.take(
                self.them[by],
                self.them[about].person_id,
                kind,
                category=Category.OTHER,
                reason="x",
                days=3,
                item=nth(QueueItem, number) if number else None,
            )
        )

    @rule(by=who, number=st.integers(0, 3))
    def appeal(self, by: int, number: int) -> None:
        self.attempt(lambda: actions.appeal(self.them[by], nth(Measure, number), body="x"))

    @rule(by=who, number=st.integers(0, 2), grant=st.booleans())
    def decide(self, by: int, number: int, grant: bool) -> None:
        self.attempt(lambda: actions.decide_appeal(self.them[by], nth(Appeal, number), grant=grant, answer="x"))

    @rule(by=who, about=who, role=st.booleans())
    def propose(self, by: int, about: int, role: bool) -> None:
        def verb() -> object:
            person = work.session().get_one(Person, self.them[about].person_id)
            if role:
                return actions.propose_role(self.them[by], person, Role.VETTER, give=True, reason="x")
            return actions.propose_removal(self.them[by], person, category=Category.SCAM, reason="x", words=Words.KEEP)

        self.attempt(verb)

    @rule(by=who, number=st.integers(0, 3))
    def consent(self, by: int, number: int) -> None:
        self.attempt(lambda: actions.consent(self.them[by], nth(Proposal, number)))

    @rule(by=who, number=st.integers(0, 3))
    def withdraw(self, by: int, number: int) -> None:
        self.attempt(lambda: actions.withdraw_report(self.them[by], nth(Report, number)))

    @invariant()
    def nobody_decides_on_themselves(self) -> None:
        with work.scope(self.house):
            for item in every(QueueItem):
                if item.kind == "report" and item.closed_by_id is not None:
                    assert item.closed_by_id != item.person_id
                    assert item.closed_by_id not in {reporter(one) for one in every(Report) if one.item_id == item.id}
            for measure in every(Measure):
                assert measure.person_id not in (measure.taken_by_id, measure.proposed_by_id)
                if measure.kind is MeasureKind.REMOVE:
                    assert measure.taken_by_id != measure.proposed_by_id
            measures = {one.id: one for one in every(Measure)}
            for appeal in every(Appeal):
                if appeal.state is not AppealState.OPEN and appeal.decided_by_id is not None:
                    about = measures[appeal.measure_id]
                    hands = {about.person_id, about.taken_by_id, about.proposed_by_id}
                    assert appeal.decided_by_id not in hands
            for proposal in every(Proposal):
                if proposal.state is ProposalState.DONE:
                    assert proposal.decider_id not in (None, proposal.proposer_id)
                    decider = work.session().get_one(Person, proposal.decider_id)
                    assert decider.public_id != proposal.ref

    @invariant()
    def every_closed_report_told_its_reporter(self) -> None:
        with work.scope(self.house):
            told = {(one.person_id, one.ref) for one in every(Notice) if one.kind == "report.closed"}
            closed = {(reporter(one), one.public_id) for one in every(Report) if one.state is ReportState.CLOSED}
            assert told == closed
            assert all(one.answer for one in every(Report) if one.state is ReportState.CLOSED)

    @invariant()
    def a_role_came_from_two(self) -> None:
        with work.scope(self.house):
            vetters = work.session().scalars(select(PersonRole).where(PersonRole.role == Role.VETTER)).all()
            done = [one for one in every(Proposal) if one.act == "role.change" and one.state is ProposalState.DONE]
            assert len(vetters) == len(done)

    def teardown(self) -> None:
        """The next example begins with people of its own, and finds nothing of this one."""
        with work.scope(self.house) as opened, opened.writing():
            for model in (Notice, Appeal, Report, Measure, Proposal, QueueItem, PersonRole):
                for row in every(model):
                    opened.session.delete(row)
                opened.session.flush()


def every(model: type[Any]) -> list[Any]:
    return list(work.session().scalars(select(model).order_by(model.id)))


def nth(model: type[Any], number: int) -> Any:
    """One of those that there are. Raises a refusal where there is none, which is what a page would answer."""
    found = every(model)
    if number >= len(found):
        raise Refusal
    return found[number]


def reporter(report: Report) -> int:
    fields = sealing.unseal_fields(report.key_id, "report", report.public_id, "sealed", report.sealed)
    return int(fields["reporter"])


def test_no_sequence_of_acts_lets_anybody_decide_on_themselves(sqlite_app: Flask) -> None:
    Moderation.house = sqlite_app.extensions["house"]
    Moderation.house.budgets._enabled = False
    run_state_machine_as_test(Moderation, settings=EXAMPLES)
