"""The queue: what waits, in which order, who works on it, and who must not."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.identity import actions as identity
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.moderation import actions, queries
from app.moderation.models import Care, Category, ItemState, QueueItem
from app.moderation.queries import Filters, ItemLine
from tests.moderation.scene import Scene


def listed(scene: Scene, actor: Actor, **filters: str) -> list[ItemLine]:
    with work.scope(scene.house):
        return queries.items(actor, Filters(**filters))[0]  # type: ignore[arg-type]  # page stays as it is


def age(scene: Scene, item: QueueItem, **columns: timedelta) -> None:
    """Let an item have happened earlier."""
    with work.scope(scene.house) as opened, opened.writing():
        row = opened.session.get_one(QueueItem, item.id)
        for name, by in columns.items():
            setattr(row, name, getattr(row, name) - by)


def test_several_reports_on_the_same_person_are_one_item_and_on_another_a_second(scene: Scene) -> None:
    loud, other, moderator = scene.make.person(), scene.make.person(), scene.moderator()
    for _ in range(3):
        scene.report(scene.make.person(), loud)
    scene.report(scene.make.person(), other)
    assert [line.reports for line in listed(scene, moderator)] == [3, 1]


def test_twenty_who_report_the_same_at_once_make_one_item(scene: Scene) -> None:
    loud = scene.make.person()
    reporters = [scene.make.person() for _ in range(20)]
    outcomes = scene.at_once(
        [
            lambda who=who: actions.report(  # type: ignore[misc]
                who, "person", loud.public_id, category=Category.OTHER, says="x", hopes=""
            )
            for who in reporters
        ]
    )
    assert outcomes == ["done"] * 20
    with work.scope(scene.house) as opened:
        assert len(opened.session.scalars(select(QueueItem)).all()) == 1
    assert listed(scene, scene.moderator())[0].reports == 20


def test_safety_comes_first_and_then_what_is_closest_to_its_promise(scene: Scene) -> None:
    moderator = scene.moderator()
    made = []
    for category in (Category.OTHER, Category.OTHER, Category.SAFETY):
        scene.report(scene.make.person(), scene.make.person(), category)
        made.append(scene.item())
    age(scene, made[1], due_at=timedelta(hours=30))
    order = [line.public_id for line in listed(scene, moderator)]
    assert order == [made[2].public_id, made[1].public_id, made[0].public_id]


def test_a_report_about_safety_makes_an_older_item_urgent_and_is_told_to_moderators_at_once(scene: Scene) -> None:
    loud, moderator, reporting = scene.make.person(), scene.moderator(), scene.moderator()
    scene.report(scene.make.person(), loud)
    assert scene.told(moderator) == []
    before = scene.item()
    scene.report(reporting, loud, Category.SAFETY)
    after = scene.item()
    assert after.id == before.id
    assert after.safety
    assert after.due_at < now() + timedelta(hours=4, seconds=1) < before.due_at
    assert scene.told(moderator) == ["item.safety"]
    assert scene.told(reporting) == []
    assert scene.told(loud) == []


def test_filters_narrow_the_queue(scene: Scene) -> None:
    moderator = scene.moderator()
    scene.report(scene.make.person(), scene.make.person(), Category.SAFETY)
    urgent = scene.item()
    scene.report(scene.make.person(), scene.make.person())
    old = scene.item()
    age(scene, old, opened_at=timedelta(days=4), due_at=timedelta(days=4))
    scene.measure(scene.moderator(), (suspended := scene.make.person()))
    with work.scope(scene.house):
        actions.appeal(suspended, queries.get_own_measure(suspended, _measure_of(scene, suspended)), body="Unfair")
    appeal = scene.item("appeal")
    scene.claim(moderator, urgent)
    found = {
        "kind": listed(scene, moderator, kind="appeal"),
        "age": listed(scene, moderator, age="three"),
        "safety": listed(scene, moderator, priority="safety"),
        "late": listed(scene, moderator, priority="late"),
        "mine": listed(scene, moderator, whose="mine"),
        "free": listed(scene, moderator, whose="free"),
    }
    names = {name: [line.public_id for line in lines] for name, lines in found.items()}
    assert names == {
        "kind": [appeal.public_id],
        "age": [old.public_id],
        "safety": [urgent.public_id],
        "late": [old.public_id],
        "mine": [urgent.public_id],
        "free": [old.public_id, appeal.public_id],
    }


def _measure_of(scene: Scene, person: Actor) -> str:
    with work.scope(scene.house):
        return queries.standing(person)[0].public_id


def test_of_twenty_moderators_who_claim_at_once_one_has_it_and_the_others_are_told(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    item = scene.item()
    moderators = [scene.moderator() for _ in range(20)]

    def take(who: Actor) -> object:
        return actions.claim(who, work.session().get_one(QueueItem, item.id))

    outcomes = scene.at_once([lambda who=who: take(who) for who in moderators])  # type: ignore[misc]
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]
    assert scene.item().claimed_by_id == moderators[outcomes.index("done")].person_id


def test_a_claim_ends_after_twenty_minutes(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    item, first, second = scene.item(), scene.moderator(), scene.moderator()
    scene.claim(first, item)
    with pytest.raises(Conflict):
        scene.claim(second, item)
    age(scene, item, claimed_until=timedelta(minutes=20))
    assert scene.claim(second, item).claimed_by_id == second.person_id


def test_whoever_signs_out_leaves_nothing_claimed(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    item, first, second = scene.item(), scene.moderator(), scene.moderator()
    scene.claim(first, item)
    assert listed(scene, second)[0].claim == "theirs"
    with work.scope(scene.house):
        identity.sign_out(first)
    assert listed(scene, second)[0].claim == "free"
    assert scene.claim(second, item).claimed_by_id == second.person_id


def test_whoever_claims_another_item_puts_the_first_one_back(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    first = scene.item()
    scene.report(scene.make.person(), scene.make.person())
    second, moderator = scene.item(), scene.moderator()
    scene.claim(moderator, first)
    scene.claim(moderator, second)
    assert {line.public_id: line.claim for line in listed(scene, moderator)} == {
        first.public_id: "free",
        second.public_id: "mine",
    }


def test_what_is_put_back_is_free_and_only_whoever_has_it_puts_it_back(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    item, moderator = scene.item(), scene.moderator()
    scene.claim(moderator, item)
    with work.scope(scene.house) as opened:
        row = opened.session.get_one(QueueItem, item.id)
        with pytest.raises(Conflict):
            actions.put_back(scene.moderator(), row)
        actions.put_back(moderator, row)
    assert scene.item().state is ItemState.OPEN
    scene.claim(moderator, item)
    with work.scope(scene.house):
        assert actions.leave_all(moderator) == 1
    assert scene.item().claimed_by_id is None


def test_a_moderator_neither_sees_nor_claims_what_is_about_them_or_by_them(scene: Scene) -> None:
    about, by, other = scene.moderator(), scene.moderator(), scene.moderator()
    scene.report(by, about)
    item = scene.item()
    for own in (about, by):
        assert listed(scene, own) == []
        with work.scope(scene.house), pytest.raises(NotFound):
            queries.get_item(own, item.public_id)
        with pytest.raises(Forbidden):
            scene.claim(own, item)
    assert len(listed(scene, other)) == 1


def test_a_vetter_sees_no_reports_and_a_member_no_queue(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    vetter = scene.make.person(roles=(Role.VETTER,))
    assert listed(scene, vetter) == []
    assert listed(scene, scene.make.person()) == []
    for other in (vetter, scene.make.person()):
        with pytest.raises(Forbidden):
            scene.claim(other, scene.item())


def test_other_features_open_an_item_once_and_close_it_without_asking_twice(scene: Scene) -> None:
    about, moderator = scene.make.person(), scene.moderator()
    with work.scope(scene.house) as opened:
        with opened.writing():
            actions.open_item("report", "person:AAAA", person_id=about.person_id)
            actions.open_item("report", "person:AAAA", person_id=about.person_id)
        assert len(queries.items(moderator, Filters())[0]) == 1
        actions.claim(moderator, scene.item())
        with opened.writing():
            actions.close_item("report", "person:AAAA")
            actions.close_item("report", "person:AAAA")
        assert queries.items(moderator, Filters())[0] == []
        assert scene.item().closed_by_id == moderator.person_id
        with opened.writing():
            actions.open_item("report", "person:AAAA", person_id=about.person_id)
        assert len(queries.items(moderator, Filters())[0]) == 1


def test_what_was_opened_today_is_counted_for_the_moderator_alone(scene: Scene) -> None:
    moderator = scene.moderator()
    with work.scope(scene.house):
        actions.choose_daily_limit(moderator, 2)
    for _ in range(2):
        scene.report(scene.make.person(), scene.make.person())
        scene.claim(moderator, scene.item())
    scene.claim(moderator, scene.item())
    with work.scope(scene.house) as opened:
        day = queries.day_of(moderator, 25)
        assert (day.opened, day.limit, day.is_enough) == (2, 2, True)
        assert queries.day_of(scene.moderator(), 25).opened == 0
        with opened.writing():
            opened.session.execute(update(Care).values(counted_on=now().date() - timedelta(days=1)))
        assert queries.day_of(moderator, 25).opened == 0
    scene.report(scene.make.person(), scene.make.person())
    scene.claim(moderator, scene.item())
    with work.scope(scene.house):
        assert queries.day_of(moderator, 25).opened == 1, "the nudge never refuses anything, and a day begins anew"
