"""Pictures that people bring: only their pixels are taken, in a process of its own that can neither grow nor go on for long.

What a picture says about itself is its first bytes, never the name that came with it. What is kept is made anew: no place,
no time, no camera, no words hidden in it, and nothing that a browser could take for anything else.
"""

import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.kernel.errors import N_, Invalid, TooMany

MOST_BYTES = 5 * 1024 * 1024
#: For how long somebody waits for those before them (seconds). For their own picture decoder.py has limits.
PATIENCE_SECONDS = 30.0
DECODER = Path(__file__).with_name("decoder.py")

EMPTY = N_("Choose a picture first.")
TOO_HEAVY = N_("This picture has more than 5 MB. Make it smaller first, or take another one.")
UNKNOWN = N_("This is no picture that we can take. Choose one in JPEG, PNG, WebP or GIF.")
TOO_LARGE = N_("This picture has too many dots: at most 24 million, 12 million in WebP, and 12,000 along a side.")
BROKEN = N_("This picture is damaged or not whole. Choose another one, or save it anew first.")

#: Of the two ways in which the decoder refuses (decoder.py). Everything else is a picture that broke it.
REFUSALS = {3: TOO_LARGE, 4: BROKEN}

#: One picture at a time in each process, so that several at once take no more memory than one.
_turn = threading.Semaphore(1)


@dataclass(frozen=True, slots=True)
class Shape:
    """What becomes of a picture: its longest side in dots, whether its middle square is taken, its bytes at most."""

    side: int
    square: bool
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made anew, as JPEG. `peak` is the most memory that it took (bytes)."""

    plain: bytes
    width: int
    height: int
    peak: int


def cleaned(brought: bytes, shape: Shape) -> Picture:
    """A picture made anew from the pixels of one that somebody brought; of one that moves, from its first frame.

    Raises Invalid in words when it is none, damaged or too large, TooMany when many others wait.
    """
    kind = kind_of(brought)
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        raise TooMany(retry_after=int(PATIENCE_SECONDS))
    try:
        answer = subprocess.run(  # noqa: S603  # our own program, and nothing of what was typed
            [
                sys.executable,
                "-I",
                "-B",
                str(DECODER),
                kind,
                str(shape.side),
                str(int(shape.square)),
                str(shape.most_bytes),
            ],
            input=brought,
            capture_output=True,
            check=False,
            env={},
            cwd="/",
        )
    finally:
        _turn.release()
    if answer.returncode != 0:
        raise Invalid(REFUSALS.get(answer.returncode, BROKEN))
    about, _, plain = answer.stdout.partition(b"\n")
    return Picture(plain, **orjson.loads(about))


def kind_of(brought: bytes) -> str:
    """What a picture is by its first bytes. Raises Invalid in words for everything but the four kinds that we take."""
    if not brought:
        raise Invalid(EMPTY)
    if len(brought) > MOST_BYTES:
        raise Invalid(TOO_HEAVY)
    if brought.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if brought.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if brought.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if brought.startswith(b"RIFF") and brought[8:12] == b"WEBP":
        return "WEBP"
    raise Invalid(UNKNOWN)
