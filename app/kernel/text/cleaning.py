"""What people typed, without the characters that only machines see. Nothing visible is taken away."""

import re
import unicodedata

# Refused everywhere: C0 and C1 controls, surrogates, noncharacters; bidi embeddings, overrides and isolates,
# which reorder what stands around them; and invisible ones that carry nothing for a reader but can mark whose
# copy of a text was leaked (zero width space, word joiner, byte order mark, annotation and tag characters).
_NEVER = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
) + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
# Meant for the inside of words and lines: bodies keep them (ZWNJ is Persian and Sorani spelling), names not.
_JOINERS_AND_MARKS = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c-\u200f\u3164\ufe00-\ufe0f\uffa0"

_UNWANTED = re.compile(f"[{_NEVER}]")
_OTHER_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_TO_CLEAN = re.compile(f"[{_NEVER}\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(f"[{_NEVER}{_JOINERS_AND_MARKS}\U000e0100-\U000e01ef]")
# The Stream-Safe limit of UAX #15: a longer run is not writing, and to compose it costs quadratic time.
_MARK_RUN = 30


def clean_text(value: str) -> str:
    """Return a message body in NFC, with newlines as \\n and without control characters.

    Tabs, ZWJ, ZWNJ, LRM and RLM stay; U+202A-202E and U+2066-2069 go, balanced or not.
    """
    if value.isascii() and value.isprintable():
        return value
    if _TO_CLEAN.search(value):
        value = _UNWANTED.sub("", _OTHER_BREAKS.sub("\n", value))
    if unicodedata.is_normalized("NFC", value):
        return value
    return unicodedata.normalize("NFC", _short_runs(value))


def clean_line(value: str) -> str:
    """Return one line in NFKC: no controls, nothing invisible, single spaces, none at the ends."""
    visible = _INVISIBLE.sub("", _short_runs(_OTHER_BREAKS.sub(" ", value)))
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def has_invisible(value: str) -> bool:
    """Say whether `value` holds a control, bidi or zero-width character, or a line break inside it."""
    inside = value.strip()
    return bool(_INVISIBLE.search(inside) or _OTHER_BREAKS.search(inside) or "\n" in inside or "\t" in inside)


def _short_runs(value: str) -> str:
    kept: list[str] = []
    run = 0
    for character in value:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MARK_RUN:
            kept.append(character)
    return "".join(kept)
