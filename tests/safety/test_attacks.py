"""A hand on the phone, a screen that is locked, and somebody who was trusted once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.identity.models import LoginSession, Person, Space
from app.identity.spaces import actions as spaces
from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry
from app.kernel.db import now
from app.kernel.errors import Forbidden, NotFound
from app.kernel.limits import Budgets
from app.membership.actions import vouching
from app.profiles.actions import blocks, people
from app.profiles.queries import connections
from app.safety.actions import trust
from app.safety.queries import trust as queries
from tests.house.matrix import form_token
from tests.membership.people import People
from tests.moderation.test_rogue_moderator import brought_in
from tests.safety.scene import MODERATOR, Scene

pytestmark = pytest.mark.one_database


def can_freeze(scene: Scene, actor: Actor, whose: Actor) -> bool:
    """Whether this person is shown that the other trusts them, and can do it."""
    with work.scope(scene.house):
        shown = whose.public_id in {one.public_id for one in queries.who_trust_me(actor)}
        try:
            queries.get_who_trusts_me(actor, whose.public_id)
        except NotFound:
            assert not shown
            with pytest.raises(Forbidden):
                trust.freeze(actor, whose.person_id, reason="I was trusted once")
            return False
        return shown


# --- whoever was trusted once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["removed", "blocked", "blocks"])
def test_nobody_freezes_the_account_of_somebody_who_knows_them_no_more(pages: Scene, how: str) -> None:
    nour, once = pages.person(), pages.person()
    pages.trusts(nour, once)
    assert can_freeze(pages, once, nour)
    with work.scope(pages.house):
        if how == "removed":
            people.remove(nour, connections.between(nour, once.person_id)[0])
        else:
            blocks.block(*((nour, once.person_id) if how == "blocked" else (once, nour.person_id)))
    assert not can_freeze(pages, once, nour)
    pages.connect(nour, once)
    assert can_freeze(pages, once, nour) is False, "to know each other again is not to trust again"
    with work.scope(pages.house):
        assert queries.trusted_by_me(nour) == []


def test_a_block_of_a_name_in_rooms_takes_the_freeze_away_and_does_not_say_whose_name_it_is(pages: Scene) -> None:
    nour, once = pages.person(), pages.person()
    pages.trusts(nour, once)
    with work.scope(pages.house):
        spaces.choose_name(once, Space.ROOMS, name="Night Heron")
        blocks.block(nour, once.person_id, met_in=Space.ROOMS)
    assert not can_freeze(pages, once, nour)
    with work.scope(pages.house):
        assert [one.public_id for one in queries.trusted_by_me(nour)] == [once.public_id], "as before"


def test_whoever_holds_an_open_phone_takes_nobody_off_who_could_freeze_the_account(pages: Scene) -> None:
    nour, friend = pages.person(), pages.person()
    pages.trusts(nour, friend)
    with work.scope(pages.house) as opened, opened.writing():
        opened.session.execute(update(LoginSession).values(proved_at=now() - timedelta(hours=1)))
    answer = pages.post(nour, f"/me/trusted/{friend.public_id}/take-off")
    assert answer.status_code == 403
    assert can_freeze(pages, friend, nour)


def test_what_is_written_about_a_freeze_is_read_by_nobody_who_brought_that_person_in_and_by_others_on_record(
    pages: Scene,
) -> None:
    nour, friend = pages.person(), pages.person()
    voucher, other = (pages.person(roles=MODERATOR) for _ in range(2))
    pages.trusts(nour, friend)
    address = f"/freezes/{pages.freeze(friend, nour, 'The phone lies in a drawer').public_id}"
    with brought_in(voucher, nour):
        assert pages.get(voucher, address).status_code == 404
        with work.scope(pages.house):
            assert queries.frozen_person(voucher, nour.public_id) is None
        assert "lies in a drawer" in pages.get(other, address).text
    with work.scope(pages.house) as opened:
        reads = opened.session.scalars(select(AuditEntry.actor).where(AuditEntry.act == "freeze.read")).all()
    assert reads == [other.public_id]


# --- a locked screen ----------------------------------------------------------------------------------------------------


def test_a_locked_screen_takes_nothing_that_is_sent_to_any_address(pages: Scene) -> None:
    """Whoever holds the phone sends every form again: from the history, or by hand."""
    pages.house.budgets = Budgets(None, enabled=False)
    nour = pages.with_code(pages.person())
    nour = pages.locked(nour)
    client = pages.client(nour)
    token = form_token(client)
    open_doors = set()
    for rule in pages.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()):
            continue
        access = pages.app.extensions["declared_access"][f"POST {rule.endpoint}"]
        if access in (Permission.OPEN, Permission.UNLOCK):
            open_doors.add(rule.endpoint)
            continue
        address = re.sub(r"<[^>]+>", nour.public_id, re.sub(r"<int:\w+>", "1", str(rule)))
        answer = client.post(address, data={"csrf_token": token, "code": "0000"})
        assert answer.status_code == 401, rule.endpoint
        assert nour.name not in answer.text, rule.endpoint
    # What everybody may send: these are looked at one by one here, and another one needs a look too.
    assert open_doors >= {"safety.unlock", "web.preferences", "identity.sign_in", "identity.lost"}


def test_a_locked_screen_keeps_no_language_for_its_person(pages: Scene) -> None:
    nour = pages.locked(pages.with_code(pages.person()))
    client = pages.client(nour)
    answer = client.post(
        "/preferences", data={"csrf_token": form_token(client), "language": "en", "data_mode": "light"}
    )
    assert answer.status_code == 303, "this browser has it all the same"
    with work.scope(pages.house) as opened:
        assert opened.session.get_one(Person, nour.person_id).data_mode is None


# --- on a journey -------------------------------------------------------------------------------------------------------


def test_on_a_journey_nothing_tells_for_whom_one_vouches_or_made_a_code(pages: Scene) -> None:
    people = People(pages.house, pages.make)
    nour = people.settled()
    pages.tokens[nour.person_id] = pages.make.another_session(nour)
    asked, answered = people.sent("Warda"), people.sent("Yamen")
    asked.ask(nour)
    given = answered.vouched_by(nour)
    with work.scope(pages.house):
        vouching.make_code(nour, whom="The baker on the corner")
    names = ("Warda", "Yamen", "The baker on the corner")
    page = pages.get(nour, "/me/vouching").text
    assert all(name in page for name in names)
    assert "asks you to vouch" in pages.get(nour, "/").text
    nour = pages.travel(nour)
    later = pages.get(nour, "/me/vouching")
    assert later.status_code == 200
    assert not any(name in later.text for name in names)
    assert pages.get(nour, f"/me/vouching/{given}").status_code == 404
    for address in ("/", "/notices"):
        assert "asks you to vouch" not in pages.get(nour, address).text


def test_the_record_that_staff_read_does_not_say_who_chose_a_name_when(pages: Scene) -> None:
    nour = pages.person()
    with work.scope(pages.house):
        spaces.choose_name(nour, Space.ROOMS, name="Night Heron")
        spaces.give_up_name(nour, Space.ROOMS)
    with work.scope(pages.house) as opened:
        acts = dict(opened.session.execute(select(AuditEntry.act, AuditEntry.actor)).all())
    assert {"name.choose", "name.give-up"} <= set(acts)
    assert nour.public_id not in {acts["name.choose"], acts["name.give-up"]}
