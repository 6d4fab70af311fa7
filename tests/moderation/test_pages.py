"""Pages of moderation, as people meet them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from app.identity.models import Person
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.audit import AuditEntry, reason_of
from app.kernel.house import House
from app.kernel.signals import Words
from app.kernel.web.context import DemoSeen
from app.moderation import actions, queries
from app.moderation.models import Appeal, Category, Measure, MeasureKind, Outcome, QueueItem, Report
from tests.factories import Factory
from tests.house.matrix import form_token
from tests.moderation.scene import Scene

pytestmark = pytest.mark.one_database


def browser(scene: Scene, app: Flask, actor: Actor) -> FlaskClient:
    """A browser in which this person is signed in."""
    client = app.test_client()
    scene.make.sign_in(client, scene.make.another_session(actor))
    return client


def send(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    return client.post(address, data={**fields, "csrf_token": form_token(client)})


def test_a_member_reports_follows_and_hears_and_the_person_learns_nothing(scene: Scene, app: Flask) -> None:
    reporter, loud, moderator = scene.make.person("Reporting One"), scene.make.person("Loud One"), scene.moderator()
    here, there = browser(scene, app, reporter), browser(scene, app, moderator)
    address = f"/report/person/{loud.public_id}"
    assert "Loud One" not in here.get(address).text, "an id must not lead to a name"
    assert send(here, address, body="").status_code == 422
    made = send(here, address, category="harassment", body="He will not stop", hopes="An apology")
    assert made.status_code == 303
    assert "He will not stop" in here.get(made.headers["Location"]).text
    assert "Open" in here.get("/me/reports").text

    item = scene.item().public_id
    assert item in there.get("/queue").text
    assert "He will not stop" not in there.get(f"/queue/{item}").text, "nothing is open before somebody takes it on"
    assert send(there, f"/queue/{item}/claim").status_code == 303
    page = there.get(f"/queue/{item}").text
    assert "He will not stop" in page
    assert "<details" in page.split("He will not stop")[0].rpartition("<section")[2], "people's words are folded"
    with work.scope(scene.house) as opened:
        report = opened.session.scalars(select(Report.public_id)).one()
    assert send(there, f"/queue/{item}/ask/{report}", body="Since when?").status_code == 303
    assert "A question about your report" in here.get("/").text
    assert send(here, f"/me/reports/{report}", body="For a week").status_code == 303
    filled = there.get(f"/queue/{item}?template=harassment&in=ar").text
    assert "كان مؤذياً لعضو آخر" in filled, "in the language that was asked for"
    refused = send(there, f"/queue/{item}/decide", measure="pause-posting", days=3, category="harassment", words="keep")
    assert refused.status_code == 422
    decided = send(
        there,
        f"/queue/{item}/decide",
        measure="pause-posting",
        days=3,
        category="harassment",
        words="keep",
        reason="You insulted somebody",
        text="We have acted",
    )
    assert decided.status_code == 303
    assert "We have acted" in here.get(f"/me/reports/{report}").text
    standing = browser(scene, app, loud).get("/me/standing").text
    assert "You insulted somebody" in standing
    assert "Reporting One" not in standing
    assert "He will not stop" not in standing


def test_a_suspended_member_sees_their_standing_and_appeals_and_nothing_else(scene: Scene, app: Flask) -> None:
    member, moderator = scene.make.person(), scene.moderator()
    scene.measure(scene.moderator(), member, MeasureKind.SUSPEND)
    client = browser(scene, app, member)
    assert client.get("/rooms").status_code == 404
    page = client.get("/me/standing").text
    assert "Insults in the evening room" in page
    link = re.search(r'href="(/me/standing/[^"]+/appeal)"', page)
    assert link is not None
    assert client.get(link.group(1)).status_code == 200
    sent = send(client, link.group(1), body="I quoted a poem")
    assert sent.status_code == 303
    assert "I quoted a poem" in client.get(sent.headers["Location"]).text
    assert send(client, sent.headers["Location"], body="About rain").status_code == 303
    assert "appeal" not in re.findall(r'href="/me/standing/[^"]+/(appeal)"', client.get("/me/standing").text)
    staff, item = browser(scene, app, moderator), scene.item("appeal")
    assert send(staff, f"/queue/{item.public_id}/claim").headers["Location"] == f"/appeals/{item.ref}"
    assert "I quoted a poem" in staff.get(f"/appeals/{item.ref}").text
    assert send(staff, f"/appeals/{item.ref}", body="Which one?").status_code == 303
    assert send(staff, f"/appeals/{item.ref}/decide", decision="grant").status_code == 422
    assert send(staff, f"/appeals/{item.ref}/decide", decision="grant", text="We read it").status_code == 303
    assert browser(scene, app, member).get("/rooms").status_code == 200


def test_staff_find_a_person_by_name_only_and_each_look_is_recorded(scene: Scene, app: Flask) -> None:
    moderator, member = scene.moderator(), scene.make.person("Found By Name")
    client = browser(scene, app, moderator)
    assert "Found By Name" not in client.get("/people").text
    assert send(client, "/people", name="Found").status_code == 404
    found = send(client, "/people", name="found by name").headers["Location"]
    assert found == f"/people/{member.public_id}"
    assert "Found By Name" not in client.get(f"{found}?item=AAAAAAAA").text
    assert send(client, found, purpose="Her own question").status_code == 303
    assert "Found By Name" in client.get(found).text
    with work.scope(scene.house) as opened:
        looks = list(opened.session.scalars(select(AuditEntry).where(AuditEntry.act == "person.look")))
        assert [(one.actor, one.target, reason_of(one)) for one in looks] == [
            (moderator.public_id, member.public_id, "Her own question")
        ]
    assert send(client, f"{found}/note", note="Calm on the telephone").status_code == 303
    assert "Calm on the telephone" in client.get(found).text
    assert "Calm on the telephone" not in browser(scene, app, member).get("/me/standing").text
    taken = send(
        client, f"{found}/measure", measure="limit", days=5, category="scam", words="keep", reason="A false offer"
    )
    assert taken.status_code == 303
    assert "Found By Name" in client.get("/people").text
    lift = re.search(r'href="(/measures/[^"]+/lift)"', client.get(found).text)
    assert lift is not None
    assert client.get(lift.group(1)).status_code == 200
    assert send(client, lift.group(1), reason="It was honest").status_code == 303
    assert client.get(f"/people/{moderator.public_id}").status_code == 404


def test_a_removal_is_proposed_and_carried_out_by_pages(scene: Scene, app: Flask) -> None:
    first, second, member = scene.moderator(), scene.moderator(), scene.make.person("Leaving One")
    one, other = browser(scene, app, first), browser(scene, app, second)
    fields = {"measure": "remove", "category": "safety", "words": "delete", "reason": "An informer", "days": 7}
    assert send(one, f"/people/{member.public_id}/measure", **fields).status_code == 303
    with work.scope(scene.house):
        (line,), _more = queries.proposals(second)
    address = f"/proposals/{line.public_id}"
    assert f"{address}/consent" not in one.get(address).text
    assert send(one, f"{address}/consent").status_code == 403
    assert "Leaving One" in other.get("/proposals").text
    assert f"{address}/consent" in other.get(address).text
    assert send(other, f"{address}/consent").status_code == 303
    assert "An informer" in browser(scene, app, member).get("/me/standing").text
    assert "Done" in one.get("/proposals?state=decided").text


def test_an_administrator_proposes_a_role_declares_an_emergency_and_reads_the_record(scene: Scene, app: Flask) -> None:
    administrator, second, member = scene.administrator(), scene.administrator(), scene.make.person()
    client = browser(scene, app, administrator)
    assert client.get(f"/people/{member.public_id}").status_code == 200
    fields = {"role": "vetter", "change": "give", "text": "She knows everybody"}
    assert send(client, f"/people/{member.public_id}/role", **fields).status_code == 303
    with work.scope(scene.house):
        (line,), _more = queries.proposals(second)
    assert "Give: Vetter" in browser(scene, app, second).get(f"/proposals/{line.public_id}").text
    assert client.get("/emergency").status_code == 200
    assert send(client, "/emergency", reason="Somebody is followed").status_code == 303
    page = client.get("/record?act=emergency.begin").text
    assert "Somebody is followed" not in page
    number = re.search(r'action="/record/(\d+)/reason', page)
    assert number is not None
    assert "Somebody is followed" in send(client, f"/record/{number.group(1)}/reason").text
    assert "record.open-reason" in client.get("/record").text
    member_page = browser(scene, app, member).get("/moderation/log").text
    assert "Emergencies" in member_page


def test_a_code_for_somebody_without_a_passphrase_is_shown_once(scene: Scene, app: Flask) -> None:
    first, second, member = scene.moderator(), scene.moderator(), scene.make.person()
    send(browser(scene, app, first), f"/people/{member.public_id}/reset", reason="We spoke")
    with work.scope(scene.house):
        (line,), _more = queries.proposals(second)
    other = browser(scene, app, second)
    shown = send(other, f"/proposals/{line.public_id}/consent")
    assert shown.status_code == 200
    code = re.search(r'class="fresh"><bdi class="code" dir="ltr">([^<]+)<', shown.text)
    assert code is not None
    assert code.group(1) not in other.get(f"/proposals/{line.public_id}").text


def test_like_reports_are_answered_together_by_page(scene: Scene, app: Flask) -> None:
    reporter, loud, moderator = scene.make.person(), scene.make.person(), scene.moderator()
    scene.report(reporter, loud)
    room = scene.make.room(loud, reporter)
    seq = scene.make.message(loud, room, "one").seq
    with work.scope(scene.house) as opened:
        actions.report(reporter, "message", f"{room.public_id}.{seq}", category=Category.SCAM, says="x", hopes="")
        ids = list(opened.session.scalars(select(QueueItem.public_id)))
    client = browser(scene, app, moderator)
    asked = send(client, "/queue/together", item=ids)
    assert asked.status_code == 200
    assert "One answer for all of these" in asked.text
    assert send(client, "/queue/together", item=ids, sure="1", text="").status_code == 422
    assert send(client, "/queue/together", item=ids, sure="1", text="Thank you both").status_code == 303
    assert browser(scene, app, reporter).get("/me/reports").text.count("Answered") == 2


def test_the_figures_and_the_log_count_without_names(scene: Scene, app: Flask) -> None:
    moderator = scene.make.person("Moderator Named", roles=(Role.MODERATOR,))
    for _ in range(4):
        scene.measure(moderator, scene.make.person())
    scene.measure(moderator, scene.make.person("Member Named"), MeasureKind.LIMIT)
    scene.report(scene.make.person(), scene.make.person())
    scene.claim(moderator, scene.item())
    with work.scope(scene.house) as opened:
        actions.close_reports(
            moderator, [opened.session.get_one(QueueItem, scene.item().id)], outcome=Outcome.NOTHING, answer="x"
        )
    log = browser(scene, app, scene.make.person()).get("/moderation/log").text
    assert re.search(r"Posting paused</th><td>Harassment</td><td>4</td><td>0</td>", log)
    assert re.search(r"Limited</th><td>Harassment</td><td>a few</td>", log)
    figures = browser(scene, app, moderator).get("/moderation/figures").text
    assert "nobody's own number" in figures, "one person's load is not shown"
    assert "<svg" in figures
    assert "1 of 1 in time" in figures
    for page in (log, figures):
        assert "Member Named" not in page
    assert "Moderator Named" not in log
    assert figures.count("Moderator Named") == 1, "in the footer alone: who is signed in"


def test_a_moderator_chooses_how_much_a_day_and_is_told_but_never_refused(scene: Scene, app: Flask) -> None:
    client = browser(scene, app, scene.moderator())
    assert send(client, "/queue/limit", limit="0").status_code == 422
    assert send(client, "/queue/limit", limit="1").status_code == 303
    for _ in range(2):
        scene.report(scene.make.person(), scene.make.person())
        assert send(client, f"/queue/{scene.item().public_id}/claim").status_code == 303
    assert "as much as you wanted" in client.get("/queue").text
    assert send(client, f"/queue/{scene.item().public_id}/put-back").status_code == 303
    assert send(client, "/queue/leave").status_code == 303


@pytest.mark.parametrize("address", ["/queue", "/people", "/proposals", "/moderation/figures", "/record", "/emergency"])
def test_members_find_nothing_where_staff_work(scene: Scene, app: Flask, address: str) -> None:
    assert browser(scene, app, scene.make.person()).get(address).status_code == 404


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """What is asked of both databases meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append(statement)

    engines = (house.databases.data, house.databases.keys)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def test_no_page_asks_more_often_because_there_is_more_to_show(
    scene: Scene, app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoSeen, "LOOK_AGAIN_SECONDS", 1e9)
    moderator, reading, reporter, busy = scene.moderator(), scene.moderator(), make.person(), make.person()
    client, own = browser(scene, app, reading), browser(scene, app, reporter)
    scene.report(make.person(), busy)
    item = scene.item()
    assert send(client, f"/queue/{item.public_id}/claim").status_code == 303
    pages = [
        (client, "/queue"),
        (client, f"/queue/{item.public_id}"),
        (client, "/people"),
        (client, f"/people/{busy.public_id}"),
        (client, "/proposals"),
        (client, "/moderation/figures"),
        (client, "/record"),
        (own, "/me/reports"),
        (own, "/me/standing"),
        (own, "/moderation/log"),
    ]
    found: dict[int, list[int]] = {}
    for times in (5, 50):
        fill(scene, moderator, reporter, busy, times)
        counts = []
        for who, address in pages:
            who.get(address)
            scene.house.vault._opened.clear()
            with statements(scene.house) as asked:
                assert who.get(address).status_code == 200
            counts.append(len(asked))
        found[times] = counts
    assert found[5] == found[50]


def fill(scene: Scene, moderator: Actor, reporter: Actor, busy: Actor, times: int) -> None:
    """So many reports, measures, notes and proposals more."""
    scene.house.budgets._enabled = False
    for _ in range(times):
        other = scene.make.person()
        scene.report(reporter, other)
        scene.report(other, busy)
        scene.measure(moderator, other)
        with work.scope(scene.house) as opened:
            person = opened.session.get_one(Person, other.person_id)
            actions.propose_removal(moderator, person, category=Category.SCAM, reason="x", words=Words.KEEP)
            actions.write_note(moderator, opened.session.get_one(Person, busy.person_id), note="A note")
            actions.lift(moderator, _limit(moderator, busy), reason="y")
            actions.lift(moderator, _limit(moderator, reporter), reason="y")


def _limit(by: Actor, about: Actor) -> Measure:
    return actions.take(by, about.person_id, MeasureKind.LIMIT, category=Category.OTHER, reason="x", days=2)


def test_an_appeal_of_others_is_not_found(scene: Scene, app: Flask) -> None:
    member = scene.make.person()
    measure = scene.measure(scene.moderator(), member)
    with work.scope(scene.house) as opened:
        actions.appeal(member, queries.get_own_measure(member, measure.public_id), body="Mine")
        appeal = opened.session.scalars(select(Appeal.public_id)).one()
    stranger = browser(scene, app, scene.make.person())
    assert stranger.get(f"/me/appeals/{appeal}").status_code == 404
    assert stranger.get(f"/me/standing/{measure.public_id}/appeal").status_code == 404
