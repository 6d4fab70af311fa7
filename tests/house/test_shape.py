"""STYLE.md, executed: small files, documented verbs, an actor first, no names that mean nothing."""

import ast
import re
from collections.abc import Iterable

import pytest

from tests.house.sources import Module, calls, module, modules, name_of

LONGEST = 350
#: Verbs that happen before anybody has signed in, or before there is anybody at all.
BEFORE_ANYONE = {"begin_session", "add_person", "prepare"}
#: Where waiting is cooperative and there is a reason for it: the write gate, and a relay that does not answer.
MAY_SLEEP = {"app/kernel/db/engines.py", "app/kernel/lines.py", "app/kernel/live/relay.py"}
EMPTY_NAMES = re.compile(r"(?:^|_)(?:utils?|helpers?|managers?|misc)(?:_|$)|(?:Util|Helper|Manager)s?$")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def long_files(sources: Iterable[Module]) -> list[str]:
    return [f"{source.path} has {lines} lines" for source in sources if (lines := source.text.count("\n")) > LONGEST]


def undocumented(sources: Iterable[Module]) -> list[str]:
    """Modules without a docstring, and public verbs without one."""
    found = [source.path for source in sources if not ast.get_docstring(source.tree)]
    return found + [
        s.at(verb, verb.name)
        for s in sources
        for verb in verbs(s)
        if not _private(verb) and not ast.get_docstring(verb)
    ]


def verbs(source: Module) -> list[ast.FunctionDef]:
    """Every function marked `@action`."""
    return [
        node
        for node in source.walk(ast.FunctionDef)
        if isinstance(node, ast.FunctionDef) and any(name_of(mark).endswith("action") for mark in node.decorator_list)
    ]


def without_an_actor(sources: Iterable[Module]) -> list[str]:
    """Public verbs whose first parameter does not say who acts."""
    return [
        source.at(verb, verb.name)
        for source in sources
        for verb in verbs(source)
        if not _private(verb)
        and verb.name not in BEFORE_ANYONE
        and [arg.arg for arg in verb.args.args][:1] != ["actor"]
    ]


def writers_outside_actions(sources: Iterable[Module]) -> list[str]:
    """`@action` in a feature's file other than actions.py: only verbs write."""
    return [
        source.at(verb, verb.name)
        for source in sources
        for verb in verbs(source)
        if source.file != "actions.py" and not source.path.startswith("app/kernel/")
    ]


def careless(sources: Iterable[Module]) -> list[str]:
    """Prints, sleeps, unfinished work and names that mean nothing."""
    found = []
    for source in sources:
        for call, name in calls(source):
            if name in ("print", "breakpoint") or (name == "time.sleep" and source.path not in MAY_SLEEP):
                found.append(source.at(call, name))
        found += [
            source.at(node, node.name)
            for node in source.walk(ast.ClassDef, ast.FunctionDef)
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and EMPTY_NAMES.search(node.name)
        ]
        if any(EMPTY_NAMES.search(part.removesuffix(".py")) for part in source.path.split("/")):
            found.append(source.path)
        found += [f"{source.path}: {word}" for word in UNFINISHED.findall(source.text)]
    return found


def _private(verb: ast.FunctionDef) -> bool:
    return verb.name.startswith("_")


def test_every_file_can_be_read_in_one_sitting() -> None:
    assert long_files(modules()) == []


def test_every_module_and_every_verb_says_what_it_does() -> None:
    assert undocumented(modules()) == []


def test_every_verb_is_told_who_acts() -> None:
    assert without_an_actor(modules()) == []


def test_only_actions_write() -> None:
    assert writers_outside_actions(modules()) == []


def test_nothing_prints_sleeps_or_is_left_unfinished() -> None:
    assert careless(modules()) == []


@pytest.mark.parametrize(
    ("law", "planted"),
    [
        (long_files, "'''x'''\n" + "x = 1\n" * LONGEST),
        (undocumented, "x = 1"),
        (undocumented, "'''x'''\n@action\ndef post(actor): pass"),
        (without_an_actor, "@action\ndef post(room): pass"),
        (without_an_actor, "@work.action\ndef post(*, actor): pass"),
        (writers_outside_actions, "@action\ndef post(actor): pass"),
        (careless, "print(1)"),
        (careless, "import time\ntime.sleep(1)"),
        (careless, "class RoomManager: pass"),
        (careless, "def chat_utils(): pass"),
        (careless, "# TODO later"),
    ],
)
def test_the_law_finds_what_is_planted(law: object, planted: str) -> None:
    assert callable(law)
    assert law([module("app/chat/views.py", planted)])
