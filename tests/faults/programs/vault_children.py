"""Forks processes that work on the keys of an instance until somebody kills them.

`python -m tests.faults.programs.vault_children KEYS_URL KEY_FILE` reads orders from its input, one a line, and answers each
with one line: `start TASK LOG [KEY ...]` gives the number of a new process, `reap NUMBER` waits until it is gone and gives
its exit status. Forking from one warm process makes each start cost milliseconds; what is killed is a process of its own.
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NoReturn

from app.kernel.db import Databases
from app.kernel.vault import Keyring, Place, Purpose, Vault
from app.kernel.vault import vault as vault_module

PLACE = Place("test", "row", "words")
WORDS = b"what must still open"
#: Small batches, so that a kill has many places to fall into.
BATCH = 30

Log = Callable[[str], None]


def rotate(vault: Vault, log: Log, _keys: list[str]) -> None:
    """Rotate again and again."""
    for _ in count():
        log(f"rotated {vault.rotate()}")


def shred(vault: Vault, log: Log, keys: list[str]) -> None:
    """Shred one key after the other, and say so after each."""
    for key_id in keys:
        log(f"begin {key_id}")
        vault.shred([key_id])
        log(f"shredded {key_id}")
    signal.pause()


def make(vault: Vault, log: Log, _keys: list[str]) -> None:
    """Make keys, seal with each, and open everything made so far in turn, never from memory."""
    made: list[tuple[str, bytes]] = []
    for number in count():
        key_id = vault.create_key(Purpose.RECORD)
        made.append((key_id, vault.seal(key_id, PLACE, WORDS)))
        log(f"made {key_id} {made[-1][1].hex()}")
        for step in range(8):
            earlier, sealed = made[(number * 7 + step) % len(made)]
            if vault.open(earlier, PLACE, sealed) != WORDS:
                raise RuntimeError(f"{earlier} opened to something else")


TASKS: dict[str, Callable[[Vault, Log, list[str]], None]] = {"rotate": rotate, "shred": shred, "make": make}


def work(task: str, log_file: str, keys: list[str], keys_url: str, key_file: str) -> NoReturn:
    """What the forked process does; it never returns to the loop below."""
    handle = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log(line: str) -> None:
        os.write(handle, line.encode() + b"\n")

    try:
        vault_module.ROTATE_BATCH = BATCH
        vault = Vault(Databases(f"sqlite:///{Path(log_file).with_suffix('.data')}", keys_url), Keyring(Path(key_file)))
        TASKS[task](vault, log, keys)
    except BaseException as error:
        log(f"failed {type(error).__name__}: {error}")
        os._exit(1)
    os._exit(0)


def obey(keys_url: str, key_file: str) -> None:
    """Take orders until the input ends."""
    for line in sys.stdin:
        order, *words = line.split()
        if order == "start":
            child = os.fork()
            if child == 0:
                work(words[0], words[1], words[2:], keys_url, key_file)
            answer(child)
        else:
            answer(os.waitstatus_to_exitcode(os.waitpid(int(words[0]), 0)[1]))


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    obey(*sys.argv[1:])
