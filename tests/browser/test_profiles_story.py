"""One story: somebody decides what others see of her, is found by it, is looked at, travels, locks, is frozen, and takes
everything with her. In Arabic on a phone, without scripts; the others in English at a desk.

Pictures of each station are kept under test-results/profiles-story-*.png.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyrage
from playwright.sync_api import Page, expect

from app.chat.models import Room
from app.kernel.access import Role
from app.kernel.actor import Actor
from tests.browser.conftest import Visits
from tests.browser.walking import ARABIC, Walk, press, submit
from tests.factories import PASSPHRASE
from tests.membership.people import People

MEMBER = (Role.MEMBER,)
HIDDEN_FROM_MOST = "أرسم خرائط للحدائق"


class Town(Walk):
    """Everybody in the story: Amal, whose profile it is, and those who look, each for a reason of their own."""

    def __init__(self, people: People, open_page: Visits, shot: Callable[[Page, str], Path]) -> None:
        super().__init__(people.make, open_page, shot, "profiles-story", "both")
        self.people = people
        self.amal = people.settled("أمل الحدائق", language="ar")
        self.lina = people.settled("Lina of the bridge")
        self.salma = people.settled("سلمى البعيدة", language="ar")
        self.curious = people.settled("Omar the curious")
        self.caseworker = people.settled("Rima at work", roles=(*MEMBER, Role.CASEWORKER))
        self.moderators = [people.moderator() for _ in range(2)]
        self.evening: Room = people.make.room(self.amal, self.lina, self.curious, name="Evening")
        self.quiet: Room = people.make.room(self.amal, self.lina, name="Quiet")

    def amals(self, path: str) -> Page:
        """One of Amal's pages, on her phone, without scripts."""
        return self.visit(self.amal, path, seen=ARABIC, scripts=False)


def test_the_whole_story(people: People, open_page: Visits, shot: Callable[[Page, str], Path]) -> None:
    town = Town(people, open_page, shot)

    fills_her_profile_at_her_own_pace(town)
    sees_it_as_others_do(town)
    is_found_by_what_she_shows(town)
    they_connect(town)
    shows_more_to_a_list(town)
    goes_by_another_name_in_rooms(town)
    is_looked_at_for_a_purpose_that_she_reads(town)
    keeps_somebody_away(town)
    locks_her_screen(town)
    travels(town)
    is_frozen_and_given_back(town)
    takes_everything_with_her(town)
    thinks_better_of_leaving(town)


def fills_her_profile_at_her_own_pace(town: Town) -> None:
    page = town.amals("/me/profile")
    town.keep(page, "01-empty")
    page.locator('main a[href="/me/profile/offers"]').click()
    submit(
        page, phrases="\n".join(f"ترتيب {n}" for n in range(9)), audience="members"
    )  # nine lines, of which eight may be
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("textarea")).to_have_value(re.compile("ترتيب"))
    submit(page, phrases="ترتيبُ الأوراق\nخياطة", audience="members")
    expect(page).to_have_url(re.compile("/me/profile$"))
    page.goto("/me/profile/about")
    submit(page, body=HIDDEN_FROM_MOST, audience="only-me")
    page.goto("/me/profile/place")
    town.keep(page, "02-place")
    submit(page, country="DE", audience="caseworkers")
    page.goto("/me/profile/countries")
    page.go_back()
    town.keep(page, "03-filled")
    expect(page.locator("main")).to_contain_text("خياطة")


def sees_it_as_others_do(town: Town) -> None:
    for whom, shown in (("stranger", False), ("probationer", False), ("member", True)):
        page = town.amals(f"/me/profile/view-as?as={whom}")
        expect(page.locator("main")).not_to_contain_text(HIDDEN_FROM_MOST)
        assert ("خياطة" in page.locator("main").inner_text()) is shown, whom
        town.keep(page, f"04-as-{whom}")
    page = town.amals("/me/profile/listed")
    submit(page)
    expect(page.locator("main")).to_be_visible()


def is_found_by_what_she_shows(town: Town) -> None:
    page = town.visit(town.lina, "/directory")
    submit(page, q="ترتيب الاوراق")  # without the vowel sign, and with another alef
    expect(page.locator("main .rows")).to_contain_text("أمل الحدائق")
    town.keep(page, "05-found")
    submit(page, q="خرائط")  # stands in a field that nobody else sees
    expect(page.locator("main .rows")).to_have_count(0)
    page.goto(f"/members/{town.amal.public_id}")
    expect(page.locator("main")).to_contain_text("خياطة")
    expect(page.locator("main")).not_to_contain_text(HIDDEN_FROM_MOST)
    town.keep(page, "06-member")


def they_connect(town: Town) -> None:
    page = town.visit(town.lina, f"/members/{town.amal.public_id}/ask")
    submit(page, note="We met at the course: https://example.org/me")
    expect(page.locator(".error-summary")).to_be_visible()  # no links before she has accepted
    expect(page.locator("textarea")).to_have_value("We met at the course: https://example.org/me")
    submit(page, note="We met at the course.")
    mine = town.amals("/me/people")
    expect(mine.locator("blockquote")).to_have_text("We met at the course.")
    town.keep(mine, "07-asked")
    press(mine.locator("form[action$='/accept'] button"))
    expect(mine.locator("main")).to_contain_text("Lina of the bridge")
    connect(town, town.salma)


def connect(town: Town, other: Actor) -> None:
    """Another one, by the shortest way."""
    page = town.visit(other, "/directory", seen=ARABIC)
    page.goto(f"/members/{town.amal.public_id}/ask")
    submit(page, note="مرحبا")
    press(town.amals("/me/people").locator("form[action$='/accept'] button"))


def shows_more_to_a_list(town: Town) -> None:
    page = town.amals("/me/lists")
    submit(page, to="/me/lists", name="أهل الثقة")
    if not re.search(r"/me/lists/.+", page.url):
        page.locator("main .rows__title a").first.click()
    page.locator("main label", has_text="Lina").click()
    press(page.locator("form[action$='/people'] button[type=submit]"))
    town.keep(page, "08-list")
    page.goto("/me/profile/about")
    page.locator('[name="audience"][value="chosen"]').check()
    page.locator('[name="lists"]').first.check()
    town.keep(page, "09-audience")
    press(page.locator("main form.form button[type=submit]"))
    hers, others = (town.visit(who, f"/members/{town.amal.public_id}") for who in (town.lina, town.curious))
    expect(hers.locator("main")).to_contain_text(HIDDEN_FROM_MOST)
    expect(others.locator("main")).not_to_contain_text(HIDDEN_FROM_MOST)


def goes_by_another_name_in_rooms(town: Town) -> None:
    page = town.amals("/me/names/rooms")
    submit(page, name="زهرة الليمون")
    page.goto(f"/rooms/{town.evening.public_id}")
    page.locator("#body").fill("مساء الخير")
    press(page.locator("[data-send]"))
    town.keep(page, "10-another-name")
    read = town.visit(town.curious, f"/rooms/{town.evening.public_id}")
    expect(read.locator(".message").last).to_contain_text("زهرة الليمون")
    assert town.amal.public_id not in read.content()
    assert "أمل الحدائق" not in read.content()


def is_looked_at_for_a_purpose_that_she_reads(town: Town) -> None:
    page = town.visit(town.caseworker, f"/members/{town.amal.public_id}")
    expect(page.locator("main")).not_to_contain_text("Germany")
    submit(page, to="/look", purpose="To see who could help with papers in Germany")
    expect(page.locator("main")).to_contain_text("Germany")
    town.keep(page, "11-caseworker")
    page = town.amals("/me/looked")
    expect(page.locator("main")).to_contain_text("To see who could help with papers in Germany")
    town.keep(page, "12-who-looked")


def keeps_somebody_away(town: Town) -> None:
    theirs = town.visit(town.curious, f"/members/{town.amal.public_id}")
    expect(theirs.locator("main")).to_contain_text("خياطة")
    seen = town.visit(town.curious, f"/rooms/{town.evening.public_id}")
    seen.locator("#body").fill("Who are you really?")
    seen.locator("[data-send]").click()
    expect(seen.locator(".message[data-seq]").last).to_contain_text("Who are you really?")
    page = town.amals(f"/rooms/{town.evening.public_id}")
    page.locator(".message__link").last.click()
    page.locator("main a[href*='block']").click()
    town.keep(page, "13-block")
    press(page.locator("main form button[type=submit]"))
    missing = theirs.goto(f"/members/{town.amal.public_id}")
    assert missing is not None
    assert missing.status == 404
    submit(town.visit(town.curious, "/directory"), q="خياطة")
    expect(town.browsers[town.curious.public_id, "en"].locator("main .rows")).to_have_count(0)


def locks_her_screen(town: Town) -> None:
    page = town.amals("/me/lock/code")
    submit(page, code="1234")  # everybody's first guess
    expect(page.locator(".error-summary")).to_be_visible()
    submit(page, code="48261")
    page.goto("/me/lock")
    town.keep(page, "14-lock")
    press(page.locator("form[action$='/lock/now'] button").last)
    page.goto("/me/profile")
    expect(page).to_have_url(re.compile("/lock"))
    expect(page.locator("body")).not_to_contain_text("أمل")
    town.keep(page, "15-locked")
    submit(page, code="11111")
    expect(page.locator(".error-summary")).to_be_visible()
    submit(page, code="48261")
    expect(page).to_have_url(re.compile("/me/profile$"))


def proves(page: Page) -> None:
    expect(page).to_have_url(re.compile("/me/prove"))
    submit(page, passphrase=PASSPHRASE)


def travels(town: Town) -> None:
    page = town.amals("/me/travel")
    page.locator(f'[name="things"][value$="{town.quiet.public_id}"]').check()
    press(page.locator("form[action$='/things'] button[type=submit]"))
    town.keep(page, "16-travel")
    page.goto("/me/travel/begin")
    proves(page)  # a code of five digits is no proof of who holds the phone
    submit(page, ends="peers", first=town.lina.public_id, second=town.salma.public_id, understood="y")
    town.browsers.pop((town.amal.public_id, "ar"))  # she was signed out everywhere
    page = town.amals("/rooms")
    expect(page.locator(f"main a[href='/rooms/{town.evening.public_id}']")).to_have_count(1)
    expect(page.locator(f"main a[href='/rooms/{town.quiet.public_id}']")).to_have_count(0)
    for address in (f"/rooms/{town.quiet.public_id}", "/me/travel", "/me/data", "/me/lock", "/me/passphrase"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
    page.goto("/me")
    town.keep(page, "17-me-while-travelling")
    for peer, seen in ((town.lina, ("en", 1280)), (town.salma, ARABIC)):
        there = town.visit(peer, "/notices", seen=seen)
        there.locator("main a[href^='/notices/']").first.click()
        expect(there).to_have_url(re.compile("/journeys/"))
        town.keep(there, f"18-journey-{seen[0]}")
        press(there.locator("form[action$='/over'] button"))
    assert page.goto(f"/rooms/{town.quiet.public_id}").status == 200  # type: ignore[union-attr]


def is_frozen_and_given_back(town: Town) -> None:
    page = town.amals("/me/trusted/new")
    submit(page, person=town.lina.public_id)
    town.keep(page, "19-trusted")
    hers = town.visit(town.lina, "/me/trusted")
    hers.locator("main a[href$='/freeze']").click()
    submit(hers, reason="Her phone was taken this morning.")
    page.goto("/me/profile")
    expect(page).to_have_url(re.compile("/sign-in"))
    town.browsers.pop((town.amal.public_id, "ar"))
    frozen = town.amals("/")
    expect(frozen.locator("main")).not_to_contain_text("Lina")
    town.keep(frozen, "20-frozen")
    one, other = town.moderators
    queue = town.visit(one, "/queue?kind=freeze")
    queue.locator("main .rows__title a[href^='/queue/']").first.click()
    press(queue.locator("form[action$='/claim'] button"))
    expect(queue.locator("main")).to_contain_text("Her phone was taken this morning.")
    town.keep(queue, "21-review")
    submit(queue, reason="She called us, and answered from another phone.")
    second = town.visit(other, "/proposals")
    second.locator("main a[href^='/proposals/']").first.click()
    press(second.locator("form[action$='/consent'] button"))
    town.browsers.pop((town.amal.public_id, "ar"), None)
    expect(town.amals("/me/profile").locator("main")).to_contain_text("خياطة")


def takes_everything_with_her(town: Town) -> None:
    page = town.amals("/me/data")
    press(page.locator("form[action$='/me/data'] button[type=submit]"))
    secret = page.locator(".code", has_text="AGE-SECRET-KEY-").first.inner_text().strip()
    town.keep(page, "22-key")
    while town.make.house.queue.sweep():
        pass
    page.goto("/me/data")
    expect(page.locator("main")).not_to_contain_text("AGE-SECRET-KEY-")
    town.keep(page, "23-archive")
    answer = page.request.get(page.locator("main a[href*='/me/data/archive/']").get_attribute("href") or "")
    opened = pyrage.decrypt(answer.body(), [pyrage.x25519.Identity.from_str(secret)])
    with zipfile.ZipFile(io.BytesIO(opened)) as archive:
        everything = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert all(json.loads(archive.read(name)) is not None for name in archive.namelist() if name.endswith(".json"))
    assert HIDDEN_FROM_MOST in everything
    assert "مساء الخير" in everything
    assert "Who are you really?" not in everything  # not hers


def thinks_better_of_leaving(town: Town) -> None:
    page = town.amals("/me/data/erase")
    submit(page, name="somebody else")
    expect(page.locator(".error-summary")).to_be_visible()
    submit(page, name="أمل الحدائق")
    town.keep(page, "24-erasure")
    page.goto("/")
    expect(page.locator("main a[href='/me/data/erasure']")).to_have_count(1)
    page.goto("/me/data/erasure")
    press(page.locator("form[action$='/call-off'] button"))
    page.goto("/")
    expect(page.locator("main a[href='/me/data/erasure']")).to_have_count(0)
