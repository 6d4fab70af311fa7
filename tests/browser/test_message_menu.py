"""What one does with a message while the room is open: by mouse, by touch, and with the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.chat import actions, queries
from app.chat.models import Room, RoomMember
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.db import new_public_id
from tests.browser.conftest import Visits
from tests.factories import Factory
from tests.server import Server


@pytest.fixture(scope="module")
def tokens(site: Server) -> list[str]:
    """Sessions of three people, who meet in a new room for each test."""
    make = site.factory()
    return [make.token(name, language="en") for name in ("Noura", "Leila", "Samira Haddad")]


class Evening:
    """A room with three people in it, and pages of it."""

    def __init__(self, site: Server, visits: Visits, tokens: list[str]) -> None:
        self.make: Factory = site.factory()
        self.visits, self.tokens = visits, tokens
        self.noura, self.leila, self.samira = (self.make.actor(token) for token in tokens)
        self.room: Room = self.make.room(self.noura, self.leila, self.samira)

    def says(self, who: Actor, body: str, **more: object) -> None:
        with work.scope(self.make.house):
            here = queries.get_here(who, self.room.public_id)
            actions.post_message(who, here, client_id=new_public_id(), body=body, **more)  # type: ignore[arg-type]

    def open(self, number: int = 0, width: int = 1280) -> Page:
        page = self.visits(self.tokens[number], "en", width)
        page.goto(f"/rooms/{self.room.public_id}")
        expect(page.locator("[data-until-live]")).to_be_hidden(timeout=30_000)
        return page


@pytest.fixture
def evening(site: Server, open_page: Visits, tokens: list[str]) -> Evening:
    made = Evening(site, open_page, tokens)
    made.says(made.leila, "The well is open again")
    made.says(made.samira, "That is good to hear")
    # Whoever reads has read so far, so that the page opens at its end.
    with work.scope(made.make.house) as opened, opened.writing():
        here = RoomMember.room_id == made.room.id
        opened.session.execute(update(RoomMember).where(here).values(read_seq=2))
    return made


def test_a_message_is_answered_and_met_with_a_word_by_keyboard_alone(evening: Evening) -> None:
    page, other = evening.open(), evening.open(1, width=360)
    button = page.locator("#m1 .message__menu")
    button.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Answer")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(menu.get_by_role("menuitem", name="Everything else")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitemcheckbox", name="With you")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#m1 .message__said")).to_have_text("With you: you")
    expect(other.locator("#m1 .message__said")).to_have_text("With you: Noura")
    # Everybody may hear of it before her own page has its answer, from which the menu knows.
    expect(page.locator("#m1")).to_have_attribute("data-mine", "with-you")
    page.keyboard.press("Enter")
    expect(menu.get_by_role("menuitemcheckbox", name="With you")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(other.locator("#m1 .message__said")).to_have_count(0)

    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("[data-answered]")).to_contain_text("The well is open again")
    page.keyboard.type("At last")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-answering]")).to_be_hidden()
    quote = other.locator("#m3 .message__quote")
    expect(quote).to_contain_text("Leila: The well is open again")
    tab = other.context.new_page()
    tab.goto(f"/rooms/{evening.room.public_id}/messages/1/withdraw")
    tab.get_by_role("button", name="Withdraw").click()
    expect(other.locator("#m1 .message__body")).to_have_text("Withdrawn by whoever wrote it.")
    expect(quote).not_to_contain_text("well")


def test_what_may_lead_to_somebody_is_asked_about_before_anything_leaves_the_page(evening: Evening) -> None:
    with work.scope(evening.make.house):
        actions.keep_private_names(evening.noura, ["Grandmother Fatme"])
    page = evening.open(width=360)
    page.fill("#body", "Ask grandmother fatme, +963 944 123 456")
    page.click("[data-send]")
    asked = page.locator("[data-warning]")
    expect(asked.locator("mark")).to_have_text(["+963 944 123 456", "grandmother fatme"])
    expect(asked.get_by_role("button", name="Change it")).to_be_focused()
    expect(page.locator(".message")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_be_focused()
    expect(asked).to_be_hidden()
    page.click("[data-send]")
    asked.get_by_role("button", name="Send anyway").click()
    expect(page.locator(".message[data-seq='3'] .message__body")).to_contain_text("grandmother fatme")


def test_names_are_offered_while_typing_and_a_named_reader_finds_the_message_marked(evening: Evening) -> None:
    page, other = evening.open(), evening.open(2)
    page.locator("#body").focus()
    expect(page.locator("#body")).to_have_attribute("aria-controls", "names")  # what offers them is there
    page.locator("#body").press_sequentially("Are you coming, @sam")
    offered = page.get_by_role("listbox")
    expect(offered.get_by_role("option")).to_have_text(["Samira Haddad"])
    expect(page.locator("#body")).to_have_attribute("aria-activedescendant", "name-0")
    page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    page.keyboard.type("i")
    expect(offered).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_have_value("Are you coming, @Samira Haddad ")
    page.keyboard.press("Control+Enter")
    marked = other.locator("#m3.message--named")
    expect(marked.locator("bdi.named")).to_have_text("@Samira Haddad")
    expect(marked.locator(".message__marks")).to_have_text("names you")
    expect(page.locator("#m3.message--named")).to_have_count(0)
