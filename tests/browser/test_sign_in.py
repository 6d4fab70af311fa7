"""From the sign-in page to a message in a room with nothing but a keyboard, with scripts and without."""

import pytest
from playwright.sync_api import Page, expect

from app.chat.models import Room
from app.kernel.actor import Actor
from tests.browser.conftest import Visits
from tests.factories import PASSPHRASE, Factory
from tests.server import Server

SCREENS = pytest.mark.parametrize(("language", "width"), [("ar", 360), ("en", 1280)])
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
NAMES = {"ar": "نور", "en": "Nour"}
ROOMS = 'nav a[href="/rooms"]'
#: Presses of Tab after which something counts as out of reach.
FAR = 40


@pytest.fixture(scope="module")
def people(site: Server) -> tuple[Room, dict[str, Actor]]:
    """A room, and somebody of each language who is in it."""
    make: Factory = site.factory()
    members = {language: make.person(name, language=language) for language, name in NAMES.items()}
    return make.room(*members.values()), members


def reach(page: Page, what: str) -> None:
    """Press Tab until `what` has the focus."""
    for _ in range(FAR):
        if page.locator(f"{what}:focus").count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} is not within {FAR} presses of Tab")


@SCREENS
@SCRIPTS
def test_a_message_is_written_with_the_keyboard_alone(
    open_page: Visits, people: tuple[Room, dict[str, Actor]], language: str, width: int, javascript: bool
) -> None:
    room, _members = people
    page = open_page(language=language, width=width, javascript=javascript)
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    reach(page, "#name")
    page.keyboard.type(NAMES[language])
    page.keyboard.press("Tab")
    expect(page.locator("#passphrase")).to_be_focused()
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator(ROOMS)).to_be_visible()
    reach(page, ROOMS)
    page.keyboard.press("Enter")
    door = f'main a[href="/rooms/{room.public_id}"]'
    expect(page.locator(door)).to_be_visible()
    reach(page, door)
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_be_visible()
    if javascript:
        expect(page.locator("[data-until-live]")).to_be_hidden()
    reach(page, "#body")
    said = f"{language} {width} {javascript}"
    page.keyboard.type(said)
    reach(page, "[data-send]")
    page.keyboard.press("Enter")
    expect(page.locator(".message__body").last).to_have_text(said)
    expect(page.locator("[data-client-id]")).to_have_count(0)


@SCREENS
@SCRIPTS
def test_what_to_correct_is_found_and_mended_with_the_keyboard_alone(
    open_page: Visits, people: tuple[Room, dict[str, Actor]], language: str, width: int, javascript: bool
) -> None:
    page = open_page(language=language, width=width, javascript=javascript)
    page.goto("/sign-in")
    reach(page, "#name")
    page.keyboard.type(NAMES[language])
    page.keyboard.press("Enter")
    summary = page.locator(".error-summary")
    expect(summary).to_be_visible()
    if javascript:
        expect(summary).to_be_focused()
    expect(page.locator("#name")).to_have_value(NAMES[language])
    reach(page, '.error-summary a[href="#passphrase"]')
    page.keyboard.press("Enter")
    expect(page.locator("#passphrase")).to_be_focused()
    expect(page.locator("#passphrase")).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("not the right one at all")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary li")).to_have_count(1)
    expect(page.locator("#name")).to_have_value(NAMES[language])
    expect(page.locator("#passphrase")).to_have_value("")
    reach(page, "#passphrase")
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator(ROOMS)).to_be_visible()


def test_a_person_is_led_back_to_the_room_they_came_for(
    open_page: Visits, people: tuple[Room, dict[str, Actor]]
) -> None:
    room, _members = people
    page = open_page()
    page.goto(f"/rooms/{room.public_id}")
    expect(page).to_have_title("Sign in · Sanad")
    page.fill("#name", NAMES["en"])
    page.fill("#passphrase", PASSPHRASE)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/rooms/{room.public_id}")
    expect(page.locator("#body")).to_be_visible()
