"""PDFs for tests: good ones, and those that people should not be able to bring."""

import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from tests.kernel import pictures
from tests.kernel.pictures import CANARY

SHOWN = b"BT /F1 24 Tf 72 700 Td (The well is open) Tj ET q 100 0 0 100 72 500 cm /Im0 Do Q"


def blank() -> Pdf:
    """One page with a sentence and a picture on it."""
    pdf = Pdf.new()
    page = pdf.add_blank_page(page_size=(595, 842)).obj
    page.Contents = pdf.make_stream(SHOWN)
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.Resources = Dictionary(Font=Dictionary(F1=font), XObject=Dictionary(Im0=photograph(pdf)))
    return pdf


def photograph(pdf: Pdf) -> Object:
    """A picture as a camera made it, with all that it says about itself."""
    profile = pdf.make_stream(f"desc {CANARY}".encode(), N=3, Alternate=Name.DeviceRGB)
    return pdf.make_stream(
        pictures.talkative_jpeg() + f"after its end {CANARY}".encode(),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=320,
        Height=200,
        BitsPerComponent=8,
        ColorSpace=Array([Name.ICCBased, profile]),
        Filter=Name.DCTDecode,
        Metadata=pdf.make_stream(CANARY.encode()),
        Name=String(CANARY),
    )


def saved(pdf: Pdf, **how: Any) -> bytes:
    out = BytesIO()
    pdf.save(out, compress_streams=False, **how)
    return out.getvalue()


def plain(pages: int = 1) -> bytes:
    pdf = blank()
    for _ in range(pages - 1):
        pdf.pages.append(pdf.pages[0])
    return saved(pdf)


def talkative() -> bytes:
    """Says in every place that we know of who made it, does what it can, and has an earlier state in it."""
    pdf = blank()
    root, page = pdf.Root, pdf.pages[0].obj
    script = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{CANARY}')"))
    asks = Dictionary(S=Name.URI, URI=String(f"https://evil.example/{CANARY}"))
    hidden = pdf.make_stream(CANARY.encode(), Type=Name.EmbeddedFile)
    enclosed = Dictionary(Type=Name.Filespec, F=String(f"{CANARY}.exe"), EF=Dictionary(F=hidden))
    pdf.docinfo.update({"/Author": CANARY, "/Title": CANARY, "/CreationDate": "D:20200101", "/Own": CANARY})
    root.Metadata = pdf.make_stream(f"<x:xmpmeta>{CANARY}</x:xmpmeta>".encode(), Type=Name.Metadata, Subtype=Name.XML)
    root.OpenAction, root.AA = script, Dictionary(WC=script)
    root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([String("go"), script])),
        EmbeddedFiles=Dictionary(Names=Array([String(CANARY), enclosed])),
    )
    root.AF, root.PieceInfo = Array([enclosed]), Dictionary(Own=Dictionary(Private=String(CANARY)))
    root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot, K=Dictionary(Alt=String(CANARY)))
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(CANARY)))
    root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    page.Resources.Properties = Dictionary(MC0=layer)
    page.AA, page.Thumb, page.LastModified = Dictionary(O=script), hidden, String(CANARY)
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String(CANARY), V=String("typed"), AA=Dictionary(K=script),
            Rect=Array([72, 300, 300, 330]), DA=String("/Helv 12 Tf"),
        )
    )  # fmt: skip
    root.AcroForm = Dictionary(Fields=Array([field]), XFA=pdf.make_stream(CANARY.encode()), NeedAppearances=True)
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.Text, Contents=String(CANARY), T=String(CANARY), Rect=Array([0, 0, 9, 9])
    )
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, A=asks, Rect=Array([0, 0, 99, 99]))
    clip = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, FS=enclosed, Rect=Array([0, 0, 9, 9]))
    page.Annots = Array([field, note, link, clip])
    first = saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    # As programs save that only add to a file: what was there before stays in it.
    return first + f"\n%{CANARY}\nPK\x03\x04 {CANARY}".encode() + first[first.rindex(b"startxref") - 1 :]


def everything_in(document: bytes) -> bytes:
    """All that stands in a PDF, each stream opened."""
    found = [document]
    with Pdf.open(BytesIO(document)) as pdf:
        for one in pdf.objects:
            found.append(one.unparse())
            if isinstance(one, pikepdf.Stream):
                try:
                    found.append(one.read_bytes())
                except pikepdf.PdfError:  # a picture, as it is
                    found.append(one.read_raw_bytes())
    return b"\n".join(found)


def keys_in(document: bytes) -> set[str]:
    """The names of all entries of all its dictionaries."""
    found: set[str] = set()

    def look(one: Any) -> None:
        inside: list[Any] = []
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            found.update(one.keys())
            inside = list(dict(one.items()).values())
        elif isinstance(one, pikepdf.Array):
            inside = list(one)
        for inner in inside:
            if isinstance(inner, Object) and not inner.is_indirect:
                look(inner)

    with Pdf.open(BytesIO(document)) as pdf:
        for one in pdf.objects:
            look(one)
    return found


def locked(password: str) -> bytes:
    return saved(blank(), encryption=pikepdf.Encryption(owner="owner", user=password))


def bomb() -> bytes:
    """A few kilobytes that say to be 400 megabytes of drawing."""
    pdf = blank()
    packed = zlib.compress(zlib.compress(bytes(400 * 2**20), 9), 9)
    twice = pdf.make_stream(packed)
    twice.Filter = Array([Name.FlateDecode, Name.FlateDecode])
    pdf.pages[0].obj.Contents = twice
    return saved(pdf, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def single_bomb() -> bytes:
    pdf = blank()
    packed = zlib.compressobj(9)
    content = b"".join([*(packed.compress(bytes(2**20)) for _ in range(100)), packed.flush()])
    once = pdf.make_stream(content)
    once.Filter = Name.FlateDecode
    pdf.pages[0].obj.Contents = once
    return saved(pdf, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def many_objects() -> bytes:
    pdf = blank()
    pdf.pages[0].obj.Own = Array([pdf.make_indirect(Dictionary(A=number)) for number in range(21_000)])
    return saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def deep() -> bytes:
    """Forms within forms, further than anybody draws."""
    pdf = blank()
    inner = pdf.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
    for _ in range(300):
        within = Dictionary(XObject=Dictionary(X=inner))
        inner = pdf.make_stream(
            b"/X Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]), Resources=within
        )
    pdf.pages[0].obj.Resources.XObject.X = inner
    return saved(pdf)


def circle() -> bytes:
    """A form that draws itself, and a font that leads back to its page."""
    pdf = blank()
    page = pdf.pages[0].obj
    form = pdf.make_stream(b"/X Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
    form.Resources = Dictionary(XObject=Dictionary(X=form))
    page.Resources.XObject.X = form
    page.Resources.Font.F1.Parent = page
    return saved(pdf)


def pictured(filter_name: str) -> bytes:
    pdf = blank()
    pdf.pages[0].obj.Resources.XObject.Im0.Filter = Name(f"/{filter_name}")
    return saved(pdf, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def wide() -> bytes:
    """A picture of ten billion dots."""
    pdf = blank()
    picture = pdf.pages[0].obj.Resources.XObject.Im0
    picture.Width = picture.Height = 100_000
    return saved(pdf)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb": bomb,
    "one bomb": single_bomb,
    "objects": many_objects,
    "deep": deep,
    "wide": wide,
}
