"""What each field may hold, as plain Python: checked when it comes in, sealed as JSON, read by people through `views`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import orjson
from babel import Locale
from babel.lists import format_list

from app.kernel.errors import N_, Invalid
from app.kernel.i18n import REGIONS
from app.kernel.text import clean_line, clean_text, fold
from app.profiles.models import Field

#: A line or a text; a list of codes or of short phrases; a place.
Value = str | list[str] | dict[str, str]

PHRASES, LONGEST_PHRASE = 8, 60
MOST_LANGUAGES = 12
LONGEST_REGION = 40
LONGEST_TEXT = {Field.STUDIES: 400, Field.ABOUT: 600}
#: Lists of short phrases.
LISTS = frozenset({Field.OFFERS, Field.SEEKS, Field.SKILLS})
SYRIA = "SY"

#: How Arabic addresses somebody.
PRONOUNS: Mapping[str, str] = {
    "feminine": N_("In the feminine"),
    "masculine": N_("In the masculine"),
    "plural": N_("In the plural"),
    "unsaid": N_("I would rather not say"),
}
#: Syria's governorates by their code (ISO 3166-2:SY). Nothing finer than these is kept of anyone inside.
GOVERNORATES: Mapping[str, str] = {
    "SY-HL": N_("Aleppo"),
    "SY-DI": N_("Damascus"),
    "SY-DR": N_("Daraa"),
    "SY-DY": N_("Deir ez-Zor"),
    "SY-HM": N_("Hama"),
    "SY-HA": N_("Hasakah"),
    "SY-HI": N_("Homs"),
    "SY-ID": N_("Idlib"),
    "SY-LA": N_("Latakia"),
    "SY-QU": N_("Quneitra"),
    "SY-RA": N_("Raqqa"),
    "SY-RD": N_("Rural Damascus"),
    "SY-SU": N_("Suwayda"),
    "SY-TA": N_("Tartus"),
}
#: Languages that many here speak: offered before all the others. ISO 639 codes.
COMMON_LANGUAGES = ("ar", "ku", "ckb", "syr", "hy", "tr", "en", "de", "fr", "nl", "sv", "es")
#: Of three letters, since two do not name them.
_THREE_LETTERS = ("arc", "ckb", "fil", "syr", "zza")
#: In Unicode's list of territories, but not in ISO 3166: groups of states, islands of others, tests, the unknown.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
#: No languages of their own (ISO 639 gave the code up, or it is another one's).
_NO_LANGUAGES = frozenset({"sh", "tl", "mo"})


def check(field: Field, value: Value) -> Value:
    """The value as it is kept: clean, in order, nothing twice. Raises Invalid, in words that say what would fit."""
    return _CHECKS[field](value)


def is_empty(value: Value) -> bool:
    """Whether there is nothing in it, so that nothing is kept."""
    return not value or (isinstance(value, dict) and not value.get("country"))


def dump(value: Value) -> bytes:
    """What is sealed."""
    return orjson.dumps(value)


def load(plain: bytes) -> Value:
    """What was sealed."""
    value: Value = orjson.loads(plain)
    return value


def country_of(value: Value) -> str | None:
    """The country of a place."""
    return value.get("country") if isinstance(value, dict) else None


def countries(language: str) -> list[tuple[str, str]]:
    """Code and name of every country, in the order of their names in this language."""
    return list(_sorted_names(language, "territories", country_codes()))


def languages(language: str) -> list[tuple[str, str]]:
    """Code and name of every language, in the order of their names in this language."""
    return list(_sorted_names(language, "languages", language_codes()))


def country_name(code: str, language: str) -> str:
    return str(_locale(language).territories.get(code, code))


def language_name(code: str, language: str) -> str:
    return str(_locale(language).languages.get(code, code))


def in_a_row(words: Sequence[str], language: str) -> str:
    """Several words as one would say them: "a, b and c"."""
    return str(format_list(words, locale=_locale(language)))


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1, two letters, as far as Unicode names them."""
    known = map(str, _locale("en").territories)
    return frozenset(code for code in known if len(code) == 2 and code.isalpha()) - _NO_COUNTRIES


@cache
def language_codes() -> frozenset[str]:
    """ISO 639, as far as Unicode names them: those of two letters, and a few of three that are spoken here."""
    known = map(str, _locale("en").languages)
    return frozenset(code for code in known if len(code) == 2 or code in _THREE_LETTERS) - _NO_LANGUAGES


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(REGIONS.get(language, REGIONS["ar"]))


@cache
def _sorted_names(language: str, kind: str, codes: frozenset[str]) -> tuple[tuple[str, str], ...]:
    names = getattr(_locale(language), kind)
    named = ((code, str(names.get(code, code))) for code in codes)
    return tuple(sorted(named, key=lambda one: fold(one[1])))


# --- what fits into each field ------------------------------------------------------------------------------------------


def _one_of(known: Iterable[str]) -> Callable[[Value], Value]:
    allowed = frozenset(known)

    def checked(value: Value) -> Value:
        if not isinstance(value, str) or (value and value not in allowed):
            raise Invalid(N_("Choose one from the list."))
        return value

    return checked


def _place(value: Value) -> Value:
    if not isinstance(value, dict):
        raise Invalid
    if not value.get("country"):
        return {}
    country, region = value["country"], clean_line(value.get("region", ""))
    if country not in country_codes():
        raise Invalid(N_("Choose a country from the list."))
    if country == SYRIA and region and region not in GOVERNORATES:
        raise Invalid(N_("Inside Syria nothing finer than a governorate is kept. Choose one from the list, or none."))
    if len(region) > LONGEST_REGION:
        raise Invalid(N_("Use at most 40 letters for the region. No town and no street, please."))
    return {"country": country, "region": region}


def _languages(value: Value) -> Value:
    found = _once(_strings(value))
    if set(found) - language_codes():
        raise Invalid(N_("Choose languages from the list."))
    if len(found) > MOST_LANGUAGES:
        raise Invalid(N_("Choose at most 12 languages."))
    return found


def _phrases(value: Value) -> Value:
    found = _once(clean_line(phrase) for phrase in _strings(value))
    if len(found) > PHRASES:
        raise Invalid(N_("Write at most 8 lines."))
    if any(len(phrase) > LONGEST_PHRASE for phrase in found):
        raise Invalid(N_("Use at most 60 letters in each line."))
    return found


def _text(longest: int) -> Callable[[Value], Value]:
    def checked(value: Value) -> Value:
        if not isinstance(value, str):
            raise Invalid
        words = clean_text(value).strip()
        if len(words) > longest:
            raise Invalid(TOO_LONG[longest])
        return words

    return checked


def _reference(value: Value) -> Value:
    if not isinstance(value, str):
        raise Invalid
    return value


def _strings(value: Value) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Invalid
    return value


def _once(lines: Iterable[str]) -> list[str]:
    """Each of them once, in their order, without empty ones."""
    return list(dict.fromkeys(line for line in lines if line))


TOO_LONG = {400: N_("Use at most 400 letters."), 600: N_("Use at most 600 letters.")}

_CHECKS: Mapping[Field, Callable[[Value], Value]] = {
    Field.PRONOUN: _one_of(PRONOUNS),
    Field.PLACE: _place,
    Field.LANGUAGES: _languages,
    Field.OFFERS: _phrases,
    Field.SEEKS: _phrases,
    Field.SKILLS: _phrases,
    Field.STUDIES: _text(LONGEST_TEXT[Field.STUDIES]),
    Field.ABOUT: _text(LONGEST_TEXT[Field.ABOUT]),
    Field.PHOTO: _reference,
}
