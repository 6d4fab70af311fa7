"""Nobody is kept out: axe on every page, both languages, phone and desk; narrow screens; keyboard order."""

from pathlib import Path

import pytest

from app.kernel.access import Role
from tests.browser.conftest import Visits
from tests.server import ROOT, Server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
#: Findings of these grades fail the test; axe's lesser ones are advice.
GRADES = {"serious", "critical"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS = [("ar", 360), ("en", 1280)]
EVERYONE = ["/", "/about", "/safety", "/help", "/sign-in", "/join", "/nothing-here"]
MEMBERS = ["/", "/rooms", "/me", "/me/sessions", "/me/passphrase"]


@pytest.fixture(scope="module")
def people(site: Server) -> tuple[str, str, str]:
    """A member's token, an administrator's, and the address of a room with a few words in it."""
    make = site.factory()
    member, administrator = make.token("نور"), make.token("Samar", roles=(Role.ADMINISTRATOR,))
    actor = make.actor(member)
    room = make.room(actor)
    for body in ("مساء الخير", "- one\n- two", "> قال لي\n\nشكراً", "https://example.org/a-place"):
        make.message(actor, room, body)
    return member, administrator, f"/rooms/{room.public_id}"


@pytest.mark.parametrize(("language", "width"), SCREENS)
def test_axe_finds_nothing_serious(open_page: Visits, people: tuple[str, str, str], language: str, width: int) -> None:
    member, administrator, room = people
    visits = [
        *((None, path) for path in EVERYONE),
        *((member, path) for path in [*MEMBERS, room]),
        (administrator, "/people/invitations"),
        (None, "/styleguide"),
    ]
    found: dict[str, list[str]] = {}
    for token, path in visits:
        # The page's policy allows no script but its own, axe included, so axe is put in past it.
        page = open_page(token, language, width, bypass_csp=True)
        page.goto(path)
        page.add_script_tag(path=AXE)
        answer = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})",
            RULES,
        )
        problems = [
            f"{violation['id']}: {node['target']}"
            for violation in answer["violations"]
            if violation["impact"] in GRADES
            for node in violation["nodes"][:3]
        ]
        if problems:
            found[path] = problems
        page.context.close()
    assert found == {}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_is_wider_than_a_narrow_phone(open_page: Visits, people: tuple[str, str, str], language: str) -> None:
    member, _administrator, room = people
    for token, path in [*((None, path) for path in EVERYONE), *((member, path) for path in [*MEMBERS, room])]:
        page = open_page(token, language, 320)
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.context.close()


@pytest.mark.parametrize(("language", "width"), SCREENS)
def test_everything_to_press_is_large_enough_for_a_thumb(
    open_page: Visits, people: tuple[str, str, str], language: str, width: int
) -> None:
    member, _administrator, room = people
    for path in [*MEMBERS, room]:
        page = open_page(member, language, width)
        page.goto(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, select, input:not([type=hidden]), .button')]
                .filter(e => e.checkVisibility() && e.type !== 'checkbox')
                .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])
                .filter(([, height]) => height < 38)"""
        )
        assert small == [], path
        page.context.close()


def test_axe_is_really_there() -> None:
    assert Path(AXE).stat().st_size > 100_000
