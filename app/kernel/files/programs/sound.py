"""The program that opens one sound: decoded, and encoded anew as Opus in Ogg. sounds.py runs it (enclosed.py).

Nothing but what can be heard goes in: no words beside it, no pictures, no chapters, no times, one channel.
"""

from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

#: What Opus works with (samples in a second), and how much of it is taken (bits in a second, seconds).
RATE, BITS, LONGEST = 48_000, 24_000, 180
#: For voices, with a bound on what a moment may take, and in few pieces, each of which costs a slow network something.
VOICE = {"application": "voip", "vbr": "constrained", "frame_duration": "60"}
#: A little more than promised, since encoders add silence at both ends.
SLACK = 2
#: A sound with more pieces than this that cannot be read is a damaged one.
MOST_BAD = 20

#: What the library may read a sound as, by the name that sounds.py gives it, and which decoders it may use for it: no pictures.
FORMATS = {"OGG": "ogg", "WEBM": "matroska", "MP4": "mov", "MP3": "mp3", "WAV": "wav"}
DECODERS = "opus,vorbis,aac,mp3,mp3float,amrnb,amrwb,pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw"


class TooLong(Exception):
    """More seconds than we take."""

    code = 3


class Strange(Exception):
    """Something that does not hold a sound of ours."""

    code = 6


def made_anew(brought: bytes, kind: str) -> tuple[dict[str, Any], bytes]:
    """How long the sound is (seconds), and the sound as Ogg Opus."""
    av.logging.set_level(None)
    with opened(brought, kind) as source:
        refuse_long(source)
    out, samples = BytesIO(), 0
    with (
        opened(brought, kind) as source,
        av.open(out, "w", format="ogg", options={"fflags": "+bitexact"}) as target,
    ):
        voice = target.add_stream("libopus", rate=RATE, layout="mono", options=VOICE)
        voice.codec_context.bit_rate = BITS
        for frame in heard(source):
            frame.pts = samples  # its own times would say where it was cut from something longer
            samples += frame.samples
            if samples > (LONGEST + SLACK) * RATE:
                raise TooLong
            target.mux(voice.encode(frame))
        if not samples:
            raise ValueError("nothing to hear")
        target.mux(voice.encode(None))
    return {"length": max(1, min(LONGEST, round(samples / RATE)))}, out.getvalue()


def opened(brought: bytes, kind: str) -> InputContainer:
    only = {"format_whitelist": FORMATS[kind], "codec_whitelist": DECODERS, "protocol_whitelist": "none"}
    return av.open(BytesIO(brought), "r", format=FORMATS[kind], options=only, metadata_errors="ignore")


def refuse_long(source: InputContainer) -> None:
    """Raise TooLong by what the pieces say of themselves, before any is decoded; what they do not say is counted then."""
    seconds = Fraction(0)
    for packet in source.demux(voice_in(source)):
        seconds += (packet.duration or 0) * (packet.time_base or 0)
        if seconds > LONGEST + SLACK:
            raise TooLong


def voice_in(source: InputContainer) -> AudioStream:
    if not source.streams.audio:
        raise Strange
    voice = source.streams.audio[0]
    if voice.codec_context.name not in DECODERS.split(","):
        raise Strange
    voice.codec_context.thread_count = 1
    return voice


def heard(source: InputContainer) -> Iterator[AudioFrame]:
    """What is to be heard, in one channel."""
    voice = voice_in(source)
    one_channel = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    bad = 0
    for packet in source.demux(voice):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            bad += 1
            if bad > MOST_BAD:
                raise
            continue
        for frame in frames:
            frame.pts = None
            yield from one_channel.resample(frame)
    yield from one_channel.resample(None)
