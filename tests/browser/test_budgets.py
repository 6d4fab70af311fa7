"""What a page costs on a slow network (EXPERIENCE.md, Budgets), measured as it travels."""

import gzip

import pytest
import requests
from playwright.sync_api import Browser, Page

from app.kernel.web.context import DIST, manifest
from tests.browser.conftest import Visits
from tests.browser.every_page import Load, Place, Walk, opened, walk_past
from tests.server import Server

KB = 1024
HTML = 14 * KB
STYLES = 12 * KB
SCRIPTS = {"page": 20 * KB, "room": 36 * KB}
FIRST_LOAD = {"light": (40 * KB, 4), "standard": (90 * KB, 8)}
NODES = 800
#: The network of EXPERIENCE.md's 2G model: bits and seconds. And how long a page may take there, first and later.
BITS_A_SECOND, ROUND_TRIP = 280_000, 0.8
COLD_SECONDS, WARM_SECONDS = 6.0, 1.5
#: Headers of an answer, compressed by nobody on a plain connection (bytes).
HEADERS = 900


@pytest.fixture(scope="module")
def walk(browser: Browser, site: Server) -> Walk:
    """In Arabic, on a phone, by night."""
    return walk_past(browser, site, "ar", 360, "dark")


def too_large(walk: Walk) -> dict[str, int]:
    """The pages that are too large themselves, packed as they travel, by path."""
    budgeted = [load for load in walk.loads if load.place.budgeted]
    assert {(load.status, load.headers["content-encoding"]) for load in budgeted} == {(200, "gzip")}
    return {load.place.path: load.html for load in budgeted if load.html > HTML}


def test_every_page_is_small_enough_in_arabic(walk: Walk) -> None:
    assert too_large(walk) == {}


def test_the_first_load_stays_within_bytes_and_requests(walk: Walk) -> None:
    for load in walk.loads:
        if load.place.budgeted:
            _within(load, "standard")


def test_nobody_is_kept_out_of_a_page_in_arabic_by_night(walk: Walk) -> None:
    assert walk.problems == {}


def test_no_page_complains_in_arabic(walk: Walk) -> None:
    assert walk.complaints == []


def test_a_first_load_in_light_mode_stays_within_less(open_page: Visits, site: Server, walk: Walk) -> None:
    browsers: dict[str | None, Page] = {}
    known: dict[str, int] = {}
    # Light leaves the fonts out and changes nothing else: the largest pages of each person stand for all.
    for place in largest(walk):
        page = browsers.get(place.token)
        if page is None:
            page = browsers[place.token] = open_page(place.token, "ar", 360)
            page.context.add_cookies([{"name": "data_mode", "value": "light", "url": site.address}])
        _within(opened(page, place, known), "light")


def largest(walk: Walk, each: int = 2) -> list[Place]:
    """The largest pages of each person, and every room."""
    budgeted = [load for load in walk.loads if load.place.budgeted]
    by_size = [load.place for load in sorted(budgeted, key=lambda load: load.html, reverse=True)]
    kept = [
        place
        for token in {place.token for place in by_size}
        for place in [p for p in by_size if p.token == token][:each]
    ]
    return [*kept, *(place for place in by_size if place.room and place not in kept)]


def test_all_that_a_room_ever_loads_is_within_its_budget() -> None:
    names = ("page.js", "room.js", "acting.js")
    assert sum((DIST / f"{manifest()[name]}.gz").stat().st_size for name in names) <= SCRIPTS["room"]


def test_built_files_are_sent_packed_and_kept_for_ever(site: Server) -> None:
    for name in ("page.css", "page.js", "room.js"):
        answer = requests.get(f"{site.address}/static/dist/{manifest()[name]}", stream=True)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert gzip.decompress(answer.raw.read())


def _within(load: Load, mode: str) -> None:
    """The budgets of one page as an empty browser opens it."""
    most_bytes, most_requests = FIRST_LOAD[mode]
    sizes, seen = load.sizes, (load.place, load.sizes)
    assert sum(sizes.values()) <= most_bytes, seen
    assert len(sizes) <= most_requests, seen
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    assert scripts <= SCRIPTS["room" if load.place.room else "page"], seen
    assert sum(size for url, size in sizes.items() if url.endswith(".css")) <= STYLES
    assert load.nodes <= NODES, load.place
    assert _cold_seconds(sizes) <= COLD_SECONDS, seen
    assert _warm_seconds(load) <= WARM_SECONDS, seen


def _cold_seconds(sizes: dict[str, int]) -> float:
    """Reckoned, not timed: connecting with TLS 1.3 takes two round trips, the page a third, what it names a fourth."""
    sent = sum(size + HEADERS for size in sizes.values())
    return 4 * ROUND_TRIP + sent * 8 / BITS_A_SECOND


def _warm_seconds(load: Load) -> float:
    """On a connection that is open, with the built files kept: one round trip and the page itself."""
    return ROUND_TRIP + (load.html + HEADERS) * 8 / BITS_A_SECOND
