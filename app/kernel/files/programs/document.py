"""The program that opens one PDF and writes it anew from what its pages show. documents.py runs it (enclosed.py).

Only what stands in document.toml comes along: what a page draws, and with which letters, colours and pictures.
So scripts, actions, forms, files, comments, links, layers, words about the document and earlier states of it stay behind,
and so does whatever somebody will invent. What annotations and forms show is drawn onto the page first.
"""

import tomllib
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, TypeGuard, cast

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

MOST_PAGES, MOST_OBJECTS, MOST_DEPTH = 200, 20_000, 40
#: Bytes of one stream when it is opened, and of all of them: a document of few bytes may not become a huge one elsewhere.
MOST_OPENED, MOST_OPENED_ALL = 40 * 1024 * 1024, 256 * 1024 * 1024
MOST_BYTES = 5 * 1024 * 1024
MOST_DOTS = 50_000_000


class TooLarge(Exception):
    code = 3


class Locked(Exception):
    code = 5


class Strange(Exception):
    """A picture in a form that phones have been attacked with, and that few documents use (JBIG2, JPEG 2000)."""

    code = 6


#: Of each kind of thing the names of its entries that come along, and of which kind each is.
#: A kind that does not stand there is looked after by a method of its name.
PLAIN = "plain"


def _within() -> dict[str, dict[str, str]]:
    read = tomllib.loads(Path(__file__).with_name("document.toml").read_text())
    return {kind: _entries(**entries) for kind, entries in read.items()}


def _entries(plain: str = "", **others: str) -> dict[str, str]:
    return {**{f"/{name}": PLAIN for name in plain.split()}, **{f"/{name}": kind for name, kind in others.items()}}


WITHIN = _within()
DEVICES = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}
REFUSED = {"/JBIG2Decode", "/JPXDecode", "/Crypt"}
PICTURES = {"/DCTDecode", "/CCITTFaxDecode"}
SHORT = {"/Fl": "/FlateDecode", "/DCT": "/DCTDecode", "/CCF": "/CCITTFaxDecode"}


def made_anew(brought: bytes) -> tuple[dict[str, Any], bytes]:
    """How many pages the document has, and the document."""
    pikepdf.settings.set_qpdf_limits(
        parser_max_nesting=100,
        max_stream_filters=4,
        flate_max_memory=MOST_OPENED,
        png_max_memory=MOST_OPENED,
        tiff_max_memory=MOST_OPENED,
        run_length_max_memory=MOST_OPENED,
    )
    pikepdf.set_object_conversion_mode("explicit")
    try:
        source = Pdf.open(BytesIO(brought), attempt_recovery=False)
    except pikepdf.PasswordError:
        raise Locked from None
    if source.is_encrypted:
        raise Locked
    if len(source.objects) > MOST_OBJECTS or len(source.pages) > MOST_PAGES:
        raise TooLarge
    if not len(source.pages):
        raise ValueError("nothing to read")
    source.generate_appearance_streams()
    source.flatten_annotations("screen")
    target = Pdf.new()
    copier = Copier(target)
    for page in source.pages:
        target.pages.append(pikepdf.Page(copier.page(page.obj)))
    out = BytesIO()
    target.save(
        out,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        deterministic_id=True,
    )
    if out.tell() > MOST_BYTES:
        raise TooLarge
    return {"length": len(target.pages)}, out.getvalue()


class Copier:
    """Makes in another document what it is shown of a first one, each thing once."""

    def __init__(self, target: Pdf) -> None:
        self.target = target
        self.made: dict[tuple[object, str], Object] = {}
        self.depth = 0
        self.opened = 0

    def page(self, page: Object) -> Object:
        made = self.target.make_indirect(self.dictionary(page, "page", Dictionary()))
        drawn = page.get("/Contents", Array())
        parts = list(drawn) if isinstance(drawn, Array) else [drawn]
        made["/Contents"] = Array([self.make(part, "bytes") for part in parts if isinstance(part, Stream)])
        return made

    def make(self, thing: Object, kind: str) -> Object | None:
        """The same thing in the target; None for what does not come along."""
        if kind == "drawing":
            kind = drawn(thing)
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise TooLarge
        try:
            known = self.made.get((thing.objgen, kind)) if thing.is_indirect else None
            return self._made(thing, kind) if known is None else known
        finally:
            self.depth -= 1

    def _made(self, thing: Object, kind: str) -> Object | None:
        if kind == PLAIN or (isinstance(thing, Name) and kind != "colour"):  # what the reader has by itself has a name
            return plain(thing)
        if kind.startswith("each "):
            each = kind.removeprefix("each ")
            made = {name: self.make(one, each) for name, one in thing.items()} if is_table(thing) else {}
            return Dictionary({name: one for name, one in made.items() if one is not None})
        if kind == "colour":
            return self.colour(thing)
        if isinstance(thing, Array):
            return self.several(thing, kind)
        if isinstance(thing, Stream):
            return self.stream(thing, kind)
        return self.table(thing, kind) if isinstance(thing, Dictionary) and kind not in ("image", "form") else None

    def several(self, things: Array, kind: str) -> Object:
        if kind == "sized font":  # a font and its size
            parts = [self.make(things[0], "font"), plain(things[1])]
        elif kind == "image":  # colours that are left out of a picture
            parts = [plain(one) for one in things]
        else:
            parts = [self.make(one, kind) for one in things]
        return Array([one for one in parts if one is not None])

    def table(self, thing: Object, kind: str) -> Object:
        made: Object = Dictionary()
        if thing.is_indirect:  # known before it is filled, since fonts and forms may lead back to themselves
            made = self.target.make_indirect(made)
            self.made[thing.objgen, kind] = made
        return self.dictionary(thing, kind, made)

    def dictionary(self, thing: Object, kind: str, made: Object) -> Object:
        for name, of in WITHIN[kind].items():
            if name in thing:
                one = self.make(thing[name], of)
                if one is not None:
                    made[name] = one
        return made

    def stream(self, thing: Stream, kind: str) -> Object:
        made = self.target.make_stream(b"")
        if thing.is_indirect:
            self.made[thing.objgen, kind] = made
        self.dictionary(thing, kind, made)
        if kind == "image" and dots(thing) > MOST_DOTS:
            raise TooLarge
        self._fill(made, thing)
        return made

    def _fill(self, made: Stream, thing: Stream) -> None:
        """Put in the content, packed anew, without anything around it."""
        filters = [SHORT.get(str(one), str(one)) for one in listed(thing.get("/Filter"))]
        parms = listed(thing.get("/DecodeParms"))
        if REFUSED.intersection(filters):
            raise Strange
        if filters and filters[-1] in PICTURES:
            packed = self._unwrapped(thing, parms) if len(filters) > 1 else thing.read_raw_bytes()
            self._count(len(packed))
            last = self._unpacking(parms[-1:])
            bare = bare_jpeg(packed) if filters[-1] == "/DCTDecode" else packed
            made.write(bare, filter=Name(filters[-1]), decode_parms=last)
        elif filters == ["/FlateDecode"]:
            last = self._unpacking(parms)
            made.write(self._packed(unpacked(thing.read_raw_bytes())), filter=Name.FlateDecode, decode_parms=last)
        else:
            opened = thing.read_bytes(pikepdf.StreamDecodeLevel.generalized)
            made.write(self._packed(opened), filter=Name.FlateDecode)

    def _unpacking(self, parms: list[Object]) -> Dictionary | None:
        """How the only or the last of the filters is to be told to unpack."""
        first = next(iter(parms), None)
        return cast("Dictionary", self.dictionary(first, "unpacking", Dictionary())) if is_table(first) else None

    def _unwrapped(self, thing: Stream, parms: list[Object]) -> bytes:
        """A picture out of what is packed around it."""
        wrapped = self.target.make_stream(thing.read_raw_bytes())
        wrapped["/Filter"] = Array([plain(one) for one in listed(thing.get("/Filter"))[:-1]])
        if len(parms) > 1:
            around = [self.make(one, "unpacking") if is_table(one) else Dictionary() for one in parms[:-1]]
            wrapped["/DecodeParms"] = Array(around)
        return bytes(wrapped.read_bytes(pikepdf.StreamDecodeLevel.generalized))

    def _packed(self, opened: bytes) -> bytes:
        self._count(len(opened))
        return zlib.compress(opened, 6)

    def _count(self, size: int) -> None:
        self.opened += size
        if size > MOST_OPENED or self.opened > MOST_OPENED_ALL:
            raise TooLarge

    def colour(self, thing: Object) -> Object | None:
        """A colour space. Profiles, which have words in them, become the plain colours that they are about."""
        if not isinstance(thing, Array):
            return plain(thing) if isinstance(thing, Name) else None
        named, rest = str(thing[0]), list(thing)[1:]
        if named == "/ICCBased":
            return Name(DEVICES[int(rest[0]["/N"])])
        kinds = {
            "/Indexed": ("colour", PLAIN, "bytes"),
            "/Separation": (PLAIN, "colour", "function"),
            "/DeviceN": (PLAIN, "colour", "function"),
            "/Pattern": ("colour",),
            "/CalGray": ("calibrated",),
            "/CalRGB": ("calibrated",),
            "/Lab": ("calibrated",),
        }.get(named, ())
        parts = [
            self.looked_up(one) if kind == "bytes" else self.make(one, kind)
            for one, kind in zip(rest, kinds, strict=False)
        ]
        return Array([Name(named), *(one for one in parts if one is not None)])

    def looked_up(self, table: Object) -> Object | None:
        return self.make(table, "bytes") if isinstance(table, Stream) else plain(table)


def plain(thing: Object, depth: int = 0) -> Object | None:
    """Numbers, names and strings, and lists of them, as new ones."""
    if depth > MOST_DEPTH:
        raise TooLarge
    if isinstance(thing, Array):
        return Array([made for one in thing if (made := plain(one, depth + 1)) is not None])
    if isinstance(thing, Dictionary | Stream):
        return None
    return Object.parse(thing.unparse(resolved=True))


def is_table(thing: Object | None) -> TypeGuard[Dictionary]:
    return isinstance(thing, Dictionary)


def listed(thing: Object | None) -> list[Object]:
    """One thing or several, as a list."""
    if thing is None:
        return []
    return list(thing) if isinstance(thing, Array) else [thing]


def drawn(thing: Object) -> str:
    """Of which kind a drawing is: a picture, or a form that is drawn like a page. Everything else is not drawn."""
    subtype = str(thing.get("/Subtype", "")) if isinstance(thing, Stream) else ""
    return {"/Image": "image", "/Form": "form"}.get(subtype, "nothing")


def dots(image: Stream) -> int:
    return int(image.get("/Width", 0)) * int(image.get("/Height", 0))


def unpacked(packed: bytes) -> bytes:
    """The content of a deflated stream and nothing behind its end, as far as it goes. Raises TooLarge."""
    opener = zlib.decompressobj()
    opened = opener.decompress(packed, MOST_OPENED + 1)
    if len(opened) > MOST_OPENED:
        raise TooLarge
    return opened


def bare_jpeg(brought: bytes) -> bytes:
    """A JPEG without what stands beside its dots: place, time, camera, words, and whatever follows its end."""
    bare = bytearray(b"\xff\xd8")
    for marker, segment in segments(brought):
        if marker == 0xEE and segment[4:9] == b"Adobe":  # how its colours are meant
            bare += segment[:2] + b"\x00\x0e" + segment[4:16]
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            bare += segment
        if marker in FRAMES and int.from_bytes(segment[5:7], "big") * int.from_bytes(segment[7:9], "big") > MOST_DOTS:
            raise TooLarge
    return bytes(bare)


#: Markers of segments that say how large the picture is.
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """The segments of a JPEG after its beginning (ITU-T T.81, B), each with its marker; scans with what is packed in them."""
    at = 2
    while True:
        start = at
        if jpeg[at] != 0xFF:
            raise ValueError("no segment")
        while jpeg[at] == 0xFF:
            at += 1
        marker = jpeg[at]
        at += 1
        if marker == 0xD9:
            yield marker, b"\xff\xd9"
            return
        if marker != 0x01 and not 0xD0 <= marker <= 0xD7:
            at += int.from_bytes(jpeg[at : at + 2], "big")
        if marker == 0xDA:
            at = end_of_scan(jpeg, at)
        yield marker, b"\xff" + jpeg[start:at].lstrip(b"\xff")


def end_of_scan(jpeg: bytes, at: int) -> int:
    """Where the next marker stands that is not part of what is packed."""
    while True:
        at = jpeg.index(b"\xff", at)
        after = jpeg[at + 1]
        if after != 0 and not 0xD0 <= after <= 0xD7 and after != 0xFF:
            return at
        at += 1 if after == 0xFF else 2
