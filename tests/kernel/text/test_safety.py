"""Whoever writes whatever, readers receive only the few tags that we chose."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import clean_text, read_address, render
from app.kernel.text.links import LEAVING, REL, link_addresses, through_leaving_page
from app.kernel.text.render import _wall

ALLOWED = {
    "p": {"dir"}, "pre": {"dir"}, "code": {"dir"}, "br": set(), "em": set(), "strong": set(), "bdi": {"dir"},
    "ul": {"dir"}, "ol": {"dir", "start"}, "li": {"dir"}, "blockquote": {"dir"}, "a": {"href", "rel"},
}  # fmt: skip


class Reader(HTMLParser):
    """Reads as a browser does, and fails at the first thing that was not chosen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        assert {name for name, _ in attrs} <= ALLOWED[tag], attrs
        values = dict(attrs)
        assert values.get("dir", "auto") in ("auto", "ltr", "rtl")
        if tag in ("p", "pre", "code", "ul", "ol", "li", "blockquote"):
            assert "dir" in values
        assert (values.get("start") or "1").isdigit()
        if tag == "a":
            assert re.fullmatch(re.escape(LEAVING) + r"https?%3A%2F%2F[\w.~%-]+", values["href"] or "", re.ASCII)
            assert values["rel"] == REL
            assert "a" not in self.open
            assert self.open[-1] == "bdi"
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", data)
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def read(fragment: str) -> str:
    """Return the words of a rendered text; fails when anything in it was not chosen."""
    reader = Reader()
    reader.feed(str(fragment))
    reader.close()
    assert not reader.open
    return reader.text


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<a href=//evil.org>x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61;vascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.org)",
    "[x](/sign-out)",
    "[x](https:evil.org)",
    "[x](https:///evil.org)",
    "[x](https://good.org\\@evil.org)",
    "[x](https://good.org@evil.org)",
    "[x](https://evil.org/\" onmouseover=\"alert(1))",
    "[x](https://evil.org/'onmouseover='alert(1))",
    "[x](https://evil.org/&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;)",
    "[x](https://evil.org \"title\\\" onclick=alert(1)\")",
    "[x\" onclick=\"alert(1)](https://evil.org)",
    "[<img src=x onerror=alert(1)>](https://evil.org)",
    "[`<script>`](https://evil.org)",
    "[a [b](https://x.org) c](https://y.org)",
    "[https://x.org](https://y.org)",
    "[https://x.org](https://x.org\u202egpj.exe)",
    "https://x.org/\u202egpj.exe",
    "[\u202emoc.elgoog](https://evil.org)",
    "![x](javascript:alert(1))",
    "![x\" onerror=\"alert(1)](https://evil.org/a.png)",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "<javascript:alert(1)>",
    "<https://evil.org/\"onclick=alert(1)>",
    "<https://evil.org/'onclick='alert(1)>",
    "https://evil.org/\"onmouseover=alert(1)",
    "https://evil.org/'onmouseover='alert(1)",
    "https://evil.org/`onmouseover=alert(1)",
    "https://evil.org/<script>alert(1)</script>",
    "https://evil.org/&quot;onclick=alert(1)",
    "https://x.org/</a><script>alert(1)</script>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "``` \"><script>alert(1)</script>\nx\n```",
    "`</code><script>alert(1)</script>`",
    "    </code></pre><img src=x onerror=alert(1)>",
    "> <iframe srcdoc='<script>alert(1)</script>'>",
    "- <object data=javascript:alert(1)>",
    "1000000000. x\n999999999. y",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?php x ?><!DOCTYPE html>",
    "<style>@import '//evil.org'</style>",
    "<base href=//evil.org><link rel=stylesheet href=//evil.org>",
    "<div style='background:url(javascript:alert(1))'>",
    "\ud800<b>\udfff",
    "https://\ud800.org/",
    "[x](https://x.org/\ud800)",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_reaches_readers_as_words(attack: str) -> None:
    for message in (
        attack,
        f"مرحبا {attack} سلام",
        f"**{attack}**",
        f"- {attack}\n\n> {attack}",
        f"https://x.org {attack}",
    ):
        read(render(message))


pieces = st.sampled_from([*ATTACKS, "**", "_", "`", "\n", "\n\n", "> ", "- ", "1. ", "[", "](", ")", "<",
    ">", '"', "'", "&", " ",
    "https://x.org/", "www.a.b", "javascript:", "a.com", "\\", "```\n", "ا", "\u200f", "<a href='", "</a>",
    "<bdi>", "%22", "&quot;"])  # fmt: skip


@given(st.lists(st.one_of(pieces, st.text(max_size=6)), max_size=12).map("".join))
def test_nobody_finds_a_way_through_by_trying(message: str) -> None:
    read(render(message))


@given(st.lists(st.one_of(pieces, st.text(max_size=6)), max_size=8).map("".join))
def test_the_last_steps_hold_even_if_the_first_ones_let_everything_through(fragment: str) -> None:
    sound = clean_text(fragment)
    read(through_leaving_page(_wall.clean(sound)))
    read(through_leaving_page(_wall.clean(link_addresses(sound))))


@pytest.mark.parametrize(
    ("let_through", "left"),
    [
        ('<p title="x" lang="x" class="x" id="x" style="x" onclick="x">a</p>', '<p dir="auto">a</p>'),
        ('<a href="javascript:x">a</a>', f'<a rel="{REL}">a</a>'),
        ('<a href="data:x">a</a>', f'<a rel="{REL}">a</a>'),
        ('<a href="/sign-out" target="_top">a</a>', f'<a rel="{REL}">a</a>'),
        ('<a href="//evil.org">a</a>', f'<a rel="{REL}">a</a>'),
        ('<blockquote dir="evil" cite="https://evil.org">a</blockquote>', "<blockquote>a</blockquote>"),
        ('<bdi dir="rtl">a</bdi><h1>b</h1><img src="https://evil.org">', "ab"),
    ],
)
def test_the_last_wall_lets_through_only_what_was_chosen(let_through: str, left: str) -> None:
    assert _wall.clean(let_through) == left


harmless = st.lists(
    st.sampled_from(["مرحبا", "a", "&", "&amp;", "&lt;b&gt;", " ", "<b", ">", '"', "'",
        "https://x.org/?a=1&b=2", "www.a.org.", "(foo.com)", "،", "؟"]),
    min_size=1,
).map(lambda parts: f"x{'x'.join(parts)}x")  # fmt: skip


@given(harmless)
def test_what_is_typed_is_what_is_read(message: str) -> None:
    assert read(render(message)) == message


@given(st.lists(st.one_of(pieces, st.text(max_size=6)), max_size=4).map("".join))
def test_an_address_that_was_read_reads_the_same_again(value: str) -> None:
    address = read_address(value)
    if address is not None:
        assert read_address(address.href) == address
        assert address.href.isascii()
