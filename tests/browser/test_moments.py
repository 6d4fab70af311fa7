"""Times of day are the reader's own where scripts run, and say that they are UTC where they do not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.chat.models import RoomKind
from app.kernel.db import now
from tests.browser.conftest import Visits
from tests.chat.opening import open_room
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


@pytest.mark.parametrize(("language", "zone"), [("ar", "توقيت"), ("en", "Time")])
def test_when_a_circle_begins_is_said_with_the_clock_by_which_it_is_read(
    open_page: Visits, site: Server, language: str, zone: str
) -> None:
    make = site.factory()
    host, at = make.person(), datetime(2038, 1, 5, 18, 0, tzinfo=UTC)
    open_room(make.house, host, kind=RoomKind.CIRCLE, begins_at=at)
    told = []
    for javascript in (True, False):
        page = open_page(make.token(language=language), language=language, javascript=javascript)
        page.goto("/rooms")
        told.append(page.locator(f'time[datetime="{at.isoformat()}"]').first.inner_text())
    here = at.astimezone(ZoneInfo("Asia/Damascus"))
    assert f" {here:%H:%M} (" in told[0]
    assert zone in told[0]
    assert told[1].endswith(" 18:00 UTC")
