"""A device that keeps one passkey, made of software: it signs whatever it is asked, and can be made to misbehave."""

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

ORIGIN = "http://localhost:5000"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Authenticator:
    """`count` is what it says of how often it was used; `verifies` whether it checks who holds it."""

    origin: str = ORIGIN
    rp_id: str = "localhost"
    verifies: bool = True
    count: int = 0
    credential: bytes = b"credential-of-a-device-of-software"
    handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def makes(self, options: dict[str, Any]) -> str:
        """The answer of a browser whose owner agreed to a new passkey."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public_key = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        kept = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + public_key
        told = encode_cbor({"fmt": "none", "attStmt": {}, "authData": self._about(ATTESTED) + kept})
        return self._answer({"clientDataJSON": self._client("create", options), "attestationObject": told})

    def uses(self, options: dict[str, Any]) -> str:
        """The answer of a browser whose owner used the passkey. It counts itself unless it is a copy that cannot."""
        self.count += 1
        about, client = self._about(), self._client("get", options)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(client)
        signature = self.key.sign(about + digest.finalize(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": about, "signature": signature}
        return self._answer({**parts, "userHandle": base64url_to_bytes(self.handle)})

    def _about(self, flags: int = 0) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.rp_id.encode())
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return digest.finalize() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, what: str, options: dict[str, Any]) -> bytes:
        return json.dumps(
            {"type": f"webauthn.{what}", "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        packed = {name: bytes_to_base64url(value) for name, value in response.items()}
        credential = bytes_to_base64url(self.credential)
        return json.dumps({"id": credential, "rawId": credential, "type": "public-key", "response": packed})
