"""One spelling for all the ways of writing a word, so that search finds it whichever way it was typed."""

import unicodedata


class _Levels(dict[int, str | int | None]):
    """What each character becomes; combining marks vanish, and are remembered as they are met."""

    def __missing__(self, code: int) -> int | None:
        kept = None if unicodedata.category(chr(code)) == "Mn" else code
        self[code] = kept
        return kept


_LETTERS = {
    "ٱ": "ا", "ٲ": "ا", "ٳ": "ا",  # alef wasla and the alefs with wavy hamza; أ إ آ decompose by themselves
    "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ۃ": "ه",
    "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ێ": "ي",
    "ک": "ك", "ڪ": "ك",
    "ۆ": "و", "ڕ": "ر", "ڵ": "ل",  # Sorani on a keyboard that lacks them
    "ء": "", "ٴ": "", "ـ": "",  # so that شيء and شئ meet
    "ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ʼ": "'", "’": "'", "‘": "'",
}  # fmt: skip
_UNSEEN = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_levels = _Levels({**{ord(one): other for one, other in _LETTERS.items()}, **_DIGITS, **str.maketrans("", "", _UNSEEN)})


#: Latin, Greek, Cyrillic, Hebrew, Arabic; punctuation; most of what people draw with.
_PLAIN_BLOCKS = (
    range(0x250), range(0x370, 0x700), range(0x2010, 0x2060), range(0x2600, 0x27C0), range(0x1F300, 0x1FB00),
)  # fmt: skip


class _Unusual(Exception):
    """A character that cannot be folded by itself."""


class _Singly(dict[int, str]):
    """What each character becomes by itself. Raises _Unusual for those that depend on others or lead to others.

    Where all of a text are of these blocks nothing in it joins with anything: one pass does what otherwise takes six.
    """

    def __missing__(self, code: int) -> str:
        if not any(code in block for block in _PLAIN_BLOCKS):
            raise _Unusual
        # Between two letters, since some become a space there.
        self[code] = folded = _fold_fully(f"x{chr(code)}x")[1:-1]
        return folded


_singly = _Singly()


def latin_digits(value: str) -> str:
    """Return `value` with Arabic-Indic and Persian digits made Latin; every position stays the same."""
    return value.translate(_DIGITS)


def fold(value: str) -> str:
    """Return the form under which `value` is indexed and searched; both sides must pass through it.

    NFKC, case, harakat, tatweel, hamza and alef forms, taa marbuta, yaa, kaaf, digits, dotless i and Latin
    diacritics are levelled, spaces are made single. Folding twice changes nothing.
    """
    if value.isascii():
        return " ".join(value.casefold().split())
    try:
        return " ".join(value.translate(_singly).split())
    except _Unusual:
        return _fold_fully(value)


def _fold_fully(value: str) -> str:
    while (folded := _fold_once(value)) != value:
        value = folded
    return folded


def _fold_once(value: str) -> str:
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", value).casefold())
    return " ".join(unicodedata.normalize("NFKC", spread.translate(_levels)).split())
