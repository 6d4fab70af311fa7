"""Mail that says nothing, through a real mail server that fails, delays, refuses and breaks off."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import create_app
from app.identity import actions as identity
from app.identity.models import Cause, Person, Standing
from app.kernel import jobs, work
from app.kernel.access import Permission
from app.kernel.actor import Actor, system
from app.kernel.db import new_public_id, now
from app.kernel.house import House
from app.kernel.jobs import JobState
from app.kernel.mail import Letter, Mail, Undelivered
from app.kernel.work import action
from app.notifications import actions, queries
from app.notifications.actions.telling import TRIED_FOR
from app.notifications.models import Delivery, DeliveryState, MailState
from app.notifications.policy import Hours
from config import Settings, read_settings
from tests.conftest import environment
from tests.factories import Factory
from tests.notifications.conftest import ANSWERED, PAUSED, REF, Office, Post, Telling, running

ENGLISH = "There is something new for you. Sign in when it suits you."
#: What nobody may read in a mail: who, what, where, and what this place is.
CANARIES = (
    "Kestrelcanary", "Sanad", "سند", "canary", ANSWERED, PAUSED, REF, "notice", "answered", "decided", "room",
    "member", "survivor", "detention", "network", "http", "127.0.0.1", "localhost",
)  # fmt: skip


def test_however_much_happens_it_is_one_mail(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    for number in range(5):
        telling.notify(reader, ref=f"n{number}")
    telling.work_off()
    assert [letter["To"] for letter in post.letters[1:]] == ["reader@example.net"]
    assert [one.state for one in telling.deliveries()] == [DeliveryState.SENT] * 2


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.one_database
def test_a_mail_says_nothing_about_whom_what_or_where(
    telling: Telling, post: Post, house: House, language: str
) -> None:
    reader = telling.reader(language=language)
    telling.notify(reader)
    telling.notify(reader, kind=PAUSED)
    telling.work_off()
    for letter, raw in zip(post.letters, post.raw, strict=True):
        everything = f"{letter.as_string()} {letter['Subject']} {letter.get_content()} {raw.decode()}".casefold()
        everything = everything.replace(str(letter["Message-ID"]).casefold(), "")  # random, so it may spell anything
        assert [canary for canary in CANARIES if canary.casefold() in everything] == []
        assert {name for name in letter if name.lower() not in {"mime-version", "x-peer", "x-mailfrom", "x-rcptto"}} == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
            "Content-Transfer-Encoding",
        }  # fmt: skip
        assert (letter["From"], letter["Auto-Submitted"]) == ("post@example.org", "auto-generated")
    assert post.greetings == ["example.org"] * 2, "the name of our machine stays ours"
    words = post.letters[1].get_content().strip()
    if language == "en":
        assert (post.letters[1]["Subject"], words) == ("There is something new", ENGLISH)
    else:
        assert words != ENGLISH
        assert all("\u0600" <= letter <= "\u06ff" or letter in " .،" for letter in words)


@pytest.mark.one_database
def test_the_address_of_the_site_is_in_it_only_where_that_was_asked_for(
    settings: Settings, office: Office, post: Post
) -> None:
    for app in running(settings, office, mail_link=True):
        telling = Telling(app.extensions["house"], Factory(app.extensions["house"]))
        telling.notify(telling.reader())
        telling.work_off()
    assert post.letters[1].get_content().strip() == f"{ENGLISH}\n\n{settings.address}"


def test_nothing_is_lost_and_nothing_doubled_while_the_mail_server_is_down(
    telling: Telling, office: Office, post: Post
) -> None:
    reader = telling.reader()
    office.close()
    for number in range(4):
        telling.notify(reader, ref=f"n{number}")
        telling.work_off(later=True)
    assert len(post.letters) == 1, "the code, before"
    assert telling.deliveries()[-1].state is DeliveryState.WAITING
    office.open()
    telling.work_off(later=True)
    assert len(post.letters) == 2
    telling.work_off(later=True)
    assert len(post.letters) == 2
    assert telling.house.queue.counts().keys() == {JobState.DONE}


def test_what_happens_while_the_server_is_down_for_hours_is_still_one_mail(
    telling: Telling, office: Office, post: Post
) -> None:
    reader = telling.reader()
    office.close()
    for hours in range(5):
        telling.notify(reader, ref=f"n{hours}", kind=PAUSED if hours == 4 else ANSWERED)
        telling.tell(reader, now() + timedelta(hours=2 * hours))
    (_code, waiting) = telling.deliveries()
    assert (waiting.state, waiting.urgent) == (DeliveryState.WAITING, True)
    office.open()
    telling.work_off(later=True)
    assert len(post.letters) == 2


@pytest.mark.one_database
def test_a_server_that_is_busy_is_asked_again_after_growing_waits(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    post.mood = "busy"
    telling.notify(reader)
    telling.work_off()
    waits = []
    for _ in range(9):
        waits += [round(wait.total_seconds() / 60) for wait in telling.waits()]
        telling.all_due()
        telling.house.queue.sweep()
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    post.mood = "well"
    telling.work_off(later=True)
    assert len(post.letters) == 2
    assert post.letters[1]["Message-ID"].startswith(f"<{telling.deliveries()[-1].public_id}@")


def test_after_three_days_a_mail_is_given_up_and_the_notice_stays(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    post.mood = "busy"
    telling.notify(reader)
    telling.work_off()

    @action
    def let_time_pass() -> None:
        work.session().execute(
            update(Delivery).where(Delivery.state == DeliveryState.WAITING).values(made_at=now() - TRIED_FOR)
        )

    with work.scope(telling.house):
        let_time_pass()
    telling.work_off(later=True)
    assert telling.deliveries()[-1].state is DeliveryState.SET_ASIDE
    assert telling.settings(reader).mail_state is MailState.CONFIRMED, "that is no fault of the address"
    post.mood = "well"
    assert telling.work_off(later=True) == 0
    telling.notify(reader, ref="next")
    telling.tell(reader, now() + timedelta(hours=2))
    assert len(post.letters) == 2


@pytest.mark.one_database
def test_a_server_that_is_slow_keeps_nobody_from_writing_meanwhile(telling: Telling, post: Post, make: Factory) -> None:
    reader = telling.reader()
    post.mood = "slow"
    post.tried.clear()
    telling.notify(reader)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(telling.work_off)
        assert post.tried.wait(timeout=10)
        began = now()
        make.person()
        telling.notify(reader, ref="meanwhile")
        assert not sending.done()
        assert now() - began < timedelta(seconds=1)
        sending.result(timeout=20)
    assert telling.deliveries()[-1].state is DeliveryState.WAITING
    post.mood = "well"
    telling.work_off(later=True)
    assert len(post.letters) == 2


@pytest.mark.one_database
def test_a_mail_whose_acceptance_was_not_heard_is_sent_again_as_the_same_mail(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    post.mood = "drops"
    telling.notify(reader)
    telling.work_off()
    post.mood = "well"
    telling.work_off(later=True)
    _code, first, second = post.raw
    assert first == second
    assert telling.deliveries()[-1].state is DeliveryState.SENT


@pytest.mark.one_database
def test_an_address_that_is_not_there_is_marked_and_its_person_told(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    post.mood = "unknown"
    telling.notify(reader)
    telling.work_off()
    assert telling.deliveries()[-1].state is DeliveryState.SET_ASIDE
    settings = telling.settings(reader)
    assert (settings.mail_state, settings.by_mail) == (MailState.BROKEN, False)
    with work.scope(telling.house):
        lines, _more = queries.notices(reader)
    assert lines[0].text.startswith("Messages to your mail address come back.")
    post.mood = "well"
    telling.notify(reader, ref="later")
    assert telling.work_off(later=True) == 0
    assert len(post.letters) == 1


@pytest.mark.one_database
def test_a_server_that_does_not_want_us_is_no_fault_of_the_address(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    post.mood = "not ours"
    telling.notify(reader)
    telling.work_off()
    assert telling.settings(reader).mail_state is MailState.CONFIRMED
    post.mood = "well"
    telling.work_off(later=True)
    assert len(post.letters) == 2


def test_two_workers_at_once_send_one_mail(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    post.mood = "drags"
    telling.notify(reader)
    telling.house.queue.sweep()  # which decides, and leaves the sending to the next ones
    job_id = next(iter(_waiting_jobs(telling)))
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(telling.house.queue.run, [job_id, job_id]))
    assert sorted(done) == [False, True]
    assert len(post.letters) == 2


def test_two_workers_who_decide_at_once_make_one_mail(
    telling: Telling, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = telling.reader()
    telling.notify(reader)
    both, found = threading.Barrier(2), queries.untold

    def found_by_both(*args: Any, **options: Any) -> Any:
        """What waits, once the other one has seen it too, if that could be."""
        notices = found(*args, **options)
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.5)
        return notices

    def decide(_number: int) -> None:
        with work.scope(telling.house):
            actions.tell(system("test"), reader.person_id, now())

    monkeypatch.setattr(queries, "untold", found_by_both)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(decide, range(2)))
    telling.work_off(later=True)
    assert len(telling.deliveries()) == 2
    assert len(post.letters) == 2


def test_a_worker_that_died_while_sending_is_followed_by_another_when_its_lease_is_over(
    telling: Telling, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = telling.reader()
    telling.notify(reader)
    telling.house.queue.sweep()
    job_id = next(iter(_waiting_jobs(telling)))

    class Killed(BaseException):
        """What no handler of ours catches, as a kill."""

    with monkeypatch.context() as dying:
        dying.setattr(telling.house.mail, "send", lambda _letter: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            telling.house.queue.run(job_id)
    assert telling.house.queue.run(job_id) is False, "it is left to whoever began it"
    (lease,) = telling.waits()
    assert lease > timedelta(seconds=jobs.LEASE_SECONDS - 30)
    telling.work_off(later=True)
    assert len(post.letters) == 2


def test_what_was_read_meanwhile_is_not_told_any_more(telling: Telling, post: Post, office: Office) -> None:
    reader = telling.reader()
    office.close()
    telling.notify(reader)
    telling.work_off()
    with work.scope(telling.house):
        actions.mark_all_read(reader)
    office.open()
    telling.work_off(later=True)
    assert len(post.letters) == 1
    assert telling.deliveries()[-1].state is DeliveryState.SET_ASIDE


@pytest.mark.one_database
def test_chosen_hours_and_the_daily_message_hold_what_is_not_urgent(telling: Telling, post: Post) -> None:
    hour = now().hour
    reader = telling.reader(once_a_day=True, hours=Hours((hour + 3) % 24, (hour + 5) % 24, "UTC"))
    telling.notify(reader)
    telling.work_off()
    telling.notify(reader, ref="more")
    telling.work_off()
    assert len(post.letters) == 1
    (wait,) = telling.waits()
    assert timedelta(hours=2) < wait <= timedelta(hours=3), "both wait for the same moment, once"
    telling.tell(reader, now() + wait + timedelta(seconds=1))
    assert len(post.letters) == 2
    telling.notify(reader, kind=PAUSED)
    telling.work_off()
    assert len(post.letters) == 3, "what is urgent does not wait"


def suspended(telling: Telling, person: Actor) -> None:
    with work.scope(telling.house):
        identity.restrict(
            system("test"), person.person_id, [Permission.SIGNED_IN], cause=Cause.MEASURE, ref=new_public_id()
        )


@pytest.mark.one_database
def test_somebody_suspended_is_told_only_what_is_urgent(telling: Telling, post: Post, office: Office) -> None:
    reader = telling.reader()
    office.close()
    telling.notify(reader, ref="before")
    telling.work_off()
    suspended(telling, reader)
    office.open()
    telling.work_off(later=True)
    assert len(post.letters) == 1, "what was on its way does not leave"
    telling.notify(reader, ref="after")
    telling.tell(reader, now() + timedelta(hours=2))
    assert len(post.letters) == 1
    telling.notify(reader, kind=PAUSED)
    telling.tell(reader, now() + timedelta(hours=2))
    assert len(post.letters) == 2


@pytest.mark.one_database
def test_somebody_who_left_is_told_nothing(telling: Telling, post: Post, office: Office) -> None:
    reader = telling.reader()
    office.close()
    telling.notify(reader)
    telling.work_off()

    @action
    def close() -> None:
        work.session().execute(update(Person).where(Person.id == reader.person_id).values(standing=Standing.CLOSED))

    with work.scope(telling.house):
        close()
    office.open()
    telling.work_off(later=True)
    telling.notify(reader, kind=PAUSED)
    telling.work_off(later=True)
    assert len(post.letters) == 1


@pytest.mark.one_database
def test_whoever_switches_mail_off_gets_none_and_on_again_nothing_old(telling: Telling, post: Post) -> None:
    reader = telling.reader()
    choices = {"by_push": False, "once_a_day": False, "hours": None}
    with work.scope(telling.house):
        actions.choose(reader, by_mail=False, **choices)  # type: ignore[arg-type]  # as the form gives them
    telling.notify(reader)
    telling.work_off(later=True)
    with work.scope(telling.house):
        actions.choose(reader, by_mail=True, **choices)  # type: ignore[arg-type]  # as the form gives them
    telling.work_off(later=True)
    assert len(post.letters) == 1
    telling.notify(reader, ref="new")
    telling.work_off(later=True)
    assert len(post.letters) == 2


@pytest.mark.one_database
def test_nobody_who_gave_no_address_costs_the_queue_anything(telling: Telling, make: Factory) -> None:
    telling.notify(make.person())
    assert telling.house.queue.counts() == {}


# --- the mail server itself ---------------------------------------------------------------------------------------------


@pytest.fixture
def letter() -> Letter:
    return Letter("AAAAAAAAAAAAAAAA", "reader@example.net", "Subject", "Words\n", now())


@pytest.fixture
def sending(tmp_path: Path, office: Office) -> Settings:
    return read_settings(
        environment(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{office.port}", MAIL_FROM="Post <post@example.org>")
    )


@pytest.mark.one_database
def test_a_server_that_is_away_is_left_alone_for_a_while(sending: Settings, office: Office, letter: Letter) -> None:
    office.close()
    mail = Mail(sending, rest=60)
    with pytest.raises(Undelivered):
        mail.send(letter)
    office.open()
    with pytest.raises(Undelivered, match="left alone"):
        mail.send(letter)
    assert office.post.letters == []


@pytest.mark.one_database
def test_a_display_name_that_the_operator_chose_is_kept(sending: Settings, post: Post, letter: Letter) -> None:
    Mail(sending).send(letter)
    assert post.letters[0]["From"] == "Post <post@example.org>"


@pytest.mark.one_database
def test_nothing_travels_in_the_clear_beyond_this_machine(
    sending: Settings, office: Office, letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of this test offers no TLS. Reached under another name than this machine's, it gets nothing."""
    monkeypatch.setattr(Mail, "_on_this_machine", False)
    with pytest.raises(Undelivered):
        Mail(sending).send(letter)
    assert office.post.attempts == 0


def test_an_app_without_a_mail_server_offers_none(sqlite_settings: Settings) -> None:
    app: Flask = create_app(sqlite_settings)
    house: House = app.extensions["house"]
    assert not house.mail.usable
    house.close()


def _waiting_jobs(telling: Telling) -> list[int]:
    with work.scope(telling.house) as opened:
        return list(opened.session.scalars(select(jobs.Job.id).where(jobs.Job.state == JobState.WAITING)))
