"""What is over is forgotten, and what was promised to stay stays."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.kernel import work
from app.kernel.actor import STRANGER, system
from app.kernel.db import now
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.house import House
from app.kernel.vault import Shredded
from app.membership import jobs, records
from app.membership.actions import applying
from app.membership.models import Application, ApplicationState, Fingerprint, Vouch
from app.membership.queries import applying as queries
from app.membership.queries import vetting, vouching
from tests.membership.people import People


def days_ago(days: int) -> object:
    return now().date() - timedelta(days=days)


def tidy(house: House) -> None:
    with work.scope(house):
        jobs.forget(system("test"))
    house.queue.sweep()


def rows(house: House, kind: type) -> int:
    with work.scope(house) as opened:
        return opened.session.scalar(select(func.count()).select_from(kind)) or 0


@pytest.mark.parametrize("send", [False, True])
def test_whoever_withdraws_is_forgotten_at_once(people: People, house: House, send: bool) -> None:
    applicant = people.sent(known_by=("Rami",)) if send else people.draft(known_by=("Rami",))
    before = applicant.now()
    with work.scope(house):
        applying.withdraw(STRANGER, applicant.application())
    house.queue.sweep()
    after = applicant.now()
    assert after.state is ApplicationState.WITHDRAWN
    assert (after.words, after.passphrase, after.sent_on) == (b"", None, None)
    assert (rows(house, Fingerprint), rows(house, Vouch)) == (0, 0)
    with work.scope(house):
        with pytest.raises(Shredded):
            records.answers_of(before)
        with pytest.raises(Invalid):
            applying.come_back(STRANGER, applicant.code, network="elsewhere")
        with pytest.raises(NotFound):
            applicant.application()


def test_whoever_withdrew_is_nobody_s_look_alike(people: People, house: House) -> None:
    applicant = people.sent("Amal")
    with work.scope(house):
        applying.withdraw(STRANGER, applicant.application())
    again = people.in_review("Amal")
    with work.scope(house):
        assert vetting.alike(again.application()) == []


def test_what_is_decided_is_not_withdrawn(people: People, house: House) -> None:
    applicant, _actor = people.admitted()
    with work.scope(house), pytest.raises(Forbidden):
        applying.withdraw(STRANGER, applicant.application())


def test_a_draft_that_nobody_touches_for_thirty_days_is_gone(people: People, house: House) -> None:
    kept, old = people.draft("Kept"), people.draft("Old")
    kept.change(touched_on=days_ago(30))
    old.change(touched_on=days_ago(31))
    sealed = old.now()
    tidy(house)
    assert rows(house, Application) == 1
    with work.scope(house):
        assert queries.find_by_code(kept.code) is not None
        assert queries.find_by_code(old.code) is None
        with pytest.raises(Shredded):
            records.answers_of(sealed)


def test_thirty_days_after_the_decision_the_file_is_shredded_and_outcome_and_marks_stay(
    people: People, house: House
) -> None:
    applicant = people.in_review("Amal")
    for _ in range(2):
        applicant.answered_by(people.vetter(), approves=False, words="Later")
    applicant.change(decided_on=days_ago(30))
    tidy(house)
    assert applicant.status().outcome is not None
    applicant.change(decided_on=days_ago(31))
    sealed = applicant.now()
    tidy(house)
    with work.scope(house), pytest.raises(Shredded):
        records.answers_of(sealed)
    status = applicant.status()
    assert (status.state, status.outcome, status.name) == (ApplicationState.REFUSED, None, "")
    assert status.again_on is not None
    assert rows(house, Fingerprint) == 1
    again = people.in_review("Amal")
    with work.scope(house):
        assert [one.state for one in vetting.alike(again.application())] == [ApplicationState.REFUSED]


def test_somebody_admitted_stays_in_the_list_of_who_vouched_for_them_after_the_file_is_gone(
    people: People, house: House
) -> None:
    voucher = people.settled()
    applicant, _actor = people.admitted("Amal", by=(voucher, people.settled()))
    applicant.change(decided_on=days_ago(31))
    tidy(house)
    with work.scope(house):
        [line] = vouching.my_vouching(voucher).answered
        assert (line.name, line.may_take_back) == ("Amal", True)
        assert queries.find_by_code(applicant.code) is None, "a paper found later says nothing of who is here"


def test_what_waits_for_sixty_days_is_closed_without_blame(people: People, house: House) -> None:
    applicant = people.sent()
    applicant.change(touched_on=days_ago(61))
    tidy(house)
    assert applicant.is_in(ApplicationState.EXPIRED)
    assert applicant.now().passphrase is None


def test_nobody_but_the_system_tidies_up(people: People, house: House) -> None:
    with work.scope(house), pytest.raises(Forbidden):
        jobs.forget(people.moderator())


def test_the_words_of_an_application_stand_nowhere_on_the_disk(people: People, house: House) -> None:
    people.sent("Zumurrud", known_by=("Rami of the printers",))
    with work.scope(house) as opened:
        for table in ("application", "application_fingerprint", "vouch", "queue_item", "audit_entry"):
            stored = repr(opened.session.execute(text(f"select * from {table}")).all())
            assert "Zumurrud" not in stored
            assert "printers" not in stored


def test_times_are_promised_until_there_are_enough_decided_to_say_how_it_really_is(
    people: People, house: House
) -> None:
    with work.scope(house):
        assert queries.usual_days() is None
    for name, took in (("Aa", 3), ("Bb", 4), ("Dd", 9), ("Ee", 4), ("Ff", 30)):
        applicant = people.sent(name)
        applicant.change(
            state=ApplicationState.REFUSED, sent_on=days_ago(took), decided_on=now().date(), again_on=now().date()
        )
    with work.scope(house):
        assert queries.usual_days() == 4
