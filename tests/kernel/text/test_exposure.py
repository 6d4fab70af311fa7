"""Before someone sends what leads to a person, they are told."""

import time

import pytest

from app.kernel.text import Finding, Kind, gives_away


@pytest.mark.parametrize(
    ("kind", "given_away"),
    [
        (Kind.PHONE, "+963 944 123 456"),
        (Kind.PHONE, "00963944123456"),
        (Kind.PHONE, "0944123456"),
        (Kind.PHONE, "0944 123 456"),
        (Kind.PHONE, "٠٩٤٤ ١٢٣ ٤٥٦"),
        (Kind.PHONE, "۰۹۴۴۱۲۳۴۵۶"),
        (Kind.PHONE, "+٩٦٣٩٤٤١٢٣٤٥٦"),
        (Kind.PHONE, "011 223 4455"),
        (Kind.PHONE, "+90 532 123 45 67"),
        (Kind.PHONE, "0532 123 45 67"),
        (Kind.PHONE, "(0342) 123 45 67"),
        (Kind.PHONE, "+49 (0) 151 23456789"),
        (Kind.PHONE, "0151 23456789"),
        (Kind.PHONE, "0151-2345678"),
        (Kind.PHONE, "030 / 1234567"),
        (Kind.PHONE, "+961 3 123 456"),
        (Kind.PHONE, "+49 30 12345"),
        (Kind.PHONE, "03/123456"),
        (Kind.PHONE, "70-123456"),
        (Kind.PHONE, "81 123 456"),
        (Kind.EMAIL, "someone.else+x@example.org"),
        (Kind.EMAIL, "سامي@مثال.شبكة"),
        (Kind.MAP, "https://www.google.com/maps/place/33.5,36.2"),
        (Kind.MAP, "https://maps.app.goo.gl/AbC123"),
        (Kind.MAP, "https://www.openstreetmap.org/#map=15/33.5/36.2"),
        (Kind.MAP, "geo:33.513,36.292"),
        (Kind.PLACE, "33.5138, 36.2765"),
        (Kind.PLACE, "٣٣٫٥١٣٨، ٣٦٫٢٧٦٥"),
        (Kind.PLACE, "-12.34567 -77.01234"),
        (Kind.PLACE, "33°30'49\"N"),
        (Kind.IBAN, "DE89 3704 0044 0532 0130 00"),
        (Kind.IBAN, "TR330006100519786457841326"),
        (Kind.IBAN, "lb62099900000001001901229114"),
        (Kind.IDENTITY, "12345678901"),
        (Kind.IDENTITY, "١٢٣٤٥٦٧٨٩٠١"),
        (Kind.IDENTITY, "N012345678"),
    ],
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
    [
        "",
        "see you at 10:30 on 01.02.2024 or 2024-11-20",
        "٢٠/١١/٢٠٢٤",
        "I paid 1,250,000 pounds, 3.14159 or so",
        "room 12, 3 people, 100%",
        "from 1980 to 2011",
        "version 2.10.3",
        "12 000 000",
        "https://example.org/help",
        "@someone said a.b",
        "20241120",
        "5 500 000 000 people",
        "DE00 3704 1144 1532 1130 11",
        "99.1234, 36.1234",
        "Article 12345 of 2012",
    ],
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
    "unit", ["0 ", "1", "a@", "a.", "+1-", "TR12", "1.1,", "((0", "09 (", "geo:1", "١", "°1'", "a@a."]
)
def test_a_hostile_text_does_not_hold_up_the_others(unit: str) -> None:
    started = time.process_time()
    gives_away((unit * 4000)[:4000])
    assert time.process_time() - started < 0.05
