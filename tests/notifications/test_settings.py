"""How people choose to be told: an address that is proven first, hours, and words about what each way tells whom."""

import dataclasses
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import create_app
from app.kernel import work
from app.kernel.actor import STRANGER, system
from app.kernel.db import now
from app.kernel.errors import Forbidden, Invalid, TooMany
from app.kernel.house import House
from app.kernel.work import action
from app.notifications import actions, queries
from app.notifications.actions import choosing
from app.notifications.forms import ZONES
from app.notifications.models import MailState, NoticeSettings
from app.notifications.policy import Hours
from config import Settings, Unsafe, read_settings
from tests.factories import Factory
from tests.identity.visitor import Visitor, words
from tests.notifications.conftest import Post, Telling

pytestmark = pytest.mark.one_database

ADDRESS = "reader.canary@example.net"


def code_in(post: Post) -> str:
    found = re.search(r"\b(\d{8})\b", post.letters[-1].get_content())
    assert found
    return found[1]


def test_an_address_is_written_to_once_a_code_came_back_from_it(
    app: Flask, house: House, make: Factory, telling: Telling, post: Post
) -> None:
    person = make.person()
    visitor = Visitor.of(app, make.another_session(person))
    assert visitor.sends("/me/notices/address", {"address": f" {ADDRESS} "}).status_code == 303
    telling.notify(person)
    telling.work_off()
    assert [letter["To"] for letter in post.letters] == [ADDRESS]
    assert post.letters[0]["Subject"] == "Your code"
    page = words(visitor.opens("/me/notices"))
    assert ADDRESS in page
    assert "A code is on its way" in page
    wrong = visitor.sends("/me/notices/code", {"code": "00000000"})
    assert wrong.status_code == 422
    assert "This code does not fit." in words(wrong)
    code = code_in(post)
    assert visitor.sends("/me/notices/code", {"code": f" {code[:4]} {code[4:]} "}).status_code == 303
    assert "Confirmed:" in words(visitor.opens("/me/notices"))
    telling.notify(person, ref="new")
    telling.work_off()
    assert [letter["Subject"] for letter in post.letters] == ["Your code", "There is something new"]


def test_a_code_in_arabic_digits_is_the_same_code(telling: Telling, make: Factory) -> None:
    person = make.person()
    with work.scope(telling.house):
        actions.add_address(person, address=ADDRESS)
        actions.confirm_address(
            person, code=telling.code_of(person).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
        )
    assert telling.settings(person).mail_state is MailState.CONFIRMED


def test_a_code_can_be_guessed_at_five_times(telling: Telling, make: Factory) -> None:
    person = make.person()
    with work.scope(telling.house):
        actions.add_address(person, address=ADDRESS)
        code = telling.code_of(person)
        for wrong in range(choosing.CODE_TRIES):
            with pytest.raises(Invalid):
                actions.confirm_address(person, code=str(int(code) ^ (wrong + 1)))
        with pytest.raises(Invalid):
            actions.confirm_address(person, code=code)
    assert telling.settings(person).mail_state is MailState.UNCONFIRMED


def test_a_code_is_good_for_a_day_and_only_the_newest_one(telling: Telling, make: Factory, post: Post) -> None:
    person = make.person()
    with work.scope(telling.house):
        actions.add_address(person, address=ADDRESS)
        old = telling.code_of(person)
        actions.add_address(person, address="other@example.net")
        with pytest.raises(Invalid):
            actions.confirm_address(person, code=old if old != telling.code_of(person) else "1")

    @action
    def let_a_day_pass() -> None:
        work.session().execute(update(NoticeSettings).values(code_until=now()))

    with work.scope(telling.house):
        let_a_day_pass()
        with pytest.raises(Invalid):
            actions.confirm_address(person, code=telling.code_of(person))
    telling.work_off()
    assert [letter["To"] for letter in post.letters] == ["other@example.net"], "the first code is of no use any more"


def test_nobody_s_mailbox_is_filled_from_here(telling: Telling, make: Factory) -> None:
    with work.scope(telling.house):
        one = make.person()
        for number in range(4):
            actions.add_address(one, address=f"n{number}@example.net")
        with pytest.raises(TooMany):
            actions.add_address(one, address="n5@example.net")
        for _ in range(3):
            actions.add_address(make.person(), address=ADDRESS)
        with pytest.raises(TooMany):
            actions.add_address(make.person(), address=ADDRESS.upper())


def test_an_address_that_does_not_exist_is_shown_as_such(
    app: Flask, make: Factory, telling: Telling, post: Post
) -> None:
    person = make.person()
    post.mood = "unknown"
    with work.scope(telling.house):
        actions.add_address(person, address=ADDRESS)
    telling.work_off()
    page = words(Visitor.of(app, make.another_session(person)).opens("/me/notices"))
    assert "Messages to this address come back" in page
    assert ADDRESS in page


def test_a_forgotten_address_is_gone_and_what_was_on_its_way_with_it(
    app: Flask, telling: Telling, post: Post, make: Factory
) -> None:
    reader = telling.reader(address=ADDRESS)
    telling.notify(reader)
    telling.house.queue.sweep()
    visitor = Visitor.of(app, make.another_session(reader))
    assert visitor.sends("/me/notices/address/remove").status_code == 303
    telling.work_off(later=True)
    assert len(post.letters) == 1
    settings = telling.settings(reader)
    assert (settings.mail_state, settings.address, settings.by_mail) == (MailState.NONE, None, False)
    assert ADDRESS not in words(visitor.opens("/me/notices"))
    assert visitor.sends("/me/notices/address/remove").status_code == 303, "twice is as good as once"


def test_an_address_that_was_never_proven_is_forgotten_after_a_week(telling: Telling, make: Factory) -> None:
    person, proven = make.person(), telling.reader()
    with work.scope(telling.house):
        actions.add_address(person, address=ADDRESS)

    @action
    def let_time_pass() -> None:
        work.session().execute(update(NoticeSettings).values(code_until=now() - (now() - now().replace(year=2020))))

    with work.scope(telling.house):
        let_time_pass()
        actions.forget_old(system("test"))
    assert telling.settings(person).address is None
    assert telling.settings(person).mail_state is MailState.NONE
    assert telling.settings(proven).mail_state is MailState.CONFIRMED


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a b@example.org", "a@b", "a@example.org\nBcc: x@example.org", "a@exämple.org", "<a@example.org>",
     "a@example.org, b@example.org", "a" * 65 + "@example.org", "a@-example.org"],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused_and_given_back(app: Flask, make: Factory, address: str) -> None:
    answer = Visitor.of(app, make.token()).sends("/me/notices/address", {"address": address})
    assert answer.status_code == 422
    assert "Something needs another look" in words(answer)


def test_hours_are_kept_as_they_were_chosen_and_sealed(app: Flask, house: House, make: Factory) -> None:
    token = make.token()
    visitor = Visitor.of(app, token)
    chosen = {"pace": "daily", "time": "hours", "first": "7", "last": "22", "zone": "Europe/Berlin"}
    assert visitor.sends("/me/notices", chosen).status_code == 303
    with work.scope(house):
        found = queries.choices(make.actor(token))
    assert (found.once_a_day, found.hours) == (True, Hours(7, 22, "Europe/Berlin"))
    page = words(visitor.opens("/me/notices"))
    for marked in ('value="daily"', 'value="hours"'):
        assert re.search(rf"<input[^>]*checked[^>]*{marked}", page)
    assert 'selected value="Europe/Berlin">Berlin<' in page
    with house.databases.data.connect() as connection:
        (row,) = connection.execute(select(NoticeSettings.__table__)).all()
    assert b"Berlin" not in b"".join(part for part in row if isinstance(part, bytes))
    assert visitor.sends("/me/notices", {**chosen, "time": "any"}).status_code == 303
    with work.scope(house):
        assert queries.choices(make.actor(token)).hours is None


@pytest.mark.parametrize("wrong", [{"zone": "Mars/Olympus"}, {"first": "24"}, {"pace": "never"}])
def test_choices_that_are_none_are_refused(app: Flask, make: Factory, wrong: dict[str, str]) -> None:
    chosen = {"pace": "soon", "time": "hours", "first": "7", "last": "22", "zone": "Europe/Berlin", **wrong}
    assert Visitor.of(app, make.token()).sends("/me/notices", chosen).status_code == 422


def test_every_clock_that_can_be_chosen_is_known_here(house: House) -> None:
    assert [zone for zone in ZONES if not Hours(1, 2, zone).clock.key] == []


def test_mail_is_not_switched_on_without_a_proven_address(telling: Telling, make: Factory) -> None:
    person = make.person()
    with work.scope(telling.house):
        actions.choose(person, by_mail=True, by_push=False, once_a_day=False, hours=None)
    assert telling.settings(person).by_mail is False


def test_whoever_is_not_here_chooses_nothing(house: House) -> None:
    with work.scope(house):
        verbs: list[Callable[[], None]] = [
            lambda: actions.choose(STRANGER, by_mail=True, by_push=True, once_a_day=False, hours=None),
            lambda: actions.add_address(STRANGER, address=ADDRESS),
            lambda: actions.remove_address(STRANGER),
        ]
        for verb in verbs:
            with pytest.raises(Forbidden):
                verb()


def test_no_address_is_stored_in_the_clear(telling: Telling, house: House) -> None:
    telling.reader(address=ADDRESS)
    with house.databases.data.connect() as connection:
        (row,) = connection.execute(select(NoticeSettings.__table__)).all()
    assert ADDRESS.encode() not in b"".join(part for part in row if isinstance(part, bytes))
    assert ADDRESS not in map(str, row)


def test_the_page_says_what_each_way_tells_whom(app: Flask, make: Factory) -> None:
    page = words(Visitor.of(app, make.token()).opens("/me/notices"))
    assert "post@example.org" in page
    assert "Google, Apple, Mozilla or Microsoft" in page
    assert "the address of this site beside it" in page


def test_where_nothing_is_sent_the_page_says_so_and_offers_nothing(settings: Settings) -> None:
    app = create_app(settings)
    house: House = app.extensions["house"]
    visitor = Visitor.of(app, Factory(house).token())
    page = words(visitor.opens("/me/notices"))
    assert "This place sends nothing outside." in page
    assert "/me/notices/address" not in page
    assert visitor.sends("/me/notices/devices", {"endpoint": "x", "p256dh": "x", "auth": "x"}).status_code == 404
    assert visitor.opens("/push-worker.js").status_code == 404
    assert visitor.sends("/me/notices/address", {"address": ADDRESS}).status_code == 404
    house.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"SMTP_URL": "smtp://mail.example.org"}, "SMTP_URL needs MAIL_FROM"),
        ({"SMTP_URL": "http://x", "MAIL_FROM": "a@example.org"}, "SMTP_URL must look like"),
        ({"SMTP_URL": "smtp://u:secret@h:port", "MAIL_FROM": "a@example.org"}, "SMTP_URL must look like"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM must be an address"),
        ({"WEB_PUSH": "on"}, "WEB_PUSH=on needs MAIL_FROM"),
        ({"WEB_PUSH": "yes"}, "WEB_PUSH must be on or off"),
        ({"MAIL_LINK": "1"}, "MAIL_LINK must be on or off"),
    ],
)
def test_settings_of_mail_that_do_not_do_are_refused_without_their_password(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(Unsafe) as refused:
        read_settings({"APP_ENV": "test", **wrong})
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    well = read_settings({"APP_ENV": "test", "SMTP_URL": "smtps://h", "MAIL_FROM": "Post <a@example.org>"})
    assert dataclasses.asdict(well)["mail_link"] is False
    assert well.web_push is False
