"""Sealing bytes so that they open only in the place that they were sealed for.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. The associated data names table, row, field, key and version,
so a sealed value that is moved to another row or column does not open.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: First byte of everything sealed. A new way of sealing gets a new number; the old one stays readable.
VERSION = 1
NONCE_BYTES = 12
KEY_BYTES = 32
#: A fingerprint of a word among those of one epoch: two of a hundred thousand words meet by chance once in four billion.
SHORT_BYTES = 8


class Tampered(Exception):
    """The sealed bytes were changed, moved from their place, or sealed with another key."""


class Place(NamedTuple):
    """Where a sealed value lives: table, public id of the row, field."""

    table: str
    row: str
    field: str


def new_key() -> bytes:
    """256 fresh random bits."""
    return os.urandom(KEY_BYTES)


def seal(cipher: AESGCM, key_id: str, place: Place, plain: bytes) -> bytes:
    """Version byte, nonce, ciphertext and tag: 29 bytes longer than `plain`."""
    nonce = os.urandom(NONCE_BYTES)
    return bytes((VERSION,)) + nonce + cipher.encrypt(nonce, plain, _bound(key_id, place))


def unseal(cipher: AESGCM, key_id: str, place: Place, sealed: bytes) -> bytes:
    """The bytes that were sealed for this place with this key. Raises Tampered for anything else."""
    if len(sealed) < 1 + NONCE_BYTES + 16 or sealed[0] != VERSION:
        raise Tampered(f"{place.table}.{place.field}")
    try:
        return cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], _bound(key_id, place))
    except InvalidTag:
        raise Tampered(f"{place.table}.{place.field}") from None


class Seal:
    """Sealing for bytes that stand in no table but pass through other programs, under one name for what they are."""

    def __init__(self, secret: Callable[[], bytes], what: str) -> None:
        """`secret` is asked for its 32 bytes at the first sealing or opening: commands run before there is a key."""
        self._secret, self._what = secret, what

    def close(self, plain: bytes) -> bytes:
        return seal(self._cipher, self._what, Place("", "", self._what), plain)

    def open(self, sealed: bytes) -> bytes:
        """Raises Tampered for anything that was not closed with this key and name."""
        return unseal(self._cipher, self._what, Place("", "", self._what), sealed)

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._secret())


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose from one secret (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"sanad " + purpose.encode()).derive(secret)


def keyed_hash(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 over the parts, each with its length in front so that no two lists of parts look alike."""
    digest = hmac.HMAC(key, hashes.SHA256())
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.finalize()


def short_hashes(key: bytes, what: str, values: Iterable[bytes]) -> list[bytes]:
    """Eight bytes of keyed BLAKE2b (RFC 7693) of each value, under a key derived for `what`."""
    own = hashlib.blake2b(what.encode(), key=key, digest_size=KEY_BYTES, person=b"sanad-short").digest()
    keyed, hashed = hashlib.blake2b(key=own, digest_size=SHORT_BYTES), []
    for value in values:
        digest = keyed.copy()  # with the key in it already, which is half of the work
        digest.update(value)
        hashed.append(digest.digest())
    return hashed


def plain_hash(value: bytes) -> bytes:
    """SHA-256, for values that are themselves 256 random bits."""
    return hashlib.sha256(value).digest()


def public_point(private: bytes) -> bytes:
    """The public half of a P-256 key whose private half is these 32 bytes, as an uncompressed point (65 bytes)."""
    key = ec.derive_private_key(int.from_bytes(private), ec.SECP256R1())
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _bound(key_id: str, place: Place) -> bytes:
    bound = b"|".join((place.table.encode(), place.row.encode(), place.field.encode(), key_id.encode(), b"1"))
    if bound.count(b"|") != 4:
        raise ValueError("the names of a place have no bar in them: two places would read alike")
    return bound
