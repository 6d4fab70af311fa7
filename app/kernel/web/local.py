"""Addresses that stay here."""

from urllib.parse import urlsplit


def local_path(wished: str | None, otherwise: str = "/") -> str:
    """`wished` when it is a path of this site, else `otherwise`.

    Browsers read a backslash as a slash and drop control characters, so `/\\evil.example` and `/\\t/evil.example` leave
    the site; both are refused here, as is everything with a scheme or a host.
    """
    if not wished or not wished.startswith("/") or wished.startswith("//") or "\\" in wished:
        return otherwise
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in wished):
        return otherwise
    parts = urlsplit(wished)
    return wished if not parts.scheme and not parts.netloc else otherwise
