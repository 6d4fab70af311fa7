"""PDFs that people bring: written anew from what their pages show, or refused in words."""

import time
from io import BytesIO

import pikepdf
import pytest

from app.kernel import files
from app.kernel.errors import Invalid
from app.kernel.files import FileKind, Shape, bringing, documents
from tests.kernel import documents as made
from tests.kernel.pictures import CANARY

SHAPE = Shape(side=1600, square=False, most_bytes=300 * 1024)
LIMIT = 384 * 1024 * 1024
#: What makes a reader do something, ask somebody, or know who made it.
NEVER = {
    "/JavaScript", "/JS", "/OpenAction", "/AA", "/A", "/URI", "/Launch", "/Names", "/EmbeddedFiles", "/EF", "/AF", "/AcroForm",
    "/XFA", "/Annots", "/Metadata", "/Info", "/PieceInfo", "/Thumb", "/StructTreeRoot", "/OCProperties", "/LastModified",
    "/Author", "/Title", "/Creator", "/Producer", "/CreationDate", "/Outlines", "/PageLabels", "/Encrypt",
}  # fmt: skip


def refused(brought: bytes) -> str:
    """In which words a document is refused."""
    with pytest.raises(Invalid) as refusal:
        files.made_anew(brought, SHAPE)
    return refusal.value.text


@pytest.fixture(scope="module")
def anew() -> files.Made:
    brought = made.talkative()
    assert made.everything_in(brought).count(CANARY.encode()) > 20
    return files.made_anew(brought, SHAPE)


def test_what_its_pages_show_is_still_there(anew: files.Made) -> None:
    assert (anew.kind, anew.length) == (FileKind.PDF, 1)
    assert b"(The well is open) Tj" in made.everything_in(anew.plain)
    assert b"typed" in made.everything_in(anew.plain), "what was typed into a form is drawn onto the page"
    with pikepdf.Pdf.open(BytesIO(anew.plain)) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        assert isinstance(image, pikepdf.Stream)
        assert pikepdf.PdfImage(image).as_pil_image().size == (320, 200)
        assert [float(edge) for edge in pdf.pages[0].mediabox] == [0, 0, 595, 842]


def test_nothing_is_left_of_who_made_it_when_where_and_what_it_was_before(anew: files.Made) -> None:
    everything = made.everything_in(anew.plain)
    assert CANARY.encode() not in everything
    for mark in (b"evil.example", b"Exif", b"xmpmeta", b"PK\x03\x04", b"D:2"):
        assert mark not in everything


def test_nothing_in_it_acts_or_asks_anybody(anew: files.Made) -> None:
    assert not made.keys_in(anew.plain) & NEVER
    assert anew.plain.count(b"%%EOF") == 1


def test_the_same_document_becomes_the_same_bytes_so_that_they_say_nothing_of_when() -> None:
    assert files.made_anew(made.plain(), SHAPE).plain == files.made_anew(made.plain(), SHAPE).plain


def test_forms_that_draw_themselves_do_no_harm() -> None:
    assert files.made_anew(made.circle(), SHAPE).length == 1


@pytest.mark.parametrize("name", made.HOSTILE)
def test_a_document_that_would_become_huge_is_refused_soon_and_in_little_memory(name: str) -> None:
    brought, started = made.HOSTILE[name](), time.monotonic()
    assert len(brought) < 5 * 1024 * 1024
    assert refused(brought) in (documents.TOO_LARGE, documents.BROKEN)
    assert time.monotonic() - started < 15


def test_a_document_of_two_hundred_pages_is_taken_and_one_more_is_not() -> None:
    assert files.made_anew(made.plain(200), SHAPE).peak < LIMIT
    assert refused(made.plain(201)) == documents.TOO_LARGE


@pytest.mark.parametrize("password", ["", "secret"])
def test_a_locked_document_is_refused(password: str) -> None:
    assert refused(made.locked(password)) == documents.LOCKED


@pytest.mark.parametrize("name", ["JBIG2Decode", "JPXDecode"])
def test_pictures_in_forms_that_phones_were_attacked_with_are_refused(name: str) -> None:
    assert refused(made.pictured(name)) == documents.STRANGE


@pytest.mark.parametrize("left", [0.2, 0.9])
def test_a_document_that_ends_early_is_refused(left: float) -> None:
    whole = made.plain()
    assert refused(whole[: int(len(whole) * left)]) == documents.BROKEN


def test_what_only_begins_like_a_document_or_hides_one_is_refused() -> None:
    assert refused(b"%PDF-1.7\n" + b"nothing" * 100) == documents.BROKEN
    assert refused(b"<script>alert(1)</script>" + made.plain()) == bringing.UNKNOWN
    assert refused(b"PK\x03\x04" + made.plain()) == bringing.UNKNOWN
