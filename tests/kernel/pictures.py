"""Pictures for tests: good ones, and those that people should not be able to bring."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin

CANARY = "Homs-34.7324-36.7137"


def encoded(picture: Image.Image, kind: str, **how: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def plain(kind: str = "JPEG", size: tuple[int, int] = (320, 200), mode: str = "RGB", **how: Any) -> bytes:
    return encoded(
        Image.new(mode, size, 120 if mode in ("L", "P", "1") else (120, 90, 60, 255)[: len(mode)]), kind, **how
    )


def talkative_jpeg() -> bytes:
    """Says where it was taken, by whom, with what, and more in a comment."""
    exif = Image.Exif()
    exif[0x010F] = f"Camera {CANARY}"
    exif[0x9286] = f"Comment {CANARY}"
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 43.0, 56.0), 3: "E", 4: (36.0, 42.0, 49.0), 29: CANARY})
    return encoded(
        Image.new("RGB", (320, 200), (120, 90, 60)),
        "JPEG",
        exif=exif,
        comment=CANARY.encode(),
        icc_profile=CANARY.encode(),
        xmp=f"<x:xmpmeta>{CANARY}</x:xmpmeta>".encode(),
    )


def talkative_png() -> bytes:
    """Carries words in chunks, in the clear and compressed, and more bytes after its end."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", CANARY)
    notes.add_text("Author", CANARY, zip=True)
    notes.add_itxt("XML:com.adobe.xmp", f"<x>{CANARY}</x>")
    return encoded(Image.new("RGB", (320, 200)), "PNG", pnginfo=notes) + CANARY.encode()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of(width: int, height: int) -> bytes:
    """A whole PNG of one colour, however large: a few bytes for a row of a bomb, for nobody who opens it little."""
    pack = zlib.compressobj(9)
    row = b"\0" + bytes(width * 3)
    rows = b"".join(pack.compress(row) for _ in range(height)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_that_claims(width: int, height: int) -> bytes:
    """A small file that says that it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    few = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", few) + chunk(b"IEND", b"")


def gif_bomb(width: int = 65_000, height: int = 65_000) -> bytes:
    """A canvas of four thousand million dots in a few bytes."""
    return (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
        + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00\x3b"
    )  # fmt: skip


def gif_of_many_frames(frames: int = 2000, size: tuple[int, int] = (600, 600)) -> bytes:
    """As many frames as fit; the first is red, all others are blue."""
    first = Image.new("RGB", size, (200, 10, 10))
    others = [Image.new("RGB", size, (10, 10, 200 - number % 2)) for number in range(8)]
    moving = encoded(first, "GIF", save_all=True, append_images=others, duration=10)
    head, _, tail = moving.rpartition(b"\x21\xf9\x04")
    return head + (b"\x21\xf9\x04" + tail[:-1]) * (frames - len(others)) + b"\x3b"


def huge_progressive_jpeg(size: tuple[int, int] = (6000, 4000), mode: str = "RGB") -> bytes:
    """As many dots as are taken, in the form that takes the most memory to open."""
    return encoded(Image.new(mode, size, 0), "JPEG", quality=20, progressive=True, subsampling=0)


def webp_that_claims(width: int, height: int) -> bytes:
    """A WebP whose head says that it is huge."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    head = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(head) + 4) + b"WEBP" + head


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def polyglot_gif() -> bytes:
    """A GIF that is a script as well, for a browser that guesses."""
    return plain("GIF", mode="P") + b"/*" + HTML + b"*/=1;alert(1)"


def polyglot_jpeg() -> bytes:
    """A JPEG with a page in its comment and an archive behind its end."""
    return plain(comment=HTML) + b"PK\x03\x04" + HTML
