"""Times of day are the reader's own where scripts run, and say that they are UTC where they do not."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.kernel.db import now
from tests.browser.conftest import Visits
from tests.server import Server


@pytest.mark.parametrize(("language", "comma"), [("ar", "،"), ("en", ",")])
def test_a_moment_is_in_the_zone_of_whoever_reads_it(
    open_page: Visits, site: Server, language: str, comma: str
) -> None:
    token = site.factory().token(language=language)
    shown, at = [], now()
    for javascript in (True, False):
        page = open_page(token, language=language, javascript=javascript)  # in Damascus
        page.goto("/me/sessions")
        moment = page.locator("main time").first
        shown.append(moment.inner_text())
        at = datetime.fromisoformat(moment.get_attribute("datetime") or "")
    here, there = at.astimezone(ZoneInfo("Asia/Damascus")), at
    assert shown[0].endswith(f"{here.year}{comma} {here:%H:%M}")
    assert shown[1].endswith(f"{there.year}{comma} {there:%H:%M} UTC")
