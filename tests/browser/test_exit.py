"""The way out, in a real browser: by the button or by Shift three times, whatever the page or the network does."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests
from playwright.sync_api import Dialog, Error, Page, expect

from app.chat.models import Room
from tests.browser.conftest import Visits
from tests.conftest import Template
from tests.factories import PASSPHRASE, Factory
from tests.server import Server, wait_for

SECRET = "These words must not be seen again"
LEAVE = "button[type=submit]:text-is('Leave now')"


class Neutral(BaseHTTPRequestHandler):
    """A page about nothing."""

    #: What each visitor's Referer was.
    came_from: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.came_from.append(self.headers["Referer"])
        page = b"<!doctype html><link rel=icon href='data:,'><title>Weather</title><h1>Weather</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def neutral() -> Iterator[ThreadingHTTPServer]:
    """A neutral site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Neutral)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(
    sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory, neutral: ThreadingHTTPServer
) -> Iterator[Server]:
    """A site whose exit leads to the neutral one."""
    folder = tmp_path_factory.mktemp("site") / "instance"
    shutil.copytree(sqlite_template.folder, folder)
    exit_url = f"http://127.0.0.1:{neutral.server_port}/weather"
    running = Server(folder, {"LIMITS": "off", "EXIT_URL": exit_url}).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def make(site: Server) -> Factory:
    return site.factory()


@pytest.fixture
def token(make: Factory) -> str:
    return make.token()


@pytest.fixture
def room(make: Factory, token: str) -> Room:
    """A room with something in it that nobody else should see."""
    actor = make.actor(token)
    made = make.room(actor)
    make.message(actor, made, SECRET)
    return made


def in_the_room(page: Page, room: Room) -> Page:
    page.goto("/rooms")
    page.goto(f"/rooms/{room.public_id}")
    expect(page.get_by_text(SECRET)).to_be_visible()
    return page


def is_out(page: Page, site: Server, token: str) -> None:
    """The neutral page is shown, the session is dead on the server, and Back shows nothing of the room."""
    page.wait_for_url(site.more["EXIT_URL"])
    expect(page).to_have_title("Weather")

    def is_dead() -> bool:
        cookie = {"Cookie": f"sanad={token}"}
        answer = requests.get(f"{site.address}/rooms", headers=cookie, allow_redirects=False, timeout=30)
        return answer.status_code == 302

    def has_cookie() -> bool:
        return "sanad" in {cookie.get("name") for cookie in page.context.cookies(site.address)}

    # A slow server is not waited for by the page, and hears of it all the same.
    wait_for(lambda: is_dead() and not has_cookie(), what="the session to end")
    for _ in range(3):
        try:
            page.go_back()
        except Error:
            pass  # a form that was sent is not shown again; what is shown then must be empty of us as well
        assert SECRET not in page.content()
        assert page.locator(".message__body").count() == 0


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_the_button_leads_out_and_nothing_leads_back(
    open_page: Visits, site: Server, token: str, room: Room, javascript: bool
) -> None:
    page = in_the_room(open_page(token, javascript=javascript), room)
    page.click(LEAVE)
    is_out(page, site, token)
    assert set(Neutral.came_from) == {None}, "nobody is told where they came from"


def test_shift_three_times_leads_out_from_the_middle_of_a_sentence(
    open_page: Visits, site: Server, token: str, room: Room
) -> None:
    page = in_the_room(open_page(token), room)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.fill("#body", "I was just about to")
    page.focus("#body")
    for _ in range(3):
        page.keyboard.press("Shift")
    is_out(page, site, token)
    assert asked == [], "nobody is asked whether they are sure"


def test_capitals_and_slow_presses_lead_nowhere(open_page: Visits, site: Server, token: str, room: Room) -> None:
    page = open_page(token)
    page.clock.install()
    in_the_room(page, room)
    page.focus("#body")
    for _ in range(4):
        page.keyboard.press("Shift+A")
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    page.keyboard.press("a")  # anything in between begins the count anew
    page.keyboard.press("Shift")
    page.clock.run_for(5100)
    for _ in range(2):
        page.keyboard.press("Shift")
    page.clock.run_for(5100)
    page.keyboard.press("Shift")
    expect(page.locator("#body")).to_have_value("AAAAa")
    assert page.url.endswith(room.public_id)
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    is_out(page, site, token)


def test_a_server_that_does_not_answer_keeps_nobody(open_page: Visits, site: Server, token: str, room: Room) -> None:
    page = in_the_room(open_page(token), room)
    page.route("**/exit", lambda _: None)  # it never does
    blank = "button => { button.click(); return [document.title, document.body.checkVisibility()]; }"
    assert page.locator(LEAVE).evaluate(blank) == ["", False], "at once"
    page.wait_for_url(site.more["EXIT_URL"])


def test_a_network_that_is_gone_keeps_nobody(open_page: Visits, site: Server, token: str, room: Room) -> None:
    page = in_the_room(open_page(token, expected=("ERR_FAILED",)), room)
    page.route("**/exit", lambda route: route.abort())
    page.click(LEAVE)
    page.wait_for_url(site.more["EXIT_URL"])


def test_a_page_from_before_signing_in_leads_out_as_well(
    open_page: Visits, site: Server, make: Factory, room: Room, token: str
) -> None:
    page = open_page(javascript=False)
    page.goto("/help")  # its form carries the token of a stranger, which ends with signing in
    other = page.context.new_page()
    other.goto("/sign-in")
    other.fill("#name", make.actor(token).name)
    other.fill("#passphrase", PASSPHRASE)
    other.keyboard.press("Enter")
    expect(other.locator('nav a[href="/rooms"]')).to_be_visible()
    signed_in = next(cookie["value"] for cookie in page.context.cookies() if cookie.get("name") == "sanad")
    page.click(LEAVE)
    is_out(page, site, signed_in)
    other.goto("/rooms")
    expect(other).to_have_title("Sign in · Sanad")


def test_the_exit_is_in_sight_on_a_phone_in_both_directions(open_page: Visits, token: str, room: Room) -> None:
    for language, label in (("ar", "خروج سريع"), ("en", "Leave now")):
        page = open_page(None, language=language, width=360)
        page.goto("/help")
        button = page.get_by_role("button", name=label)
        expect(button).to_be_in_viewport(ratio=1)
        page.mouse.wheel(0, 5000)
        page.wait_for_function("() => scrollY > 100")
        expect(button).to_be_in_viewport(ratio=1)
