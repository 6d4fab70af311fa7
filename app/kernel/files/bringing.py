"""Any file that is taken in rooms, made anew: a picture, a document or a sound, by its first bytes."""

from dataclasses import dataclass

from app.kernel.errors import N_, Invalid
from app.kernel.files import documents, making, pictures, sounds
from app.kernel.files.models import FileKind
from app.kernel.files.pictures import Shape

EMPTY = N_("Choose a file first.")
TOO_HEAVY = N_("This file has more than 5 MB. Make it smaller first, or take another one.")
UNKNOWN = N_("This is no file that we can take. Choose a picture (JPEG, PNG, WebP, GIF), a PDF, or a sound.")


@dataclass(frozen=True, slots=True)
class Made:
    """A file made anew. `width` and `height` are dots of a picture, `length` pages of a document or seconds of a sound.

    `peak` is the most memory that it took (bytes).
    """

    plain: bytes
    kind: FileKind
    peak: int
    width: int = 0
    height: int = 0
    length: int = 0


def refuse_unknown(brought: bytes) -> None:
    """Raise Invalid in words for what would not be looked at anyway: before a budget is spent on it."""
    if not brought:
        raise Invalid(EMPTY)
    if len(brought) > making.MOST_BYTES:
        raise Invalid(TOO_HEAVY)
    if not (pictures.sniffed(brought) or is_document(brought) or sounds.sniffed(brought)):
        raise Invalid(UNKNOWN)


def made_anew(brought: bytes, shape: Shape) -> Made:
    """A file of one of the three kinds, made anew; a picture in this shape.

    Raises Invalid in words when it is none of them, damaged or too large, TooMany when many others wait.
    """
    refuse_unknown(brought)
    if pictures.sniffed(brought):
        picture = pictures.cleaned(brought, shape)
        return Made(picture.plain, FileKind.JPEG, picture.peak, width=picture.width, height=picture.height)
    if is_document(brought):
        plain, about = making.run(documents.DOCUMENT, brought)
        return Made(plain, FileKind.PDF, **about)
    plain, about = making.run(sounds.SOUND, brought, sounds.sniffed(brought))
    return Made(plain, FileKind.OGG, **about)


def is_document(brought: bytes) -> bool:
    return brought.startswith(b"%PDF-")
