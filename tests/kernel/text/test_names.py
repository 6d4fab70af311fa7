"""A chosen name can be read, and cannot be taken for someone else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.text import LONGEST_NAME, NameCode, NameProblem, check_name, skeleton


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("أم أحمد", "أم أحمد"),
        ("  Abu   Omar ", "Abu Omar"),
        ("Jean-Luc O'Neil Jr.", "Jean-Luc O'Neil Jr."),
        ("Şêrîn Çelik", "Şêrîn Çelik"),
        ("نور Nour 2", "نور Nour 2"),
        ("سامي ٣", "سامي ٣"),
        ("مُحَمَّد", "مُحَمَّد"),
        ("هێمن پێشڕەو", "هێمن پێشڕەو"),
        ("Ａli", "Ali"),
        ("سامي، أبو نور", "سامي، أبو نور"),
    ],
)
def test_a_name_people_bear_is_accepted(typed: str, name: str) -> None:
    assert check_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", NameCode.EMPTY),
        (" \t\n ", NameCode.EMPTY),
        ("a" * (LONGEST_NAME + 1), NameCode.TOO_LONG),
        ("ﷺ" * 4, NameCode.TOO_LONG),
        ("Ali\u200b", NameCode.CONTROLS),
        ("Ali\u202eilA", NameCode.CONTROLS),
        ("علي\u200cرضا", NameCode.CONTROLS),
        ("\u200fعلي", NameCode.CONTROLS),
        ("Ali\nAdmin", NameCode.CONTROLS),
        ("Ali\x00", NameCode.CONTROLS),
        ("Ali\ufe0f", NameCode.CONTROLS),
        ("\u3164", NameCode.CONTROLS),
        ("\u0410hmad", NameCode.MIXED_SCRIPTS),
        ("Aحمد", NameCode.MIXED_SCRIPTS),
        ("Οmar", NameCode.MIXED_SCRIPTS),
        ("Аня", NameCode.CONFUSING),
        ("Ali ✓", NameCode.CONFUSING),
        ("Ali <b>", NameCode.CONFUSING),
        ("@ali", NameCode.CONFUSING),
        ("علي😀", NameCode.CONFUSING),
        ("Ali ५", NameCode.CONFUSING),
        ("م" + "\u064b\u064c\u064d\u064e", NameCode.CONFUSING),
        ("س\u06dbامي", NameCode.CONFUSING),
        ("x\u0301\u0302\u0303\u0304", NameCode.CONFUSING),
        ("123", NameCode.NO_LETTER),
        ("\u0674", NameCode.NO_LETTER),
        ("-.'", NameCode.NO_LETTER),
    ],
)
def test_a_name_that_hides_something_is_refused_with_its_reason(typed: str, code: NameCode) -> None:
    with pytest.raises(NameProblem) as refused:
        check_name(typed)
    assert refused.value.code == code


@given(st.text(max_size=80))
def test_an_accepted_name_is_short_visible_and_stays_accepted(typed: str) -> None:
    try:
        name = check_name(typed)
    except NameProblem:
        return
    assert 0 < len(name) <= LONGEST_NAME
    assert name.isprintable()
    assert check_name(name) == name
    assert skeleton(name)


@pytest.mark.parametrize(
    "names",
    [
        ("Ahmad", "\u0410hmad", "AHMAD", "ahmad", "Αhmad", "Ahmad.", "A hmad", "Áhmad", "Ahrnad"),
        ("Ali", "AIi", "A1i", "Alí", "ALI", "Aⅼі"),
        ("Omar", "0mar", "Οmar", "Оmar", "Ömar"),
        ("علي", "على", "علی", "عَلِيّ", "عـلـي"),
        ("كريم", "کریم", "ڪريم"),
        ("أحمد", "احمد", "آحمد"),
        ("فاطمة", "فاطمه"),
        ("سامي 5", "سامي ٥", "سامي ۵", "سامي5"),
        ("Şêrîn", "Serin", "serîn"),
        ("تامر", "ٺامر"),
        ("فادي", "ڧادي"),
    ],
)
def test_names_that_look_alike_are_one(names: tuple[str, ...]) -> None:
    assert len({skeleton(name) for name in names}) == 1


def test_names_that_differ_to_the_eye_stay_apart() -> None:
    latin = [
        "Ahmad",
        "Ahmed",
        "Amal",
        "Omar",
        "Amar",
        "Layla",
        "Leyla",
        "Nour",
        "Noura",
        "Rima",
        "Sami",
        "Shami",
        "Jiyan",
        "Riyan",
    ]
    arabic = [
        "علي",
        "عالي",
        "عمر",
        "عمرو",
        "غمر",
        "سمر",
        "نور",
        "نورا",
        "حسن",
        "حسين",
        "جسن",
        "بدر",
        "نذر",
        "سامي",
        "شامي",
        "ثائر",
        "زائر",
        "نائر",
        "ريان",
        "ژيان",
        "زيان",
        "باسم",
        "ياسم",
        "جمال",
        "كمال",
    ]
    names = [*latin, *arabic, "سامي 3", "سامي 4"]
    assert len({skeleton(name) for name in names}) == len(names)


@given(st.text(max_size=40))
def test_a_skeleton_is_its_own_skeleton(value: str) -> None:
    assert skeleton(skeleton(value)) == skeleton(value)
