"""What people write is shown as they meant it, in their own direction."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kernel.text import plain, render
from app.kernel.text.cleaning import clean_text
from app.kernel.text.markdown import is_prose
from app.kernel.text.render import render_markdown

EVERYDAY = [
    "مرحبا يا أصدقاء، هل يعرف أحدكم طبيباً جيداً في غازي عنتاب؟",
    "Does anybody know a good doctor? I need help (soon).",
    'Tom & Jerry\'s "café": 3 > 2, see you at 10:30!\nBye\n\nLater #hope',
    "Ez baş im, tu çawa yî? Silav û rêz.",
    "سأصل الساعة 5.30 مساءً - إن شاء الله",
]


@pytest.mark.parametrize("message", EVERYDAY)
def test_an_everyday_message_takes_the_short_road(message: str) -> None:
    assert is_prose(clean_text(message))


letters = st.text(alphabet="ab مرحبا\u0651\u200f1.!?&\"'-+#>~=|()\n\n \t*_`[]\\<:/@cowm\u00a0\u3000,", max_size=60)


@given(st.one_of(letters, st.text(max_size=60)))
@example("a\n\n\n\nb")
@example("\n a")
@example("a \nb")
@example("a\u3000")
@example("a\u00a0\n\nb")
@example("12) x")
@example("a.com")
@example("&amp; &#42;")
def test_the_short_road_ends_where_the_long_one_does(message: str) -> None:
    text = clean_text(message)
    if is_prose(text):
        assert render(message) == render_markdown(text)


@pytest.mark.parametrize("message", EVERYDAY)
def test_an_everyday_message_looks_the_same_by_both_roads(message: str) -> None:
    assert render(message) == render_markdown(clean_text(message))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", ""),
        ("\n \n", ""),
        ("a\nb", '<p dir="auto">a<br>b</p>'),
        ("a\r\n\r\nb", '<p dir="auto">a</p><p dir="auto">b</p>'),
        ("**a** _b_ `c`", '<p dir="auto"><strong>a</strong> <em>b</em> <code dir="ltr">c</code></p>'),
        ("# عنوان", '<p dir="auto"><strong>عنوان</strong></p>'),
        ("a\n---", '<p dir="auto">a<br>---</p>'),
        ("![قطة](https://x.org/a.png)", '<p dir="auto">قطة</p>'),
        ("<b>a</b> &lt;", '<p dir="auto">&lt;b&gt;a&lt;/b&gt; &amp;lt;</p>'),
        ("|a|b|\n|-|-|", '<p dir="auto">|a|b|<br>|-|-|</p>'),
        ("[a]: https://x.org", '<p dir="auto">[a]: '),
        ("3. c\n4. d", '<ol dir="ltr" start="3"><li dir="auto">c</li><li dir="auto">d</li></ol>'),
        ("```\n<x>\n y\n```", '<pre dir="ltr"><code dir="ltr">&lt;x&gt;\n y</code></pre>'),
        ("- a\n\n  b", '<ul dir="ltr"><li dir="auto">a<p dir="auto">b</p></li></ul>'),
    ],
)
def test_markdown_is_shown_in_its_small_form(typed: str, shown: str) -> None:
    assert render(typed).startswith(shown)
    assert bool(shown) == bool(render(typed))


def test_an_arabic_list_and_quotation_stand_on_the_right() -> None:
    assert '<ul dir="rtl"><li dir="auto">واحد' in render("- واحد\n- two")
    assert '<blockquote dir="rtl"><p dir="auto">قال' in render("> قال")


def test_an_address_or_code_does_not_turn_an_arabic_list_around() -> None:
    assert render("- https://example.org واحد").startswith('<ul dir="rtl">')
    assert render("- `ls` واحد").startswith('<ul dir="rtl">')


def test_a_list_without_letters_leaves_its_direction_open() -> None:
    assert render("- 1\n- 2").startswith('<ul dir="auto">')


def test_nothing_is_lost_when_someone_quotes_too_deeply() -> None:
    assert "سلام" in render("> " * 40 + "سلام")
    assert "deep" in render("".join("  " * depth + "- x\n" for depth in range(15)) + "  " * 15 + "- deep")


def test_a_wall_of_marks_is_shown_as_typed() -> None:
    assert render("[" * 4000) == f'<p dir="auto">{"[" * 4000}</p>'


def test_an_excerpt_is_one_line_of_words() -> None:
    assert (
        plain("# Hello\n\n**dear** [friends](https://x.org)\n- a\n```\ncode\n```", 100) == "Hello dear friends a code"
    )
    assert plain("<b>&amp;", 100) == "<b>&amp;"


def test_an_excerpt_ends_at_a_word_and_says_so() -> None:
    assert plain("one two three", 9) == "one two…"
    assert plain("one two three", 8) == "one two…"
    assert plain("one two", 7) == "one two"
    assert plain("a" * 50, 10) == "a" * 9 + "…"


@given(st.text(max_size=80), st.integers(0, 60))
def test_an_excerpt_keeps_to_its_limit_and_line(source: str, limit: int) -> None:
    excerpt = plain(source, limit)
    assert len(excerpt) <= limit
    assert "\n" not in excerpt
