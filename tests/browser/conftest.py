"""A real browser before a real server. A page that complains, or asks anyone but us for anything, fails its test."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from app.kernel.i18n import LANGUAGE_COOKIE
from app.kernel.sessions import PLAIN_COOKIE
from tests.conftest import Template, missing
from tests.membership.people import People
from tests.server import ROOT, Server
from tools import machine

HERE = Path(__file__).parent
RESULTS = ROOT / "test-results"
LOCALES = {"ar": "ar-SY", "en": "en-GB"}
#: Milliseconds until something that a page should do counts as not done.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
#: Nothing leaves the machine: not the browser's own services, not a name that a page might ask for.
ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a worker; each page has a context, and thus cookies, of its own."""
    program = machine.browser()
    if program is None:
        missing("chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(ALONE))
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server on an instance of this module's own, without budgets. `site.factory()` makes people in it."""
    folder = tmp_path_factory.mktemp("site") / "instance"
    shutil.copytree(sqlite_template.folder, folder)
    running = Server(folder, {"LIMITS": "off"}).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def people(site: Server) -> Iterator[People]:
    """Makes the people of a story on the site of its module."""
    make = site.factory()
    yield People(make.house, make)
    make.house.close()


@dataclass
class Visits:
    """Opens pages on a site as somebody, and keeps what went wrong in them."""

    browser: Browser
    site: Server
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __call__(
        self,
        token: str | None = None,
        language: str = "en",
        width: int = 1280,
        javascript: bool = True,
        expected: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        """A blank page in a browser of its own, with the session of `token`; `page.goto("/rooms")` finds the site.

        Console errors that contain one of `expected` are part of the test. `options` go to `Browser.new_context`.
        """
        context = self.browser.new_context(
            base_url=self.site.address,
            viewport={"width": width, "height": 740 if width < 600 else 900},
            locale=LOCALES[language],
            timezone_id="Asia/Damascus",
            java_script_enabled=javascript,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        cookies = {LANGUAGE_COOKIE: language, **({PLAIN_COOKIE: token} if token else {})}
        for name, value in cookies.items():
            context.add_cookies([{"name": name, "value": value, "url": self.site.address, "httpOnly": True}])
        context.on("console", lambda message: self._console(message, expected))
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("page", lambda page: page.on("websocket", lambda socket: self._foreign(socket.url)))
        return context.new_page()

    def become(self, page: Page, token: str | None) -> None:
        """Put somebody else's session into the browser of a page, or nobody's."""
        page.context.clear_cookies(name=PLAIN_COOKIE)
        if token:
            page.context.add_cookies(
                [{"name": PLAIN_COOKIE, "value": token, "url": self.site.address, "httpOnly": True}]
            )

    def _console(self, message: ConsoleMessage, expected: tuple[str, ...]) -> None:
        # Every refused form is "a failed resource" to the console; missing assets are noted by `_response`.
        by_status = message.text.startswith("Failed to load resource: the server responded with a status")
        if message.type == "error" and not by_status and not any(part in message.text for part in expected):
            self.complaints.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        self._foreign(request.url)

    def _response(self, response: Response) -> None:
        kind = response.request.resource_type
        if response.status >= 400 and kind in ("stylesheet", "script", "font", "image"):
            self.complaints.append(f"missing {kind}: {response.url}")

    def _foreign(self, url: str) -> None:
        ours = {urlsplit(address).netloc for address in (self.site.address, self.site.more.get("EXIT_URL", ""))}
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc not in ours:
            self.complaints.append(f"foreign: {url}")


@pytest.fixture
def open_page(browser: Browser, site: Server) -> Iterator[Visits]:
    """Opens pages as somebody. At the end no page may have logged an error, broken the policy or left this origin."""
    visits = Visits(browser, site)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.complaints == []


@pytest.fixture
def shot() -> Callable[[Page, str], Path]:
    """Saves a picture of a page under test-results/, which is not committed."""

    def save(page: Page, name: str) -> Path:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return save
