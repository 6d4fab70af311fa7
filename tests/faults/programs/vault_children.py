"""Processes that work on the keys of the instance in the environment until somebody kills them."""

import signal
from itertools import count

from app.kernel.db import Databases
from app.kernel.vault import Keyring, Place, Purpose, Vault
from app.kernel.vault import vault as vault_module
from config import read_settings
from tests.faults.programs.forking import Log, serve

PLACE = Place("test", "row", "words")
WORDS = b"what must still open"
#: Small batches, so that a kill has many places to fall into.
BATCH = 30


def rotate(log: Log, _words: list[str]) -> None:
    """Rotate again and again."""
    vault = _vault()
    for _ in count():
        log(f"rotated {vault.rotate()}")


def shred(log: Log, keys: list[str]) -> None:
    """Shred one key after the other, and say so before and after each."""
    vault = _vault()
    for key_id in keys:
        log(f"begin {key_id}")
        vault.shred([key_id])
        log(f"shredded {key_id}")
    signal.pause()


def make(log: Log, _words: list[str]) -> None:
    """Make keys, seal with each, and open everything made so far in turn, never from memory."""
    vault = _vault()
    made: list[tuple[str, bytes]] = []
    for number in count():
        key_id = vault.create_key(Purpose.RECORD)
        made.append((key_id, vault.seal(key_id, PLACE, WORDS)))
        log(f"made {key_id} {made[-1][1].hex()}")
        for step in range(8):
            earlier, sealed = made[(number * 7 + step) % len(made)]
            if vault.open(earlier, PLACE, sealed) != WORDS:
                raise RuntimeError(f"{earlier} opened to something else")


def _vault() -> Vault:
    vault_module.ROTATE_BATCH = BATCH
    settings = read_settings()
    return Vault(Databases(settings.database_url, settings.keys_url), Keyring(settings.master_key_file))


if __name__ == "__main__":
    serve({"rotate": rotate, "shred": shred, "make": make})
