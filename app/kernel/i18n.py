"""Language, direction, dates and numbers. The words themselves are in app/translations."""

from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, gettext
from flask_login import current_user
from markupsafe import Markup

from app.kernel.errors import Refusal

#: Where each language's dates and numbers come from. Syria's Arabic has the Levantine month names.
REGIONS = {"ar": "ar_SY", "en": "en_GB", "ku": "ku_TR", "tr": "tr_TR"}
NAMES = {"ar": "العربية", "en": "English", "ku": "Kurdî", "tr": "Türkçe"}
RIGHT_TO_LEFT = frozenset({"ar"})
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
LANGUAGE_COOKIE = "language"
UTC = "UTC"
#: Texts that are kept as pages have them: those of all languages, and no more, whatever is asked for.
MOST_TEXTS = 20_000


def attach(app: Flask, languages: tuple[str, ...]) -> None:
    """Choose each request's language: the person's setting, else their cookie, else the browser's wish, else Arabic."""

    def choose() -> str:
        if not has_request_context():  # a command, or a job
            return languages[0]
        wished = (current_user.language, request.cookies.get(LANGUAGE_COOKIE))
        for language in wished:
            if language in languages:
                return language
        return request.accept_languages.best_match(languages) or languages[0]

    Babel(app, locale_selector=choose, default_locale=languages[0], default_translation_directories="translations")
    # A page asks for more than a hundred texts: Flask-Babel's way to each costs several times what it takes to find it.
    app.jinja_env.globals.update(_=_said, gettext=_said, ngettext=_counted)
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["moment"] = moment


def language() -> str:
    """The language of this request, such as "ar"."""
    locale = get_locale()
    return locale.language if locale else "ar"


def direction(language_code: str) -> str:
    """ "rtl" or "ltr"."""
    return "rtl" if language_code in RIGHT_TO_LEFT else "ltr"


def day(value: date | datetime) -> str:
    """A date in words, such as "20 November 2026" or "20 تشرين الثاني 2026", which has Latin digits in Arabic too."""
    return format_date(value, format="long", locale=_region())


def month(value: date) -> str:
    """A month in words, such as "November 2026"."""
    return format_date(value, format="LLLL y", locale=_region())


def moment(value: datetime, zone: str = UTC) -> str:
    """A date with its time of day by the clock of a zone, which it names.

    Those in UTC, for whoever chose no zone, are written by scripts in the zone of the device (moments.js).
    """
    pattern = "d MMMM y، HH:mm" if language() == "ar" else "d MMMM y, HH:mm"
    written = format_datetime(value, format=pattern, locale=_region(), tzinfo=ZoneInfo(zone))
    return f"{written} UTC" if zone == UTC else f"{written} ({city_of(zone)})"


def city_of(zone: str) -> str:
    """By which city's clock a zone goes, such as "Berlin" or "برلين"."""
    return UTC if zone == UTC else str(get_timezone_location(zone, locale=_region(), return_city=True))


def explain(refusal: Refusal, language_code: str | None = None) -> str:
    """A refusal in the person's words. Works outside a request when the language is given."""
    if language_code is None:
        return str(gettext(str(refusal.text)))
    with force_locale(language_code):
        return str(gettext(str(refusal.text)))


def spoken(text: str, language_code: str) -> str:
    """A message id in some language, outside a request: for what leaves the program by itself."""
    return str(_catalogue(language_code).gettext(text))


def _said(text: str, /, **values: Any) -> Markup:
    """What templates have as `_`: a text in the language of this request, with values in their places."""
    return _marked(language(), str(text)) % values if values else _unfilled(language(), str(text))


def _counted(one: str, many: str, number: int, /, **values: Any) -> Markup:
    """What templates have as `ngettext`."""
    return Markup(_catalogue(language()).ngettext(one, many, number)) % {"num": number, **values}  # noqa: S704


@lru_cache(MOST_TEXTS)
def _marked(language_code: str, text: str) -> Markup:
    return Markup(_catalogue(language_code).gettext(text))  # noqa: S704 - words of ours, as Jinja's own `_` takes them


@lru_cache(MOST_TEXTS)
def _unfilled(language_code: str, text: str) -> Markup:
    return _marked(language_code, text) % {}


@cache
def _catalogue(language_code: str) -> NullTranslations:
    """The words of one language; of one without a catalogue, such as that of the message ids, none."""
    return Translations.load(TRANSLATIONS, [language_code])


def _region() -> Locale:
    return Locale.parse(REGIONS[language()])


def languages_for_switch(available: tuple[str, ...], current: str) -> list[dict[str, Any]]:
    """The entries of the language switch, each named in its own language."""
    return [{"code": code, "label": NAMES[code], "current": code == current} for code in available]
