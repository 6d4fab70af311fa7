"""Passphrases: what is accepted, and Argon2id off the loop with bounded concurrency.

Rules from NIST SP 800-63B-4, section 3.1.1: at least 15 characters where the passphrase stands alone, no composition
rules, all of Unicode after NFKC, refused when it is common or guessable. Argon2id at 19 MiB, t=2, p=1 (OWASP's second
profile).
"""

import threading
import unicodedata
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from app.kernel.errors import N_, Invalid, Unavailable
from app.kernel.house import House

MINIMUM = 15
MAXIMUM = 200
#: zxcvbn's time grows with the square of the length; what comes after adds strength that need not be counted.
ESTIMATED = 60
#: zxcvbn reads these signs as letters in every combination: a passphrase full of them takes it seconds. Where there are
#: more than one, each becomes the one sign that stands for the same letter.
SIGNS = "@$({[<!|+"
FEWER_SIGNS = str.maketrans(SIGNS, "45((((117")
#: zxcvbn's score from 0 to 4; 3 means more than 10^8 guesses: "123456789012345" and "passwordpassword" fall below.
ENOUGH = 3
#: How many are hashed at the same time (19 MiB each), and how long one waits for a place (seconds).
AT_ONCE = 2
PATIENCE_SECONDS = 10.0

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = threading.Semaphore(AT_ONCE)
#: Verified against when nobody has the given name, so that both answers take the same time.
_nobody = _hasher.hash("nobody has this passphrase")


def check(passphrase: str, *, name: str) -> None:
    """Raise Invalid, in words that say what would do, when the passphrase is too short, too long or easily guessed."""
    normal = _normal(passphrase)
    # Counted as typed too, since one key may stand for a whole phrase: NFKC makes 18 letters of U+FDFA.
    if min(len(passphrase), len(normal)) < MINIMUM:
        raise Invalid(N_("Use at least 15 characters. Four or five unrelated words are easy to remember."))
    if len(normal) > MAXIMUM:
        raise Invalid(N_("Use at most 200 characters."))
    start = normal[:ESTIMATED]
    if len(set(start).intersection(SIGNS)) > 1:
        start = start.translate(FEWER_SIGNS)
    if zxcvbn(start, user_inputs=[name, "sanad", "سند"], max_length=ESTIMATED)["score"] < ENOUGH:
        raise Invalid(N_("This passphrase is easy to guess. Choose words that do not belong together."))


def hash_passphrase(house: House, passphrase: str) -> str:
    """The Argon2id hash, in the standard encoded form. Raises Unavailable when too many wait for theirs."""
    return str(_one_of_few(house, _hasher.hash, _normal(passphrase)))


def matches(house: House, stored: str | None, passphrase: str) -> bool:
    """Whether the passphrase is the one that was hashed. Takes as long when there is none (`stored` is None, or empty).

    Raises Unavailable when too many wait for theirs.
    """
    fits = bool(_one_of_few(house, _verify, stored or _nobody, _normal(passphrase)))
    return fits and bool(stored)


def _verify(stored: str, passphrase: str) -> bool:
    try:
        return _hasher.verify(stored, passphrase)
    except (VerificationError, InvalidHashError):
        return False


def _one_of_few(house: House, work: Callable[..., object], *args: str) -> object:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Unavailable
    try:
        return house.offload(work, *args)
    finally:
        _places.release()


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFKC", passphrase[: MAXIMUM * 4])
