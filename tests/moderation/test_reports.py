"""Reports: whoever makes one is never shown to whom it is about, and hears how it ended."""

import pytest
from sqlalchemy import select

from app.chat import queries as rooms
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.moderation import actions, queries
from app.moderation.models import Category, ItemState, MeasureKind, Outcome, QueueItem, Report, ReportState
from tests.moderation.scene import Scene


def close(scene: Scene, moderator: Actor, *items: QueueItem, answer: str = "We have acted") -> int:
    with work.scope(scene.house) as opened:
        rows = [opened.session.get_one(QueueItem, item.id) for item in items]
        return actions.close_reports(moderator, rows, outcome=Outcome.ACTED, answer=answer)


def test_everybody_who_reported_hears_how_it_ended_and_the_person_does_not(scene: Scene) -> None:
    loud, first, second = scene.make.person(), scene.make.person(), scene.make.person()
    scene.report(first, loud)
    scene.report(second, loud)
    assert close(scene, scene.moderator(), scene.item(), answer="We talked to them") == 2
    for reporter in (first, second):
        assert scene.told(reporter) == ["report.closed"]
        with work.scope(scene.house):
            (mine,), _more = queries.my_reports(reporter)
            assert (mine.answer, mine.outcome, mine.state) == ("We talked to them", Outcome.ACTED, ReportState.CLOSED)
    assert scene.told(loud) == []


def test_nobody_reports_themselves_or_twice_or_somebody_who_is_not_there(scene: Scene) -> None:
    loud, reporter = scene.make.person(), scene.make.person()
    scene.report(reporter, loud)
    with pytest.raises(Conflict):
        scene.report(reporter, loud)
    with pytest.raises(NotFound):
        scene.report(loud, loud)
    with work.scope(scene.house), pytest.raises(NotFound):
        actions.report(reporter, "person", "AAAAAAAAAAAAAAAA", category=Category.OTHER, says="x", hopes="")
    with work.scope(scene.house), pytest.raises(NotFound):
        actions.report(reporter, "letter", "AAAAAAAAAAAAAAAA", category=Category.OTHER, says="x", hopes="")


def test_a_report_can_be_made_again_once_it_was_closed(scene: Scene) -> None:
    loud, reporter, moderator = scene.make.person(), scene.make.person(), scene.moderator()
    scene.report(reporter, loud)
    first = scene.item()
    close(scene, moderator, first)
    scene.report(reporter, loud)
    assert scene.item().id != first.id


def test_a_message_is_reported_with_its_words_and_what_stands_around_it(scene: Scene) -> None:
    loud, reporter, moderator = scene.make.person(), scene.make.person(), scene.moderator()
    room = scene.make.room(loud, reporter)
    said = [scene.make.message(loud if n == 7 else reporter, room, f"line {n}") for n in range(14)]
    reported = said[7]
    ref = f"{room.public_id}.{reported.seq}"
    with work.scope(scene.house):
        actions.report(reporter, "message", ref, category=Category.SAFETY, says="a threat", hopes="that it stops")
    item = scene.item()
    scene.claim(moderator, item)
    with work.scope(scene.house):
        row = queries.get_item(moderator, item.public_id)
        (read,) = queries.reports_in(moderator, row)
        assert (read.words, read.says, read.hopes) == ("line 7", "a threat", "that it stops")
        context = queries.context_of(moderator, row)
        assert [line.words for line in context] == [f"line {n}" for n in range(2, 13)]
        assert [line.words for line in context if line.reported] == ["line 7"]
        decision = actions.Decision(
            "Taken away", Category.SAFETY, MeasureKind.PAUSE_POSTING, "It was a threat", 3, remove_words=True
        )
        assert actions.decide_reports(moderator, [row], decision) == 1
    with work.scope(scene.house) as opened:
        here = rooms.get_room(reporter, room.public_id)
        assert rooms.get_message(reporter, here, reported.seq).gone
        assert opened.session.scalars(select(QueueItem.state)).one() is ItemState.CLOSED
    assert scene.told(loud)[-1] == "measure.taken"


def test_only_whoever_works_on_an_item_reads_its_reports(scene: Scene) -> None:
    scene.report(scene.make.person(), scene.make.person())
    item, working, other = scene.item(), scene.moderator(), scene.moderator()
    scene.claim(working, item)
    with work.scope(scene.house) as opened:
        row = opened.session.get_one(QueueItem, item.id)
        assert len(queries.reports_in(working, row)) == 1
        for read in (queries.reports_in, queries.context_of):
            with pytest.raises(NotFound):
                read(other, row)


def test_of_twenty_who_close_at_once_one_does_and_each_reporter_is_told_once(scene: Scene) -> None:
    reporters, loud = [scene.make.person() for _ in range(3)], scene.make.person()
    for reporter in reporters:
        scene.report(reporter, loud)
    item, moderators = scene.item(), [scene.moderator() for _ in range(20)]

    def one(who: Actor) -> object:
        row = work.session().get_one(QueueItem, item.id)
        return actions.close_reports(who, [row], outcome=Outcome.NOTHING, answer="No")

    outcomes = scene.at_once([lambda who=who: one(who) for who in moderators])  # type: ignore[misc]
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]
    assert [scene.told(reporter) for reporter in reporters] == [["report.closed"]] * 3


def test_like_reports_are_closed_together_and_unlike_ones_are_not(scene: Scene) -> None:
    loud, other, moderator = scene.make.person(), scene.make.person(), scene.moderator()
    room = scene.make.room(loud, (reporter := scene.make.person()))
    for body in ("one", "two"):
        seq = scene.make.message(loud, room, body).seq
        with work.scope(scene.house):
            actions.report(reporter, "message", f"{room.public_id}.{seq}", category=Category.SCAM, says="x", hopes="")
    with work.scope(scene.house) as opened:
        same = list(opened.session.scalars(select(QueueItem).order_by(QueueItem.id)))
    scene.report(reporter, other)
    unlike = scene.item()
    with pytest.raises(Invalid):
        close(scene, moderator, *same, unlike)
    assert scene.told(reporter) == []
    with work.scope(scene.house) as opened:
        assert [line.public_id for line in queries.alike(moderator, opened.session.get_one(QueueItem, same[0].id))] == [
            same[1].public_id
        ]
    assert close(scene, moderator, *same) == 2
    with pytest.raises(Conflict):
        close(scene, moderator, same[0])


def test_a_moderator_closes_neither_a_report_about_them_nor_by_them_even_past_the_page(scene: Scene) -> None:
    about, by = scene.moderator(), scene.moderator()
    scene.report(by, about)
    for own in (about, by):
        with pytest.raises(Forbidden):
            close(scene, own, scene.item())
    assert scene.told(by) == []


def test_a_moderator_asks_and_the_reporter_answers(scene: Scene) -> None:
    reporter, moderator = scene.make.person(), scene.moderator()
    report = scene.report(reporter, scene.make.person())
    item = scene.item()
    with work.scope(scene.house) as opened:
        row, one = opened.session.get_one(QueueItem, item.id), opened.session.get_one(Report, report.id)
        with pytest.raises(Conflict):
            actions.ask(moderator, row, one, body="When was it?")
    scene.claim(moderator, item)
    with work.scope(scene.house) as opened:
        row, one = opened.session.get_one(QueueItem, item.id), opened.session.get_one(Report, report.id)
        actions.ask(moderator, row, one, body="When was it?")
        assert queries.questions_waiting(reporter) == 1
        actions.answer_question(reporter, queries.get_my_report(reporter, one.public_id), body="Yesterday")
        assert queries.questions_waiting(reporter) == 0
        lines = queries.my_report(reporter, one.public_id).lines
        assert [(line.from_staff, line.words) for line in lines] == [(True, "When was it?"), (False, "Yesterday")]
        with pytest.raises(Forbidden):
            actions.answer_question(scene.make.person(), one, body="I was not asked")
    assert scene.told(reporter) == ["report.question"]
    assert scene.told(moderator) == ["report.answer"]


def test_a_withdrawn_report_leaves_nothing_to_decide_unless_others_reported_it_too(scene: Scene) -> None:
    loud, first, second = scene.make.person(), scene.make.person(), scene.make.person()
    reports = [scene.report(who, loud) for who in (first, second)]
    for who, report, state in zip((first, second), reports, (ItemState.OPEN, ItemState.CLOSED), strict=True):
        with work.scope(scene.house) as opened:
            with pytest.raises(Forbidden):
                actions.withdraw_report(loud, opened.session.get_one(Report, report.id))
        with work.scope(scene.house):
            actions.withdraw_report(who, queries.get_my_report(who, report.public_id))
        assert scene.item().state is state


def test_reports_of_others_are_not_found(scene: Scene) -> None:
    report = scene.report(scene.make.person(), scene.make.person())
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.my_report(scene.make.person(), report.public_id)


def test_a_disk_does_not_show_who_reported(scene: Scene) -> None:
    reporter = scene.make.person()
    scene.report(reporter, scene.make.person())
    with work.scope(scene.house) as opened:
        row = dict(opened.session.execute(select(Report.__table__)).mappings().one())
    plain = " ".join(str(value) for value in row.values() if not isinstance(value, bytes))
    assert reporter.public_id not in plain
    assert all(b"insults" not in value for value in row.values() if isinstance(value, bytes))
    assert "reporter_id" not in row
