"""Warns a writer, before they send, about what in their text could lead someone to a person."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from app.kernel.text import addresses
from app.kernel.text.folding import fold, latin_digits


class Kind(StrEnum):
    """What was found. The order is that of preference where two overlap."""

    EMAIL = "email"
    MAP = "map"
    PLACE = "place"
    IBAN = "iban"
    PHONE = "phone"
    IDENTITY = "identity"
    ADDRESS = "address"
    #: What the writer themselves has said is private.
    PRIVATE = "private"


class Finding(NamedTuple):
    """A stretch `text[start:end]` that may give someone away."""

    kind: Kind
    start: int
    end: int


# All run on text whose digits are Latin. Repetitions are bounded, so that no text costs quadratic time.
_GAP = r"[ \u00a0./()-]{0,3}"
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}")
_MAP = re.compile(
    r"""(?:https?://)?(?:www\.|m\.)?
    (?: (?:google|yandex)\.[a-z.]{2,6}/maps | bing\.com/maps | goo\.gl/maps | maps\.app\.goo\.gl
      | maps\.google\. | maps\.apple\.com | openstreetmap\.org | osm\.org | waze\.com
      | plus\.codes | w3w\.co | what3words\.com )
    [^\s<>"]{0,500}
    | \bgeo:-?\d[^\s<>"]{0,100}""",
    re.IGNORECASE | re.VERBOSE,
)
_DEGREES = re.compile(
    r"(?<![\d.])([-+]?\d{1,2}[.٫]\d{3,10})°?\s?[NSنج]?[\s,،;/]{1,3}([-+]?\d{1,3}[.٫]\d{3,10})(?![\d.]\d|\d)",
    re.IGNORECASE,
)
_MINUTES = re.compile(
    r"(?<!\d)\d{1,3}\s?°\s?\d{1,2}\s?['′’](?:\s?\d{1,2}(?:\.\d{1,4})?\s?(?:[\"″”]|'')?)?(?:\s?[NSEW]\b)?",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_PHONE = re.compile(
    rf"(?<![\w+.,/-])(?:"
    rf"(?:\+|00){_GAP}[1-9](?:{_GAP}\d){{7,13}}"  # any country, written in full
    # The longest first: a short one would be content with the beginning of a long one.
    rf"|\(?01[5-7]\d\)?(?:{_GAP}\d){{7,8}}"  # Germany, mobile
    rf"|\(?0?5\d\d\)?(?:{_GAP}\d){{7}}"  # Turkey, mobile
    rf"|\(?0[2-4]\d\d\)?(?:{_GAP}\d){{7}}"  # Turkey, landline
    rf"|\(?0[2-9]\d{{1,4}}\)?[ /-]{{1,3}}\d(?:{_GAP}\d){{5,7}}"  # Germany, landline
    rf"|\(?09\d\)?(?:{_GAP}\d){{7}}"  # Syria, mobile
    rf"|\(?0[1-5][1-6]?\)?(?:{_GAP}\d){{7}}"  # Syria, landline
    rf"|0?(?:3|7[01689]|81)[ /-]?\d{{3}}[ -]?\d{{3}}"  # Lebanon
    rf")(?![\d]|[.,]\d)"
)
# National numbers of Syria and Turkey have eleven digits; a passport is a letter and eight or nine.
_IDENTITY = re.compile(r"(?<![\w.,+])(?:\d{9,16}|[A-Z]{1,2} ?\d{7,9})(?![\w]|[.,]\d)")
#: Nothing is found in a text that has none of these, and most have none.
_MAY = re.compile(
    r"[\d@٠-٩۰-۹]|maps|openstreetmap|osm\.org|waze|plus\.codes|w3w|what3words|شارع|حارة|جادة|زقاق|دخلة", re.IGNORECASE
)
_WORDS = re.compile(r"[^\w]+")


def gives_away(text: str) -> list[Finding]:
    """Return what may give someone away in `text`, in order, without overlaps. A warning, never a verdict."""
    if not _MAY.search(text):
        return []
    latin = latin_digits(text)
    taken = [False] * len(text)
    findings: list[Finding] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(latin):
            start, end = match.start(), _end(kind, match)
            if end > start and not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                findings.append(Finding(kind, start, end))
    return sorted(findings, key=lambda finding: finding.start)


_PATTERNS = (
    (Kind.EMAIL, _EMAIL),
    (Kind.MAP, _MAP),
    (Kind.PLACE, _DEGREES),
    (Kind.PLACE, _MINUTES),
    (Kind.IBAN, _IBAN),
    (Kind.PHONE, _PHONE),
    (Kind.IDENTITY, _IDENTITY),
    *((Kind.ADDRESS, pattern) for pattern in addresses.PATTERNS),
)


def private_in(text: str, names: Iterable[str]) -> list[str]:
    """Return those of somebody's private `names` that stand in `text`, however they are spelled there.

    Whole words only; an Arabic one also behind the letters that Arabic writes together with it.
    """
    line = f" {_WORDS.sub(' ', fold(text))} "
    return [name for name in names if (bare := bare_name(name)) and _stands_in(bare, line)]


def bare_name(name: str) -> str:
    """Return the form in which a private name is looked for."""
    return _WORDS.sub(" ", fold(name)).strip()


def _stands_in(bare: str, line: str) -> bool:
    before = r"[وفبلك]{0,2}(?:ال)?" if "\u0600" <= bare[0] <= "\u06ff" else ""
    return re.search(rf" {before}{re.escape(bare)} ", line) is not None


def confirmation(text: str) -> str:
    """Return what says that the writer wants to send this very `text` although it may give someone away.

    It protects nobody from the writer, and needs no secret: another text has another one (FNV-1a, 32 bits).
    """
    mark = 0x811C9DC5
    for byte in text.encode("utf-8", "surrogatepass"):
        mark = (mark ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{mark:08x}"


def _end(kind: Kind, match: re.Match[str]) -> int:
    """Return where the finding ends; its own start when it is not what it looked like."""
    if kind is Kind.IBAN:
        return _iban_end(match)
    if match.re is _DEGREES:
        latitude, longitude = (float(part.replace("٫", ".")) for part in match.groups())
        return match.end() if abs(latitude) <= 90 and abs(longitude) <= 180 else match.start()
    return match.end()


def _iban_end(match: re.Match[str]) -> int:
    """Return where an account number with right control digits ends; words after it look like more of it."""
    boundaries = [place.start() for place in re.finditer(r"(?<=[A-Za-z0-9])(?![A-Za-z0-9])", match[0])]
    for length in reversed(boundaries):
        if _adds_up(re.sub(r"[ -]", "", match[0][:length]).upper()):
            return match.start() + length
    return match.start()


def _adds_up(iban: str) -> bool:
    """Check the two control digits (ISO 13616)."""
    if not 15 <= len(iban) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1
