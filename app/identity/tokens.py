"""Session tokens: made here, known to the browser alone, stored as their hash."""

import secrets

from app.kernel.vault.box import plain_hash


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return plain_hash(token.encode())
