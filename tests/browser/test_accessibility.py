"""Nobody is kept out: axe on every page, both languages, phone and desk, by day and by night; narrow screens."""

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
#: What passes is not collected, and styles are not fetched anew for rules that are not asked, which would be most of the work.
RUN = """rules => axe.run(document, {
    runOnly: {type: 'tag', values: rules}, resultTypes: ['violations'], preload: {assets: ['media']},
})"""
#: Colours are alike in both languages: contrast is looked at by night in one and by day in the other.
SCREENS = [("ar", 360, "dark"), ("en", 1280, "light")]
#: The narrowest phone, which is also a desk at 400 %.
NARROWEST = 320


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


@pytest.mark.parametrize(("language", "width", "colours"), SCREENS)
def test_nobody_is_kept_out_of_a_page(
    open_page: Visits, places: dict[str | None, list[str]], language: str, width: int, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    for token, paths in places.items():
        # The page's policy allows no script but its own, axe included, so axe is put in past it.
        page = open_page(token, language, width, bypass_csp=True, color_scheme=colours)
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
    """Whether the page scrolls sideways here or on the narrowest phone."""
    size = page.viewport_size or {"width": width, "height": 740}
    found = _needed(page, width)
    page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
    found += _needed(page, NARROWEST)
    page.set_viewport_size(size)
    return found


def _needed(page: Page, width: int) -> list[str]:
    needed = page.evaluate("document.documentElement.scrollWidth")
    return [f"{needed} px wide on {width}"] if needed > width else []


def test_axe_is_really_there() -> None:
    assert Path(AXE).stat().st_size > 100_000
