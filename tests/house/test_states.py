"""Law 5: states move by name. What is not in the table does not happen; of two at once, exactly one wins."""

import ast
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import select

from app.identity import actions as identity
from app.identity.models import Device, Invitation, InvitationState, Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.errors import Conflict
from app.kernel.house import House
from app.kernel.jobs import JobState
from app.kernel.states import NoSuchStep, States
from tests.at_once import outcomes
from tests.factories import Factory
from tests.house.sample import actions
from tests.house.sample.models import Letter, LetterState
from tests.house.sources import Module, module, modules


@pytest.fixture
def writer(house: House, make: Factory) -> Actor:
    return make.person()


@pytest.fixture
def letter(house: House, writer: Actor) -> Letter:
    with work.scope(house):
        return actions.write_letter(writer, "Dear all")


def stored(house: House, letter: Letter) -> Letter:
    with work.scope(house) as opened:
        return opened.session.scalars(select(Letter).where(Letter.id == letter.id)).one()


def test_a_letter_takes_a_step_that_its_table_has_and_notes_who_decided(
    house: House, writer: Actor, letter: Letter
) -> None:
    with work.scope(house):
        decided = actions.decide(writer, letter, LetterState.SENT)
        assert (decided.state, decided.decided_by) == (LetterState.SENT, writer.public_id)
    assert (stored(house, letter).state, stored(house, letter).decided_by) == (LetterState.SENT, writer.public_id)


@pytest.mark.parametrize(
    ("steps", "then"),
    [
        ([], LetterState.ANSWERED),
        ([], LetterState.DRAFT),
        ([LetterState.SENT], LetterState.WITHDRAWN),
        ([LetterState.SENT], LetterState.SENT),
        ([LetterState.WITHDRAWN], LetterState.SENT),
        ([], InvitationState.WITHDRAWN),  # the same word in another table
    ],
)
def test_a_step_that_is_not_in_the_table_does_not_happen(
    house: House, writer: Actor, letter: Letter, steps: list[LetterState], then: LetterState
) -> None:
    with work.scope(house):
        for step in steps:
            letter = actions.decide(writer, letter, step)
        before = letter.state
        with pytest.raises(NoSuchStep):
            actions.decide(writer, letter, then)
    assert stored(house, letter).state is before


def test_whoever_decides_on_what_was_decided_meanwhile_is_told_and_writes_nothing(
    house: House, make: Factory, writer: Actor, letter: Letter
) -> None:
    other, as_it_was = make.person(), stored(house, letter)
    with work.scope(house):
        actions.decide(other, letter, LetterState.SENT)
    with work.scope(house), pytest.raises(Conflict) as refusal:
        actions.decide(writer, as_it_was, LetterState.WITHDRAWN)
    assert not isinstance(refusal.value, NoSuchStep), "the step exists; somebody else was faster"
    assert (stored(house, letter).state, stored(house, letter).decided_by) == (LetterState.SENT, other.public_id)


def test_of_five_who_decide_at_once_exactly_one_wins(house: House, make: Factory, letter: Letter) -> None:
    deciders = [make.person() for _ in range(5)]
    wishes = [LetterState.SENT, LetterState.WITHDRAWN, LetterState.SENT, LetterState.WITHDRAWN, LetterState.SENT]

    def wish(decider: Actor, to: LetterState) -> Callable[[], object]:
        def decide() -> object:
            return actions.decide(decider, work.session().get_one(Letter, letter.id), to)

        return decide

    came_to = outcomes(house, [wish(who, to) for who, to in zip(deciders, wishes, strict=True)])
    assert sorted(came_to) == ["conflict"] * 4 + ["done"]
    winner = came_to.index("done")
    after = stored(house, letter)
    assert (after.state, after.decided_by) == (wishes[winner], deciders[winner].public_id)


def test_an_invitation_that_is_used_and_withdrawn_at_once_is_one_of_both(house: House, make: Factory) -> None:
    administrator = make.person(roles=(Role.ADMINISTRATOR,))
    with work.scope(house):
        code = identity.invite(administrator, role=Role.CASEWORKER)
    with work.scope(house) as opened:
        people_before = len(opened.session.scalars(select(Person)).all())
        invitation = opened.session.scalars(select(Invitation)).one()
    came_to = outcomes(
        house,
        [
            lambda: identity._join(code, "Samar", "hash", device=Device.PHONE, replacing=""),
            lambda: identity._join(code, "Nadia", "hash", device=Device.PHONE, replacing=""),
            lambda: identity.withdraw_invitation(administrator, invitation.public_id),
        ],
    )
    assert came_to.count("done") == 1
    with work.scope(house) as opened:
        after = opened.session.scalars(select(Invitation)).one()
        people = len(opened.session.scalars(select(Person)).all())
    joined = came_to.index("done") < 2
    assert after.state is (InvitationState.USED if joined else InvitationState.WITHDRAWN)
    assert people == people_before + joined


@pytest.mark.parametrize("kind", [InvitationState, JobState, LetterState])
def test_every_step_in_a_table_leads_from_and_to_states_of_that_table(kind: type[States]) -> None:
    steps = kind.steps()
    assert steps, f"{kind.__name__} has no steps"
    assert all(type(state) is kind for first, after in steps.items() for state in (first, *after))


def test_states_without_a_table_are_a_defect() -> None:
    class Nowhere(States):
        HERE = "here"

    with pytest.raises(NotImplementedError, match="Nowhere"):
        Nowhere.steps()


def moves_by_hand(sources: Iterable[Module]) -> list[str]:
    """Every assignment to a state, and every UPDATE of one that does not say from where: both would let two win."""
    found = []
    for source in sources:
        for node in source.walk(ast.Assign, ast.AugAssign, ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]  # one of the three
            found += [source.at(node) for t in targets if isinstance(t, ast.Attribute) and t.attr == "state"]
        for call in source.walk(ast.Call):
            assert isinstance(call, ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == "values":
                chain = ast.unparse(call.func.value)
                sets_state = any(keyword.arg == "state" for keyword in call.keywords)
                if sets_state and chain.startswith("update(") and ".state ==" not in chain:
                    found.append(source.at(call))
    return found


def test_no_state_is_set_by_hand() -> None:
    assert moves_by_hand(source for source in modules() if source.path != "app/kernel/states.py") == []


@pytest.mark.parametrize(
    "planted", ["invitation.state = InvitationState.USED", "update(Job).where(Job.id == 1).values(state=JobState.DONE)"]
)
def test_the_law_finds_a_state_that_is_set_by_hand(planted: str) -> None:
    assert moves_by_hand([module("app/chat/actions.py", planted)])
