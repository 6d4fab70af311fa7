"""What somebody was typing is there again: after a lock, an ended session, a journey, a freeze."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.kernel import work
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.errors import Invalid, NotFound
from app.safety import jobs
from app.safety.actions import drafts
from app.safety.models import Draft
from app.safety.queries import drafts as queries
from tests.safety.scene import Scene


def kept(scene: Scene, actor: Actor) -> list[str]:
    with work.scope(scene.house):
        return [line.words for line in queries.drafts(actor)]


def keep(scene: Scene, actor: Actor, place: str, words: str) -> None:
    with work.scope(scene.house):
        drafts.keep(actor, place, words)


def test_a_draft_is_kept_for_its_person_alone_and_sealed(scene: Scene) -> None:
    nour, other = scene.person(), scene.person()
    keep(scene, nour, "room:one", "a lantern for the")
    keep(scene, nour, "room:one", "a lantern for the harbour")
    keep(scene, nour, "room:two", "bread")
    assert sorted(kept(scene, nour)) == ["a lantern for the harbour", "bread"]
    assert kept(scene, other) == []
    with work.scope(scene.house) as opened:
        assert all(b"harbour" not in one.sealed for one in opened.session.scalars(select(Draft)))
    with work.scope(scene.house), pytest.raises(NotFound):
        queries.get_draft(other, "room.one")
    keep(scene, nour, "room:one", "  ")
    assert kept(scene, nour) == ["bread"]


def test_drafts_of_hidden_rooms_are_not_there_while_one_travels_and_come_back(scene: Scene) -> None:
    nour = scene.person()
    secret, plain = scene.make.room(nour), scene.make.room(nour)
    keep(scene, nour, f"room:{secret.public_id}", "about kestrels")
    keep(scene, nour, f"room:{plain.public_id}", "about bread")
    keep(scene, nour, "page:1234", "to the moderators")
    scene.hide(nour, secret)
    nour = scene.travel(nour)
    assert kept(scene, nour) == ["about bread"]
    with work.scope(scene.house):
        assert queries.count(nour) == 1
        assert queries.words_at(nour, f"room:{secret.public_id}") == ""
        with pytest.raises(NotFound):
            queries.get_draft(nour, f"room.{secret.public_id}")
    scene.turn_clock(timedelta(days=5))
    assert len(kept(scene, scene.now(nour))) == 3


def test_a_draft_is_gone_after_thirty_days(scene: Scene) -> None:
    nour = scene.person()
    keep(scene, nour, "room:one", "old")
    keep(scene, nour, "room:two", "new")
    with work.scope(scene.house) as opened, opened.writing():
        old = update(Draft).where(Draft.place == "room:one")
        opened.session.execute(old.values(at=now() - timedelta(days=30, minutes=1)))
    with work.scope(scene.house):
        jobs.forget(system("test"))
    assert kept(scene, nour) == ["new"]


def test_nobody_fills_the_house_with_drafts(scene: Scene) -> None:
    nour = scene.person()
    for number in range(drafts.MOST):
        keep(scene, nour, f"room:{number}", "words")
    with pytest.raises(Invalid):
        keep(scene, nour, "room:more", "words")
    keep(scene, nour, "room:1", "other words")
    assert len(kept(scene, nour)) == drafts.MOST


def test_what_meets_a_locked_screen_never_replaces_what_was_kept(scene: Scene) -> None:
    nour = scene.person()
    keep(scene, nour, "room:one", "I have thought about")

    def meets(words: str) -> None:
        with work.scope(scene.house):
            assert drafts.keep_typed(nour, endpoint="chat.post", parts={"room": "one"}, typed=[words])

    meets("I have thought about it")
    meets("I have thought")
    assert kept(scene, nour) == ["I have thought about it"]
    meets("junk")
    assert kept(scene, nour) == ["I have thought about it\n\njunk"]
    with work.scope(scene.house):
        assert not drafts.keep_typed(nour, endpoint="chat.post", parts={"room": "x" * 60}, typed=["y"])
