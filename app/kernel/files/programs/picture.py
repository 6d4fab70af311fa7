"""The program that opens one picture: bytes in, pixels out, as JPEG. pictures.py runs it (enclosed.py)."""

from io import BytesIO
from typing import Any

from PIL import Image, ImageFile

MOST_PIXELS, MOST_SIDE = 24_000_000, 12_000
#: The library keeps three whole copies of a WebP while it opens one.
MOST_PIXELS_WEBP = 12_000_000
#: On what a transparent picture is laid: the paper of our pages.
PAPER = (250, 248, 244)
#: Rows that are opened up at once, so that only the picture itself is in memory as a whole.
STRIP = 64
QUALITIES = (86, 80, 72, 64, 56, 48, 40, 30, 20)
#: Up to this side (dots) a picture is first made twice as large as it has to be, which looks better and costs little.
SMALL = 1024
#: EXIF's orientation (tag 0x0112), and what brings the picture upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class TooLarge(Exception):
    """More pixels than we take."""

    code = 3


def made_anew(brought: bytes, kind: str, side: str, square: str, most_bytes: str) -> tuple[dict[str, Any], bytes]:
    """The size of the picture in dots, and the picture as JPEG."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # ours is asked below
    plain, small = written(shrunk(brought, kind, int(side), square == "1"), int(most_bytes))
    return {"width": small.width, "height": small.height}, plain


def shrunk(brought: bytes, kind: str, side: int, square: bool) -> Image.Image:
    """The picture upright, on paper, and not longer than `side`."""
    if kind == "WEBP":  # its library makes room for all of it before it says how large it is
        refuse_large(*webp_size(brought), most=MOST_PIXELS_WEBP)
    with Image.open(BytesIO(brought), formats=[kind]) as picture:
        refuse_large(*picture.size)
        turned = orientation(picture)
        if kind == "JPEG":  # opens an eighth of it where that is enough
            picture.draft("RGB", wanted(picture.size, side, square))
        picture.load()
        small = reduced(picture, side, square)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return small.transpose(UPRIGHT[turned]) if turned in UPRIGHT else small


def refuse_large(width: int, height: int, most: int = MOST_PIXELS) -> None:
    if width < 1 or height < 1 or max(width, height) > MOST_SIDE or width * height > most:
        raise TooLarge


def wanted(size: tuple[int, int], side: int, square: bool) -> tuple[int, int]:
    """The size of which at least the dots are left that are needed in the end, of small pictures twice as many."""
    share = min(1.0, spare(side) * side / (min(size) if square else max(size)))
    return max(1, int(size[0] * share)), max(1, int(size[1] * share))


def spare(side: int) -> int:
    return 2 if side <= SMALL else 1


def reduced(picture: Image.Image, side: int, square: bool) -> Image.Image:
    """The picture, or its middle square, by a whole factor smaller and without transparency, strip by strip."""
    width, height = picture.size
    edge = min(width, height)
    left, top = ((width - edge) // 2, (height - edge) // 2) if square else (0, 0)
    right, bottom = (left + edge, top + edge) if square else (width, height)
    factor = max(1, (edge if square else max(width, height)) // (spare(side) * side))
    small = Image.new("RGB", (-(-(right - left) // factor), -(-(bottom - top) // factor)))
    step = factor * max(1, STRIP // factor)
    for row in range(top, bottom, step):
        strip = on_paper(picture.crop((left, row, right, min(row + step, bottom))))
        small.paste(strip.reduce(factor) if factor > 1 else strip, (0, (row - top) // factor))
    return small


def on_paper(strip: Image.Image) -> Image.Image:
    """A piece of a picture in plain colours."""
    if strip.mode.startswith("I;16"):
        strip = strip.convert("I")
    if strip.mode == "I":
        strip = strip.point(lambda value: value * (1 / 256)).convert("L")
    if not strip.has_transparency_data:
        return strip.convert("RGB")
    clear = strip.convert("RGBA")
    paper = Image.new("RGB", clear.size, PAPER)
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper


def orientation(picture: Image.Image) -> int:
    """How a camera says that the picture is to be turned; upright where it says nothing sensible."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # a note beside the picture that is damaged is no damaged picture
        return 1


def webp_size(brought: bytes) -> tuple[int, int]:
    """Width and height out of the first chunk of a WebP (RFC 9649). Raises ValueError for what is none."""
    chunk, content = brought[12:16], brought[20:30]
    if len(content) < 10:
        raise ValueError
    if chunk == b"VP8X":
        return int.from_bytes(content[4:7], "little") + 1, int.from_bytes(content[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(content[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return int.from_bytes(content[6:8], "little") & 0x3FFF, int.from_bytes(content[8:10], "little") & 0x3FFF
    raise ValueError


def written(small: Image.Image, most_bytes: int) -> tuple[bytes, Image.Image]:
    """The picture as JPEG, as good and as large as fits into so many bytes, and as what it is then. Only pixels go in."""
    while True:
        for quality in QUALITIES:
            out = BytesIO()
            small.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= most_bytes:
                return out.getvalue(), small
        small = small.resize((max(1, small.width * 2 // 3), max(1, small.height * 2 // 3)), Image.Resampling.LANCZOS)
