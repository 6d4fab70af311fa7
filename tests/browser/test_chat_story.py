"""One story: two people meet in a room, one in Arabic on a slow phone, the other in English at a desk. They write, answer,
change and withdraw, look after each other's attention, talk alone, sit in a circle, and meet somebody who hurts.

What Amal does without scripts she does in a second browser. Pictures are kept under test-results/chat-story-*.png.
"""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from app.chat import actions as chat
from app.chat import queries
from app.chat.models import Room, RoomMember, RoomRole
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from tests.browser.conftest import Visits
from tests.browser.in_a_room import BROKEN_NETWORK, slow_down
from tests.browser.walking import ARABIC, ENGLISH, Walk, press, submit
from tests.membership.people import People

HURTS = "You are a liar and everybody knows it"
BESIDE = "This stands beside it and is nobody else's business"


class Town(Walk):
    """Everybody in the story: Amal and Lina, Omar who is loud, and Hala who moderates."""

    def __init__(self, people: People, open_page: Visits, shot: Callable[[Page, str], Path]) -> None:
        super().__init__(people.make, open_page, shot, "chat-story", "both")
        self.amal = people.settled("أمل الحدائق", language="ar")
        self.lina = people.settled("Lina of the bridge")
        self.omar = people.settled("Omar the loud")
        self.hala = people.settled("Hala", roles=(Role.MEMBER, Role.MODERATOR))
        self.room: Room = people.make.room(self.lina, self.omar, self.hala, name="Evening")
        self.address = f"/rooms/{self.room.public_id}"
        with work.scope(people.house) as opened, opened.writing():
            host = update(RoomMember).where(RoomMember.room_id == self.room.id, RoomMember.person_id == self.lina.id)
            opened.session.execute(host.values(role=RoomRole.HOST))
        #: The pages of the two in the room, open for as long as the story is there.
        self.phone = self.enter(self.amal, *ARABIC)
        self.desk = self.enter(self.lina, *ENGLISH)
        self.plain = self.enter(self.amal, *ARABIC, scripts=False)

    def enter(self, actor: Actor, language: str, width: int, *, scripts: bool = True) -> Page:
        """One more browser of somebody."""
        return self.open_page(
            self.make.another_session(actor), language, width, javascript=scripts, expected=BROKEN_NETWORK
        )

    def says(self, actor: Actor, body: str) -> int:
        """Somebody writes through a browser of their own; returns the number."""
        page = self.visit(actor, self.address)
        before = page.locator(".message[data-seq]").count()
        write(page, body)
        expect(page.locator(".message[data-seq]")).to_have_count(before + 1)
        return number(page.locator(".message").last)


def write(page: Page, body: str) -> None:
    page.fill("#body", body)
    page.click("[data-send]")


def is_live(page: Page) -> None:
    expect(page.locator("[data-until-live]")).to_be_hidden(timeout=30_000)


def line(page: Page, text: str) -> Locator:
    """The line in which something stands."""
    return page.locator(".message", has_text=text).first


def number(found: Locator) -> int:
    expect(found).to_have_attribute("data-seq", re.compile("[0-9]+"))
    return int(found.get_attribute("data-seq") or 0)


def test_the_whole_story(people: People, open_page: Visits, shot: Callable[[Page, str], Path]) -> None:
    town = Town(people, open_page, shot)

    comes_in_through_the_door(town)
    they_write_to_each_other(town)
    the_phone_loses_its_network(town)
    one_answers_and_names_the_other(town)
    one_says_something_without_writing(town)
    a_slip_is_mended_and_a_word_taken_back(town)
    what_should_stay_at_hand_is_pinned(town)
    what_is_heavy_stands_behind_a_note(town)
    a_picture_is_opened_when_somebody_wants_it(town)
    what_was_said_is_found_again(town)
    a_number_is_not_sent_by_mistake(town)
    they_talk_alone(town)
    they_sit_in_a_circle(town)
    somebody_loud_is_paused(town)
    what_hurts_alone_is_reported_by_itself(town)


def comes_in_through_the_door(town: Town) -> None:
    for page in (town.phone, town.desk):
        page.goto("/rooms")
    press(town.phone.locator(f'main a[href="{town.address}"]').first)
    expect(town.phone.locator(".door")).to_contain_text("Lina of the bridge")
    town.keep(town.phone, "01-door")
    press(town.phone.locator('form[action$="/join"] button'))
    is_live(town.phone)
    slow_down(town.phone)
    town.desk.goto(town.address)
    is_live(town.desk)


def they_write_to_each_other(town: Town) -> None:
    write(town.phone, "مساء الخير")
    expect(line(town.desk, "مساء الخير").locator(".message__author")).to_have_text("أمل الحدائق")
    write(town.desk, "Good evening, **welcome**")
    expect(line(town.phone, "Good evening").locator("strong")).to_have_text("welcome")
    expect(town.desk.locator("[data-announcer]")).to_contain_text("1 new message")
    town.keep(town.phone, "02-phone")
    town.keep(town.desk, "02-desk")


def the_phone_loses_its_network(town: Town) -> None:
    town.phone.context.set_offline(True)
    write(town.phone, "كتبتُ هذا في النفق")
    expect(town.phone.locator(".message--pending")).to_have_count(1)
    write(town.desk, "Are you still there?")
    town.keep(town.phone, "03-offline")
    town.phone.context.set_offline(False)
    expect(line(town.phone, "Are you still there?")).to_be_visible(timeout=30_000)
    expect(line(town.desk, "كتبتُ هذا في النفق")).to_be_visible(timeout=30_000)
    expect(town.phone.locator("[data-client-id]")).to_have_count(0, timeout=30_000)
    assert town.desk.locator(".message", has_text="في النفق").count() == 1


def one_answers_and_names_the_other(town: Town) -> None:
    answered = number(line(town.desk, "في النفق"))
    town.desk.goto(f"{town.address}?reply={answered}#body")
    is_live(town.desk)
    expect(town.desk.locator("[data-answering]")).to_contain_text("في النفق")
    write(town.desk, "@أمل الحدائق, which tunnel?")
    answer = line(town.phone, "which tunnel?")
    expect(answer.locator(".message__quote")).to_contain_text("في النفق")
    expect(answer).to_have_class(re.compile("message--named"))
    expect(town.desk.locator("[data-answering]")).to_be_hidden()
    town.keep(town.phone, "04-answered")
    town.plain.goto("/notices")
    expect(town.plain.locator(f'main a[href="{town.address}"], main a[href^="/notices/"]').first).to_be_visible()


def one_says_something_without_writing(town: Town) -> None:
    town.plain.goto(f"{town.address}/messages/{number(line(town.phone, 'which tunnel?'))}")
    press(town.plain.locator('button[value="thank-you"]'))
    expect(line(town.desk, "which tunnel?")).to_contain_text("Thank you: أمل الحدائق")
    expect(line(town.phone, "which tunnel?").locator(".message__said")).to_be_visible()
    expect(town.desk.locator("[data-announcer]")).not_to_contain_text("Thank")
    town.keep(town.plain, "05-message")


def a_slip_is_mended_and_a_word_taken_back(town: Town) -> None:
    slip = number(line(town.phone, "في النفق"))
    town.plain.goto(f"{town.address}/messages/{slip}/change")
    submit(town.plain, body="كتبتُ هذا في القطار")
    expect(line(town.desk, "في القطار").locator(".message__marks")).to_contain_text("edited")
    expect(town.desk.locator(".message__body", has_text="في النفق")).to_have_count(0)
    write(town.phone, "ما كان يجب أن أقول هذا")
    regretted = number(line(town.desk, "ما كان يجب"))
    town.plain.goto(f"{town.address}/messages/{regretted}/withdraw")
    town.keep(town.plain, "06-withdraw")
    press(town.plain.locator("main form button.button--danger"))
    expect(town.desk.locator(f"#m{regretted}")).to_contain_text("Withdrawn by whoever wrote it.")
    expect(town.phone.locator(f"#m{regretted}")).not_to_contain_text("ما كان يجب")
    town.keep(town.desk, "06-withdrawn")


def what_should_stay_at_hand_is_pinned(town: Town) -> None:
    kept = town.says(town.lina, "We meet here every Thursday")
    page = town.visit(town.lina, f"{town.address}/messages/{kept}")
    press(page.locator('form[action$="/pin"] button'))
    expect(line(town.phone, "every Thursday").locator(".message__marks")).to_be_visible()
    town.plain.goto(f"{town.address}/pins")
    expect(town.plain.locator(".message")).to_contain_text(["every Thursday"])
    town.keep(town.plain, "07-pins")


def what_is_heavy_stands_behind_a_note(town: Town) -> None:
    details = town.desk.locator("details:has(#note)")
    details.locator("summary").click()
    town.desk.fill("#note", "About the cell")
    write(town.desk, "There was one window")
    folded = town.phone.locator(".message__fold", has_text="About the cell")
    expect(folded).to_be_visible()
    expect(folded.locator(".message__body")).to_be_hidden()
    town.keep(town.phone, "08-note")
    folded.locator("summary").click()
    expect(folded.locator(".message__body")).to_have_text("There was one window")
    assert town.desk.input_value("#note") == ""


def a_picture_is_opened_when_somebody_wants_it(town: Town) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (640, 400), "#2F5D50").save(picture, "PNG")
    town.desk.locator(".attach__more summary").click()
    town.desk.set_input_files("#file", {"name": "roof.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    town.desk.fill("#described", "The roof, from above")
    town.desk.click("[data-bring]")
    expect(town.desk.locator("[data-attached] .file")).to_have_count(1)
    write(town.desk, "This is the roof")
    shown = line(town.phone, "This is the roof").locator(".file")
    expect(shown).to_contain_text("The roof, from above")
    assert town.phone.locator(".message img").count() == 0, "nothing is loaded unasked"
    shown.locator("a").click()
    expect(shown.locator("img")).to_have_js_property("complete", True)
    assert shown.locator("img").evaluate("picture => picture.naturalWidth") == 640
    town.keep(town.phone, "09-picture")


def what_was_said_is_found_again(town: Town) -> None:
    town.plain.goto("/rooms/search")
    submit(town.plain, words="القطار")
    found = town.plain.locator(".found")
    expect(found).to_have_count(1)
    expect(found.locator("mark").first).to_contain_text("القطار")
    assert "%D8" not in town.plain.url, "what is looked for stands in no address"
    town.keep(town.plain, "10-found")
    found.locator(".found__where a").click()
    expect(town.plain.locator(".message--own", has_text="في القطار")).to_be_visible()


def a_number_is_not_sent_by_mistake(town: Town) -> None:
    town.plain.goto(town.address)
    town.plain.fill("#body", "رقمي 0944 123 456")
    press(town.plain.locator("[data-send]"))
    expect(town.plain.locator("mark")).to_contain_text("0944 123 456")
    assert town.plain.input_value("#body") == "رقمي 0944 123 456"
    town.keep(town.plain, "11-warning")
    town.plain.fill("#body", "أرسل رقمي لاحقاً")
    press(town.plain.locator("[data-send]"))
    expect(line(town.desk, "أرسل رقمي لاحقاً")).to_be_visible()
    expect(town.desk.locator(".message", has_text="0944")).to_have_count(0)


def they_talk_alone(town: Town) -> None:
    hers = number(line(town.phone, "every Thursday"))
    town.plain.goto(f"{town.address}/messages/{hers}/talk")
    submit(town.plain, body="أود أن أسألك عن شيء")
    talk = town.plain.url
    page = town.visit(town.lina, "/rooms")
    page.locator("main").get_by_role("link", name="Conversations").click()
    page.locator("main .rows__title a", has_text="أمل").click()
    expect(page.locator(".message__body").last).to_contain_text("أود أن أسألك")
    town.keep(page, "12-asked")
    press(page.locator('form[action$="/accept"] button'))
    is_live(page)
    write(page, "Ask me anything: https://example.org/it")
    number(line(page, "Ask me anything"))
    town.plain.goto(talk)
    expect(town.plain.locator(".message", has_text="Ask me anything")).to_be_visible()
    town.keep(town.plain, "12-talk")


def they_sit_in_a_circle(town: Town) -> None:
    page = town.visit(town.lina, "/rooms/new/circle")
    at = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")
    submit(page, name_ar="حلقة الخميس", name_en="Thursday circle", begins_at=at, zone="UTC", minutes="60")
    circle = re.sub("/about$", "", page.url)
    page.goto(f"{circle}/circle")
    press(page.locator('form[action$="/begin"] button'))
    is_live(page)
    town.phone.goto(circle)
    press(town.phone.locator('form[action$="/join"] button'))
    is_live(town.phone)
    write(town.phone, "هذا لا يبقى")
    expect(line(page, "هذا لا يبقى")).to_be_visible()
    town.keep(town.phone, "13-circle")
    host = town.enter(town.lina, *ENGLISH)
    host.goto(f"{circle}/circle/end")
    press(host.locator("main form button.button--danger"))
    expect(town.phone.locator(".message[data-seq]")).to_have_count(0)
    expect(town.phone.locator("[data-why]")).to_be_visible()
    town.keep(town.phone, "13-over")


def somebody_loud_is_paused(town: Town) -> None:
    town.says(town.omar, "LISTEN TO ME ALL OF YOU")
    page = town.visit(town.hala, f"{town.address}/pause")
    submit(page, person=town.omar.public_id, hours="8", reason="You shouted four times. Come back this evening.")
    town.keep(page, "14-order")
    theirs = town.browsers[town.omar.public_id, "en"]
    write(theirs, "AND ANOTHER THING")
    expect(theirs.locator(".message--failed")).to_contain_text("AND ANOTHER THING")
    expect(theirs.locator("[data-why]")).to_contain_text("Writing in this room is paused for you")
    expect(theirs.locator("[data-send]")).to_be_disabled()
    town.keep(theirs, "14-paused")


def what_hurts_alone_is_reported_by_itself(town: Town) -> None:
    with work.scope(town.make.house):
        room = queries.get_here(town.amal, re.findall(r"/rooms/([^/?#]+)", town.plain.url)[0])
        there = room.public_id
        lina = queries.get_here(town.lina, there)
        for at, body in enumerate((HURTS, BESIDE)):
            chat.post_message(town.lina, lina, client_id=f"story-{at:08}", body=body)
    page = town.plain
    page.goto(f"/rooms/{there}")
    page.locator(".room__about summary").click()
    page.locator('.room__about a[href$="/report"]').click()
    page.locator(".choice", has_text=HURTS).locator("input").check()
    town.keep(page, "15-picking")
    press(page.locator("main form button[type=submit]"))
    page.locator('main form [name="category"]').first.check()
    submit(page, body="لا أريد أن أُخاطَب هكذا")
    moderator = town.visit(town.hala, "/queue")
    moderator.locator("main .rows__title a[href^='/queue/']").first.click()
    press(moderator.locator("form[action$='/claim'] button"))
    expect(moderator.locator("main")).to_contain_text(HURTS)
    assert BESIDE not in moderator.content()
    assert "أود أن أسألك" not in moderator.content()
    town.keep(moderator, "15-reported")
