"""The words by which the directory finds a profile, as fingerprints under a key: the database reads none of them.

Both sides pass through here, what people keep and what others look for, so that they meet however they were typed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from babel import Locale

from app.kernel import work
from app.kernel.i18n import spoken
from app.kernel.text import fold
from app.profiles.models import Field
from app.profiles.values import GOVERNORATES

#: The fields whose words are found by themselves, as "speaks" or "offers"; those of the others only among any words.
FILTERS = frozenset({Field.PLACE, Field.LANGUAGES, Field.OFFERS, Field.SEEKS, Field.SKILLS})
#: A field is so many different words at most, and a search so many: what is longer is a text, not a word.
MOST_WORDS = 150
LONGEST_SEARCH = 6
LONGEST_WORD = 40
TERM_BYTES = 16
ANY = "any"
_WORD = re.compile(r"[^\W_]+")
#: The languages in which the names of countries and languages are found.
_TONGUES = ("ar", "en", "ku", "tr")


def words_of(text: str) -> list[str]:
    """The words of a text, folded, each once and in their order; without the Arabic article, so that الترجمة and ترجمة meet."""
    found: dict[str, None] = {}
    for word in _WORD.findall(fold(text)):
        found.setdefault(_bare(word)[:LONGEST_WORD])
    return list(found)


def term(field: Field | None, word: str) -> bytes:
    """The fingerprint of a folded word in one field; without a field that of the word wherever it stands."""
    message = f"{field.value if field else ANY}|{word}"
    return work.house().vault.blind_index("profile-term", message)[:TERM_BYTES]


def terms_of(field: Field, value: object) -> frozenset[bytes]:
    """Everything by which this value of this field is found. Empty for what nobody searches: pronouns and photographs."""
    own, anywhere = _spoken(field, value)
    found = {term(None, word) for word in anywhere[:MOST_WORDS]}
    if field in FILTERS:
        found |= {term(field, word) for word in own[:MOST_WORDS]}
    return frozenset(found)


def wanted(field: Field | None, typed: str) -> list[bytes]:
    """What somebody looks for, of which all must be there."""
    words = [typed.casefold()] if field in (Field.PLACE, Field.LANGUAGES) else words_of(typed)
    return [term(field, word) for word in words[:LONGEST_SEARCH]]


def _spoken(field: Field, value: object) -> tuple[list[str], list[str]]:
    """What stands in the field by itself, and what is found among any words."""
    if field is Field.PLACE and isinstance(value, Mapping):
        code, region = str(value.get("country") or "").casefold(), str(value.get("region") or "")
        named = [spoken(GOVERNORATES[region], tongue) for tongue in _TONGUES] if region in GOVERNORATES else [region]
        return [code] if code else [], words_of(" ".join([*named, *_names("territories", code)]))
    if field is Field.LANGUAGES and isinstance(value, Sequence) and not isinstance(value, str):
        codes = [str(code).casefold() for code in value]
        return codes, words_of(" ".join(name for code in codes for name in _names("languages", code)))
    if (
        field in (Field.OFFERS, Field.SEEKS, Field.SKILLS)
        and isinstance(value, Sequence)
        and not isinstance(value, str)
    ):
        words = words_of("\n".join(map(str, value)))
        return words, words
    if field in (Field.STUDIES, Field.ABOUT) and isinstance(value, str):
        return [], words_of(value)
    return [], []


def _names(what: str, code: str) -> Iterator[str]:
    for tongue in _TONGUES:
        names = getattr(_locale(tongue), what)
        name = names.get(code.upper() if what == "territories" else code)
        if name:
            yield name


@cache
def _locale(tongue: str) -> Locale:
    return Locale(tongue)


def _bare(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word
