"""Which language and which weight a page has: the person's wish, then this browser's, then what it asks for."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import gettext, ngettext
from jinja2 import meta

from app import create_app
from app.kernel import i18n
from app.kernel.errors import NotFound, TooMany
from app.kernel.web.context import DATA_MODE_COOKIE
from config import Settings, read_settings
from tests.conftest import environment
from tests.factories import Factory
from tests.identity.visitor import Visitor, cookie_set_by, words

ARABIC, ENGLISH = ("ar", "rtl", "standard"), ("en", "ltr", "standard")


def seen(browser: Visitor, path: str = "/about", **headers: str) -> tuple[str, ...]:
    """Language, direction and weight of a page, as its first element says them."""
    found = re.search(r'<html lang="(.*?)" dir="(.*?)" data-mode="(.*?)">', words(browser.opens(path, **headers)))
    assert found
    return found.groups()


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "ar"), ("ar", "ar"), ("ar-SY,ar;q=0.9,en;q=0.5", "ar"), ("en", "en"), ("en-US,en;q=0.9", "en"),
        ("de-DE,en;q=0.5,ar;q=0.3", "en"), ("de,fr", "ar"), ("en;q=0.1,ar;q=0.9", "ar"), ("*", "ar"), ("ku", "ar"),
        ("x" * 3000, "ar"), ("en;q=broken", "ar"), ("../../etc/passwd", "ar"), ("EN", "en"),
    ],
)  # fmt: skip
@pytest.mark.one_database
def test_a_visitor_reads_the_language_that_the_browser_asks_for_or_arabic(
    app: Flask, asked: str, language: str
) -> None:
    assert seen(Visitor.of(app, language=""), Accept_Language=asked)[0] == language


@pytest.mark.parametrize(("language", "expected"), [("ar", ARABIC), ("en", ENGLISH)])
@pytest.mark.one_database
def test_what_a_visitor_chose_outlasts_what_the_browser_asks_for(
    app: Flask, language: str, expected: tuple[str, ...]
) -> None:
    browser = Visitor.of(app, language="")
    other = "en" if language == "ar" else "ar"
    answer = browser.sends("/preferences", {"language": language, "next": "/help"})
    assert (answer.status_code, answer.location) == (303, "/help")
    assert seen(browser, Accept_Language=other) == expected
    cookie = cookie_set_by(answer, i18n.LANGUAGE_COOKIE)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (
        "True",
        "Lax",
        "/",
        "31536000",
    )


@pytest.mark.parametrize("planted", ["de", "", "ar\x00", "AR", "../ar", "x" * 3000])
@pytest.mark.one_database
def test_a_language_that_we_do_not_have_is_passed_over(app: Flask, planted: str) -> None:
    browser = Visitor.of(app, language=planted)
    assert seen(browser, Accept_Language="en") == ENGLISH
    assert cookie_set_by(browser.sends("/preferences", {"language": planted}), i18n.LANGUAGE_COOKIE) == {}


def test_what_a_person_chose_follows_them_into_another_browser(app: Flask, make: Factory) -> None:
    nour = make.person("Nour", language="ar")
    browser = Visitor.of(app, make.another_session(nour))
    assert seen(browser) == ARABIC
    browser.sends("/preferences", {"language": "en"})
    browser.sends("/preferences", {"data_mode": "light"})
    phone = Visitor.of(app, make.another_session(nour), language="ar")
    assert seen(phone, Accept_Language="ar") == ("en", "ltr", "light")
    assert seen(Visitor.of(app, make.token("Lina"), language="")) == ENGLISH


@pytest.mark.one_database
def test_choosing_one_thing_leaves_the_other_as_it_was(app: Flask) -> None:
    browser = Visitor.of(app, language="en")
    browser.sends("/preferences", {"data_mode": "light"})
    browser.sends("/preferences", {"language": "ar"})
    assert seen(browser) == ("ar", "rtl", "light")
    browser.sends("/preferences", {"data_mode": "standard"})
    assert seen(browser) == ARABIC


@pytest.mark.parametrize(
    ("planted", "saves_data", "mode"),
    [
        ("", "", "standard"), ("", "on", "light"), ("", "off", "standard"), ("light", "", "light"),
        ("standard", "on", "standard"), ("heavy", "", "standard"), ("heavy", "on", "light"),
    ],
)  # fmt: skip
@pytest.mark.one_database
def test_a_page_is_light_where_it_was_chosen_or_the_browser_asks(
    app: Flask, planted: str, saves_data: str, mode: str
) -> None:
    browser = Visitor.of(app)
    if planted:
        browser.keeps(DATA_MODE_COOKIE, planted)
    assert seen(browser, Save_Data=saves_data) == ("en", "ltr", mode)


@pytest.mark.one_database
def test_a_light_page_asks_for_no_font(app: Flask) -> None:
    browser = Visitor.of(app)
    assert "woff2" in words(browser.opens("/about"))
    assert "woff2" not in words(browser.opens("/about", Save_Data="on"))


@pytest.mark.parametrize("path", ["/", "/about", "/safety", "/help", "/sign-in", "/join", "/nowhere"])
@pytest.mark.one_database
def test_the_other_language_is_offered_in_its_own_words(app: Flask, path: str) -> None:
    english, arabic = (words(Visitor.of(app, language=language).opens(path)) for language in ("en", "ar"))
    assert 'name="language" value="ar" lang="ar"><bdi>العربية</bdi>' in english
    assert 'name="language" value="en" lang="en"><bdi>English</bdi>' in arabic
    assert f'name="next" value="{path}"' in english


@pytest.fixture
def english_only(sqlite_settings: Settings) -> Iterator[Flask]:
    app = create_app(read_settings(environment(sqlite_settings.instance, LANGUAGES="en")))
    yield app
    app.extensions["house"].close()


def test_an_instance_offers_only_its_own_languages(english_only: Flask) -> None:
    browser = Visitor.of(english_only, language="ar")
    assert seen(browser, Accept_Language="ar") == ENGLISH
    assert 'name="language"' not in words(browser.opens("/about"))


@pytest.mark.one_database
def test_a_refusal_is_explained_in_any_language_without_a_request(app: Flask) -> None:
    with app.app_context():
        assert i18n.explain(NotFound(), "en") == "There is nothing here, or it is not open to you."
        assert i18n.explain(NotFound(), "ar") == "لا شيء هنا، أو أنه غير متاح لك."
        assert i18n.explain(TooMany("no such words"), "ar") == "no such words"


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("en", "20 November 2026", "20 November 2026, 14:05 UTC"),
        ("ar", "20 تشرين الثاني 2026", "20 تشرين الثاني 2026، 14:05 UTC"),
    ],
)
@pytest.mark.one_database
def test_dates_have_the_months_of_the_reader_and_latin_digits(app: Flask, language: str, day: str, moment: str) -> None:
    with app.test_request_context(headers={"Cookie": f"{i18n.LANGUAGE_COOKIE}={language}"}):
        assert i18n.day(date(2026, 11, 20)) == day
        assert i18n.moment(datetime(2026, 11, 20, 14, 5, tzinfo=UTC)) == moment


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.one_database
def test_words_of_a_page_are_the_readers_and_what_is_put_into_them_is_escaped(app: Flask, language: str) -> None:
    page = app.jinja_env.from_string(
        '{{ _("Lock") }}|{{ _("Signed in as %(name)s", name=name) }}|{{ _("All of it, 100%%") }}|'
        '{{ ngettext("%(num)d new message", "%(num)d new messages", 3) }}'
    )
    for _again in range(2):
        with app.test_request_context(headers={"Cookie": f"{i18n.LANGUAGE_COOKIE}={language}"}):
            drawn = page.render(name="<b>").split("|")
            assert drawn == [
                gettext("Lock"),
                gettext("Signed in as %(name)s", name="&lt;b&gt;"),
                "All of it, 100%",
                ngettext("%(num)d new message", "%(num)d new messages", 3),
            ]


@pytest.mark.one_database
def test_what_is_drawn_once_for_everybody_is_given_nothing_of_whoever_looks(app: Flask) -> None:
    templates = app.jinja_env.list_templates(extensions=["html"])
    sources = {name: str(app.jinja_env.loader.get_source(app.jinja_env, name)[0]) for name in templates}  # type: ignore[union-attr]
    kept = {name for source in sources.values() for name in re.findall(r'unchanging\("(.+?)"\)', source)}
    assert kept
    for name in kept:
        assert meta.find_undeclared_variables(app.jinja_env.parse(sources[name])) <= {"_", "ngettext"}
        drawn = {}
        for language in ("ar", "en"):
            with app.test_request_context(headers={"Cookie": f"{i18n.LANGUAGE_COOKIE}={language}"}):
                unchanging: Callable[[str], str] = app.jinja_env.globals["unchanging"]  # type: ignore[assignment]
                drawn[language] = unchanging(name)
                assert unchanging(name) is drawn[language]
        assert drawn["ar"] != drawn["en"]
