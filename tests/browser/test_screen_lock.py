"""The screen's lock over a live room: the room leaves the screen, and what was being typed is there again."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.kernel import work
from app.safety.actions import lock
from app.safety.queries import drafts
from tests.browser.conftest import Visits
from tests.server import Server, wait_for

CODE = "7305"
LOCKED = re.compile(r"/lock\?next=")


@pytest.fixture
def room(site: Server, open_page: Visits) -> tuple[Page, str, str]:
    """An open room of somebody with a code: the page, their token, and where their draft is kept."""
    make = site.factory()
    token = make.token(language="en")
    nour = make.actor(token)
    made = make.room(nour, make.person())
    with work.scope(make.house):
        lock.set_code(nour, CODE, minutes=30)
    page = open_page(token, "en", 360)
    page.goto(f"/rooms/{made.public_id}")
    expect(page.locator("[data-until-live]")).to_be_hidden()
    return page, token, f"room:{made.public_id}"


def unlock(page: Page) -> None:
    page.get_by_label("Code").fill(CODE)
    page.get_by_role("button", name="Unlock").click()


def test_one_tap_locks_and_what_was_being_typed_comes_back(room: tuple[Page, str, str]) -> None:
    page, _token, _place = room
    page.fill("#body", "A heron at the window")
    page.get_by_role("button", name="Lock", exact=True).click()
    page.wait_for_url(LOCKED)
    assert "heron" not in page.content()
    unlock(page)
    expect(page.locator("#body")).to_have_value("A heron at the window")


def test_a_room_leaves_the_screen_when_it_is_locked_elsewhere(site: Server, room: tuple[Page, str, str]) -> None:
    page, token, _place = room
    make = site.factory()
    page.fill("#body", "A heron at the window")
    with work.scope(make.house):
        lock.lock(make.actor(token))
    page.wait_for_url(LOCKED)
    unlock(page)
    expect(page.locator("#body")).to_have_value("A heron at the window")


def test_typing_is_kept_by_itself_and_forgotten_when_it_is_sent(site: Server, room: tuple[Page, str, str]) -> None:
    page, token, place = room
    make = site.factory()

    def kept() -> str:
        with work.scope(make.house):
            return drafts.words_at(make.actor(token), place)

    page.fill("#body", "A heron at the window")
    wait_for(lambda: kept() == "A heron at the window", what="the draft to be kept")
    expect(page.locator("[data-composer] [name=draft]")).to_have_value("1")  # the page knows it, too
    page.get_by_role("button", name="Send").click()
    wait_for(lambda: not kept(), what="the draft to be forgotten")
    expect(page.locator("[data-messages]")).to_contain_text("A heron at the window")
