"""Scripts of the demo's conversations, written by hand in content/*.toml, and how a line is filled in.

A `thread` is a conversation whose turns follow each other as written: "a| words" is said by a, "b| words" by b. A
`talk` is loose: somebody opens, some reply, the opener may close; its replies must fit all its openings. "f| words" in
a talk is said by somebody who speaks of themselves in the feminine. Keys of both: `when` (morning, any, evening,
night), `where` (home: inside Syria, abroad), `newcomer` (a has just arrived), `once`, `cast` ("a:f b:DE c:f.DE h:mod").

In the words, {a} is a's name, {a.city} where a lives, {a.t} and {a.y} the endings ة and ي where a is addressed or
speaks in the feminine, and {dish} something from slots.toml; {dish2} is another one. In replies b is whoever replies.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from app.identity.demo import Inhabitant
from app.identity.demo.people import name_in
from app.identity.models import Space
from app.kernel.access import Role

CONTENT = Path(__file__).parent / "content"
_PLACEHOLDER = re.compile(r"\{([a-z]+)(\d?)(?:\.([a-z]+))?\}")
_NOT_WORDS = re.compile(r"`[^`]*`|https?://\S+|\{[^}]*\}")
_ARABIC = re.compile(r"[\u0620-\u064a]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Line:
    """What one person says: who (a letter), in which form if the words show it, the words with their placeholders."""

    speaker: str
    words: str
    form: str | None = None

    @property
    def languages(self) -> frozenset[str]:
        """What one must write in order to have written this."""
        return _languages(self.words)


@dataclass(frozen=True, slots=True)
class Part:
    """Who may play a letter."""

    form: str | None = None
    country: str | None = None
    where: str | None = None
    moderator: bool = False
    languages: frozenset[str] = frozenset()

    def suits(self, one: Inhabitant) -> bool:
        return (
            (self.form is None or one.form == self.form)
            and (self.country is None or one.town.country == self.country)
            and (self.where is None or (one.town.country == "SY") == (self.where == "home"))
            and (one.role is Role.MODERATOR) == self.moderator
            and self.languages.issubset(one.writes)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Script:
    """What threads and talks have in common."""

    when: str = "any"
    once: bool = False
    newcomer: bool = False
    where: str | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)

    def part(self, letter: str, *lines: Line) -> Part:
        """Who may say these lines as this letter."""
        known = self.parts.get(letter, Part(where=self.where))
        forms = {line.form for line in lines if line.form} | ({known.form} if known.form else set())
        assert len(forms) < 2, f"{letter} cannot speak in two forms: {[line.words for line in lines]}"
        return Part(
            form=next(iter(forms), None),
            country=known.country,
            where=known.where,
            moderator=known.moderator,
            languages=frozenset[str]().union(*(line.languages for line in lines)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thread(Script):
    """A conversation as it was written."""

    turns: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Talk(Script):
    """An opening, some of the replies, perhaps a closing."""

    opening: tuple[Line, ...]
    reply: tuple[Line, ...]
    closing: tuple[Line, ...]
    replies: tuple[int, int]


class Filling:
    """Fills placeholders. The same slot keeps its value while the filling lives, in both languages."""

    def __init__(self, rng: Random, cast: Mapping[str, Inhabitant]) -> None:
        self._rng = rng
        self._cast = cast
        self._chosen: dict[str, int] = {}

    def fill(self, line: Line) -> str:
        """The words as they are said."""
        # A line in both languages takes what fills it from the one that it begins with.
        arabic = "ar" in line.languages and not (_LATIN.match(line.words) and "en" in line.languages)
        said = _PLACEHOLDER.sub(lambda match: self._value(*match.groups(), arabic=arabic), line.words)
        return said[0].upper() + said[1:] if line.words.startswith("{") else said

    def _value(self, name: str, number: str, what: str | None, *, arabic: bool) -> str:
        if len(name) == 1:
            one = self._cast[name]
            feminine = one.form == "f"
            return {
                None: name_in(Space.ROOMS, one),
                "city": one.town.ar if arabic else one.town.en,
                "t": "ة" if feminine else "",
                "y": "ي" if feminine else "",
            }[what]
        values = slots()[name]["ar" if arabic else "en"]
        if name + number not in self._chosen:
            taken = {index for key, index in self._chosen.items() if key.rstrip("0123456789") == name}
            self._chosen[name + number] = self._rng.choice([i for i in range(len(values)) if i not in taken])
        return values[self._chosen[name + number]]


@cache
def slots() -> dict[str, dict[str, list[str]]]:
    """What fills the slots, by slot and language."""
    return _read("slots")


@cache
def _languages(words: str) -> frozenset[str]:
    """The languages of at least a third of the letters: a quoted word of the other one does not count."""
    said = _NOT_WORDS.sub("", words)
    arabic, latin = len(_ARABIC.findall(said)), len(_LATIN.findall(said))
    return frozenset(code for code, letters in (("ar", arabic), ("en", latin)) if letters * 3 > arabic + latin)


def read_scripts(name: str) -> tuple[list[Thread], list[Talk]]:
    """The scripts of one room, as they are in its file."""
    content = _read(name)
    return (
        [
            Thread(turns=tuple(_turn(turn) for turn in entry.pop("turns")), **_attributes(entry))
            for entry in content["thread"]
        ],
        [
            Talk(
                opening=_lines("a", entry.pop("open")),
                reply=_lines("b", entry.pop("reply")),
                closing=_lines("a", entry.pop("close", ())),
                replies=_two(*entry.pop("replies")),
                **_attributes(entry),
            )
            for entry in content["talk"]
        ],
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((CONTENT / f"{name}.toml").read_text(encoding="utf-8"))


def _attributes(entry: dict[str, Any]) -> dict[str, Any]:
    where = entry.get("where")
    parts = {}
    for each in entry.pop("cast", "").split():
        letter, wishes = each.split(":")
        parts[letter] = _part(wishes.split("."), where)
    return {**entry, "parts": parts}


def _part(wishes: Collection[str], where: str | None) -> Part:
    return Part(
        form=next((wish for wish in wishes if wish in ("f", "m")), None),
        country=next((wish for wish in wishes if wish.isupper()), None),
        where=where,
        moderator="mod" in wishes,
    )


def _two(least: int, most: int) -> tuple[int, int]:
    return least, most


def _turn(turn: str) -> Line:
    speaker, words = turn.split("| ", 1)
    return Line(speaker, words)


def _lines(speaker: str, lines: Collection[str]) -> tuple[Line, ...]:
    return tuple(
        Line(speaker, line[3:], line[0]) if line[:3] in ("f| ", "m| ") else Line(speaker, line) for line in lines
    )
