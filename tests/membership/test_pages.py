"""The pages of membership as a browser without scripts meets them."""

import re

import pytest
from flask import Flask

from app.kernel import work
from app.kernel.access import Role
from app.kernel.house import House
from app.membership.models import Application, ApplicationState
from tests.identity.visitor import Visitor, alike, words
from tests.membership.people import PASSPHRASE, Applicant, People

pytestmark = pytest.mark.one_database


CODE = re.compile(r"[0-9A-Z]{5}(?:-[0-9A-Z]{5}){3}")


def begins(browser: Visitor) -> str:
    """Begin an application; returns the code that is shown."""
    page = words(browser.sends("/apply"))
    found = CODE.search(page)
    assert found, page
    return found[0]


def applies(browser: Visitor, name: str = "Amal") -> str:
    """All five steps."""
    code = begins(browser)
    assert browser.sends("/apply/name", {"name": name}).location == "/apply/people"
    assert browser.sends("/apply/people", {"first": "Rami", "codes": ""}).location == "/apply/words"
    assert browser.sends("/apply/words", {"brings": "Company", "offers": "", "country": ""}).location == "/apply/send"
    sent = browser.sends("/apply/send", {"passphrase": PASSPHRASE, "again": PASSPHRASE})
    assert sent.location == "/apply/status", words(sent)
    return code


def test_a_stranger_applies_in_five_steps_and_sees_where_it_stands(app: Flask) -> None:
    browser = Visitor.of(app)
    applies(browser)
    page = words(browser.opens("/apply/status"))
    assert "It waits for members to vouch for you" in page
    assert "at most 7 days" in page


def test_it_goes_on_in_another_browser_with_the_code_however_it_is_typed(app: Flask) -> None:
    first = Visitor.of(app)
    code = begins(first)
    first.sends("/apply/name", {"name": "Amal"})
    second = Visitor.of(app)
    assert second.opens("/apply/people").location == "/apply/return"
    assert second.sends("/apply/return", {"code": code.lower().replace("-", " ")}).location == "/apply/people"
    assert 'value="Amal"' in words(second.opens("/apply/name"))


def test_the_code_is_shown_once_and_wrong_ones_are_all_told_the_same(app: Flask) -> None:
    browser = Visitor.of(app)
    code = begins(browser)
    for page in ("/apply", "/apply/name", "/apply/send"):
        assert code not in words(browser.opens(page))
    told = {
        alike(Visitor.of(app).sends("/apply/return", {"code": wrong}), wrong)
        for wrong in ("ABCDE-FGHJK-MNPQR-STVWX", "xyzzy-xyzzy", "01234")
    }
    assert len(told) == 1
    assert "No application has this code" in told.pop()


def test_each_step_where_it_might_come_up_says_that_detention_is_never_asked_about(app: Flask) -> None:
    browser = Visitor.of(app)
    assert "You never have to say what happened to you in detention." in words(browser.opens("/apply"))
    begins(browser)
    for page in ("/apply/people", "/apply/words", "/apply/send"):
        assert "You never have to say what happened to you in detention." in words(browser.opens(page))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Nоur", "mixes alphabets"),  # with a Cyrillic o
        ("Нур", "Choose a plainer one"),
        ("Nour\u200b", "invisible characters"),
        ("نور\u202e", "invisible characters"),
        ("نور\u200f", "invisible characters"),
        ("", "Choose a name"),
    ],
)
def test_a_name_that_hides_something_is_refused_in_words(app: Flask, name: str, told: str) -> None:
    browser = Visitor.of(app)
    begins(browser)
    answer = browser.sends("/apply/name", {"name": name})
    assert answer.status_code == 422
    assert told in words(answer)


@pytest.mark.parametrize(("member", "applicant"), [("علي", "على"), ("كريم", "ڪريم"), ("Nour", "N0UR")])
def test_a_name_that_looks_like_a_member_s_is_seen_before_anybody_has_it_too(
    people: People, member: str, applicant: str
) -> None:
    people.settled(member)
    assert people.in_review(applicant).status().name_taken


def test_a_passphrase_that_is_easy_to_guess_or_mistyped_is_refused_and_never_sent_back(app: Flask) -> None:
    browser = Visitor.of(app)
    begins(browser)
    browser.sends("/apply/name", {"name": "Amal"})
    browser.sends("/apply/words", {"brings": "Company"})
    for one, other in ((PASSPHRASE, f"{PASSPHRASE}!"), ("brieflyput", "brieflyput")):
        answer = browser.sends("/apply/send", {"passphrase": one, "again": other})
        assert answer.status_code == 422
        assert one not in words(answer)


def test_a_step_that_was_left_out_is_named_before_sending(app: Flask) -> None:
    browser = Visitor.of(app)
    begins(browser)
    answer = browser.sends("/apply/send", {"passphrase": PASSPHRASE, "again": PASSPHRASE})
    assert answer.status_code == 422
    assert "Something is missing in an earlier step" in words(answer)


def test_leaving_makes_this_browser_forget_and_the_code_brings_one_back(app: Flask) -> None:
    browser = Visitor.of(app)
    code = applies(browser)
    browser.sends("/apply/leave")
    assert browser.opens("/apply/status").location == "/apply/return"
    assert browser.sends("/apply/return", {"code": code}).location == "/apply/status"


def test_withdrawing_asks_first_and_then_the_code_leads_nowhere(app: Flask) -> None:
    browser = Visitor.of(app)
    code = applies(browser)
    assert "destroyed at once" in words(browser.opens("/apply/withdraw"))
    assert browser.sends("/apply/withdraw").location == "/apply"
    assert browser.sends("/apply/return", {"code": code}).status_code == 422


def test_no_browser_opens_the_application_of_another(app: Flask) -> None:
    mine, other = Visitor.of(app), Visitor.of(app)
    applies(mine, "Amal")
    for page in ("/apply/status", "/apply/send", "/apply/withdraw"):
        assert other.opens(page).location == "/apply/return"
    for page in ("/apply/answer", "/apply/another-name"):
        assert other.sends(page, {"words": "x", "name": "Other"}).status_code == 404


def test_whoever_begins_too_many_from_one_network_waits(app: Flask) -> None:
    told = [Visitor.of(app).sends("/apply").status_code for _ in range(7)]
    assert told == [200] * 6 + [429]


def test_a_member_looks_after_no_application(app: Flask, people: People) -> None:
    browser = Visitor.of(app, people.make.token())
    for page in ("/apply", "/apply/name", "/apply/status", "/apply/return"):
        assert browser.opens(page).status_code == 409


def test_the_whole_way_from_the_form_to_a_first_sign_in(app: Flask, people: People) -> None:
    applicant = Visitor.of(app)
    applies(applicant)
    found = CODE.search(words(applicant.opens("/apply/status")))
    assert found
    for _ in range(2):
        voucher = people.settled()
        browser = Visitor.of(app, people.make.another_session(voucher))
        asked = browser.sends("/me/vouching/asked", {"code": found[0]}).location
        assert "Amal" in words(browser.opens(asked))
        assert browser.sends(asked, {"how": "friend", "words": "For years"}).location == "/me/vouching"
    assert "two vetters decide" in words(applicant.opens("/apply/status"))
    public_id = ""
    for _ in range(2):
        vetter = people.vetter()
        public_id = public_id or one_application(people)
        browser = Visitor.of(app, people.make.another_session(vetter))
        page = words(browser.opens(f"/applications/{public_id}"))
        assert "For years" in page
        told = {"decision": "approve", "reason": "As far as I can see", "why": "other", "words": ""}
        assert browser.sends(f"/applications/{public_id}/answer", told).status_code == 303
        assert "As far as I can see" not in words(browser.opens(f"/applications/{public_id}"))
    assert "Welcome. You are admitted." in words(applicant.opens("/apply/status"))
    assert applicant.signs_in("Amal", PASSPHRASE).status_code == 303
    assert "Rooms for newcomers" in words(applicant.opens("/me/doors"))


def one_application(people: People) -> str:
    with work.scope(people.house) as opened:
        return opened.session.query(Application).one().public_id


def test_a_vetter_sees_why_they_stand_aside_and_nothing_of_the_file(app: Flask, people: People) -> None:
    voucher = people.vetter()
    applicant = people.in_review("Amal", by=(voucher, people.settled()))
    browser = Visitor.of(app, people.make.another_session(voucher))
    page = words(browser.opens(f"/applications/{applicant.public_id}"))
    assert "You were asked to vouch for this person, so others decide." in page
    assert "Company in the evenings" not in page


def test_a_decided_application_shows_its_outcome_and_no_word_of_it(app: Flask, people: People) -> None:
    applicant, _actor = people.admitted("Zumurrud")
    browser = Visitor.of(app, people.make.another_session(people.vetter()))
    page = words(browser.opens(f"/applications/{applicant.public_id}"))
    assert "The file is closed" in page
    assert "Zumurrud" not in page
    assert "Company in the evenings" not in page


@pytest.mark.parametrize("role", [Role.MEMBER, Role.EMPLOYER, Role.CASEWORKER, Role.ADMINISTRATOR])
def test_nobody_else_finds_the_pages_of_those_who_decide(app: Flask, people: People, role: Role) -> None:
    applicant, actor = people.admitted()
    browser = Visitor.of(app, people.make.another_session(people.settled(roles=(role,))))
    for page in (f"/applications/{applicant.public_id}", f"/people/{actor.public_id}/branch"):
        assert browser.opens(page).status_code == 404


def test_a_code_for_a_neighbour_is_shown_once(app: Flask, people: People) -> None:
    browser = Visitor.of(app, people.make.another_session(people.settled()))
    page = words(browser.sends("/me/vouching/codes", {"whom": "The neighbour upstairs"}))
    found = CODE.search(page)
    assert found
    again = words(browser.opens("/me/vouching"))
    assert found[0] not in again
    assert "The neighbour upstairs" in again


def test_a_newcomer_reads_from_when_they_may_vouch(app: Flask, people: People) -> None:
    browser = Visitor.of(app, people.make.token())
    assert "once you have been here for 60 days" in words(browser.opens("/me/vouching"))


def test_a_question_is_answered_on_the_page_of_the_code(app: Flask, people: People, house: House) -> None:
    browser, vetter = Visitor.of(app), people.vetter()
    applies(browser)
    applicant = people_applicant(people)
    for _ in range(2):
        applicant.vouched_by(people.settled())
    asking = Visitor.of(app, people.make.another_session(vetter))
    asking.sends(f"/applications/{applicant.public_id}/question", {"question": "Mornings or evenings?"})
    assert "Mornings or evenings?" in words(browser.opens("/apply/status"))
    assert browser.sends("/apply/answer", {"words": "Evenings"}).status_code == 303
    assert applicant.is_in(ApplicationState.IN_REVIEW)
    assert "Evenings" in words(asking.opens(f"/applications/{applicant.public_id}"))


def people_applicant(people: People) -> Applicant:
    return Applicant(people, one_application(people), "")
