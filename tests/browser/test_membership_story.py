"""One story, as the people in it live it: somebody applies in Arabic on a phone, is vouched for, vetted and admitted, does
harm, is reported, loses their writing for a while, appeals and is heard; and a whole branch is paused and looked at.
Applying, being admitted and reporting once more without scripts, as on the oldest telephone.

Pictures of each station are kept under test-results/membership-story-*.png.
"""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from app.chat.models import Room
from app.kernel import work
from app.membership.queries.vouching import find_by_ask_code
from app.moderation.actions import close_reports
from app.moderation.models import Outcome
from tests.browser.conftest import Visits
from tests.browser.walking import ARABIC, Walk, press, submit
from tests.membership.people import Applicant, People
from tests.moderation.scene import Scene

PASSPHRASE = "قنديل على شرفة بعيدة هادئة"


def code_on(page: Page) -> str:
    """The code that a page shows."""
    return page.locator(".fresh .code").first.inner_text().strip()


class Town(Walk):
    """Everybody who is there before the story begins, and a browser for each of them."""

    def __init__(
        self, people: People, open_page: Visits, shot: Callable[[Page, str], Path], *, javascript: bool
    ) -> None:
        super().__init__(people.make, open_page, shot, "membership-story", "on" if javascript else "off")
        self.people, self.javascript = people, javascript
        letters = "ا" if javascript else "ب"
        self.first = people.settled(f"عمر {letters}ل", language="ar")
        self.second = people.settled(f"ريما {letters}ل")
        self.near_the_first = people.descends(people.settled(f"قريب {letters}ل"), self.first, people.settled())
        self.vetters = [people.vetter() for _ in range(2)]
        self.moderators = [people.moderator() for _ in range(3)]
        self.witness = people.settled(f"شاهد {letters}ل", language="ar")
        self.room: Room = people.make.room(
            self.witness, self.moderators[0], name=f"Welcome {self.tag}", for_newcomers=True
        )
        self.inner: Room = people.make.room(self.witness, name=f"Inner {self.tag}")


def test_the_whole_story(people: People, open_page: Visits, shot: Callable[[Page, str], Path]) -> None:
    town, name = Town(people, open_page, shot, javascript=True), "أمل الحقل"

    return_code = applies(town, name)
    ask_code = comes_back(town, return_code)
    is_vouched_for(town, ask_code, return_code)
    is_vetted(town, name, return_code)
    member = is_admitted_into_probation(town, name, return_code)
    does_harm_and_is_reported(town, member)
    loses_their_writing(town)
    hears_why_and_appeals(town, member)
    is_heard_by_somebody_else(town, member)
    the_branch_is_paused_and_looked_at(town, name)


def test_whoever_has_no_scripts_applies_comes_in_and_reports_like_anybody(
    people: People, open_page: Visits, shot: Callable[[Page, str], Path]
) -> None:
    town, name = Town(people, open_page, shot, javascript=False), "أمل النهر"

    return_code = applies(town, name)
    ask_code = comes_back(town, return_code)
    let_in(town, ask_code, return_code)
    member = is_admitted_into_probation(town, name, return_code)
    does_harm_and_is_reported(town, member)
    is_settled(town)
    hears_that_it_is_settled(town)


def applies(town: Town, name: str) -> str:
    """Five short steps; the code to come back by is shown once."""
    page = town.visit(None, "/", seen=ARABIC, scripts=town.javascript)
    page.locator('main a[href="/apply"]').click()
    town.keep(page, "01-before-you-begin")
    page.locator('main form button[type="submit"]').first.click()
    return_code = code_on(page)
    page.locator('main a[href="/apply/name"]').click()
    submit(page, name="أمل\u202eالعكس")
    expect(page.locator("#name")).to_have_value(re.compile("أمل"))  # refused in words, and nothing typed is lost
    expect(page.locator(".error-summary")).to_be_visible()
    submit(page, name=name)
    submit(page, first="عمر، من أيام الدراسة")
    town.keep(page, "02-words")
    submit(page, brings="صحبة في المساء، وعمل إن أمكن", offers="أجيد ترتيب الأوراق")
    town.keep(page, "03-check-and-send")
    submit(page, passphrase=PASSPHRASE, again="شيء آخر تماماً لا يشبهه")
    expect(page.locator(".error-summary")).to_be_visible()
    submit(page, passphrase=PASSPHRASE, again=PASSPHRASE)
    expect(page).to_have_url(re.compile("/apply/status$"))
    town.keep(page, "04-status")
    return return_code


def comes_back(town: Town, return_code: str) -> str:
    """On another device, with nothing but the code; there is a code for members who know them."""
    page = town.visit(None, "/apply/return", seen=ARABIC, scripts=town.javascript)
    submit(page, code="AAAAA-BBBBB-CCCCC-DDDDD")
    expect(page.locator(".error-summary")).to_be_visible()
    submit(page, code=return_code.lower())
    expect(page).to_have_url(re.compile("/apply/status$"))
    return code_on(page)


def is_vouched_for(town: Town, ask_code: str, return_code: str) -> None:
    """Two of one lineage are not two. A third, of another one, makes it enough."""
    said: list[str] = []
    for voucher, enough in ((town.first, False), (town.near_the_first, False), (town.second, True)):
        page = town.visit(voucher, "/me/vouching")
        submit(page, to="/me/vouching/asked", code=ask_code)
        town.keep(page, "05-vouching")
        submit(page, how="friend", words="We have known each other for ten years.")
        expect(page).to_have_url(re.compile("/me/vouching$"))
        status = town.visit(None, "/apply/return", seen=ARABIC, scripts=town.javascript)
        submit(status, code=return_code)
        said.append(status.locator(".lead").inner_text())
        status.context.close()
        assert (said[-1] != said[0]) is enough


def let_in(town: Town, ask_code: str, return_code: str) -> None:
    """Vouched for and admitted by people whose pages the other story walks through."""
    with work.scope(town.people.house):
        application = find_by_ask_code(ask_code)
        assert application is not None
        applicant = Applicant(town.people, application.public_id, return_code)
    for voucher in (town.first, town.second):
        applicant.vouched_by(voucher)
    for vetter in town.vetters:
        applicant.answered_by(vetter)


def is_vetted(town: Town, name: str, return_code: str) -> None:
    """Two decide, each without the other's answer; one of them asks something first."""
    one, other = town.vetters
    page = town.visit(one, "/queue?kind=application")
    town.keep(page, "06-queue")
    open_item(page, "application", name)
    page.locator("details:has(form[action$='/question']) > summary").click()
    submit(page, to="/question", question="Which evenings suit you?")
    applicant = town.visit(None, "/apply/return", seen=ARABIC, scripts=town.javascript)
    submit(applicant, code=return_code)
    expect(applicant.locator("blockquote")).to_have_text("Which evenings suit you?")
    submit(applicant, to="/apply/answer", words="الأحد والثلاثاء")
    page.reload()
    town.keep(page, "07-application")
    submit(page, to="/answer", decision="approve", reason="Only the first vetter knows this")
    # Nobody who vouched sees it, and the second vetter does not see the first one's answer.
    refused = town.visit(town.first, page.url)
    expect(refused.locator("h1")).to_have_count(1)
    expect(refused.locator("main")).not_to_contain_text(name)
    second = town.visit(other, page.url)
    expect(second.locator("main")).to_contain_text(name)
    expect(second.locator("main")).not_to_contain_text("Only the first vetter knows this")
    submit(second, to="/answer", decision="approve", reason="Two good vouches")
    expect(second.locator("main .notice").first).to_be_visible()


def open_item(page: Page, kind: str, name: str) -> None:
    """Take the newest item of a kind on, which leads to where it is decided."""
    page.goto(f"/queue?kind={kind}")
    page.locator("main .rows__title a[href^='/queue/']").last.click()
    press(page.locator("main form[action$='/claim'] button"))
    expect(page.locator("main")).to_contain_text(name)


def is_admitted_into_probation(town: Town, name: str, return_code: str) -> Page:
    """They sign in with what they chose, and see which doors are open and when the others open."""
    status = town.visit(None, "/apply/return", seen=ARABIC, scripts=town.javascript)
    submit(status, code=return_code)
    expect(status.locator('main a[href="/sign-in"]')).to_be_visible()
    town.keep(status, "08-admitted")
    page = town.visit(None, "/sign-in", seen=ARABIC, scripts=town.javascript)
    submit(page, name=name, passphrase=PASSPHRASE)
    expect(page).to_have_url(re.compile("/$"))
    town.keep(page, "09-home")
    page.goto("/me/doors")
    town.keep(page, "10-doors")
    page.goto("/rooms")
    rooms = page.locator("main a[href^='/rooms/']")
    expect(page.locator(f"main a[href='/rooms/{town.room.public_id}']")).to_be_visible()
    expect(page.locator(f"main a[href='/rooms/{town.inner.public_id}']")).to_have_count(0)
    assert rooms.count() >= 1
    assert page.goto(f"/rooms/{town.inner.public_id}").status == 404  # type: ignore[union-attr]
    page.goto(f"/rooms/{town.room.public_id}")
    press(page.locator("main form[action$='/join'] button"))
    expect(page.locator("#body")).to_be_visible()
    return page


def write(page: Page, text: str) -> None:
    page.locator("#body").fill(text)
    page.locator("[data-send]").click()


def does_harm_and_is_reported(town: Town, member: Page) -> None:
    write(member, "انظروا https://example.org/bait")
    expect(member.locator("main")).to_contain_text("الروابط")  # links wait in probation; the words are still there
    member.goto(f"/rooms/{town.room.public_id}")
    write(member, "أعرف أين تسكن أختك يا شاهد")
    expect(member.locator(".message__body").last).to_contain_text("أعرف أين تسكن")
    expect(member.locator("[data-client-id]")).to_have_count(0)
    witness = town.visit(town.witness, f"/rooms/{town.room.public_id}", seen=ARABIC, scripts=town.javascript)
    witness.locator(".message__link").last.click()
    town.keep(witness, "11-message")
    witness.locator("main a[href^='/report/message/']").click()
    submit(witness, body="")
    expect(witness.locator(".error-summary")).to_be_visible()
    submit(witness, category="harassment", body="يهدّد أختي", hopes="أن تُزال الرسالة")
    expect(witness).to_have_url(re.compile("/me/reports/"))
    town.keep(witness, "12-my-report")


def loses_their_writing(town: Town) -> None:
    """A moderator takes it on, sees five messages either side, decides, and the reporter hears of it."""
    moderator = town.moderators[0]
    page = town.visit(moderator, "/queue?kind=report")
    page.locator("main .rows__title a[href^='/queue/']").last.click()
    expect(page.locator("main")).not_to_contain_text("أعرف أين تسكن")  # nothing to read before one takes it on
    press(page.locator("main form[action$='/claim'] button"))
    town.keep(page, "13-item")
    expect(page.locator("main details").first).to_be_visible()
    submit(
        page,
        to="/decide",
        measure="pause-posting",
        days="3",
        category="harassment",
        remove_words="y",
        reason="رسالتك هدّدت عضواً. الكتابة متوقفة ثلاثة أيام.",
        text="أزلنا الرسالة واتخذنا إجراء. شكراً لإخبارنا.",
    )
    expect(page).to_have_url(re.compile("/queue$"))
    hears_that_it_is_settled(town)


def is_settled(town: Town) -> None:
    """The report is closed by somebody whose pages the other story walks through."""
    scene, moderator = Scene(town.people.house, town.people.make), town.moderators[0]
    item = scene.claim(moderator, scene.item("report"))
    with work.scope(scene.house):
        close_reports(moderator, [item], outcome=Outcome.ACTED, answer="أزلنا الرسالة واتخذنا إجراء. شكراً لإخبارنا.")


def hears_that_it_is_settled(town: Town) -> None:
    witness = town.visit(town.witness, "/notices", seen=ARABIC, scripts=town.javascript)
    town.keep(witness, "14-notices")
    witness.locator("main a[href^='/notices/']").first.click()
    expect(witness.locator("main")).to_contain_text("أزلنا الرسالة")


def hears_why_and_appeals(town: Town, member: Page) -> None:
    expect(member.locator(".message--gone")).to_have_count(1)  # the open page, which nobody touched meanwhile
    member.goto(f"/rooms/{town.room.public_id}")
    expect(member.locator(".message--gone")).to_have_count(1)
    expect(member.locator("main a[href='/me/standing']")).to_be_visible()
    town.keep(member, "15-paused")
    member.goto("/me/standing")
    expect(member.locator("main")).to_contain_text("رسالتك هدّدت عضواً")
    town.keep(member, "16-standing")
    member.locator("main a[href$='/appeal']").click()
    submit(member, body="كنت غاضباً وأعتذر. لن يتكرر.")
    expect(member).to_have_url(re.compile("/me/appeals/"))
    town.keep(member, "17-appeal")


def is_heard_by_somebody_else(town: Town, member: Page) -> None:
    """Whoever took the measure does not even see the appeal."""
    appeal = member.url.rpartition("/")[2]
    handled = town.visit(town.moderators[0], "/queue?kind=appeal")
    assert handled.goto(f"/appeals/{appeal}").status == 404  # type: ignore[union-attr]
    page = town.visit(town.moderators[1], f"/appeals/{appeal}")
    expect(page.locator("main")).to_contain_text("كنت غاضباً")
    town.keep(page, "18-appeal-decided")
    submit(page, to="/decide", decision="grant", text="قبلنا اعتذارك. الكتابة مفتوحة من جديد.")
    member.reload()
    expect(member.locator("main")).to_contain_text("قبلنا اعتذارك")
    member.goto(f"/rooms/{town.room.public_id}")
    write(member, "شكراً لكم")
    expect(member.locator(".message__body").last).to_contain_text("شكراً لكم")
    expect(member.locator("[data-client-id]")).to_have_count(0)


def the_branch_is_paused_and_looked_at(town: Town, name: str) -> None:
    """One proposes, another one carries it out; each of the branch is told, and looked at one by one."""
    one, other = town.moderators[1], town.moderators[2]
    page = town.visit(one, f"/people/{town.first.public_id}/branch")
    submit(page, reason="An informer was found among those they vouched for.")
    expect(page.locator("main")).to_contain_text("3 people")
    expect(page.locator("main")).not_to_contain_text(name)  # one moderator alone sees how many, and nobody's name
    town.keep(page, "19-branch")
    submit(page, to="/freeze", reason="An informer was found among those they vouched for.")
    expect(town.visit(town.first, "/me/vouching").locator("main form[action$='/codes']")).to_have_count(1)
    second = town.visit(other, f"/people/{town.first.public_id}/branch")
    submit(second, reason="To see whom it touches before I agree.")
    expect(second.locator("main")).to_contain_text(name)
    town.keep(second, "19-branch-by-two")
    second.goto("/proposals")
    second.locator("main a[href^='/proposals/']").first.click()
    town.keep(second, "20-proposal")
    press(second.locator("main form[action$='/consent'] button"))
    paused = town.visit(town.first, "/me/standing", seen=ARABIC)
    paused.locator("main a[href='/me/doors']").click()
    town.keep(paused, "21-paused-branch")
    expect(town.visit(town.first, "/me/vouching").locator("main form[action$='/codes']")).to_have_count(0)
    review = town.visit(other, "/queue?kind=branch-review")
    review.locator("main .rows__title a[href^='/queue/']").first.click()
    press(review.locator("main form[action$='/claim'] button"))
    submit(review, reason="They did nothing wrong.")
    town.keep(review, "22-lifted")
