"""Sounds for tests: good ones, and those that people should not be able to bring."""

import math
import struct
from array import array
from fractions import Fraction
from io import BytesIO
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from tests.kernel import pictures
from tests.kernel.pictures import CANARY

#: Format, encoder, samples in a second, by the name of the kind.
KINDS = {
    "ogg": ("ogg", "libopus", 48_000),
    "webm": ("webm", "libopus", 48_000),
    "m4a": ("mp4", "aac", 44_100),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "wav": ("wav", "pcm_s16le", 16_000),
    "flac": ("ogg", "flac", 44_100),
}
PIECE = 1024


def sound(kind: str, seconds: float = 2) -> bytes:
    """A tone of so many seconds, with words about it wherever this kind has room for them."""
    name, encoder, rate = KINDS[kind]
    out = BytesIO()
    with av.open(out, "w", format=name) as made:
        made.metadata.update({"title": CANARY, "artist": CANARY, "comment": CANARY, "location": "+34.7324+036.7137/"})
        voice = cast("AudioStream", made.add_stream(encoder, rate=rate, layout="mono"))
        fitting = av.AudioResampler(format=voice.codec_context.format, layout="mono", rate=rate)
        for start in range(0, int(seconds * rate), PIECE):
            for frame in fitting.resample(_tone(start, rate)):
                made.mux(voice.encode(frame))
        made.mux(voice.encode(None))
    return out.getvalue()


def _tone(start: int, rate: int) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=PIECE)
    samples = array("h", [int(9000 * math.sin((start + at) / rate * math.tau * 300)) for at in range(PIECE)])
    frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    return frame


def mp3_with_a_picture() -> bytes:
    """With a cover, which is a photograph that says where it was taken."""
    cover = b"\0image/jpeg\0\3\0" + pictures.talkative_jpeg()
    title = b"\0" + CANARY.encode()
    frames = b"".join(
        name + struct.pack(">IH", len(held), 0) + held for name, held in ((b"TIT2", title), (b"APIC", cover))
    )
    size = len(frames)
    length = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + length + frames + sound("mp3")


def m4a_that_says_where() -> bytes:
    """As telephones record: the place stands in a box of its own, within the one that says what is in the file."""
    whole = sound("m4a")
    at = whole.index(b"moov") - 4
    (size,) = struct.unpack(">I", whole[at : at + 4])
    words = f"+34.7324-036.7137/{CANARY}".encode()
    place = struct.pack(">IHH", 12 + len(words), len(words), 0x15C7)
    xyz = struct.pack(">I4s", 8 + len(place[4:]) + len(words), b"\xa9xyz") + place[4:] + words
    box = struct.pack(">I4s", 8 + len(xyz), b"udta") + xyz
    return whole[:at] + struct.pack(">I", size + len(box)) + whole[at + 4 : at + size] + box + whole[at + size :]


def wav(
    *, rate: int, channels: int = 1, bits: int = 8, says: int | None = None, samples: bytes = b"\x80" * 8000
) -> bytes:
    """A WAV whose header says what it is told to, `says` how long its samples are."""
    align = channels * bits // 8 & 0xFFFF
    about = struct.pack("<HHIIHH", 1, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
    size = len(samples) if says is None else says
    head = b"fmt " + struct.pack("<I", len(about)) + about + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF if says else 4 + len(head) + size) + b"WAVE" + head + samples


def three_hours_of_silence() -> bytes:
    return wav(rate=400, samples=b"\x80" * (400 * 3600 * 3))
