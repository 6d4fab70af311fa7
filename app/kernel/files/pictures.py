"""Pictures that people bring: only their pixels are taken, in a process of its own that can neither grow nor go on for long.

What a picture says about itself is its first bytes, never the name that came with it. What is kept is made anew: no place,
no time, no camera, no words hidden in it, and nothing that a browser could take for anything else.
"""

from dataclasses import dataclass

from app.kernel.errors import N_, Invalid
from app.kernel.files import making
from app.kernel.files.making import MOST_BYTES

EMPTY = N_("Choose a picture first.")
TOO_HEAVY = N_("This picture has more than 5 MB. Make it smaller first, or take another one.")
UNKNOWN = N_("This is no picture that we can take. Choose one in JPEG, PNG, WebP or GIF.")
TOO_LARGE = N_("This picture has too many dots: at most 24 million, 12 million in WebP, and 12,000 along a side.")
BROKEN = N_("This picture is damaged or not whole. Choose another one, or save it anew first.")

PICTURE = making.Program("picture", 256, 10, {making.TOO_LARGE: TOO_LARGE, making.BROKEN: BROKEN})


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
    told = kind_of(brought), shape.side, int(shape.square), shape.most_bytes
    plain, about = making.run(PICTURE, brought, *told)
    return Picture(plain, **about)


def kind_of(brought: bytes) -> str:
    """What a picture is by its first bytes. Raises Invalid in words for everything but the four kinds that we take."""
    if not brought:
        raise Invalid(EMPTY)
    if len(brought) > MOST_BYTES:
        raise Invalid(TOO_HEAVY)
    kind = sniffed(brought)
    if kind is None:
        raise Invalid(UNKNOWN)
    return kind


def sniffed(brought: bytes) -> str | None:
    """The same without complaint: None for what is no picture."""
    if brought.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if brought.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if brought.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    return "WEBP" if brought.startswith(b"RIFF") and brought[8:12] == b"WEBP" else None
