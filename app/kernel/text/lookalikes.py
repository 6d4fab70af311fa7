"""Which names a person could take for one another, by Unicode's table of confusable characters (UTS #39)."""

import json
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from app.kernel.text.folding import fold, latin_digits


def skeleton(value: str) -> str:
    """Return a form that is equal for names which look or read alike; to compare, never to show.

    Case, spaces, punctuation, diacritics, harakat and all that `fold` levels do not count; i, l and 1 are one,
    and so are o and 0. Empty when `value` has neither letter nor digit.
    """
    # Digits first: the table takes the Arabic five for an o, but a reader of Arabic does not.
    alike = _prototypes(latin_digits(unicodedata.normalize("NFKC", value)))
    # Capitals look like other letters than small ones do: the table is asked before folding and after it.
    while (step := _prototypes(fold(alike))) != alike:
        alike = step
    return "".join(c for c in alike if unicodedata.category(c)[0] not in "PZCM")


def _prototypes(value: str) -> str:
    return value.translate(_table())


@cache
def _table() -> dict[int, str]:
    """Return each confusable character's prototype, read from the table that homoglyphs-fork ships."""
    prototype: dict[str, str] = {}
    for group in _classes():
        singles = {member for member in group if len(member) == 1}
        chosen = _chosen(group, singles)
        prototype |= dict.fromkeys(singles, chosen)
    return {ord(character): chosen for character, chosen in prototype.items() if character != chosen}


def _chosen(group: set[str], singles: set[str]) -> str:
    # Only a prototype is longer than one character (m looks like rn): a class has one such at most.
    longest = max(group, key=len)
    if len(longest) == 1:
        return next((letter for letter in "lo" if letter in group), min(group))
    # The table writes the dots of Arabic letters as marks, which folding drops; but dots make the letter,
    # and without them سامي would be شامي.
    dotted = any(unicodedata.category(character) == "Mn" for character in longest)
    if dotted and any(unicodedata.bidirectional(single) == "AL" for single in singles):
        return min(singles)
    return longest


def _classes() -> list[set[str]]:
    group_of: dict[str, set[str]] = {}
    for one, other in _pairs():
        first, second = group_of.setdefault(one, {one}), group_of.setdefault(other, {other})
        if first is not second:
            first |= second
            group_of |= dict.fromkeys(second, first)
    return list({id(group): group for group in group_of.values()}.values())


def _pairs() -> Iterator[tuple[str, str]]:
    text = files("homoglyphs_fork").joinpath("confusables.json").read_text("utf-8")
    for character, others in json.loads(text).items():
        for other in others:
            # The source file wraps right-to-left characters in U+200E, and the package keeps these marks.
            yield character.replace("\u200e", ""), other.replace("\u200e", "")
    yield from (("i", "l"), ("0", "o"), ("O", "o"))
