"""Law 8: every catalogue knows every message, in all its forms, with the same places to fill."""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from config import read_settings
from tests.house.sources import ROOT
from tools.catalogue import ARABIC_PLURALS, CATALOGUES, collect

#: The language of the message ids, which needs no catalogue.
SOURCE = "en"
LANGUAGES = [language for language in read_settings({"APP_ENV": "test"}).languages if language != SOURCE]
#: Messages that are rightly the same in another language: names and signs.
SAME: dict[str, set[str]] = {"ar": set()}
#: Forms of a plural that say the number in words and may leave the figure out: zero, one, two.
IN_WORDS = {"ar": {0, 1, 2}}
PLACE = re.compile(r"%(?:\((\w+)\))?([sd%])")
SCRIPT = {"ar": re.compile(r"[\u0600-\u06ff]")}


@cache
def extracted() -> Catalog:
    """Every message of the sources, found in the same way as `python -m tools.catalogue` finds them."""
    with TemporaryDirectory() as folder:
        template = Path(folder) / "messages.pot"
        collect(template)
        with template.open("rb") as file:
            return read_po(file)


@cache
def catalogue(language: str) -> Catalog:
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def places(text: str) -> set[tuple[str, str]]:
    """The places that are filled in a text, such as ("name", "s")."""
    return {(name, kind) for name, kind in PLACE.findall(text) if kind != "%"}


def problems(language: str) -> list[str]:
    """What is wrong with a catalogue, one line for each message."""
    known, found = catalogue(language), []
    for wanted in extracted():
        if not wanted.id:
            continue
        message = known.get(wanted.id)
        if message is None:
            found.append(f"missing: {ids(wanted)[0]}")
        elif message.fuzzy:
            found.append(f"fuzzy: {ids(wanted)[0]}")
        else:
            found += [f"{what}: {ids(wanted)[0]}" for what in _wrong(language, known, wanted, message)]
    return found


def _wrong(language: str, known: Catalog, wanted: Message, message: Message) -> list[str]:
    strings, found = forms(message), []
    if len(strings) != (known.num_plurals if len(ids(wanted)) > 1 else 1) or not all(strings):
        return ["a form is empty"]
    needed = places(ids(wanted)[-1])
    for number, text in enumerate(strings):
        may_miss = {("num", kind) for kind in "sd"} if len(strings) > 1 and number in IN_WORDS[language] else set()
        if not needed - may_miss <= places(text) <= needed:
            found.append(f"other places in form {number}")
    if any(text in ids(wanted) for text in strings) and ids(wanted)[0] not in SAME[language]:
        found.append("not translated")
    if not all(SCRIPT[language].search(text) for text in strings) and ids(wanted)[0] not in SAME[language]:
        found.append("in another script")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_complete(language: str) -> None:
    assert problems(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_keeps_nothing_that_nobody_says_any_more(language: str) -> None:
    said = {ids(message)[0] for message in extracted() if message.id}
    assert (
        sorted(ids(message)[0] for message in catalogue(language) if message.id and ids(message)[0] not in said) == []
    )


def test_arabic_counts_in_the_usual_order_of_its_six_forms() -> None:
    assert catalogue("ar").plural_forms.rstrip(";") == ARABIC_PLURALS.rstrip(";")


def test_the_sources_have_messages_at_all() -> None:
    # A wrong mapping in babel.cfg would collect nothing, and an empty list of messages is always complete.
    found = {ids(message)[0] for message in extracted() if message.id}
    assert {"Sign in", "Choose a passphrase.", "There is nothing here, or it is not open to you."} <= found


def test_the_mapping_covers_code_and_templates() -> None:
    mapping = (ROOT / "babel.cfg").read_text()
    assert "[python: app/**.py]" in mapping
    assert "[jinja2: app/templates/**.html]" in mapping
