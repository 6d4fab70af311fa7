"""A moderator who wants to decide where they have a part in it, and an administrator who wants to decide alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.identity.lost import actions as lost
from app.identity.models import Person, PersonRole
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.signals import Words
from app.moderation import actions, queries, registry
from app.moderation.models import (
    AppealState,
    Category,
    Measure,
    MeasureKind,
    MeasureState,
    Outcome,
    Proposal,
    QueueItem,
)
from tests.moderation.scene import Scene
from tests.moderation.test_appeals import appealed, decide
from tests.moderation.test_pages import browser, send

pytestmark = pytest.mark.one_database


def takes_the_role(scene: Scene, actor: Actor, role: Role = Role.MODERATOR) -> None:
    """Somebody is no longer what they were."""
    with work.scope(scene.house) as opened, opened.writing():
        opened.session.execute(
            delete(PersonRole).where(PersonRole.person_id == actor.person_id, PersonRole.role == role)
        )


@contextmanager
def brought_in(voucher: Actor, member: Actor) -> Iterator[None]:
    """As if this member had come in through that voucher."""

    def answer(public_id: str, *, person_id: int) -> bool:
        return (public_id, person_id) == (voucher.public_id, member.person_id)

    with registry.brought_in.connected_to(answer):
        yield


def test_whoever_reported_decides_neither_by_a_measure_of_their_own_nor_on_the_appeal(scene: Scene) -> None:
    accuser, handler, member = scene.moderator(), scene.moderator(), scene.make.person()
    scene.report(accuser, member)
    with pytest.raises(Forbidden):
        scene.measure(accuser, member)
    item = scene.claim(handler, scene.item())
    with work.scope(scene.house) as opened:
        decision = actions.Decision("Thank you", Category.SCAM, MeasureKind.LIMIT, "A false offer", days=3)
        actions.decide_reports(handler, [opened.session.get_one(QueueItem, item.id)], decision)
        measure = opened.session.scalars(select(Measure)).one()
        opened.session.expunge(measure)
    appeal = appealed(scene, member, measure)
    with pytest.raises(Forbidden):
        decide(scene, accuser, appeal, grant=False)
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_appeal(accuser, appeal.public_id)
    decide(scene, scene.moderator(), appeal)


def test_whoever_reported_is_not_the_second_person_of_what_came_of_it(scene: Scene) -> None:
    accuser, handler, member = scene.moderator(), scene.moderator(), scene.make.person()
    scene.report(accuser, member)
    item = scene.claim(handler, scene.item())
    with work.scope(scene.house) as opened:
        decision = actions.Decision("Thank you", Category.SAFETY, MeasureKind.REMOVE, "An informer")
        actions.decide_reports(handler, [opened.session.get_one(QueueItem, item.id)], decision)
        proposal = opened.session.scalars(select(Proposal)).one()
        assert not queries.read_proposal(accuser, proposal).may_consent
        with pytest.raises(Forbidden):
            actions.consent(accuser, proposal)
        actions.consent(scene.moderator(), proposal)


def test_nobody_decides_in_favour_of_whom_they_brought_in(scene: Scene) -> None:
    voucher, other, member = scene.moderator(), scene.moderator(), scene.make.person()
    measure = scene.measure(other, member)
    appeal = appealed(scene, member, measure)
    scene.report(scene.make.person(), member)
    item = scene.item()
    with brought_in(voucher, member):
        with pytest.raises(Forbidden):
            scene.claim(voucher, item)
        with pytest.raises(Forbidden):
            decide(scene, voucher, appeal)
        with work.scope(scene.house) as opened:
            with pytest.raises(Forbidden):
                actions.lift(voucher, opened.session.get_one(Measure, measure.id), reason="I know them")
            with pytest.raises(Forbidden):
                actions.close_reports(
                    voucher, [opened.session.get_one(QueueItem, item.id)], outcome=Outcome.NOTHING, answer="No"
                )
            person = opened.session.get_one(Person, member.person_id)
            given = actions.propose_role(scene.administrator(), person, Role.MODERATOR, give=True, reason="They can")
            with pytest.raises(Forbidden):
                actions.consent(voucher, given)
        decide(scene, scene.moderator(), appeal)


def test_where_every_moderator_had_a_hand_in_it_an_administrator_decides_the_appeal(scene: Scene, app: Flask) -> None:
    one, other, member = scene.moderator(), scene.moderator(), scene.make.person()
    administrator = scene.administrator()
    with work.scope(scene.house) as opened:
        person = opened.session.get_one(Person, member.person_id)
        proposal = actions.propose_removal(one, person, category=Category.SAFETY, reason="x", words=Words.KEEP)
        actions.consent(other, proposal)
        measure = opened.session.scalars(select(Measure)).one()
        opened.session.expunge(measure)
    member = scene.make.actor(scene.make.another_session_of(member.person_id))
    appeal = appealed(scene, member, measure)
    assert scene.told(administrator) == ["appeal.left"]
    page = browser(scene, app, administrator)
    assert "An appeal that is left to you" in page.get("/").text
    assert "I was quoting a poem" in page.get(f"/appeals/{appeal.public_id}").text
    with pytest.raises(Forbidden):
        decide(scene, one, appeal)
    address = f"/appeals/{appeal.public_id}/decide"
    assert send(page, address, decision="grant", text="It was a poem").status_code == 303
    assert send(page, address, decision="grant", text="Once more").status_code == 409
    with work.scope(scene.house) as opened:
        lifting = opened.session.scalars(select(Proposal).where(Proposal.act == "measure.lift-removal")).one()
        with pytest.raises(Forbidden):
            actions.consent(administrator, lifting)
        actions.consent(one, lifting)
        assert opened.session.get_one(Measure, measure.id).state is MeasureState.LIFTED
    assert page.get(f"/proposals/{lifting.public_id}").status_code == 200, "where the notice that it is done leads"


def test_an_administrator_decides_no_appeal_that_a_moderator_may_decide_or_that_is_their_own_act(scene: Scene) -> None:
    taker, administrator, member = scene.moderator(), scene.administrator(), scene.make.person()
    appeal = appealed(scene, member, scene.measure(taker, member))
    free = scene.moderator()
    with pytest.raises(Forbidden):
        decide(scene, administrator, appeal)
    takes_the_role(scene, free)
    with work.scope(scene.house) as opened, opened.writing():
        opened.session.get_one(Measure, appeal.measure_id).proposed_by_id = administrator.person_id
    with pytest.raises(Forbidden):
        decide(scene, administrator, appeal)
    decide(scene, scene.administrator(), appeal, grant=False)
    with work.scope(scene.house):
        assert queries.read_appeal(member, queries.get_appeal(member, appeal.public_id)).state is AppealState.DENIED


def test_the_record_tells_a_moderator_nothing_about_themselves_but_who_looked(scene: Scene, app: Flask) -> None:
    watched, colleague, administrator = scene.moderator(), scene.moderator(), scene.administrator()
    scene.report(scene.make.person(), watched)
    item = scene.claim(colleague, scene.item())
    with work.scope(scene.house) as opened:
        decision = actions.Decision("You did right to tell us of them", Category.SAFETY)
        actions.decide_reports(colleague, [opened.session.get_one(QueueItem, item.id)], decision)
        person = opened.session.get_one(Person, watched.person_id)
        actions.look(colleague, person, purpose="What was reported", item=item.public_id)
        actions.propose_role(administrator, person, Role.MODERATOR, give=False, reason="They may be an informer")
        secret = {
            entry.act: entry.number
            for entry in opened.session.scalars(select(AuditEntry))
            if entry.act in ("item.claim", "report.close", "proposal.make", "person.look")
        }
        seen = {line.number for line in queries.record(watched)[0]}
        all_of_it = {line.number for line in queries.record(administrator)[0]}
        assert len(secret) == 4
        assert set(secret.values()) & seen == {secret["person.look"]}
        assert set(secret.values()) <= all_of_it
    page = browser(scene, app, watched)
    for number in secret.values():
        assert send(page, f"/record/{number}/reason").status_code == 404
    with work.scope(scene.house):
        assert actions.open_reason(colleague, secret["proposal.make"]) == "They may be an informer"


def test_what_somebody_proposed_is_carried_out_by_nobody_once_their_role_is_taken(scene: Scene) -> None:
    rogue, friend, member = scene.moderator(), scene.moderator(), scene.make.person()
    with work.scope(scene.house) as opened:
        person = opened.session.get_one(Person, member.person_id)
        proposal = actions.propose_removal(rogue, person, category=Category.OTHER, reason="x", words=Words.KEEP)
        takes_the_role(scene, rogue)
        with pytest.raises(Forbidden):
            actions.consent(friend, proposal)
        actions.decline(friend, proposal, reason="They are gone")


def test_an_emergency_is_short_for_an_administrator_who_is_a_moderator_too(scene: Scene) -> None:
    both = scene.make.person(roles=(Role.MODERATOR, Role.ADMINISTRATOR))
    colleague, vetter = scene.moderator(), scene.make.person(roles=(Role.VETTER,))
    with work.scope(scene.house):
        actions.break_glass(both, reason="They threaten somebody")
    with pytest.raises(Invalid, match="7 days"):
        scene.measure(both, colleague, MeasureKind.SUSPEND, days=8)
    scene.measure(both, colleague, MeasureKind.SUSPEND, days=7)
    scene.measure(both, scene.make.person(), MeasureKind.SUSPEND, days=90)
    assert scene.told(vetter) == ["emergency.begun"], "everybody on the staff is told"


def test_a_suspended_moderator_hears_of_no_new_danger(scene: Scene) -> None:
    both, colleague = scene.make.person(roles=(Role.MODERATOR, Role.ADMINISTRATOR)), scene.moderator()
    with work.scope(scene.house):
        actions.break_glass(both, reason="They threaten somebody")
    scene.measure(both, colleague, MeasureKind.SUSPEND, days=7)
    scene.report(scene.make.person(), scene.make.person(), Category.SAFETY)
    assert "item.safety" not in scene.told(colleague)
    assert "item.safety" in scene.told(both)


def test_what_nobody_answered_in_time_is_carried_out_by_nobody(scene: Scene) -> None:
    one, other, member = scene.moderator(), scene.moderator(), scene.make.person()
    with work.scope(scene.house) as opened:
        proposal = actions.propose_reset(one, opened.session.get_one(Person, member.person_id), reason="By voice")
        with opened.writing():
            opened.session.get_one(Proposal, proposal.id).expires_at = now() - timedelta(seconds=1)
        with pytest.raises(Conflict):
            actions.consent(other, proposal)


def test_neither_of_the_two_who_let_somebody_back_in_can_take_their_place(scene: Scene, app: Flask) -> None:
    one, other, member = scene.moderator(), scene.moderator(), scene.make.person("Nour")
    proposing = browser(scene, app, one)
    where = send(proposing, f"/people/{member.public_id}/reset", reason="By voice").headers["Location"]
    half = r"[0-9A-Z]{5}-[0-9A-Z]{5}"
    first = re.search(rf"first half of the code, not shown again: ({half})", proposing.get(where).text)
    assert first is not None
    with work.scope(scene.house) as opened:
        proposal = opened.session.scalars(select(Proposal)).one()
        assert first[1].replace("-", "") not in repr(queries.read_proposal(other, proposal))
        with pytest.raises(NotFound):
            queries.my_half(other, proposal)
    shown = send(browser(scene, app, other), f"/proposals/{proposal.public_id}/consent").text
    second = re.search(rf'class="fresh"><bdi class="code" dir="ltr">({half})<', shown)
    assert second is not None
    for alone in (first[1], second[1], second[1] + first[1]):
        with work.scope(scene.house), pytest.raises(Invalid):
            lost.reset("Nour", alone, "copper window ninety swallows", forget=True, network="theirs")
    with work.scope(scene.house):
        lost.reset("Nour", f"{first[1]} {second[1]}", "copper window ninety swallows", forget=True, network="hers")
