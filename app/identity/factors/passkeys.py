"""The one door to the WebAuthn library: what a browser is asked (WebAuthn Level 3), and whether its answer holds.

Everything goes in and out as the JSON that browsers exchange. An answer that does not hold is Invalid, in one wording,
whatever was wrong with it.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import orjson
import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.kernel.errors import N_, Invalid
from config import Settings

#: For how long (milliseconds) the browser waits for the person. The challenge is kept a little longer.
PATIENCE_MS = 240_000
#: An answer is some hundred bytes; with an attestation that nobody asked for, some thousand.
LARGEST_ANSWER = 16 * 1024
NOT_ACCEPTED = N_("This passkey was not accepted. Try once more, or choose another way.")


@dataclass(frozen=True, slots=True)
class Site:
    """This instance as passkeys know it: they belong to a name (`rp_id`), and are used from one address (`origin`)."""

    rp_id: str
    origin: str
    title: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey, checked."""

    credential: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What an answer says of itself, before anything is checked."""

    credential: bytes
    challenge: bytes
    handle: bytes | None


def site_of(settings: Settings) -> Site | None:
    """The site for passkeys. None where there can be none: under a bare number, or without TLS but for localhost."""
    host = urlsplit(settings.address).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".onion"))
        if settings.tls or local:
            return Site(host, settings.address, settings.site_title or host)
    return None


def options_to_add(site: Site, challenge: bytes, *, handle: bytes, account: str, present: list[bytes]) -> str:
    """What the browser is given to make a passkey. `account` is stored on the device, in the clear."""
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.title,
        user_id=handle,
        user_name=account,
        challenge=challenge,
        timeout=PATIENCE_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in present],
    )
    return webauthn.options_to_json(options)


def options_to_use(site: Site, challenge: bytes, *, present: list[bytes], alone: bool) -> str:
    """What the browser is given to use one. Where the passkey stands alone the device must check who holds it."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=PATIENCE_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential) for credential in present],
        user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def read(answer: str) -> Claim:
    """What the answer of a browser claims. Raises Invalid when it cannot be read."""
    if len(answer) > LARGEST_ANSWER:
        raise Invalid(NOT_ACCEPTED)
    try:
        told = orjson.loads(answer)
        client = orjson.loads(base64url_to_bytes(told["response"]["clientDataJSON"]))
        handle = told["response"].get("userHandle")
        return Claim(
            base64url_to_bytes(told["rawId"]),
            base64url_to_bytes(client["challenge"]),
            base64url_to_bytes(handle) if handle else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid(NOT_ACCEPTED) from None


def check_new(site: Site, answer: str, challenge: bytes) -> Registered:
    """A new passkey from the browser's answer. Raises Invalid."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.rp_id, expected_origin=site.origin
        )
    except Exception:  # the library and the parsers below it have many errors, and one meaning
        raise Invalid(NOT_ACCEPTED) from None
    return Registered(found.credential_id, found.credential_public_key, found.sign_count)


def check_use(site: Site, answer: str, challenge: bytes, *, public_key: bytes, alone: bool) -> int:
    """How often the passkey was used, as it counts itself. Raises Invalid.

    The caller compares the count with the one before: that it did not grow means that the key was copied.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=alone,
        )
    except Exception:
        raise Invalid(NOT_ACCEPTED) from None
    return found.new_sign_count
