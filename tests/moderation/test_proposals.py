"""Acts of two persons: nobody completes one alone, and nobody one about themselves."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.identity.models import Person, PersonRole
from app.kernel import work
from app.kernel.access import Permission, Role
from app.kernel.actor import Actor, system
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.signals import Words
from app.moderation import actions, queries
from app.moderation.models import Category, Emergency, ItemState, MeasureKind, Proposal, ProposalState
from app.moderation.queries import Filters
from tests.moderation.scene import Scene


def propose_role(scene: Scene, by: Actor, about: Actor, role: Role = Role.MODERATOR, *, give: bool = True) -> Proposal:
    with work.scope(scene.house) as opened:
        person = opened.session.get_one(Person, about.person_id)
        return actions.propose_role(by, person, role, give=give, reason="We need help")


def propose_removal(scene: Scene, by: Actor, about: Actor) -> Proposal:
    with work.scope(scene.house) as opened:
        person = opened.session.get_one(Person, about.person_id)
        return actions.propose_removal(by, person, category=Category.SAFETY, reason="An informer", words=Words.KEEP)


def consent(scene: Scene, by: Actor, proposal: Proposal) -> str | None:
    with work.scope(scene.house):
        return actions.consent(by, proposal)


def held(scene: Scene, who: Actor) -> set[Role]:
    with work.scope(scene.house) as opened:
        return set(opened.session.scalars(select(PersonRole.role).where(PersonRole.person_id == who.person_id)))


def test_a_role_is_given_by_two_administrators_and_the_person_signs_in_anew(scene: Scene) -> None:
    first, second, member = scene.administrator(), scene.administrator(), scene.make.person()
    proposal = propose_role(scene, first, member)
    assert held(scene, member) == {Role.MEMBER}
    with pytest.raises(Forbidden):
        consent(scene, first, proposal)
    assert consent(scene, second, proposal) is None
    assert held(scene, member) == {Role.MEMBER, Role.MODERATOR}
    assert scene.told(member) == ["role.changed"]
    assert scene.told(first) == ["proposal.done"]
    with work.scope(scene.house) as opened:
        acts = list(opened.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))
        assert acts[-3:] == ["proposal.make", "proposal.consent", "role.give"]
        from app.identity.models import LoginSession

        mine = select(LoginSession.ended_at).where(LoginSession.person_id == member.person_id)
        assert None not in opened.session.scalars(mine).all()
    with pytest.raises(Conflict):
        consent(scene, second, proposal)


def test_a_role_is_taken_in_the_same_way(scene: Scene) -> None:
    first, second, member = scene.administrator(), scene.administrator(), scene.moderator()
    consent(scene, second, propose_role(scene, first, member, give=False))
    assert held(scene, member) == set()
    with pytest.raises(Invalid):
        propose_role(scene, first, member, give=False)


def test_nobody_gives_themselves_a_role_and_moderators_propose_none(scene: Scene) -> None:
    administrator, moderator, member = scene.administrator(), scene.moderator(), scene.make.person()
    for by, about in ((administrator, administrator), (moderator, member), (member, member)):
        with pytest.raises(Forbidden):
            propose_role(scene, by, about, Role.CASEWORKER)
    about_them = propose_role(scene, administrator, moderator, Role.VETTER)
    with pytest.raises(Forbidden):
        consent(scene, moderator, about_them)
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_proposal(moderator, about_them.public_id)


def test_a_moderator_consents_to_a_role_only_while_there_is_one_administrator(scene: Scene) -> None:
    administrator, moderator, member = scene.administrator(), scene.moderator(), scene.make.person()
    consent(scene, moderator, propose_role(scene, administrator, member, Role.VETTER))
    scene.administrator()
    with pytest.raises(Forbidden):
        consent(scene, moderator, propose_role(scene, administrator, member, Role.CASEWORKER))


def test_of_twenty_who_consent_at_once_one_carries_it_out(scene: Scene) -> None:
    member = scene.make.person()
    proposal, moderators = propose_removal(scene, scene.moderator(), member), [scene.moderator() for _ in range(20)]
    outcomes = scene.at_once([lambda who=who: actions.consent(who, proposal) for who in moderators])  # type: ignore[misc]
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]
    assert scene.told(member) == ["measure.taken"]


def test_of_twenty_who_propose_the_same_at_once_one_does(scene: Scene) -> None:
    member, moderators = scene.make.person(), [scene.moderator() for _ in range(20)]
    with work.scope(scene.house) as opened:
        opened.session.expunge(person := opened.session.get_one(Person, member.person_id))
    outcomes = scene.at_once(
        [
            lambda who=who: actions.propose_removal(  # type: ignore[misc]
                who, person, category=Category.SCAM, reason="x", words=Words.KEEP
            )
            for who in moderators
        ]
    )
    assert sorted(outcomes) == ["conflict"] * 19 + ["done"]


def test_a_declined_proposal_changes_nothing_and_its_proposer_reads_why(scene: Scene) -> None:
    first, second, member = scene.moderator(), scene.moderator(), scene.make.person()
    proposal = propose_removal(scene, first, member)
    with work.scope(scene.house):
        for wrong in (first, member):
            with pytest.raises(Forbidden):
                actions.decline(wrong, proposal, reason="No")
    with work.scope(scene.house):
        actions.decline(second, proposal, reason="Too little is known")
        line = queries.read_proposal(first, queries.get_proposal(first, proposal.public_id))
        assert (line.state, line.answer) == (ProposalState.DECLINED, "Too little is known")
        assert queries.standing(member) == []
    assert scene.told(first) == ["proposal.declined"]
    assert scene.item("proposal").state is ItemState.CLOSED
    with pytest.raises(Conflict):
        consent(scene, second, proposal)


def test_a_proposal_waits_seven_days_and_can_be_taken_back(scene: Scene) -> None:
    first, second = scene.moderator(), scene.moderator()
    old, back = (propose_removal(scene, first, scene.make.person()) for _ in range(2))
    with work.scope(scene.house) as opened:
        with pytest.raises(Forbidden):
            actions.withdraw(second, back)
    with work.scope(scene.house) as opened:
        actions.withdraw(first, back)
        with opened.writing():
            late = update(Proposal).where(Proposal.id == old.id)
            opened.session.execute(late.values(expires_at=now() - timedelta(seconds=1)))
    for gone in (old, back):
        with pytest.raises(Conflict):
            consent(scene, second, gone)
    with work.scope(scene.house):
        assert actions.expire_proposals(system("test")) == 1
        assert actions.expire_proposals(system("test")) == 0
        assert queries.proposals(second)[0] == []
    assert scene.told(first) == ["proposal.expired"]


def test_proposals_wait_in_the_queue_of_others_and_not_of_whoever_made_them(scene: Scene) -> None:
    first, second, about = scene.moderator(), scene.moderator(), scene.moderator()
    propose_removal(scene, first, about)
    with work.scope(scene.house):
        found = {who: len(queries.items(who, Filters(kind="proposal"))[0]) for who in (first, second, about)}
        assert found == {first: 0, second: 1, about: 0}
    for wrong in (first, about):
        with pytest.raises(Forbidden):
            scene.claim(wrong, scene.item("proposal"))
    scene.claim(second, scene.item("proposal"))


def test_members_neither_propose_nor_see_proposals(scene: Scene) -> None:
    member, about = scene.make.person(), scene.make.person()
    with pytest.raises(Forbidden):
        propose_removal(scene, member, about)
    proposal = propose_removal(scene, scene.moderator(), about)
    for nobody in (member, about):
        with pytest.raises(Forbidden):
            consent(scene, nobody, proposal)
        with work.scope(scene.house), pytest.raises(NotFound):
            queries.get_proposal(nobody, proposal.public_id)


def test_a_way_back_in_is_made_by_two_and_shown_once(scene: Scene) -> None:
    first, second, member = scene.moderator(), scene.moderator(), scene.make.person()
    with work.scope(scene.house) as opened:
        person = opened.session.get_one(Person, member.person_id)
        proposal = actions.propose_reset(first, person, reason="I met them yesterday")
    with pytest.raises(Forbidden):
        consent(scene, first, proposal)
    shown = consent(scene, second, proposal)
    assert shown is not None
    assert len(shown) == len("ABCDE-FGHJK"), "the other half is with whoever proposed it"
    with pytest.raises(Conflict):
        consent(scene, second, proposal)


def test_an_emergency_lets_an_administrator_act_alone_for_an_hour_and_everybody_is_told(scene: Scene) -> None:
    administrator, moderator, member = scene.administrator(), scene.moderator(), scene.make.person()
    with pytest.raises(Forbidden):
        scene.measure(administrator, member, MeasureKind.SUSPEND)
    with work.scope(scene.house), pytest.raises(Forbidden):
        actions.break_glass(moderator, reason="Me too")
    with work.scope(scene.house):
        actions.break_glass(administrator, reason="Somebody was followed home")
        with pytest.raises(Conflict):
            actions.break_glass(administrator, reason="Again")
    assert scene.told(moderator) == ["emergency.begun"]
    with pytest.raises(Invalid):
        scene.measure(administrator, member, MeasureKind.SUSPEND, days=8)
    scene.measure(administrator, member, MeasureKind.SUSPEND, days=7)
    with work.scope(scene.house) as opened:
        assert len(queries.log(scene.make.person()).emergencies) == 1
        acts = list(opened.session.scalars(select(AuditEntry.act)))
        assert "emergency.begin" in acts
        with opened.writing():
            opened.session.execute(update(Emergency).values(until=now() - timedelta(seconds=1)))
    with pytest.raises(Forbidden):
        scene.measure(administrator, scene.make.person(), MeasureKind.SUSPEND)


def test_an_emergency_lets_one_consent_alone_only_where_there_is_nobody_else(scene: Scene) -> None:
    alone, member = scene.administrator(), scene.make.person()
    proposal = propose_role(scene, alone, member)
    with pytest.raises(Forbidden):
        consent(scene, alone, proposal)
    with work.scope(scene.house):
        actions.break_glass(alone, reason="There is nobody else")
    consent(scene, alone, proposal)
    assert Role.MODERATOR in held(scene, member)
    another = propose_role(scene, alone, scene.make.person())
    with pytest.raises(Forbidden):
        consent(scene, alone, another)
    assert not alone.holds(Permission.MEASURES_TAKE)
