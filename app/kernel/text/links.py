"""Links in people's text: found, checked, isolated, and sent through the page that says where they lead."""

import html
import re
import threading
from ipaddress import IPv4Address
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from bleach.linkifier import Linker

LEAVING = "/leaving?to="
REL = "noopener noreferrer nofollow"
_LONGEST = 2000  # characters

_BARE_ENDINGS = "com|org|net|info|edu|gov|int"
# Each repetition is bounded, or cannot start twice on one character: no text costs quadratic time.
_IN_TEXT = re.compile(
    rf"""(?<![a-z0-9@./:_-])
    (?: https?:// | www\.(?=\w) | (?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,5}}(?:{_BARE_ENDINGS})(?![\w-]|\.\w) )
    (?: [^\s<>"()] | \([^\s<>"()]*\) )* (?<!['.,;:!?،؛؟…»”’*_~])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HINT = re.compile(rf"://|www\.|\.(?:{_BARE_ENDINGS})", re.IGNORECASE)
_LINK = re.compile(r'<a(?: href="([^"]*)")?[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_UNSAFE = re.compile(r'[\s\\<>"`{}|^\x00-\x20\x7f-\xa0\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]')
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


class Address(NamedTuple):
    """An address on the web as a browser will read it: ASCII only, the host in punycode, no user."""

    href: str
    host: str


def read_address(value: str) -> Address | None:
    """Return the absolute http(s) address in `value`, or None when it is anything else.

    Refused as well: user names before the host, backslashes, spaces, hosts without a dot, and numbers in
    disguise, because browsers and people read these differently.
    """
    if len(value) > _LONGEST or _UNSAFE.search(value):
        return None
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    host = _ascii_host(parts.hostname or "")
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not host:
        return None
    place = host if port is None else f"{host}:{port}"
    path, query, fragment = (
        quote(part, safe="%/?:@!$&()*+,;=~[]") for part in (parts.path, parts.query, parts.fragment)
    )
    return Address(urlunsplit((parts.scheme, place, path, query, fragment)), host)


def may_hold_links(text: str) -> bool:
    """Say whether `text` could hold an address; never wrong when it says no."""
    return "." in text and _HINT.search(text) is not None


def count_hints(text: str) -> int:
    """Return how many addresses `text` could hold at most, roughly."""
    return len(_HINT.findall(text))


def without_links(text: str) -> str:
    """Return `text` without the addresses in it."""
    return _IN_TEXT.sub("", text)


def link_addresses(fragment: str) -> str:
    """Return the HTML `fragment` with its addresses made links, and links that lead nowhere safe unmade."""
    linked: str = _linkers.linker.linkify(fragment)
    return linked


def through_leaving_page(fragment: str) -> str:
    """Return sanitised HTML with each link isolated and pointing to the page that says where it leads.

    The only step after the sanitiser: it trusts nothing but the shape that the sanitiser writes, reads each
    address again, and adds fixed tags, encoded addresses and escaped hosts. In that shape no link nests.
    """
    return _LINK.sub(_isolated, fragment) if "<a" in fragment else fragment


def _isolated(link: re.Match[str]) -> str:
    shown = link[2]
    address = read_address(html.unescape(link[1] or ""))
    if address is None:
        return shown
    text = html.unescape(_TAG.sub("", shown))
    if not text.strip():
        shown = text = address.host
    anchor = f'<a href="{LEAVING}{quote(address.href, safe="")}" rel="{REL}">{shown}</a>'
    if text == address.host or _is_spelled_out(text, address):
        return f'<bdi dir="ltr">{anchor}</bdi>'
    return f'<bdi>{anchor}</bdi> <bdi dir="ltr">({html.escape(address.host)})</bdi>'


def _is_spelled_out(text: str, address: Address) -> bool:
    """Say whether the words of a link are its address, in letters that cannot be taken for others."""
    typed = read_address(_with_scheme(text))
    return typed is not None and typed.href == address.href and address.host in text.casefold()


def _with_scheme(text: str) -> str:
    return text if text.casefold().startswith(("http://", "https://")) else f"https://{text}"


def _ascii_host(host: str) -> str:
    if not host.isascii():
        try:
            host = idna.encode(host[:253], uts46=True).decode()
        except UnicodeError:
            return ""
    if len(host) > 253 or not _HOST.fullmatch(host):
        return ""
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            return ""
    return host


_Attributes = dict[tuple[str | None, str] | str, str]


def _only_safe(attrs: _Attributes, new: bool = False) -> _Attributes | None:
    href = _with_scheme(attrs["_text"]) if new else attrs.get((None, "href"), "")
    address = read_address(href)
    return None if address is None else {(None, "href"): address.href, "_text": attrs["_text"]}


class _Linkers(threading.local):
    """A linker keeps its parser's state while it works, so each thread has its own."""

    def __init__(self) -> None:
        # Cast, since the stubs lack the "_text" key and the None that drops a link; bleach documents both.
        self.linker = Linker(callbacks=[cast("Any", _only_safe)], skip_tags={"pre", "code"}, url_re=_IN_TEXT)


_linkers = _Linkers()
