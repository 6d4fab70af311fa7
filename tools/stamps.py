"""Stamps: how a second set-up knows that a step has nothing left to do.

A stamp is a small file holding the digest of everything that a step was made from. It is written only after
the step has ended well, so a step that was interrupted is done again.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def digest(paths: Iterable[Path], *words: str) -> str:
    """Return the SHA-256 of these words and of these files, names and bytes; a folder means all its files."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(_files(paths)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path}\0{content}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def read(stamp: Path) -> str:
    """Return what the stamp holds, or an empty string where there is none."""
    try:
        return stamp.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def write(stamp: Path, content: str) -> None:
    """Replace the stamp in one go: a crash leaves the old one or the new one, never half of it."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    draft.write_text(content)
    draft.replace(stamp)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            for found in path.rglob("*"):
                if found.is_file() and "__pycache__" not in found.parts:
                    yield found
        elif path.exists():
            yield path
