"""Before someone sends what leads to a person, they are told."""

import time

import pytest

from app.kernel.text import Finding, Kind, gives_away
from tests.kernel.text.examples import EXPOSING, HARMLESS


@pytest.mark.parametrize(
    ("kind", "given_away"),
    EXPOSING,
)
def test_a_writer_is_warned_of_what_gives_someone_away(kind: Kind, given_away: str) -> None:
    for before, after in (
        ("", ""),
        ("رقمي: ", " شكراً"),
        ("(", ")"),
        ("call ", "."),
        ("it is ", " thank you all"),
    ):
        text = f"{before}{given_away}{after}"
        found = gives_away(text)
        assert [finding.kind for finding in found] == [kind], text
        assert found[0].start <= len(before) + 1
        assert found[0].end >= len(before) + len(given_away) - 1


@pytest.mark.parametrize(
    "text",
    HARMLESS,
)
def test_dates_prices_and_versions_warn_nobody(text: str) -> None:
    assert gives_away(text) == []


def test_each_thing_is_named_once_and_in_order() -> None:
    text = "write a@example.org or +963944123456, DE89370400440532013000"
    assert gives_away(text) == [
        Finding(Kind.EMAIL, 6, 19),
        Finding(Kind.PHONE, 23, 36),
        Finding(Kind.IBAN, 38, 60),
    ]


@pytest.mark.parametrize(
    "unit",
    [
        "0 ",
        "1",
        "a@",
        "a.",
        "+1-",
        "TR12",
        "1.1,",
        "((0",
        "09 (",
        "geo:1",
        "١",
        "°1'",
        "a@a.",
        "1 a ",
        "1 شارع ا ",
        "1 a str. ",
        "1 x mah. a ",
        "12a b c ",
    ],
)
def test_a_hostile_text_does_not_hold_up_the_others(unit: str) -> None:
    started = time.process_time()
    gives_away((unit * 4000)[:4000])
    assert time.process_time() - started < 0.05
