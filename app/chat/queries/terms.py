"""By what the search finds a message: fingerprints of its words, its author and its day under the key of its epoch.

Equal words have equal fingerprints within one epoch of one room and nowhere else, and once its key is shredded nobody
can make one. What this tells whoever has the database stands in docs/safety and docs/decisions/0022.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from struct import pack, unpack

from app.chat.queries.opening import Content
from app.kernel import work
from app.kernel.text.stems import forms_of

#: Of a message so many different forms of words are kept: what has more is a text that was pasted.
MOST_FORMS = 300
TERM_BYTES = 8
_WHAT = "search"
#: Whoever is looked for under a name that nobody has: no row has this number.
NOBODY = 0


def terms_of(key_id: str, author_id: int | None, content: Content) -> bytes:
    """The fingerprints of a message one after the other, in an order that says nothing about that of its words.

    Raises Shredded when the epoch is over.
    """
    said = content.body
    if content.note or content.described:
        said = "\n".join((content.note, said, *content.described.values()))
    values = [form.encode() for form in forms_of(said)[:MOST_FORMS]]
    values += [_day(content.at.date())] if author_id is None else [_day(content.at.date()), _author(author_id)]
    return b"".join(sorted(work.house().vault.fingerprints(key_id, _WHAT, values)))


def numbers(terms: bytes) -> Sequence[int]:
    """The same as numbers, as they stand in `message_term`."""
    return unpack(f">{len(terms) // TERM_BYTES}q", terms)


def of_words(key_id: str, forms: Iterable[str]) -> list[int]:
    """The terms of forms of words in one epoch. Raises Shredded."""
    return _made(key_id, [form.encode() for form in forms])


def of_author(key_id: str, person_id: int) -> int:
    return _made(key_id, [_author(person_id)])[0]


def of_days(key_id: str, days: Iterable[date]) -> list[int]:
    return _made(key_id, [_day(day) for day in days])


def in_hex(term: int) -> str:
    """A term as it stands in the column of a message, where that is read as hexadecimal digits."""
    return pack(">q", term).hex()


def _made(key_id: str, values: Iterable[bytes]) -> list[int]:
    return [int.from_bytes(one, signed=True) for one in work.house().vault.fingerprints(key_id, _WHAT, values)]


def _author(person_id: int) -> bytes:
    # A word has no colon in it.
    return b"author:%d" % person_id


def _day(day: date) -> bytes:
    return b"day:" + day.isoformat().encode()
