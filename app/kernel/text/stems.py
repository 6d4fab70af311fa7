"""Words as the search knows them: two meet when they share a form, whichever way they were written or bent.

Both sides must pass through here, what was written and what is looked for. A word has one form, or two where it may be
English as well as Turkish; nobody says in which language they write. Kurdish has no stemmer: Sorani passes through the
Arabic one and Kurmanji through the other two, which does both sides the same.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

import Stemmer

from app.kernel.text.folding import fold

#: Longer ones are cut: nobody types them, and addresses and hashes are no words.
LONGEST_WORD = 40
#: Words whose forms are kept in memory, since most are used again and again.
KEPT_WORDS = 20_000

_WORD = re.compile(r"[^\W_]+")
#: The same before folding: with the marks that folding takes away.
_MARKS = "\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200c\u200d"
_RAW_WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{_MARKS}])*")
_ARABIC = re.compile("[\u0600-\u06ff]")
_LATIN = re.compile("[a-z]")
#: The article with what stands before it, where a word is left. Snowball takes other endings off a word that has it.
_ARTICLE = re.compile(r"[وف]?(?:بال|كال|لل|ال)(?=...)")
#: والد, a father, with his endings: it only looks like "and the".
_PARENT = re.compile(r"والد(?:[هيا]|ين|ان|ات|ت?(?:ي|ك|ه|ها|نا|هم|كم)|ي(?:ه|ها|ك|نا|هم))?$")
# They hold the interpreter's lock while they run, so that threads may share them.
_arabic, _english, _turkish = (Stemmer.Stemmer(name, 0) for name in ("arabic", "english", "turkish"))


def forms_of(text: str) -> list[str]:
    """Every form of every word of a text, each once, in the order of the text."""
    found: dict[str, None] = {}
    for word in _WORD.findall(fold(text)):
        for form in _forms(word):
            found[form] = None
    return list(found)


def words_asked(text: str) -> list[tuple[str, ...]]:
    """The forms of each word that somebody looks for, each word once: one of its forms must be there."""
    return list(dict.fromkeys(_forms(word) for word in _WORD.findall(fold(text))))


def found_in(text: str, forms: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where words of a text stand that have one of these forms: beginning and end of each, in order."""
    for word in _RAW_WORD.finditer(text):
        if any(form in forms for form in forms_of(word.group())):
            yield word.span()


@lru_cache(KEPT_WORDS)
def _forms(word: str) -> tuple[str, ...]:
    """The forms of a folded word."""
    word = word[:LONGEST_WORD]
    if _ARABIC.search(word):
        bare = word if _PARENT.match(word) else _ARTICLE.sub("", word, count=1) if _ARTICLE.match(word) else word
        # Three times: an ending that is taken off may have hidden another one, as in ترجمات and لاجئات.
        return (_arabic.stemWord(_arabic.stemWord(_arabic.stemWord(bare))),)
    if _LATIN.search(word):
        english, turkish = _english.stemWord(word), fold(_turkish.stemWord(word))
        # What became longer was no Turkish: it makes "meetingi" of a meeting.
        return (english,) if english == turkish or len(turkish) > len(word) else (english, turkish)
    return (word,)
