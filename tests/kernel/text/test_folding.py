"""A word is found however it was typed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kernel.text import fold


@pytest.mark.parametrize(
    "spellings",
    [
        ("أحمد", "احمد", "إحمد", "آحمد", "ٱحمد", "اَحْمَد", "احـــمد", "اح\u200cمد"),
        ("فاطمة", "فاطمه", "فاطمۃ"),
        ("مصطفى", "مصطفي", "مصطفی"),
        ("كرد", "کرد", "ڪرد"),
        ("شيء", "شئ", "شى"),
        ("مؤمن", "مومن"),
        ("غرفة ٣", "غرفة 3", "غرفة ۳", "غرفه  ３"),
        ("ﻻجئ", "لاجئ"),
        ("İstanbul", "istanbul", "ISTANBUL", "ıstanbul", "Istanbul"),
        ("Şêx Çûn", "sex cun", "ŞÊX ÇÛN", "S\u0327e\u0302x C\u0327u\u0302n"),
        ("Straße", "STRASSE"),
        ("کوردستان ێ ۆ ڕ ڵ", "كوردستان ي و ر ل"),
        ("ﷲ", "الله"),
    ],
)
def test_spellings_of_one_word_meet(spellings: tuple[str, ...]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1


def test_different_words_stay_different() -> None:
    words = [
        "عمر",
        "عمرو",
        "علي",
        "غالي",
        "هدى",
        "نور",
        "نورا",
        "Ali",
        "Elî",
        "Leyla",
        "پاك",
        "باك",
        "3",
        "4",
    ]
    assert len({fold(word) for word in words}) == len(words)


@given(st.text())
@example("\u0345")
@example("ŉİΐﷺ")
def test_folding_twice_changes_nothing(value: str) -> None:
    assert fold(fold(value)) == fold(value)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_latin_letters_are_found_in_any_case(value: str) -> None:
    assert fold(value.upper()) == fold(value.lower())
