"""Sounds that people bring: what can be heard is encoded anew, or refused in words."""

import os
import time
from collections.abc import Callable
from io import BytesIO

import av
import pytest

from app.kernel import files
from app.kernel.errors import Invalid
from app.kernel.files import FileKind, Shape, bringing, sounds
from tests.kernel import sounds as made
from tests.kernel.pictures import CANARY

SHAPE = Shape(side=1600, square=False, most_bytes=300 * 1024)
LIMIT = 256 * 1024 * 1024


def refused(brought: bytes) -> str:
    """In which words a sound is refused."""
    with pytest.raises(Invalid) as refusal:
        files.made_anew(brought, SHAPE)
    return refusal.value.text


def heard(plain: bytes) -> float:
    """For how many seconds there is something to hear in an Ogg Opus."""
    with av.open(BytesIO(plain), "r", format="ogg") as sound:
        assert (sound.streams.audio[0].codec_context.name, sound.streams.audio[0].channels) == ("opus", 1)
        assert len(sound.streams) == 1
        assert not {**sound.metadata, **sound.streams.audio[0].metadata}
        samples: list[int] = [frame.samples for frame in sound.decode(audio=0)]
        return sum(samples) / 48_000


@pytest.mark.parametrize("kind", ["ogg", "webm", "m4a", "mp3", "wav"])
def test_a_sound_of_each_kind_becomes_ogg_opus_in_one_channel_and_says_nothing_about_itself(kind: str) -> None:
    brought = made.sound(kind)
    assert CANARY.encode() in brought
    anew = files.made_anew(brought, SHAPE)
    assert (anew.kind, anew.length, anew.kind.mimetype) == (FileKind.OGG, 2, "audio/ogg")
    assert heard(anew.plain) == pytest.approx(2, abs=0.1)
    assert CANARY.encode() not in anew.plain
    assert anew.peak < LIMIT


@pytest.mark.parametrize("bring", [made.mp3_with_a_picture, made.m4a_that_says_where])
def test_covers_and_places_stay_behind(bring: Callable[[], bytes]) -> None:
    brought = bring()
    assert brought.count(CANARY.encode()) > 1
    plain = files.made_anew(brought, SHAPE).plain
    assert heard(plain) == pytest.approx(2, abs=0.1)
    for mark in (CANARY.encode(), b"JFIF", b"Exif", b"34.73"):
        assert mark not in plain


def test_three_minutes_of_a_voice_are_some_half_a_megabyte() -> None:
    anew = files.made_anew(made.wav(rate=8000, samples=os.urandom(175 * 8000)), SHAPE)
    assert anew.length == 175
    assert len(anew.plain) < 600 * 1024
    assert anew.peak < LIMIT


def test_three_hours_are_refused_without_being_heard_to_the_end() -> None:
    started = time.monotonic()
    assert refused(made.three_hours_of_silence()) == sounds.TOO_LARGE
    assert time.monotonic() - started < 10


def test_a_header_that_lies_about_its_length_is_not_believed() -> None:
    anew = files.made_anew(made.wav(rate=8000, says=0xFFFFFFF0), SHAPE)
    assert anew.length == 1
    assert heard(anew.plain) == pytest.approx(1, abs=0.1)
    assert refused(made.wav(rate=8000, says=10**9, samples=b"")) == sounds.BROKEN


@pytest.mark.parametrize(
    ("rate", "channels", "bits"), [(0, 1, 8), (0xFFFFFFFF, 1, 8), (8000, 0, 8), (8000, 65_535, 16)]
)
def test_a_header_that_says_nonsense_ends_in_words(rate: int, channels: int, bits: int) -> None:
    started = time.monotonic()
    assert refused(made.wav(rate=rate, channels=channels, bits=bits)) in (
        sounds.BROKEN,
        sounds.STRANGE,
        sounds.TOO_LARGE,
    )
    assert time.monotonic() - started < 10


def test_what_ends_early_is_taken_as_far_as_it_can_be_heard() -> None:
    whole = made.sound("mp3")
    assert files.made_anew(whole[: len(whole) // 2], SHAPE).length == 1
    m4a = made.sound("m4a")
    assert refused(m4a[: len(m4a) // 2]) == sounds.BROKEN


@pytest.mark.parametrize(
    "head", [b"OggS\0", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x20ftypM4A ", b"ID3\x04\0\0", b"\xff\xfb"]
)
def test_a_good_beginning_with_nonsense_after_it_is_refused(head: bytes) -> None:
    assert refused(head + os.urandom(20_000)) in (sounds.BROKEN, sounds.STRANGE)


def test_what_holds_something_else_than_a_sound_of_ours_is_refused() -> None:
    assert refused(made.sound("flac")) == sounds.STRANGE
    assert refused(b"fLaC" + bytes(100)) == bringing.UNKNOWN
    assert refused(b"#EXTM3U\nhttp://evil.example/a.mp3") == bringing.UNKNOWN
    assert refused(b"") == bringing.EMPTY
    assert refused(made.sound("mp3") + bytes(5 * 1024 * 1024)) == bringing.TOO_HEAVY
