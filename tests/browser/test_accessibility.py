"""Nobody is kept out: axe on every page, narrow screens. In English, at a desk, by day; the rest in test_budgets.py.

Colours are alike in both languages: contrast is looked at by night in one and by day in the other.
"""

import pytest
from playwright.sync_api import Browser

from tests.browser.every_page import AXE, Walk, walk_past
from tests.browser.test_budgets import too_large
from tests.server import Server


@pytest.fixture(scope="module")
def walk(browser: Browser, site: Server) -> Walk:
    return walk_past(browser, site, "en", 1280, "light")


def test_nobody_is_kept_out_of_a_page_in_english_by_day(walk: Walk) -> None:
    assert walk.problems == {}


def test_every_page_is_small_enough_in_english(walk: Walk) -> None:
    assert too_large(walk) == {}


def test_no_page_complains_in_english(walk: Walk) -> None:
    assert walk.complaints == []


def test_axe_is_really_there() -> None:
    assert AXE.stat().st_size > 100_000
