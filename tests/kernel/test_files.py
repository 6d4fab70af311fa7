"""Pictures that people bring: refused in words or made anew, in little memory; and files that are kept sealed."""

import os
import signal
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from app.kernel import files, work
from app.kernel.actor import system
from app.kernel.errors import Invalid, NotFound, Unavailable
from app.kernel.files import FileKind, KeptFile, Shape, making, pictures, store
from app.kernel.house import House
from app.kernel.vault import Shredded, Tampered
from app.kernel.web.uploads import file_answer
from tests.conftest import environment
from tests.kernel import pictures as made
from tests.server import run

SQUARE = Shape(side=256, square=True, most_bytes=20 * 1024)
LIMIT = 256 * 1024 * 1024


def opened(plain: bytes) -> Image.Image:
    return Image.open(BytesIO(plain), formats=["JPEG"])


def refused(brought: bytes) -> str:
    """In which words a picture is refused."""
    with pytest.raises(Invalid) as refusal:
        files.cleaned(brought, SQUARE)
    return refusal.value.text


# --- what becomes of a picture ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_of_each_kind_becomes_a_small_square_jpeg(kind: str) -> None:
    picture = files.cleaned(made.plain(kind, size=(900, 600)), SQUARE)
    assert (picture.width, picture.height) == (256, 256)
    assert opened(picture.plain).size == (256, 256)
    assert len(picture.plain) <= 20 * 1024
    assert 0 < picture.peak < LIMIT


def test_even_noise_fits_into_twenty_kilobytes() -> None:
    noise = Image.effect_noise((1200, 1200), 120).convert("RGB")
    assert len(files.cleaned(made.encoded(noise, "JPEG"), SQUARE).plain) <= 20 * 1024


def test_a_picture_that_is_not_to_be_square_keeps_its_form() -> None:
    picture = files.cleaned(made.plain(size=(3000, 1000)), Shape(side=600, square=False, most_bytes=10**6))
    assert (picture.width, picture.height) == (600, 200)


def test_a_picture_that_is_smaller_stays_as_small() -> None:
    assert files.cleaned(made.plain(size=(90, 40)), SQUARE).width == 40


def test_a_single_dot_is_a_picture() -> None:
    assert files.cleaned(made.plain("PNG", size=(1, 1)), SQUARE).width == 1


@pytest.mark.parametrize("bring", [made.talkative_jpeg, made.talkative_png], ids=["jpeg", "png"])
def test_nothing_but_dots_is_left_of_a_picture_that_says_where_it_was_taken(bring: Callable[[], bytes]) -> None:
    brought = bring()
    assert made.CANARY.encode() in brought
    plain = files.cleaned(brought, SQUARE).plain
    assert made.CANARY.encode() not in plain
    picture = opened(plain)
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}
    for mark in (b"Exif", b"http", b"ICC_PROFILE", b"Photoshop", b"\xff\xfe"):
        assert mark not in plain[:200]


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (1, 0)), (8, (0, 1)), (2, (1, 0)), (4, (0, 1))]
)
def test_a_picture_taken_sideways_is_upright(orientation: int, corner: tuple[int, int]) -> None:
    sheet = Image.new("RGB", (400, 400), (255, 255, 255))
    sheet.paste((200, 0, 0), (0, 0, 150, 150))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = opened(files.cleaned(made.encoded(sheet, "JPEG", exif=exif), SQUARE).plain)
    places = {(x, y): picture.getpixel((20 + 216 * x, 20 + 216 * y)) for x in (0, 1) for y in (0, 1)}
    red = [place for place, colour in places.items() if isinstance(colour, tuple) and colour[1] < 100]
    assert red == [corner]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16"])
def test_what_is_transparent_or_unusual_becomes_plain_colours(mode: str) -> None:
    assert opened(files.cleaned(made.encoded(Image.new(mode, (300, 300)), "PNG"), SQUARE).plain).mode == "RGB"


def test_a_clear_picture_lies_on_paper_and_not_on_black() -> None:
    clear = made.encoded(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG")
    assert opened(files.cleaned(clear, SQUARE).plain).getpixel((9, 9)) == pytest.approx((250, 248, 244), abs=3)


def test_a_grey_picture_of_sixteen_bits_keeps_its_greys() -> None:
    grey = made.encoded(Image.new("I;16", (300, 300), 0x8000), "PNG")
    assert opened(files.cleaned(grey, SQUARE).plain).getpixel((9, 9)) == pytest.approx((128, 128, 128), abs=3)


def test_of_a_picture_that_moves_the_first_frame_is_taken_however_many_there_are() -> None:
    brought = made.gif_of_many_frames()
    started = time.monotonic()
    picture = files.cleaned(brought, SQUARE)
    assert time.monotonic() - started < 10
    assert opened(picture.plain).getpixel((128, 128)) == pytest.approx((200, 10, 10), abs=12)


@pytest.mark.parametrize("bring", [made.polyglot_gif, made.polyglot_jpeg], ids=["gif", "jpeg"])
def test_what_is_a_page_as_well_as_a_picture_is_only_a_picture_afterwards(bring: Callable[[], bytes]) -> None:
    plain = files.cleaned(bring(), SQUARE).plain
    assert b"script" not in plain
    assert b"PK\x03\x04" not in plain


# --- what is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "brought",
    [made.SVG, made.HTML, b"%PDF-1.7", b"MZ" + bytes(100), b"BM" + bytes(100), b"II*\0" + bytes(100), b"x", bytes(64),
     b"RIFF\x24\0\0\0WAVEfmt ", b"\0\0\0\x20ftypavif"],
)  # fmt: skip
def test_what_is_no_picture_of_ours_is_refused_by_its_first_bytes(brought: bytes) -> None:
    assert refused(brought) == pictures.UNKNOWN


def test_nothing_at_all_is_asked_for_again() -> None:
    assert refused(b"") == pictures.EMPTY


def test_more_than_five_megabytes_are_not_even_looked_at() -> None:
    assert refused(made.plain() + bytes(5 * 1024 * 1024)) == pictures.TOO_HEAVY
    files.kind_of(made.plain().ljust(5 * 1024 * 1024, b"\0"))


@pytest.mark.parametrize(
    "brought",
    [
        lambda: made.png_that_claims(30_000, 30_000),
        lambda: made.png_that_claims(24_001, 999),
        lambda: made.png_that_claims(4900, 4900),
        made.gif_bomb,
        lambda: made.webp_that_claims(16_000, 16_000),
        lambda: made.plain("JPEG", size=(12_001, 10)),
    ],
    ids=["30k", "too long", "25 million", "gif", "webp", "jpeg"],
)
def test_too_many_dots_are_refused_before_any_of_them_is_opened(brought: Callable[[], bytes]) -> None:
    picture, started = brought(), time.monotonic()
    assert refused(picture) == pictures.TOO_LARGE
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("left", [0.5, 0.95])
def test_a_picture_that_ends_early_is_refused(kind: str, left: float) -> None:
    noise = Image.effect_noise((300, 300), 90).convert("P" if kind == "GIF" else "RGB")
    whole = made.encoded(noise, kind)
    assert refused(whole[: int(len(whole) * left)]) == pictures.BROKEN


@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"])
def test_a_good_beginning_with_nonsense_after_it_is_refused(head: bytes) -> None:
    assert refused(head + os.urandom(2000)) in (pictures.BROKEN, pictures.TOO_LARGE)


def test_a_program_that_runs_wild_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever a picture makes the program do, it ends with that process."""
    wild, plain = tmp_path / "enclosed.py", making.ENCLOSED.read_text()
    monkeypatch.setattr(making, "ENCLOSED", wild)
    for deed in ("bytearray(300 * 2**20)", "Path('/tmp/left').write_text('x')", "os.kill(os.getpid(), signal.SIGKILL)"):
        wild.write_text(
            plain.replace("import json", "import json, os").replace("sys.exit(answer(", f"{deed}; sys.exit((")
        )
        assert refused(made.plain()) == pictures.BROKEN
    assert not Path("/tmp/left").exists() or not Path("/tmp/left").stat().st_size


# --- what it takes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "brought",
    [
        lambda: made.png_of(6000, 4000),
        lambda: made.encoded(Image.new("RGBA", (12_000, 2000)), "PNG"),
        made.huge_progressive_jpeg,
        lambda: made.huge_progressive_jpeg(mode="CMYK"),
        lambda: made.encoded(Image.new("RGBA", (4000, 3000), (1, 2, 3, 4)), "WEBP"),
        lambda: made.encoded(Image.new("P", (6000, 4000)), "GIF"),
    ],
    ids=["png", "clear png", "progressive", "four colours", "webp", "gif"],
)
def test_the_largest_pictures_that_are_taken_stay_below_256_megabytes(brought: Callable[[], bytes]) -> None:
    assert files.cleaned(brought(), SQUARE).peak < LIMIT


def test_two_at_once_are_made_one_after_the_other() -> None:
    brought, found, together = made.huge_progressive_jpeg(), [], threading.Barrier(3)

    def bring() -> None:
        together.wait()
        found.append(files.cleaned(brought, SQUARE))

    threads = [threading.Thread(target=bring) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3
    assert len({picture.plain for picture in found}) == 1


# --- keeping --------------------------------------------------------------------------------------------------------------


def kept(house: House, plain: bytes = b"a picture") -> str:
    with work.scope(house) as opened_work:
        written = files.write(plain, FileKind.JPEG)
        with opened_work.writing():
            return files.keep(written).public_id


def on_disk(house: House) -> list[str]:
    return sorted(path.name for path in files.folder(house).iterdir()) if files.folder(house).exists() else []


def undo(verb: Callable[[], object]) -> None:
    """Do something in a transaction that is rolled back, as when the program is killed before it commits."""

    @work.action
    def fail() -> None:
        verb()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def age(house: House) -> None:
    """Let every file have been written two hours ago."""
    for path in files.folder(house).iterdir():
        os.utime(path, (time.time() - 7200,) * 2)


def sweep(house: House) -> None:
    with work.scope(house):
        files.sweep(system("files.sweep"))


def test_a_file_is_sealed_on_the_disk_and_closed_to_others(house: House) -> None:
    name = kept(house, b"a face")
    path = files.folder(house) / name
    assert b"a face" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert files.folder(house).stat().st_mode & 0o777 == 0o700
    with work.scope(house):
        assert files.open(name) == (b"a face", FileKind.JPEG)


def test_a_file_that_was_removed_cannot_be_opened_by_anybody_with_any_copy_of_it(house: House) -> None:
    name = kept(house)
    copy = (files.folder(house) / name).read_bytes()
    with work.scope(house) as opened_work:
        key_id = opened_work.session.scalars(select(KeptFile.key_id).where(KeptFile.public_id == name)).one()
        with opened_work.writing():
            files.remove(name)
    house.queue.sweep()
    assert on_disk(house) == []
    with work.scope(house):
        with pytest.raises(NotFound):
            files.open(name)
        with pytest.raises(Shredded):
            house.vault.open(key_id, store._place(name), copy)


def test_to_remove_a_file_twice_is_as_good_as_once(house: House) -> None:
    name = kept(house)
    with work.scope(house) as opened_work, opened_work.writing():
        files.remove(name)
        files.remove(name)
    assert on_disk(house) == []


def test_a_file_whose_row_was_never_committed_goes_within_the_hour(house: House) -> None:
    known = kept(house)
    with work.scope(house) as opened_work:
        written = files.write(b"nobody knows me", FileKind.JPEG)
        undo(lambda: files.keep(written))
        assert opened_work.session.scalar(select(func.count()).select_from(KeptFile)) == 1
    (files.folder(house) / "half.part").write_bytes(b"half")
    sweep(house)
    assert len(on_disk(house)) == 3, "it may be one whose row is just being committed"
    age(house)
    sweep(house)
    assert on_disk(house) == [known]


KILLED = """
import os, signal
from app import create_app
from app.kernel import files, work
from config import read_settings

def die(*_ignored):
    os.kill(os.getpid(), signal.SIGKILL)

house = create_app(read_settings()).extensions["house"]
WHEN
with work.scope(house):
    files.write(b"a face that nobody may find", files.FileKind.JPEG)
die()
"""


@pytest.mark.parametrize("when", ["os.fsync = die", "os.close = die", ""], ids=["half", "whole", "before the commit"])
def test_whoever_is_killed_while_a_file_is_written_leaves_nothing_readable_and_nothing_for_long(
    sqlite_app: Flask, when: str
) -> None:
    house: House = sqlite_app.extensions["house"]
    env = {**os.environ, **environment(house.settings.instance)}
    child = run("-c", KILLED.replace("WHEN", when), environment=env)
    assert child.returncode == -signal.SIGKILL
    left = [files.folder(house) / name for name in on_disk(house)]
    assert len(left) == 1
    assert b"a face" not in left[0].read_bytes()
    age(house)
    sweep(house)
    assert on_disk(house) == []
    assert kept(house) in on_disk(house)


def test_a_removal_that_is_rolled_back_leaves_the_file(house: House) -> None:
    name = kept(house)
    with work.scope(house):
        undo(lambda: files.remove(name))
    house.queue.sweep()
    with work.scope(house):
        assert files.open(name)[0] == b"a picture"


def test_a_file_in_the_place_of_another_does_not_open(house: House) -> None:
    one, other = kept(house, b"one"), kept(house, b"other")
    there = files.folder(house)
    (there / one).write_bytes((there / other).read_bytes())
    with work.scope(house), pytest.raises(Tampered):
        files.open(one)


def test_a_file_that_is_missing_is_not_found(house: House) -> None:
    name = kept(house)
    (files.folder(house) / name).unlink()
    with work.scope(house), pytest.raises(NotFound):
        files.open(name)


@pytest.mark.one_database
def test_a_disk_that_takes_no_more_says_so_and_keeps_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with work.scope(house), pytest.raises(Unavailable):
        files.write(b"much", FileKind.JPEG)
    assert on_disk(house) == []


@pytest.mark.one_database
def test_the_worker_sweeps_every_hour(app: Flask, house: House) -> None:
    assert set(files.HOURLY) <= set(files.TASKS)
    assert all(house.queue.knows(name) for name in files.HOURLY)


def test_a_file_is_given_as_what_it_is_and_never_as_a_page(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context():
        answer = file_answer(made.plain(), FileKind.JPEG)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="file.jpeg"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
