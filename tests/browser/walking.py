"""What the stories of several people have in common: a browser for each of them, forms, and pictures of each station."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page

from app.kernel.actor import Actor
from tests.browser.conftest import Visits
from tests.factories import Factory

ARABIC, ENGLISH = ("ar", 360), ("en", 1280)


def submit(page: Page, *, to: str = "", **typed: str) -> None:
    """Fill in the form that posts to an address with this ending, or the only one of the page, and send it."""
    form = page.locator(f'main form[action$="{to}"]' if to else "main form.form").first
    for name, value in typed.items():
        control = form.locator(f'[name="{name}"]')
        kind = control.first.evaluate("control => control.type")
        if kind in ("radio", "checkbox"):
            form.locator(f'[name="{name}"][value="{value}"]').check()
        elif kind == "select-one":
            control.select_option(value)
        else:
            control.fill(value)
    press(form.locator('button[type="submit"]').first)


def press(button: Locator) -> None:
    """Press a button that leads to another page, and wait for it."""
    with button.page.expect_navigation():
        button.click()


@dataclass
class Walk:
    """Somebody's page, opened and kept for as long as the story lasts; and the pictures of the story."""

    make: Factory
    open_page: Visits
    shot: Callable[[Page, str], Path]
    story: str
    tag: str
    browsers: dict[tuple[str, str], Page] = field(default_factory=dict)

    def visit(self, actor: Actor | None, path: str, *, seen: tuple[str, int] = ENGLISH, scripts: bool = True) -> Page:
        """A page in the browser of somebody, who keeps it open; a visitor comes with a new one each time."""
        known = (actor.public_id, seen[0]) if actor else None
        page = self.browsers.get(known) if known else None
        if page is None:
            token = self.make.another_session(actor) if actor else None
            page = self.open_page(token, language=seen[0], width=seen[1], javascript=scripts)
        if known:
            self.browsers[known] = page
        page.goto(path)
        return page

    def keep(self, page: Page, station: str) -> None:
        self.shot(page, f"{self.story}-{station}-{self.tag}")
