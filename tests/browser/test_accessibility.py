"""Nobody is kept out: axe on every page, both languages, phone and desk; narrow screens; keyboard order."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visits
from tests.browser.places import lived_in
from tests.server import ROOT, Server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
#: Findings of these grades fail the test; axe's lesser ones are advice.
GRADES = {"serious", "critical"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: What passes is not collected, which is most of the work.
RUN = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
SCREENS = [("ar", 360), ("en", 1280)]


@pytest.fixture(scope="module")
def places(site: Server) -> dict[str | None, list[str]]:
    """Every page by the token of whoever opens it, with a few words in a room."""
    make = site.factory()
    member = make.token("نور")
    actor = make.actor(member)
    room = make.room(actor)
    for body in ("مساء الخير", "- one\n- two", "> قال لي\n\nشكراً", "https://example.org/a-place"):
        make.message(actor, room, body)
    found = lived_in(make, member)
    found[None] += ["/nothing-here", "/styleguide"]
    found[member] += [f"/rooms/{room.public_id}", f"/rooms/{room.public_id}/messages/1"]
    return found


@pytest.mark.parametrize(("language", "width"), SCREENS)
def test_nobody_is_kept_out_of_a_page(
    open_page: Visits, places: dict[str | None, list[str]], language: str, width: int
) -> None:
    found: dict[str, list[str]] = {}
    for token, paths in places.items():
        # The page's policy allows no script but its own, axe included, so axe is put in past it.
        page = open_page(token, language, width, bypass_csp=True)
        page.context.add_init_script(path=AXE)
        for path in paths:
            page.goto(path)
            problems = [*_axe(page), *_small(page), *_wide(page, width)]
            if problems:
                found[path] = problems
    assert found == {}


def _axe(page: Page) -> list[str]:
    """Findings of the grades that fail, with where they are."""
    answer = page.evaluate(RUN, RULES)
    return [
        f"{violation['id']}: {node['target']}"
        for violation in answer["violations"]
        if violation["impact"] in GRADES
        for node in violation["nodes"][:3]
    ]


def _small(page: Page) -> list[str]:
    """What is to be pressed and too small for a thumb (WCAG 2.2, 2.5.8 asks for 24 px; our own aim is 44)."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input:not([type=hidden]), .button')]
            .filter(e => e.checkVisibility() && !['checkbox', 'radio'].includes(e.type))
            .filter(e => e.getBoundingClientRect().height < 38)
            .map(e => `small: ${e.outerHTML.slice(0, 80)}`)"""
    )
    return found


def _wide(page: Page, width: int) -> list[str]:
    """Whether the page scrolls sideways here or on the narrowest phone, which is also a desk at 400 %."""
    size = page.viewport_size or {"width": width, "height": 740}
    found = []
    for narrow in (width, 320):
        page.set_viewport_size({"width": narrow, "height": size["height"]})
        needed = page.evaluate("document.documentElement.scrollWidth")
        if needed > narrow:
            found.append(f"{needed} px wide on {narrow}")
    page.set_viewport_size(size)
    return found


def test_axe_is_really_there() -> None:
    assert Path(AXE).stat().st_size > 100_000
