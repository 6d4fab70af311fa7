"""How people's words are sealed here: each record has a key of its own, and each field its place."""

from collections.abc import Iterable

import orjson

from app.kernel import work
from app.kernel.vault import Place, Purpose, Shredded


def new_key() -> str:
    """A key for one record.

    Of the purpose whose keys are kept in memory for some seconds, so that a page with fifty records opens them with one
    question to the keys database.
    """
    return work.house().vault.create_key(Purpose.PERSON)


def seal(key_id: str, table: str, public_id: str, field: str, words: str) -> bytes:
    return work.house().vault.seal(key_id, Place(table, public_id, field), words.encode())


def unseal(key_id: str, table: str, public_id: str, field: str, sealed: bytes | None) -> str:
    """The words, or nothing where there are none or their key is gone."""
    if sealed is None:
        return ""
    try:
        return work.house().vault.open(key_id, Place(table, public_id, field), sealed).decode()
    except Shredded:
        return ""


def seal_fields(key_id: str, table: str, public_id: str, field: str, fields: dict[str, str]) -> bytes:
    return seal(key_id, table, public_id, field, orjson.dumps(fields).decode())


def unseal_fields(key_id: str, table: str, public_id: str, field: str, sealed: bytes) -> dict[str, str]:
    """What `seal_fields` was given, or nothing where the key is gone."""
    words = unseal(key_id, table, public_id, field, sealed)
    opened: dict[str, str] = orjson.loads(words) if words else {}
    return opened


def prefetch(key_ids: Iterable[str]) -> None:
    """Open the keys of many records at once."""
    work.house().vault.prefetch(key_ids)
