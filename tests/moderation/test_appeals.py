"""Appeals: once, in dialogue, decided by somebody who had no hand in the measure."""

import pytest

from app.identity.models import PersonRole
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.moderation import actions, queries
from app.moderation.models import Appeal, AppealState, Category, ItemState, Measure, MeasureKind, QueueItem
from app.moderation.queries import Filters
from tests.moderation.scene import Scene


def appealed(scene: Scene, member: Actor, measure: Measure) -> Appeal:
    with work.scope(scene.house):
        return actions.appeal(member, queries.get_own_measure(member, measure.public_id), body="I was quoting a poem")


def decide(scene: Scene, by: Actor, appeal: Appeal, *, grant: bool = True) -> None:
    with work.scope(scene.house) as opened:
        row = opened.session.get_one(Appeal, appeal.id)
        actions.decide_appeal(by, row, grant=grant, answer="We read the poem")


def test_a_granted_appeal_gives_everything_back(scene: Scene) -> None:
    member, other = scene.make.person(), scene.moderator()
    appeal = appealed(scene, member, scene.measure(scene.moderator(), member))
    assert scene.item("appeal").person_id == member.person_id
    decide(scene, other, appeal)
    token = scene.make.another_session_of(member.person_id)
    assert scene.make.actor(token).holds(Permission.ROOMS_POST)
    assert scene.told(member)[-1] == "appeal.decided"
    assert scene.item("appeal").state is ItemState.CLOSED
    with work.scope(scene.house):
        read = queries.read_appeal(member, queries.get_appeal(member, appeal.public_id))
        assert (read.state, read.answer, read.is_mine) == (AppealState.GRANTED, "We read the poem", True)


def test_an_appeal_that_is_not_granted_changes_nothing_and_is_explained(scene: Scene) -> None:
    member = scene.make.person()
    appeal = appealed(scene, member, scene.measure(scene.moderator(), member))
    decide(scene, scene.moderator(), appeal, grant=False)
    assert not scene.make.actor(scene.make.another_session_of(member.person_id)).holds(Permission.ROOMS_POST)
    with work.scope(scene.house):
        (line,) = queries.standing(member)
        assert line.in_force
        assert not line.may_appeal


def test_neither_whoever_took_the_measure_nor_whoever_handled_the_report_decides(scene: Scene) -> None:
    member, handler, taker = scene.make.person(), scene.moderator(), scene.moderator()
    scene.report(scene.make.person(), member)
    item = scene.item()
    with work.scope(scene.house) as opened:
        row = opened.session.get_one(QueueItem, item.id)
        measure = actions.take(
            taker, member.person_id, MeasureKind.LIMIT, category=Category.SCAM, reason="x", days=3, item=row
        )
    scene.claim(handler, item)
    with work.scope(scene.house) as opened:
        decision = actions.Decision("Thank you", Category.SCAM)
        actions.decide_reports(handler, [opened.session.get_one(QueueItem, item.id)], decision)
    appeal = appealed(scene, member, measure)
    for involved in (handler, taker, member):
        with pytest.raises(Forbidden):
            decide(scene, involved, appeal)
        with work.scope(scene.house):
            assert queries.items(involved, Filters(kind="appeal"))[0] == []
    for involved in (handler, taker):
        with work.scope(scene.house), pytest.raises(NotFound):
            queries.get_appeal(involved, appeal.public_id)
    decide(scene, scene.moderator(), appeal)


def test_a_moderator_does_not_decide_on_their_own_appeal(scene: Scene) -> None:
    """They became one while their posting was paused."""
    member = scene.make.person()
    measure = scene.measure(scene.moderator(), member)
    with work.scope(scene.house) as opened, opened.writing():
        opened.session.add(PersonRole(person_id=member.person_id, role=Role.MODERATOR))
    suspended = scene.make.actor(scene.make.another_session(member))
    appeal = appealed(scene, suspended, measure)
    with pytest.raises(Forbidden):
        decide(scene, suspended, appeal)
    with work.scope(scene.house):
        assert queries.items(suspended, Filters())[0] == []


def test_a_measure_is_appealed_once_and_only_by_whom_it_is_about(scene: Scene) -> None:
    member, stranger = scene.make.person(), scene.make.person()
    measure = scene.measure(scene.moderator(), member)
    appealed(scene, member, measure)
    with pytest.raises(Conflict):
        appealed(scene, member, measure)
    with pytest.raises(NotFound):
        appealed(scene, stranger, measure)
    with work.scope(scene.house) as opened, pytest.raises(Forbidden):
        actions.appeal(stranger, opened.session.get_one(Measure, measure.id), body="For a friend")


def test_of_twenty_who_decide_an_appeal_at_once_one_does(scene: Scene) -> None:
    member = scene.make.person()
    appeal = appealed(scene, member, scene.measure(scene.moderator(), member))
    moderators = [scene.moderator() for _ in range(20)]

    def one(who: Actor, grant: bool) -> object:
        row = work.session().get_one(Appeal, appeal.id)
        return actions.decide_appeal(who, row, grant=grant, answer="So it is")

    outcomes = scene.at_once([lambda who=who, n=n: one(who, n % 2 == 0) for n, who in enumerate(moderators)])  # type: ignore[misc]
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]
    granted = outcomes.index("done") % 2 == 0
    token = scene.make.another_session_of(member.person_id)
    assert scene.make.actor(token).holds(Permission.ROOMS_POST) is granted
    assert scene.told(member).count("appeal.decided") == 1


def test_both_sides_write_while_it_is_open(scene: Scene) -> None:
    member, reading, other = scene.make.person(), scene.moderator(), scene.moderator()
    appeal = appealed(scene, member, scene.measure(scene.moderator(), member, MeasureKind.SUSPEND))
    member = scene.make.actor(scene.make.another_session_of(member.person_id))
    scene.claim(reading, scene.item("appeal"))
    with work.scope(scene.house):
        actions.add_words(reading, queries.get_appeal(reading, appeal.public_id), body="Which poem?")
        actions.add_words(member, queries.get_appeal(member, appeal.public_id), body="The one about rain")
        lines = queries.read_appeal(member, queries.get_appeal(member, appeal.public_id)).lines
        assert [(line.from_staff, line.words) for line in lines] == [
            (True, "Which poem?"),
            (False, "The one about rain"),
        ]
    with work.scope(scene.house), pytest.raises(Conflict):
        actions.add_words(other, queries.get_appeal(other, appeal.public_id), body="I too")
    with pytest.raises(Conflict):
        decide(scene, other, appeal)
    assert scene.told(member)[-1] == "appeal.words"
    assert scene.told(reading) == ["appeal.answer"]
    decide(scene, reading, appeal)
    with work.scope(scene.house), pytest.raises(Conflict):
        actions.add_words(member, queries.get_appeal(member, appeal.public_id), body="Thank you")


def test_lifting_a_measure_answers_its_appeal(scene: Scene) -> None:
    member, moderator = scene.make.person(), scene.moderator()
    measure = scene.measure(moderator, member)
    appeal = appealed(scene, member, measure)
    with work.scope(scene.house):
        actions.lift(moderator, queries.get_measure(moderator, measure.public_id), reason="I misread it")
        read = queries.read_appeal(member, queries.get_appeal(member, appeal.public_id))
        assert (read.state, read.answer) == (AppealState.GRANTED, "I misread it")
    assert scene.item("appeal").state is ItemState.CLOSED
