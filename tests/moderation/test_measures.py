"""Measures: they work at once, say why, end, can be undone, and are forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.identity import queries as identity
from app.identity.models import Person, Restriction, Standing
from app.kernel import work
from app.kernel.access import STAFF, Permission, Role, granted
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.signals import Words, person_closed, words_handled
from app.kernel.vault import Place, Shredded
from app.moderation import actions, queries
from app.moderation.actions.measures import WITHHELD
from app.moderation.models import Category, Measure, MeasureKind, MeasureState
from tests.moderation.scene import Scene

TIMED = [MeasureKind.NOTICE, MeasureKind.PAUSE_POSTING, MeasureKind.LIMIT, MeasureKind.SUSPEND]


def shift(scene: Scene, measure: Measure, by: timedelta) -> None:
    """Let a measure have begun, and end, earlier."""
    with work.scope(scene.house) as opened, opened.writing():
        row = opened.session.get_one(Measure, measure.id)
        row.taken_at -= by
        row.until = row.until - by if row.until else None
        row.ended_at = row.ended_at - by if row.ended_at else None
        opened.session.execute(
            update(Restriction)
            .where(Restriction.ref == row.public_id, Restriction.until.is_not(None))
            .values(until=row.until)
        )


def lift(scene: Scene, by: Actor, measure: Measure, reason: str = "It was a mistake") -> None:
    with work.scope(scene.house):
        actions.lift(by, queries.get_measure(by, measure.public_id), reason=reason)


def removed(scene: Scene, member: Actor, words: Words = Words.KEEP) -> Measure:
    """A member whom two moderators removed."""
    first, second = scene.moderator(), scene.moderator()
    with work.scope(scene.house):
        person = queries.get_person(first, member.public_id)
        proposal = actions.propose_removal(first, person, category=Category.SAFETY, reason="An informer", words=words)
        actions.consent(second, proposal)
    with work.scope(scene.house) as opened:
        return opened.session.scalars(select(Measure).order_by(Measure.id.desc()).limit(1)).one()


@pytest.mark.parametrize("kind", TIMED)
def test_a_measure_takes_what_it_says_until_it_is_lifted(scene: Scene, kind: MeasureKind) -> None:
    member, moderator = scene.make.person(), scene.moderator()
    measure = scene.measure(moderator, member, kind)
    token = scene.make.another_session_of(member.person_id)
    if kind is MeasureKind.SUSPEND:
        assert scene.make.actor(token).permissions == {Permission.OPEN, Permission.STANDING_SEE}
    else:
        assert scene.make.actor(token).permissions == granted([Role.MEMBER]) - WITHHELD[kind]
    lift(scene, scene.moderator(), measure)
    assert scene.make.actor(token).permissions == granted([Role.MEMBER])
    assert scene.told(member) == ["measure.taken", "measure.lifted"]


@pytest.mark.parametrize("kind", TIMED)
def test_a_measure_ends_by_itself(scene: Scene, kind: MeasureKind) -> None:
    member = scene.make.person()
    measure = scene.measure(scene.moderator(), member, kind)
    shift(scene, measure, timedelta(days=7))
    token = scene.make.another_session_of(member.person_id)
    assert scene.make.actor(token).permissions == granted([Role.MEMBER])
    with work.scope(scene.house):
        (line,) = queries.standing(member)
        assert not line.in_force
        assert actions.end_over(system("test")) == 1
        assert actions.end_over(system("test")) == 0


def test_the_person_reads_why_and_until_when(scene: Scene) -> None:
    member = scene.make.person()
    scene.measure(scene.moderator(), member, days=3)
    with work.scope(scene.house):
        (line,) = queries.standing(member)
        assert line.reason == "Insults in the evening room"
        assert line.until is not None
        assert timedelta(days=2, hours=23) < line.until - now() <= timedelta(days=3)


def test_nobody_takes_a_measure_against_themselves_without_the_right_or_for_too_long(scene: Scene) -> None:
    moderator, member = scene.moderator(), scene.make.person()
    with pytest.raises(Forbidden):
        scene.measure(moderator, moderator)
    for other in (scene.make.person(), scene.administrator(), scene.make.person(roles=(Role.VETTER,))):
        with pytest.raises(Forbidden):
            scene.measure(other, member)
    for days in (0, 91):
        with pytest.raises(Invalid):
            scene.measure(moderator, member, MeasureKind.SUSPEND, days=days)
    with pytest.raises(Forbidden):
        scene.measure(moderator, member, MeasureKind.REMOVE)
    with work.scope(scene.house):
        assert identity.restrictions_of(member.person_id) == []


def test_of_twenty_who_take_the_same_measure_at_once_one_does(scene: Scene) -> None:
    member, moderators = scene.make.person(), [scene.moderator() for _ in range(20)]
    outcomes = scene.at_once(
        [
            lambda who=who: actions.take(  # type: ignore[misc]
                who, member.person_id, MeasureKind.SUSPEND, category=Category.SCAM, reason="x", days=5
            )
            for who in moderators
        ]
    )
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]
    with work.scope(scene.house):
        assert [one.withheld for one in identity.restrictions_of(member.person_id)] == [Permission.SIGNED_IN]


def test_the_same_measure_can_be_taken_again_once_the_first_is_over(scene: Scene) -> None:
    member, moderator = scene.make.person(), scene.moderator()
    first = scene.measure(moderator, member)
    with pytest.raises(Conflict):
        scene.measure(moderator, member)
    shift(scene, first, timedelta(days=8))
    assert scene.measure(moderator, member).state is MeasureState.ACTIVE


def test_of_twenty_who_lift_at_once_one_does(scene: Scene) -> None:
    member = scene.make.person()
    measure, moderators = scene.measure(scene.moderator(), member), [scene.moderator() for _ in range(20)]
    outcomes = scene.at_once(
        [
            lambda who=who: actions.lift(who, queries.get_measure(who, measure.public_id), reason="x")  # type: ignore[misc]
            for who in moderators
        ]
    )
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]
    assert scene.told(member) == ["measure.taken", "measure.lifted"]


def test_words_are_hidden_while_a_suspension_lasts_and_shown_after_it(scene: Scene) -> None:
    member, moderator, heard = scene.make.person(), scene.moderator(), list[Words]()

    def listen(_actor: object, *, person_id: int, how: Words) -> None:
        assert person_id == member.person_id
        heard.append(how)

    with words_handled.connected_to(listen):
        with work.scope(scene.house):
            measure = actions.take(
                moderator,
                member.person_id,
                MeasureKind.SUSPEND,
                category=Category.OTHER,
                reason="x",
                days=7,
                words=Words.HIDE,
            )
        assert heard == [Words.HIDE]
        lift(scene, moderator, measure)
        scene.measure(moderator, member, MeasureKind.PAUSE_POSTING)
    assert heard == [Words.HIDE, Words.SHOW]


def test_a_removed_member_is_closed_for_good_after_thirty_days_and_their_name_stays_taken(scene: Scene) -> None:
    member, signals = scene.make.person("Somebody Gone"), list[str]()
    measure = removed(scene, member, Words.DELETE)
    assert scene.make.actor(scene.make.another_session_of(member.person_id)).permissions == {
        Permission.OPEN,
        Permission.STANDING_SEE,
    }

    def gone(_actor: object, *, person_id: int) -> None:
        signals.append(f"closed {person_id}")

    def words(_actor: object, *, person_id: int, how: Words) -> None:
        signals.append(f"{how} {person_id}")

    with work.scope(scene.house):
        assert actions.close_removed(system("test")) == 0
    shift(scene, measure, timedelta(days=30))
    with person_closed.connected_to(gone), words_handled.connected_to(words), work.scope(scene.house) as opened:
        assert actions.close_removed(system("test")) == 1
        assert actions.close_removed(system("test")) == 0
        assert opened.session.get_one(Person, member.person_id).standing is Standing.CLOSED
        assert identity.find_by_name("Somebody G0ne") is not None
    assert signals == [f"delete {member.person_id}", f"closed {member.person_id}"]
    assert not scene.make.actor(scene.make.another_session_of(member.person_id)).is_authenticated


def test_nobody_is_closed_for_good_while_their_appeal_or_their_return_waits(scene: Scene) -> None:
    appealing, returning = scene.make.person(), scene.make.person()
    for member in (appealing, returning):
        measure = removed(scene, member)
        with work.scope(scene.house):
            if member is appealing:
                actions.appeal(member, queries.get_own_measure(member, measure.public_id), body="Not me")
            else:
                moderator = scene.moderator()
                actions.propose_lifting(moderator, queries.get_measure(moderator, measure.public_id), reason="x")
        shift(scene, measure, timedelta(days=31))
    with work.scope(scene.house):
        assert actions.close_removed(system("test")) == 0


def test_a_removal_is_lifted_by_two_and_not_by_one(scene: Scene) -> None:
    member, moderator, second = scene.make.person(), scene.moderator(), scene.moderator()
    measure = removed(scene, member)
    with pytest.raises(Forbidden):
        lift(scene, moderator, measure)
    with work.scope(scene.house):
        proposal = actions.propose_lifting(
            moderator, queries.get_measure(moderator, measure.public_id), reason="We were wrong"
        )
        proposed = proposal.public_id
        with pytest.raises(Forbidden):
            actions.consent(moderator, proposal)
    with work.scope(scene.house):
        actions.consent(second, queries.get_proposal(second, proposed))
    token = scene.make.another_session_of(member.person_id)
    assert scene.make.actor(token).permissions == granted([Role.MEMBER])


def test_what_ended_180_days_ago_is_neither_shown_nor_kept(scene: Scene) -> None:
    member, moderator = scene.make.person(), scene.moderator()
    measure = scene.measure(moderator, member)
    lift(scene, moderator, measure)
    shift(scene, measure, timedelta(days=179))
    with work.scope(scene.house):
        assert len(queries.standing(member)) == 1
        assert actions.forget(system("test")) == 0
    shift(scene, measure, timedelta(days=1, minutes=1))
    with work.scope(scene.house) as opened:
        assert queries.standing(member) == []
        row = opened.session.get_one(Person, member.person_id)
        assert actions.look(moderator, row, purpose="Her question").measures == []
        with pytest.raises(NotFound):
            queries.get_measure(moderator, measure.public_id)
        assert actions.forget(system("test")) == 1
    scene.house.queue.sweep()
    with work.scope(scene.house) as opened:
        assert opened.session.scalars(select(Measure)).all() == []
    with pytest.raises(Shredded):
        scene.house.vault.open(measure.key_id, Place("measure", measure.public_id, "reason"), measure.reason)


@pytest.mark.parametrize("role", sorted(STAFF))
def test_one_moderator_alone_silences_nobody_who_looks_after_the_place(scene: Scene, role: Role) -> None:
    moderator, colleague = scene.moderator(), scene.make.person(roles=(Role.MEMBER, role))
    for kind in TIMED:
        with pytest.raises(Forbidden):
            scene.measure(moderator, colleague, kind)
