"""Sounds that people bring: what can be heard is decoded, and encoded anew in one channel. Nothing beside it comes along."""

from app.kernel.errors import N_
from app.kernel.files import making

#: Seconds, as in programs/sound.py.
LONGEST = 180

TOO_LARGE = N_("A sound can be three minutes long. Bring it in parts, or a shorter one.")
BROKEN = N_("This sound is damaged, or nothing can be heard in it. Choose another one, or record it anew.")
STRANGE = N_("This sound is in a form that is not taken here. Record it as M4A, MP3, Ogg, WebM or WAV.")

SOUND = making.Program("sound", 256, 20, {making.TOO_LARGE: TOO_LARGE, making.BROKEN: BROKEN, making.STRANGE: STRANGE})


def sniffed(brought: bytes) -> str | None:
    """What a sound is by its first bytes; None for what is none of the five kinds that we take."""
    if brought.startswith(b"OggS"):
        return "OGG"
    if brought.startswith(b"\x1aE\xdf\xa3"):
        return "WEBM"
    if brought.startswith(b"RIFF") and brought[8:12] == b"WAVE":
        return "WAV"
    if brought[4:8] == b"ftyp":
        return "MP4"
    if brought.startswith(b"ID3") or (brought[:1] == b"\xff" and brought[1:2] in MPEG):
        return "MP3"
    return None


#: Second bytes of a frame of MPEG audio, layer III (ISO 11172-3, 2.4.1.3).
MPEG = (b"\xfb", b"\xfa", b"\xf3", b"\xf2", b"\xe3", b"\xe2")
