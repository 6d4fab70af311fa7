"""Which words meet in the search, and which do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import fold, folding
from app.kernel.text.stems import forms_of, found_in, words_asked


@pytest.mark.parametrize(
    "words",
    [
        "ترجمة الترجمة بالترجمة للترجمة والترجمة وبالترجمة ترجمات ترجمتي ترجمتنا وترجمة تَرْجَمَة ترجمه",
        "محامي المحامي محامية المحامون محامين للمحامي مُحامٍ",
        "بيت البيت بيتنا والبيت",
        "لاجئ لاجئين اللاجئين لاجئة اللاجئات",
        "معتقل المعتقلين معتقلة المعتقلات والمعتقلون",
        "والدي والدتي الوالدين والدة والديك",
        "سورية السورية سوري سوريين السوريين سوريا",
        "meeting meetings Meet MEETING",
        "family families family's",
        "toplantı toplantıda toplantılar TOPLANTI toplantida",
        "şehir şehirde ŞEHİR sehirler",
        "٢٠٢٦ 2026 ۲۰۲۶",
    ],
)
def test_one_word_is_found_in_every_form_and_spelling(words: str) -> None:
    first, *others = words.split()
    (asked,) = words_asked(first)
    for other in others:
        assert set(asked) & set(forms_of(other)), f"{first} does not find {other}"


@pytest.mark.parametrize(
    ("one", "other"),
    [("والدي", "دين"), ("الله", "له"), ("garden", "guard"), ("سجن", "سجادة"), ("برلين", "برد"), ("2026", "2025")],
)
def test_words_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert not set(forms_of(one)) & set(forms_of(other))


def test_each_word_that_is_looked_for_counts_once() -> None:
    assert len(words_asked("  meeting, Meeting! المحامي محامية ")) == 2
    assert words_asked("؟ ... 🌿") == []


def test_found_words_are_marked_where_they_stand_with_everything_that_belongs_to_them() -> None:
    said = "قالت: التَّرْجَمَةُ جاهزة، والمتـرجم غائب"
    forms = {form for word in words_asked("ترجمة") for form in word}
    assert [said[start:end] for start, end in found_in(said, forms)] == ["التَّرْجَمَةُ"]


@given(st.text(max_size=60))
def test_what_was_written_is_found_by_the_same_words(said: str) -> None:
    forms = set(forms_of(said))
    assert all(forms & set(word) for word in words_asked(said))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40) | st.text("ابتةىء ًّـaİıé¨ͺ 1٣🌿‌", max_size=40))
def test_folding_by_single_letters_is_folding(value: str) -> None:
    assert fold(value) == folding._fold_fully(value) or value.isascii()
