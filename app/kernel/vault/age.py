"""Files for people who hold their own key: the age format (https://age-encryption.org/v1), of which any tool opens them.

Used for what leaves this instance: archives of one's own data, and backups. Here is never more than the public half.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import pyrage


class _Native(Protocol):
    """What we use of the library, which carries no types for it."""

    def encrypt(self, plain: bytes, recipients: list[object]) -> bytes: ...
    def decrypt(self, sealed: bytes, identities: list[object]) -> bytes: ...
    def encrypt_io(self, reader: BinaryIO, writer: BinaryIO, recipients: list[object]) -> None: ...
    def decrypt_io(self, reader: BinaryIO, writer: BinaryIO, identities: list[object]) -> None: ...


_age = cast("_Native", pyrage)


class NoAge(ValueError):
    """No recipient or identity of age, or a file that this identity does not open."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Both halves of a key: `secret` is shown to its person once and kept nowhere."""

    secret: str
    recipient: str


def new_pair() -> Pair:
    """A fresh key."""
    identity = pyrage.x25519.Identity.generate()
    return Pair(str(identity), str(identity.to_public()))


def encrypt(plain: bytes, recipient: str) -> bytes:
    """The bytes, for whoever holds the secret half. Raises NoAge."""
    return _age.encrypt(plain, [_recipient(recipient)])


def decrypt(sealed: bytes, secret: str) -> bytes:
    """Raises NoAge when this is not for them, or was changed."""
    try:
        return _age.decrypt(sealed, [_identity(secret)])
    except pyrage.DecryptError:
        raise NoAge("the file does not open with this key") from None


def encrypt_file(source: BinaryIO, target: Path, recipient: str) -> None:
    """Write what `source` gives into a file that nobody else can read, in pieces. Raises NoAge."""
    known = _recipient(recipient)
    target.touch(mode=0o600)
    with target.open("wb") as sealed:
        _age.encrypt_io(source, sealed, [known])


def decrypt_file(source: Path, target: BinaryIO, secret: str) -> None:
    """Write what is in a sealed file. Raises NoAge when it does not open; what was written by then is worth nothing."""
    known = _identity(secret)
    try:
        with source.open("rb") as sealed:
            _age.decrypt_io(sealed, target, [known])
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's own, and no wrong or damaged piece
            raise
        raise NoAge(f"{source.name} does not open with this key, or is damaged") from None


def is_recipient(text: str) -> bool:
    """Whether this is the public half of a key (age1...)."""
    try:
        _recipient(text)
    except NoAge:
        return False
    return True


def _recipient(text: str) -> object:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise NoAge("this is no recipient of age: it looks like age1...") from None


def _identity(text: str) -> object:
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        raise NoAge("this is no identity of age: it looks like AGE-SECRET-KEY-1...") from None
