"""Codes: those that an app shows for half a minute (RFC 6238), and those that stand on paper."""

import secrets
from datetime import datetime

import pyotp
import segno
from pyotp.utils import strings_equal

#: Letters and digits that are not mistaken for one another when read aloud or from paper (Crockford's base 32).
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP = 5
#: Letters of a code from two moderators.
RESET_LETTERS = 20
#: How long one code is shown (seconds), and how many of them a clock may be off either way.
STEP_SECONDS = 30
DRIFT_STEPS = 1


def new_code(letters: int) -> str:
    """A random code of so many letters, five bits each."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(letters))


def first_half() -> str:
    """The half of a reset code that one of the two moderators passes on."""
    return new_code(RESET_LETTERS // 2)


def in_groups(code: str) -> str:
    """A code as people read it, in groups of five."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def new_secret() -> str:
    """160 random bits for an authenticator app, in base 32."""
    return pyotp.random_base32()


def step_of(secret: str, typed: str, moment: datetime) -> int | None:
    """The half minute whose code was typed, if it is this one or a neighbour, or None."""
    present = int(moment.timestamp()) // STEP_SECONDS
    codes = pyotp.TOTP(secret)
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):  # all of them, so that time tells nothing
        if strings_equal(codes.generate_otp(step), typed):
            found = step
    return found


def present_code(secret: str, moment: datetime) -> str:
    """The code that an app shows at this moment."""
    return pyotp.TOTP(secret).generate_otp(int(moment.timestamp()) // STEP_SECONDS)


def app_address(secret: str, *, account: str, site: str) -> str:
    """What an authenticator app reads from the picture: an otpauth:// address."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=site)


def picture_of(address: str) -> str:
    """The address as a QR code, a data: address of an SVG on white ground so that it can be scanned at night too."""
    return segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=4, light="#fff")
