"""A link says where it leads, leads there through the leaving page, and turns no line around."""

from urllib.parse import unquote

import pytest

from app.kernel.text import read_address, render
from app.kernel.text.links import may_hold_links


def targets(message: str) -> list[str]:
    """Return the addresses to which a rendered message leads."""
    return [unquote(part.partition('"')[0]) for part in render(message).split('href="/leaving?to=')[1:]]


@pytest.mark.parametrize(
    ("message", "led_to"),
    [
        ("https://example.org", ["https://example.org"]),
        ("http://example.org:8080/a?b=1&c=2#d", ["http://example.org:8080/a?b=1&c=2#d"]),
        ("انظرhttps://example.org/help؟ شكراً", ["https://example.org/help"]),
        ("(https://en.wikipedia.org/wiki/A_(b)).", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("www.example.sy, example.com!", ["https://www.example.sy", "https://example.com"]),
        ("HTTPS://Example.ORG/Path", ["https://example.org/Path"]),
        ("https://ar.wikipedia.org/wiki/سند", ["https://ar.wikipedia.org/wiki/%D8%B3%D9%86%D8%AF"]),
        ("https://موقع.com/", ["https://xn--4gbrim.com/"]),
        ("[نحن](https://example.org/us)", ["https://example.org/us"]),
        ("<https://example.org/us>", ["https://example.org/us"]),
        ("`https://example.org` and\n\n    https://example.org", []),
        ("someone@example.org and 3.5 and a.b", []),
        ("mailto:a@example.org tel:123 ftp://example.org", []),
    ],
)
def test_an_address_becomes_a_link_to_itself(message: str, led_to: list[str]) -> None:
    assert targets(message) == led_to


def test_a_plain_address_shows_nothing_but_itself_left_to_right() -> None:
    assert render("https://example.org/a") == (
        '<p dir="auto"><bdi dir="ltr"><a href="/leaving?to=https%3A%2F%2Fexample.org%2Fa" '
        'rel="noopener noreferrer nofollow">https://example.org/a</a></bdi></p>'
    )


def test_words_that_lead_somewhere_name_the_host() -> None:
    assert '>our page</a></bdi> <bdi dir="ltr">(example.org)</bdi>' in render("[our page](https://example.org/x)")


def test_a_link_that_pretends_to_be_another_address_is_unmasked() -> None:
    assert 'https://bank.com</a></bdi> <bdi dir="ltr">(evil.org)</bdi>' in render(
        "[https://bank.com](https://evil.org)"
    )
    assert "(evil.org)" in render("[bank.com](https://evil.org/bank.com)")


def test_a_host_in_lookalike_letters_is_unmasked() -> None:
    assert "(xn--pple-43d.com)" in render("https://аpple.com/login")


def test_a_link_without_words_shows_its_host() -> None:
    assert ">example.org</a></bdi></p>" in render("[](https://example.org/x)")


@pytest.mark.parametrize(
    "value",
    ["", "example.org", "//example.org", "/rooms", "https:example.org", "https:///example.org",
    "javascript:alert(1)",
     "ftp://example.org", "https://me@example.org", "https://me:secret@example.org",
     "https://good.org\\@evil.org", "https://good.org/\\evil.org",
     "https://exa mple.org", "https://example.org/\n", "https://localhost/", "https://[::1]/",
     "https://0x7f.1/",
     "https://2130706433/", "https://127.1/", "https://256.1.1.1/", "https://ex%61mple.org/",
     "https://example.org:99999/",
     "https://-a.org/", "https://a..org/", "https://example.org/\u202ex", "https://ex\u200bample.org",
     "https://example.org/" + "a" * 2000,
     "https://" + "a." * 200 + "org"],
)  # fmt: skip
def test_what_people_and_browsers_could_read_differently_is_no_address(value: str) -> None:
    assert read_address(value) is None


def test_an_address_is_given_as_a_browser_will_read_it() -> None:
    address = read_address("https://ＥＸＡＭＰＬＥ.org/ا?q=é#'")
    assert address == ("https://example.org/%D8%A7?q=%C3%A9#%27", "example.org")
    assert read_address("http://192.168.1.10:80/") == ("http://192.168.1.10:80/", "192.168.1.10")


def test_no_address_is_overlooked_by_the_first_glance() -> None:
    for message in ("https://x.yz", "WWW.example.de", "a.COM", "http://a.bc"):
        assert may_hold_links(message)
        assert targets(message)
