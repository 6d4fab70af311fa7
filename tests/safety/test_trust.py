"""A trusted person freezes an account, at once; two moderators give it back, and see who froze without cause."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from app.identity.models import Restriction
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from app.moderation import actions as moderation
from app.moderation.models import ItemState, Proposal, QueueItem
from app.safety.actions import trust
from app.safety.models import Freeze, TrustedPerson
from app.safety.queries import trust as queries
from tests.safety.scene import MODERATOR, Scene


def item(scene: Scene) -> QueueItem:
    with work.scope(scene.house) as opened:
        return opened.session.scalars(select(QueueItem).where(QueueItem.kind == "freeze")).one()


def proposes(scene: Scene, actor: Actor, frozen: Freeze, *, without_cause: bool = False) -> Proposal:
    with work.scope(scene.house) as opened:
        found = queries.get_freeze(actor, frozen.public_id)
        trust.propose_giving_back(actor, found, reason="We spoke", without_cause=without_cause)
        return opened.session.scalars(select(Proposal).order_by(Proposal.id.desc()).limit(1)).one()


def consents(scene: Scene, actor: Actor, proposal: Proposal) -> None:
    with work.scope(scene.house):
        moderation.consent(actor, proposal)


def test_a_freeze_ends_every_session_at_once_and_leaves_only_the_standing(scene: Scene) -> None:
    nour, lina, moderator = scene.person(), scene.person(), scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    scene.freeze(lina, nour)
    assert scene.now(nour).is_anonymous
    again = scene.again(nour)
    assert again.permissions == {Permission.OPEN, Permission.STANDING_SEE}
    assert item(scene).safety
    assert "item.safety" in scene.told(moderator)
    with work.scope(scene.house):
        read = queries.read_freeze(moderator, queries.get_freeze(moderator, item(scene).ref))
    assert (read.name, read.by, read.reason) == (nour.name, lina.name, "The phone was taken")


def test_two_moderators_give_it_back_and_one_alone_does_not(scene: Scene) -> None:
    nour, lina = scene.person(), scene.person()
    one, two = scene.person(roles=MODERATOR), scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    frozen = scene.freeze(lina, nour)
    proposal = proposes(scene, one, frozen)
    with pytest.raises(Forbidden):
        consents(scene, one, proposal)
    with pytest.raises(Conflict):
        proposes(scene, two, frozen)
    assert not scene.again(nour).holds(Permission.SIGNED_IN)
    consents(scene, two, proposal)
    assert scene.now(nour).holds(Permission.SIGNED_IN)
    assert item(scene).state is ItemState.CLOSED
    assert scene.told(nour)[-1] == "freeze.over"
    assert scene.told(lina)[-1] == "freeze.answered"
    with work.scope(scene.house):
        assert [one.name for one in queries.trusted_by_me(scene.now(nour))] == [lina.name]


def test_neither_the_person_nor_who_froze_it_decides(scene: Scene) -> None:
    nour, lina = scene.person(roles=MODERATOR), scene.person(roles=MODERATOR)
    other = scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    frozen = scene.freeze(lina, nour)
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_freeze(lina, frozen.public_id)
    with pytest.raises(Forbidden):
        consents(scene, lina, proposes(scene, other, frozen))
    with work.scope(scene.house):
        assert not queries.may_decide(lina, frozen.public_id)
        assert not queries.may_decide(nour, frozen.public_id)
        assert queries.may_decide(other, frozen.public_id)


def test_who_froze_without_cause_can_be_taken_off_and_it_stays_visible(scene: Scene) -> None:
    nour, lina, samar = scene.person(), scene.person(), scene.person()
    one, two = scene.person(roles=MODERATOR), scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    scene.trusts(samar, lina)
    consents(scene, two, proposes(scene, one, scene.freeze(lina, nour), without_cause=True))
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_who_trusts_me(lina, nour.public_id)
    with pytest.raises(Forbidden):
        scene.freeze(lina, scene.again(nour))
    second = scene.freeze(lina, samar)
    with work.scope(scene.house):
        assert len(queries.read_freeze(one, queries.get_freeze(one, second.public_id)).earlier) == 1


def test_one_freezes_an_account_at_most_once_a_week(scene: Scene) -> None:
    nour, lina = scene.person(), scene.person()
    one, two = scene.person(roles=MODERATOR), scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    frozen = scene.freeze(lina, nour)
    with pytest.raises(Conflict):
        scene.freeze(lina, nour)
    consents(scene, two, proposes(scene, one, frozen))
    with pytest.raises(TooMany) as refused:
        scene.freeze(lina, nour)
    assert refused.value.retry_after
    with work.scope(scene.house) as opened, opened.writing():
        opened.session.execute(update(Freeze).values(at=now() - timedelta(days=7, minutes=1)))
    assert scene.freeze(lina, nour).public_id != frozen.public_id


def test_only_whom_one_chose_among_people_whom_one_knows_may_freeze(scene: Scene) -> None:
    nour, lina, stranger = scene.person(), scene.person(), scene.person()
    scene.connect(nour, lina)
    with work.scope(scene.house), pytest.raises(Invalid):
        trust.name_trusted(nour, stranger.public_id)
    for by in (lina, stranger):
        with pytest.raises(Forbidden):
            scene.freeze(by, nour)
    with work.scope(scene.house):
        trust.name_trusted(nour, lina.public_id)
    assert scene.told(lina) == ["trusted.named"]
    with pytest.raises(Forbidden):
        scene.freeze(nour, lina)  # trust goes one way
    with work.scope(scene.house):
        trust.take_off(nour, queries.get_trusted(nour, lina.public_id))
    with pytest.raises(Forbidden):
        scene.freeze(lina, nour)


def test_one_trusts_at_most_three_also_when_many_pages_are_open(scene: Scene) -> None:
    nour, others = scene.person(), [scene.person() for _ in range(5)]
    scene.connect(nour, *others)
    came = scene.at_once([partial(trust.name_trusted, nour, one.public_id) for one in others])
    assert sorted(came) == ["done"] * 3 + ["invalid"] * 2
    with work.scope(scene.house) as opened:
        assert len(opened.session.scalars(select(TrustedPerson)).all()) == 3


def test_two_who_freeze_at_once_freeze_once(scene: Scene) -> None:
    nour, lina, samar = scene.person(), scene.person(), scene.person()
    scene.trusts(nour, lina)
    scene.trusts(nour, samar)
    came = scene.at_once([partial(trust.freeze, by, nour.person_id, reason="They were taken") for by in (lina, samar)])
    assert sorted(came) == ["conflict", "done"]
    with work.scope(scene.house) as opened:
        assert len(opened.session.scalars(select(Restriction)).all()) == 1


def test_whoever_signs_in_to_a_frozen_account_may_ask_and_is_told_no_name(scene: Scene) -> None:
    nour, lina, moderator = scene.person(), scene.person("Lina Qamar"), scene.person(roles=MODERATOR)
    scene.trusts(nour, lina)
    frozen = scene.freeze(lina, nour)
    nour = scene.again(nour)
    with work.scope(scene.house):
        trust.say(nour, "It is me, I am at home")
        trust.say(nour, "I can prove it")
    with work.scope(scene.house):
        read = queries.read_freeze(moderator, queries.get_freeze(moderator, frozen.public_id))
    assert read.said == "It is me, I am at home\n\nI can prove it"
    for address in ("/me/standing", "/me/frozen", "/notices"):
        page = scene.get(nour, address)
        assert page.status_code == 200
        assert "Qamar" not in page.get_data(as_text=True)
        assert "The phone was taken" not in page.get_data(as_text=True)
    assert "/me/frozen" in scene.get(nour, "/me/standing").get_data(as_text=True)
    with work.scope(scene.house), pytest.raises(NotFound):
        trust.say(lina, "x")


def test_the_reason_is_sealed(scene: Scene) -> None:
    nour, lina = scene.person(), scene.person()
    scene.trusts(nour, lina)
    frozen = scene.freeze(lina, nour, reason="a heron at the window")
    with work.scope(scene.house) as opened:
        stored = opened.session.get_one(Freeze, frozen.id)
    assert b"heron" not in stored.reason


def test_whoever_travels_sees_nothing_of_whom_they_trust(scene: Scene) -> None:
    nour, lina = scene.person(), scene.person()
    scene.trusts(nour, lina)
    lina = scene.travel(lina)
    with work.scope(scene.house):
        assert queries.who_trust_me(lina) == []
    with pytest.raises(Forbidden):
        scene.freeze(lina, nour)
