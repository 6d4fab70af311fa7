"""What a page costs on a slow network (EXPERIENCE.md, Budgets), measured as it travels."""

import gzip
import re
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import Page, Response

from app.kernel.web.context import DIST, manifest
from tests.browser.conftest import Visits
from tests.browser.places import lived_in
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
LANGUAGES = ("ar", "en")
#: The address of a room itself, not of a page about it.
ROOM = re.compile(r"/rooms/[\w-]{16}")


@dataclass
class Place:
    """A page, whose token opens it, and whether it is a room."""

    path: str
    token: str | None
    room: bool = False


@pytest.fixture(scope="module")
def places(site: Server) -> list[Place]:
    """Every page that somebody lands on, with a full page of messages in the room."""
    make = site.factory()
    token = make.token("نور", language="ar")
    actor = make.actor(token)
    room = make.room(actor)
    for number in range(60):
        make.message(actor, room, f"رسالة عن الطقس والخبز والطريق، رقم {number}. And a little English as well.")
    everything = [
        Place(path, by, room=ROOM.fullmatch(path) is not None)
        for by, paths in lived_in(make, token).items()
        for path in paths
    ]
    return [*everything, Place(f"/rooms/{room.public_id}", token, room=True)]


def test_every_page_is_small_enough_in_each_language(site: Server, places: list[Place]) -> None:
    too_large = {}
    for language in LANGUAGES:
        for place in places:
            client = site.browser(place.token) if place.token else requests.Session()
            client.cookies.set("language", language, domain="127.0.0.1")
            page = client.get(site.address + place.path)
            assert page.status_code == 200
            assert page.headers["Content-Encoding"] == "gzip"
            if int(page.headers["Content-Length"]) > HTML:
                too_large[language, place.path] = page.headers["Content-Length"]
    assert too_large == {}


@pytest.mark.parametrize("mode", FIRST_LOAD)
def test_the_first_load_stays_within_bytes_and_requests(
    open_page: Visits, site: Server, places: list[Place], mode: str
) -> None:
    most_bytes, most_requests = FIRST_LOAD[mode]
    browsers: dict[str | None, Page] = {}
    # Light leaves the fonts out and changes nothing else: the largest pages of each person stand for all.
    for place in places if mode == "standard" else largest(site, places):
        page = browsers.get(place.token)
        if page is None:
            page = browsers[place.token] = open_page(place.token, "ar", 360)
            page.context.add_cookies([{"name": "data_mode", "value": mode, "url": site.address}])
            # As in an empty browser, each time.
            page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes = _load(page, place.path)
        assert sum(sizes.values()) <= most_bytes, (place, sizes)
        assert len(sizes) <= most_requests, (place, sizes)
        scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
        assert scripts <= SCRIPTS["room" if place.room else "page"], (place, sizes)
        assert sum(size for url, size in sizes.items() if url.endswith(".css")) <= STYLES
        assert page.locator("*").count() <= NODES, place
        assert _cold_seconds(sizes) <= COLD_SECONDS, (place, sizes)
        assert _warm_seconds(sizes) <= WARM_SECONDS, (place, sizes)


def largest(site: Server, places: list[Place], each: int = 2) -> list[Place]:
    """The largest pages of each person, and every room."""
    sizes = {}
    for place in places:
        client = site.browser(place.token) if place.token else requests.Session()
        sizes[place.path] = len(client.get(site.address + place.path).content)
    by_size = sorted(places, key=lambda place: sizes[place.path], reverse=True)
    kept = [
        place
        for token in {place.token for place in places}
        for place in [p for p in by_size if p.token == token][:each]
    ]
    return [*kept, *(place for place in places if place.room and place not in kept)]


def test_all_that_a_room_ever_loads_is_within_its_budget() -> None:
    names = ("page.js", "room.js", "acting.js")
    assert sum((DIST / f"{manifest()[name]}.gz").stat().st_size for name in names) <= SCRIPTS["room"]


def test_built_files_are_sent_packed_and_kept_for_ever(site: Server) -> None:
    for name in ("page.css", "page.js", "room.js"):
        answer = requests.get(f"{site.address}/static/dist/{manifest()[name]}", stream=True)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert gzip.decompress(answer.raw.read())


def _load(page: Page, path: str) -> dict[str, int]:
    """Open a page with nothing kept of it. Returns the bytes that each answer's body took on the wire."""
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(path, wait_until="load")
    page.remove_listener("response", note)
    return {answer.url: answer.request.sizes()["responseBodySize"] for answer in answers}


def _cold_seconds(sizes: dict[str, int]) -> float:
    """Reckoned, not timed: connecting with TLS 1.3 takes two round trips, the page a third, what it names a fourth."""
    sent = sum(size + HEADERS for size in sizes.values())
    return 4 * ROUND_TRIP + sent * 8 / BITS_A_SECOND


def _warm_seconds(sizes: dict[str, int]) -> float:
    """On a connection that is open, with the built files kept: one round trip and the page itself."""
    page = next(iter(sizes.values()))
    return ROUND_TRIP + (page + HEADERS) * 8 / BITS_A_SECOND
