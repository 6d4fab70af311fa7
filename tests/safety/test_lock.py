"""The screen's lock: a short code stands before everything of a session, whoever holds the phone."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app.chat import queries as rooms
from app.identity import actions as identity
from app.kernel import work
from app.kernel.access import LOCKED
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden, Invalid, SignedOut
from app.kernel.limits import Budgets
from app.safety.actions import lock
from app.safety.models import Draft, LockCode
from tests.safety.scene import CODE, MODERATOR, Scene


def gives(scene: Scene, actor: Actor, code: str) -> None:
    with work.scope(scene.house):
        lock.unlock(actor, code)


def test_a_locked_session_is_left_with_the_way_to_open_it(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    assert scene.locked(nour).permissions == LOCKED
    with pytest.raises(Invalid):
        gives(scene, scene.now(nour), "7306")
    assert scene.now(nour).is_locked
    gives(scene, scene.now(nour), "٧٣٠٥")  # as an Arabic keyboard writes it
    assert scene.now(nour).permissions == nour.permissions


def test_the_fifth_wrong_code_ends_the_session_and_what_was_tried_before_counts(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    elsewhere = scene.make.another_session(nour)
    nour = scene.locked(nour)
    for wrong in ("0001", "0002", "0003", "7306"):
        with pytest.raises(Invalid):
            gives(scene, nour, wrong)
    scene.house.budgets = Budgets(None)  # as after a restart
    with pytest.raises(SignedOut):
        gives(scene, nour, "0005")
    assert scene.now(nour).is_anonymous
    assert not scene.make.actor(elsewhere).is_anonymous


def test_of_many_codes_that_are_tried_at_once_no_more_than_five_are_looked_at(scene: Scene) -> None:
    nour = scene.locked(scene.with_code(scene.person()))
    came = scene.at_once([partial(lock.unlock, nour, f"11{number:02d}") for number in range(8)])
    assert came.count("invalid") <= 4
    assert "signed_out" in came
    assert scene.now(nour).is_anonymous


def test_the_right_code_begins_the_count_anew(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    for _ in range(2):
        nour = scene.locked(nour)
        for wrong in ("0001", "0002", "0003"):
            with pytest.raises(Invalid):
                gives(scene, nour, wrong)
        gives(scene, nour, CODE)
    assert not scene.now(nour).is_locked


def test_it_locks_by_itself_after_the_chosen_minutes_and_stays_locked(scene: Scene) -> None:
    nour = scene.with_code(scene.person(), minutes=5)
    scene.last_seen(nour, timedelta(minutes=4))
    assert not scene.now(nour).is_locked
    scene.last_seen(nour, timedelta(minutes=7))
    for _ in range(2):  # being asked is not being there
        assert scene.get(nour, "/rooms").headers["Location"].startswith("/lock")
    assert scene.now(nour).is_locked
    gives(scene, scene.now(nour), CODE)
    assert scene.get(nour, "/rooms").status_code == 200


def test_whoever_is_there_is_not_locked_out(scene: Scene) -> None:
    nour = scene.with_code(scene.person(), minutes=1)
    scene.last_seen(nour, timedelta(seconds=100))
    assert scene.get(nour, "/rooms").status_code == 200
    assert scene.get(nour, "/rooms").status_code == 200


def test_moderators_lock_their_screens_likewise(scene: Scene) -> None:
    moderator = scene.with_code(scene.person(roles=MODERATOR), minutes=1)
    assert scene.locked(moderator).permissions == LOCKED
    gives(scene, scene.now(moderator), CODE)
    assert scene.now(moderator).permissions == moderator.permissions
    scene.last_seen(moderator, timedelta(minutes=3))
    assert scene.now(moderator).permissions == LOCKED


def test_what_was_proved_before_is_to_be_proved_again_after_a_lock(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    assert nour.proved_within()
    nour = scene.locked(nour)
    gives(scene, nour, CODE)
    assert not scene.now(nour).proved_within()


def test_a_changed_or_removed_code_opens_no_session_that_somebody_else_holds(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    stolen = scene.make.another_session(nour)
    with work.scope(scene.house):
        lock.lock(scene.make.actor(stolen))
    with work.scope(scene.house):
        lock.remove_code(nour)
    assert scene.make.actor(stolen).is_anonymous
    assert not scene.now(nour).has_lock
    with work.scope(scene.house) as opened:
        assert opened.session.scalar(select(LockCode)) is None
    with work.scope(scene.house), pytest.raises(Forbidden):
        lock.lock(scene.now(nour))


def test_a_code_that_anybody_tries_first_is_not_accepted(pages: Scene) -> None:
    nour = pages.person()
    pages.house.budgets = Budgets(None, enabled=False)
    for code in ("", "123", "123456789", "1111", "4567", "9876", "1983", "12 34", "abcd", "12a4"):
        with work.scope(pages.house), pytest.raises(Invalid):
            lock.set_code(nour, code, minutes=0)
    assert not pages.now(nour).has_lock


def test_the_hash_of_a_code_is_not_to_be_read_on_a_disk(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    with work.scope(scene.house) as opened:
        stored = opened.session.scalars(select(LockCode).where(LockCode.person_id == nour.person_id)).one()
    assert b"argon2" not in stored.hash


def test_a_message_that_races_with_the_lock_is_either_sent_or_kept(scene: Scene) -> None:
    nour = scene.with_code(scene.person())
    room = scene.make.room(nour)
    client = scene.client(nour)
    token = client.get("/help").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    answers: list[int] = []

    def send() -> None:
        sent = {"csrf_token": token, "body": "Between lock and key", "client_id": "AAAAAAAA"}
        answers.append(client.post(f"/rooms/{room.public_id}/messages", data=sent).status_code)

    scene.at_once([send, lambda: lock.lock(nour)])
    assert scene.now(nour).is_locked
    gives(scene, scene.now(nour), CODE)
    nour = scene.now(nour)
    with work.scope(scene.house) as opened:
        sent = [words.html for words in rooms.newest(nour, rooms.get_room(nour, room.public_id)).words]
        kept = opened.session.scalars(select(Draft).where(Draft.person_id == nour.person_id)).all()
    assert answers in ([303], [401])
    assert (len(sent), len(kept)) == ((1, 0) if answers == [303] else (0, 1))


def test_whoever_signs_in_again_needs_no_code(scene: Scene) -> None:
    nour = scene.locked(scene.with_code(scene.person()))
    assert scene.again(nour).permissions >= {*LOCKED}
    assert not scene.now(nour).is_locked
    with work.scope(scene.house):
        identity.end_other_sessions(scene.now(nour))
