"""Who looked: staff read nothing of a person's without a purpose, which the person reads."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.identity.looked import actions, queries
from app.identity.looked.queries import Noted
from app.identity.models import LoginSession, Look, Person, PersonRole
from app.kernel import audit, work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import now
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.moderation import actions as moderation
from app.moderation import queries as histories
from app.moderation.models import QueueItem
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.moderation.scene import Scene

Pages = Callable[[Actor], FlaskClient]


@pytest.fixture
def pages(make: Factory, app: Flask) -> Pages:
    """A browser in which somebody is signed in."""

    def open_one(actor: Actor) -> FlaskClient:
        client = app.test_client()
        make.sign_in(client, make.another_session(actor))
        return client

    return open_one


def send(client: FlaskClient, address: str, **fields: Any) -> Any:
    return client.post(address, data={**fields, "csrf_token": form_token(client)})


def looks_at(house: House, person: Actor) -> list[queries.LookLine]:
    with work.scope(house):
        return queries.all_looks(person)


def count_looks(house: House) -> int:
    with work.scope(house) as opened:
        return opened.session.scalar(select(func.count()).select_from(Look)) or 0


def test_a_person_reads_when_staff_looked_what_for_and_what_they_are_here(house: House, make: Factory) -> None:
    member, moderator = make.person(), make.person("Moderator Hala", roles=(Role.MODERATOR,))
    with work.scope(house):
        noted = actions.note(moderator, member.person_id, histories.HISTORY, "  She asked me to look ")
        assert noted == Noted(member.person_id, histories.HISTORY)
    (line,) = looks_at(house, member)
    assert (line.role, line.number, line.purpose) == (Role.MODERATOR, 1, "She asked me to look")
    assert now() - line.at < timedelta(minutes=1)
    assert looks_at(house, moderator) == []
    with work.scope(house) as opened:
        (entry,) = opened.session.scalars(select(audit.AuditEntry).where(audit.AuditEntry.act == "person.look"))
        assert (entry.actor, entry.target) == (moderator.public_id, member.public_id)
        stored = opened.session.scalars(select(Look.purpose)).one()
        assert b"asked" not in stored


@pytest.mark.one_database
@pytest.mark.parametrize("purpose", ["", "   ", "abc", "1234567", "؟؟؟؟؟", "\u200b\u200b\u200b\u200b\u200b"])
def test_staff_who_do_not_say_what_they_look_for_see_nothing(house: House, make: Factory, purpose: str) -> None:
    member, moderator = make.person(), make.person(roles=(Role.MODERATOR,))
    with work.scope(house) as opened:
        with pytest.raises(Invalid):
            moderation.look(moderator, opened.session.get_one(Person, member.person_id), purpose=purpose)
    assert count_looks(house) == 0


def test_a_history_opens_for_nobody_whose_look_was_not_noted_as_this_one(house: House, make: Factory) -> None:
    member, other, moderator = make.person(), make.person(), make.person(roles=(Role.MODERATOR,))
    with work.scope(house) as opened:
        row = opened.session.get_one(Person, member.person_id)
        for wrong in (Noted(other.person_id, histories.HISTORY), Noted(member.person_id, "profile")):
            with pytest.raises(NotFound):
                histories.read_person(moderator, row, wrong)
        noted = actions.note(moderator, member.person_id, histories.HISTORY, "A question of hers")
        assert histories.read_person(moderator, row, noted).public_id == member.public_id


@pytest.mark.one_database
def test_where_the_look_cannot_be_stored_nothing_is_read(
    house: House, make: Factory, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, moderator = make.person("Never Shown Then"), make.person(roles=(Role.MODERATOR,))
    client = pages(moderator)
    address = f"/people/{member.public_id}"
    assert "Never Shown Then" not in client.get(address).text
    monkeypatch.setattr(audit, "record", _fails)
    answer = send(client, address, purpose="They asked for help")
    assert answer.status_code == 503
    monkeypatch.undo()
    assert count_looks(house) == 0
    assert "Never Shown Then" not in client.get(address).text
    assert send(client, address, purpose="They asked for help").status_code == 303
    assert "Never Shown Then" in client.get(address).text


def _fails(*_args: object, **_details: object) -> None:
    raise RuntimeError


def test_members_cannot_note_looks_and_looking_at_oneself_is_none(house: House, make: Factory) -> None:
    member, other, caseworker = make.person(), make.person(), make.person(roles=(Role.CASEWORKER, Role.MEMBER))
    with work.scope(house):
        for reader in (other, caseworker):
            with pytest.raises(Forbidden):
                actions.note(reader, member.person_id, histories.HISTORY, "Out of curiosity")
        actions.note(caseworker, caseworker.person_id, "profile", "")
        actions.note(caseworker, member.person_id, "profile", "Her question about housing")
    assert looks_at(house, caseworker) == []
    (line,) = looks_at(house, member)
    assert line.role is Role.CASEWORKER


def test_the_same_reader_has_the_same_number_and_keeps_their_role_of_then(house: House, make: Factory) -> None:
    member = make.person()
    one, two = make.person(roles=(Role.MODERATOR,)), make.person(roles=(Role.MODERATOR,))
    with work.scope(house) as opened:
        for reader in (one, two, one):
            actions.note(reader, member.person_id, histories.HISTORY, "A report about rain")
        with opened.writing():
            opened.session.execute(
                update(PersonRole).where(PersonRole.person_id == two.person_id).values(role=Role.MEMBER)
            )
            opened.session.execute(update(Look).where(Look.reader_id == one.person_id).values(reader_id=None))
    lines = looks_at(house, member)
    assert [line.number for line in lines] == [0, 1, 0]
    assert {line.role for line in lines} == {Role.MODERATOR}


@pytest.mark.one_database
def test_the_page_asks_once_an_hour_and_session_and_shows_nothing_before(
    house: House, make: Factory, pages: Pages
) -> None:
    member, moderator = make.person("Asked About"), make.person("The Reader", roles=(Role.MODERATOR,))
    client, other_browser = pages(moderator), pages(moderator)
    address = f"/people/{member.public_id}"
    asked = client.get(address)
    assert asked.status_code == 200
    assert "Asked About" not in asked.text
    refused = send(client, address, purpose="123")
    assert refused.status_code == 422
    assert 'value="123"' in refused.text
    assert send(client, address, purpose="She wrote to us").status_code == 303
    for _ in range(2):
        assert "Asked About" in client.get(address).text
    assert "Asked About" not in other_browser.get(address).text
    assert len(looks_at(house, member)) == 1
    mine = pages(member).get("/me/looked").text
    assert "She wrote to us" in mine
    assert "Moderator 1" in mine
    assert "The Reader" not in mine
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Look).values(at=now() - timedelta(minutes=61)))
    assert "Asked About" not in client.get(address).text


@pytest.mark.one_database
def test_a_form_that_is_sent_after_the_hour_keeps_its_words_and_is_another_look(
    house: House, make: Factory, pages: Pages
) -> None:
    member, moderator = make.person("Long Afternoon"), make.person(roles=(Role.MODERATOR,))
    client, address = pages(moderator), f"/people/{member.public_id}"
    send(client, address, purpose="She wrote to us")
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(update(Look).values(at=now() - timedelta(minutes=61)))
    refused = send(client, f"{address}/measure", measure="limit", days="", category="scam", reason="A long reason")
    assert refused.status_code == 422
    assert "A long reason" in refused.text
    assert [line.purpose for line in looks_at(house, member)] == ["She wrote to us"] * 2


@pytest.mark.one_database
def test_a_form_made_up_without_looking_first_shows_nothing(house: House, make: Factory, pages: Pages) -> None:
    member, moderator = make.person("Behind The Form"), make.person(roles=(Role.MODERATOR,))
    answer = send(pages(moderator), f"/people/{member.public_id}/measure", measure="limit", days="x")
    assert "Behind The Form" not in answer.text
    assert count_looks(house) == 0


@pytest.mark.one_database
def test_who_works_on_an_item_need_not_say_why_and_the_person_does_not_learn_what_it_is(
    house: House, make: Factory, pages: Pages
) -> None:
    scene = Scene(house, make)
    member, moderator, idle = make.person("In The Queue", language="ar"), scene.moderator(), scene.moderator()
    scene.report(make.person(), member)
    item = scene.claim(moderator, scene.item())
    address = f"/people/{member.public_id}?item={item.public_id}"
    assert "In The Queue" not in pages(idle).get(address).text
    with work.scope(house) as opened, opened.writing():
        opened.session.execute(
            update(QueueItem).values(
                claimed_session_id=select(func.max(LoginSession.id)).scalar_subquery(),
            )
        )
    client = pages(moderator)
    assert "In The Queue" in client.get(address).text
    (line,) = looks_at(house, member)
    assert "قائمة" in line.purpose or "queue" in line.purpose
    with work.scope(house) as opened:
        entry = opened.session.scalars(select(audit.AuditEntry).where(audit.AuditEntry.act == "person.look")).one()
        assert audit.reason_of(entry) == item.public_id
    elsewhere = make.person("Not In It")
    assert "Not In It" not in client.get(f"/people/{elsewhere.public_id}?item={item.public_id}").text


@pytest.mark.one_database
def test_a_member_asks_other_moderators_about_a_look_without_learning_the_name(
    house: House, make: Factory, pages: Pages
) -> None:
    member, reader = make.person(), make.person("Curious Reader", roles=(Role.MODERATOR,))
    second = make.person(roles=(Role.MODERATOR,))
    with work.scope(house):
        actions.note(reader, member.person_id, histories.HISTORY, "Just curious about her")
    client = pages(member)
    leads = re.search(r'href="(/report/look/[^"]+)"', client.get("/me/looked").text)
    assert leads is not None
    page = client.get(leads.group(1))
    assert "Curious Reader" not in page.text
    sent = send(client, leads.group(1), category="other", body="I never asked for that", hopes="")
    assert sent.status_code == 303
    with work.scope(house):
        from app.moderation.queries import Filters, items

        assert [line.about for line in items(second, Filters())[0]] == ["Curious Reader"]
        assert items(reader, Filters())[0] == []
    assert pages(second).get(leads.group(1)).status_code == 404


@pytest.mark.one_database
def test_long_lists_of_looks_have_pages(house: House, make: Factory, pages: Pages) -> None:
    member, moderator = make.person(), make.person(roles=(Role.MODERATOR,))
    with work.scope(house):
        for number in range(queries.PAGE + 1):
            actions.note(moderator, member.person_id, histories.HISTORY, f"Question number {number}")
    client = pages(member)
    first, second = client.get("/me/looked").text, client.get("/me/looked?page=2").text
    assert "Question number 0<" in second
    assert "Question number 0<" not in first
    assert "page=2" in first
    assert client.get("/me/looked?page=nonsense").status_code == 200
