"""One walk past every page for all that must hold on each: opening a page is dear, so it is done once a language."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, Response

from tests.browser.conftest import Visits
from tests.browser.places import lived_in
from tests.server import ROOT, Server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
#: Findings of these grades fail the test; axe's lesser ones are advice, and the rules that find only such are left out.
GRADES = ["serious", "critical"]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The narrowest phone, which is also a desk at 400 %.
NARROWEST = 320
#: The address of a room itself, not of a page about it.
ROOM = re.compile(r"/rooms/[\w-]{16}")
#: Only what fails is collected and handed over, and styles are not fetched anew: that would be most of the work.
RUN = """async ([tags, grades]) => {
    // An axe that looks through another window than its own: made anew for each page, of code that is warm by then.
    const axe = window.makeAxe(window.seen)
    const lesser = axe._audit.rules.filter(rule => rule.impact && !grades.includes(rule.impact))
    const answer = await axe.run(window.seen.document, {
        runOnly: {type: 'tag', values: tags},
        rules: Object.fromEntries(lesser.map(rule => [rule.id, {enabled: false}])),
        resultTypes: ['violations'], preload: {assets: ['media']},
    })
    return answer.violations.filter(violation => grades.includes(violation.impact))
        .flatMap(violation => violation.nodes.slice(0, 3).map(node => `${violation.id}: ${node.target}`))
}"""
#: What is to be pressed and too small for a thumb (WCAG 2.2, 2.5.8 asks for 24 px; our own aim is 44).
SMALL = """() => [...document.querySelectorAll('button, select, input:not([type=hidden]), .button')]
    .filter(e => e.checkVisibility() && !['checkbox', 'radio'].includes(e.type))
    .filter(e => e.getBoundingClientRect().height < 38)
    .map(e => `small: ${e.outerHTML.slice(0, 80)}`)"""
#: Words beside an element in a row of boxes: the space between them is lost, unless the row keeps its boxes apart.
GLUED = """() => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility())
    .filter(e => /flex|grid/.test(getComputedStyle(e).display) && !(parseFloat(getComputedStyle(e).columnGap) > 0))
    .filter(e => [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim() && (
        (/\\s$/.test(n.data) && n.nextSibling instanceof Element)
        || (/^\\s/.test(n.data) && n.previousSibling instanceof Element))))
    .map(e => `glued: ${e.outerHTML.slice(0, 120)}`)"""
#: How many elements a page has.
NODES = "() => document.querySelectorAll('*').length"


@dataclass
class Place:
    """A page, whose token opens it, whether it is a room, and whether it has a budget."""

    path: str
    token: str | None
    room: bool = False
    budgeted: bool = True


@dataclass
class Load:
    """What a page took: the bytes on the wire of each answer's body by its address, the page itself first."""

    place: Place
    status: int
    headers: dict[str, str]
    sizes: dict[str, int]
    nodes: int

    @property
    def html(self) -> int:
        return next(iter(self.sizes.values()))


@dataclass
class Walk:
    """What was found: by path what keeps somebody out, what each page took, and what the pages complained of."""

    problems: dict[str, list[str]] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def every_place(site: Server, language: str) -> list[Place]:
    """Every page by the token of whoever opens it and reads this language, with a room full of messages."""
    make = site.factory()
    member = make.token("نور", language=language)
    actor = make.actor(member)
    room = make.room(actor)
    for number in range(56):
        make.message(actor, room, f"رسالة عن الطقس والخبز والطريق، رقم {number}. And a little English as well.")
    for body in ("مساء الخير", "- one\n- two", "> قال لي\n\nشكراً", "https://example.org/a-place"):
        make.message(actor, room, body)
    found = lived_in(make, member, language)
    found[member].append(f"/rooms/{room.public_id}")
    make.house.close()
    return [
        *(Place(path, by, room=ROOM.fullmatch(path) is not None) for by, paths in found.items() for path in paths),
        *(Place(path, None, budgeted=False) for path in ("/nothing-here", "/styleguide")),
        Place(f"/rooms/{room.public_id}/messages/1", member, budgeted=False),
    ]


def walk_past(browser: Browser, site: Server, language: str, width: int, colours: str) -> Walk:
    """Open every page of a site once in a language, as wide as this (pixels), by "dark" or "light"."""
    visits, walk = Visits(browser, site), Walk()
    looking = visits(None, language, width, color_scheme=colours)
    # Of the same origin and policy as the pages, without which they could not be looked into, and loading nothing else.
    looking.goto("/healthz")
    looking.evaluate(f"() => {{ window.makeAxe = window => {{ {AXE.read_text()}\nreturn window.axe }} }}")
    with looking.expect_popup() as opening:
        looking.evaluate("() => { window.seen = window.open('about:blank') }")
    page = opening.value
    #: What does not change is fetched once and kept, as browsers do, but counted for every page that asks for it.
    known: dict[str, int] = {}
    for place in every_place(site, language):
        visits.become(page, place.token)
        walk.loads.append(opened(page, place, known))
        if problems := kept_out(page, looking, width):
            walk.problems[place.path] = problems
    looking.context.close()
    walk.complaints = visits.complaints
    return walk


def opened(page: Page, place: Place, known: dict[str, int]) -> Load:
    """Open a page. `known` holds the bytes that files took when they were fetched, and is added to."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    first = page.goto(place.path, wait_until="load")
    page.remove_listener("response", note)
    assert first is not None
    sizes = {}
    for answer in answers:
        if answer is first or answer.url not in known:
            known[answer.url] = answer.request.sizes()["responseBodySize"]
        sizes[answer.url] = known[answer.url]
    # What comes out of the browser's own cache is said to be smaller than nothing, and would pass every budget.
    assert min(sizes.values()) > 0, sizes
    return Load(place, first.status, first.headers, sizes, page.evaluate(NODES))


def kept_out(page: Page, looking: Page, width: int) -> list[str]:
    """What keeps somebody out of this page: as wide as this, and whether it scrolls sideways on the narrowest phone.

    The page is left at the other width than it was opened at, so that a walk changes it once a page and not twice.
    """
    size = page.viewport_size
    assert size is not None
    found: list[str] = []
    for now in (size["width"], NARROWEST if size["width"] == width else width):
        if now != size["width"]:
            page.set_viewport_size({"width": now, "height": size["height"]})
        needed = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{needed} px wide on {now}"] if needed > now else []
        if now == width:
            found += [*looking.evaluate(RUN, [TAGS, GRADES]), *page.evaluate(SMALL), *page.evaluate(GLUED)]
    return found
