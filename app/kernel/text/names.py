"""Which names a person may choose: readable in Arabic or Latin script, with nothing hidden in them."""

import unicodedata
from enum import StrEnum
from itertools import groupby

from app.kernel.text.cleaning import clean_line, has_invisible
from app.kernel.text.lookalikes import skeleton

LONGEST_NAME = 60  # characters
_JOINING = "'’ʼ"
_BETWEEN = " -‐.·،"
# No other marks: some of them draw the dots of another letter.
_HARAKAT = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0653\u0654\u0655\u0670"
_MOST_MARKS = 3  # shadda, a vowel and a superscript alef on one letter


class NameCode(StrEnum):
    """Why a name cannot be used."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CONTROLS = "controls"
    MIXED_SCRIPTS = "mixed_scripts"
    NO_LETTER = "no_letter"
    CONFUSING = "confusing"


class NameProblem(ValueError):
    """The name cannot be used; `code` says why."""

    def __init__(self, code: NameCode) -> None:
        super().__init__(code.value)
        self.code = code


def check_name(value: str) -> str:
    """Return the chosen name in NFKC with single spaces.

    Raises NameProblem: controls for anything invisible (ZWNJ too), mixed_scripts for two scripts in one
    word, confusing for signs and scripts other than Arabic and Latin, too_long past 60 characters.
    """
    if has_invisible(value):
        raise NameProblem(NameCode.CONTROLS)
    name = clean_line(value)
    if not name:
        raise NameProblem(NameCode.EMPTY)
    if len(name) > LONGEST_NAME:
        raise NameProblem(NameCode.TOO_LONG)
    scripts_by_word = [{_script(c) for c in word} - {""} for word in _words(name)]
    if any("?" in scripts for scripts in scripts_by_word) or _piled_marks(name):
        raise NameProblem(NameCode.CONFUSING)
    if any(len(scripts) > 1 for scripts in scripts_by_word):
        raise NameProblem(NameCode.MIXED_SCRIPTS)
    if any(scripts - {"ARABIC", "LATIN"} for scripts in scripts_by_word):
        raise NameProblem(NameCode.CONFUSING)
    has_letter = any(unicodedata.category(c).startswith("L") and c not in _JOINING for c in name)
    if not has_letter or not skeleton(name):
        raise NameProblem(NameCode.NO_LETTER)
    return name


def _words(name: str) -> list[str]:
    spaced = "".join(" " if c in _BETWEEN else c for c in name)
    return spaced.split()


def _script(character: str) -> str:
    """Return the script of a letter, "" for what belongs to all, "?" for what has no place in a name."""
    kind = unicodedata.category(character)
    if character in _JOINING:
        return ""
    if character in _HARAKAT:
        return "ARABIC"
    name = unicodedata.name(character, "?")
    if kind == "Nd":
        return "" if character in "0123456789" or name.startswith(("ARABIC-INDIC", "EXTENDED ARABIC-INDIC")) else "?"
    return name.split()[0] if kind[0] == "L" else "?"


def _piled_marks(name: str) -> bool:
    runs = groupby(name, key=lambda c: unicodedata.category(c) == "Mn")
    return any(is_mark and len(list(run)) > _MOST_MARKS for is_mark, run in runs)
