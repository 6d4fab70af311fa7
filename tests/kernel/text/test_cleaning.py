"""People's letters stay; what only machines see goes."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import clean_line, clean_text

HIDDEN = [
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x200B,
    0x2060,
    0xFEFF,
    0xE0041,
    0x00,
    0x1B,
    0x7F,
    0x9B,
    0xD800,
    0xFFFE,
]


def test_what_turns_or_hides_text_is_taken_out_of_a_message() -> None:
    for code in HIDDEN:
        assert clean_text(f"a{chr(code)}b") == "ab", hex(code)


def test_a_message_keeps_what_spelling_and_direction_need() -> None:
    kept = "می\u200cخواهم \u200fسلام\u200e x\ty\n👨\u200d👩 ﷲ ½"
    assert clean_text(kept) == kept


def test_line_ends_of_every_machine_become_one() -> None:
    assert clean_text("a\r\nb\rc\u2028d\u2029e\x85f\x0bg") == "a\nb\nc\nd\ne\nf\ng"


def test_a_message_is_composed_but_not_levelled() -> None:
    assert clean_text("e\u0301 ① ﻻ") == "é ① ﻻ"


def test_a_tower_of_marks_is_shortened() -> None:
    assert len(clean_text("a" + "\u0316\u0301" * 2000)) < 40


@given(st.text())
def test_cleaning_a_message_twice_changes_nothing(value: str) -> None:
    once = clean_text(value)
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()


def test_a_line_is_single_visible_and_levelled() -> None:
    assert clean_line("  Ａli\t\n ﻻ\u200c\u200f \u202e ") == "Ali لا"


@given(st.text())
def test_cleaning_a_line_twice_changes_nothing(value: str) -> None:
    once = clean_line(value)
    assert clean_line(once) == once
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in once)
