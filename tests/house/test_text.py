"""Law 8: text fails loudly. Whatever a person reads comes from a catalogue, in templates, in Python and in scripts."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest
from jinja2 import nodes

from tests.house.markup import HOLE, Template, template, templates
from tests.house.sources import Module, module, modules, name_of, texts

#: Attributes that are read to people or shown to them.
SHOWN = (
    "title",
    "alt",
    "placeholder",
    "label",
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "aria-valuetext",
)
GETTEXT = {"_", "gettext", "ngettext", "lazy_gettext", "_l", "N_"}
LETTERS = re.compile(r"[^\W\d_]{2,}")
#: Two words, or one that begins like a sentence or a label.
SENTENCE = re.compile(r"[^\W\d_]{2,} [^\W\d_]|^[A-Z][a-z]+[.!?]?$|[\u0600-\u06ff]")
#: Names of things in expressions that only look like a label.
NOT_WORDS = {"RadioField"}
#: People's words in the styleguide, which stand for what members write and are in one language at a time.
SPECIMENS = "app/templates/home/_specimens.html"
#: `{reason}` and `{n}`: filled by the browser.
FILLED_LATER = re.compile(r"\{\w+\}")


def loose_words(found: Iterable[Template]) -> list[str]:
    """Every text node, attribute and string in an expression that somebody reads and that no catalogue knows."""
    told = []
    for page in found:
        for words in page.words:
            plain = FILLED_LATER.sub("", words.text.replace(HOLE, ""))
            if LETTERS.search(plain) and not _is_specimen(page, words.inside):
                told.append(page.at(words.line, plain.strip()))
        for tag in page.tags:
            shown = [*SHOWN, "value"] if tag.name == "input" and tag.attributes.get("type") == "submit" else SHOWN
            told += [
                page.at(tag.line, tag.attributes[name])
                for name in shown
                if LETTERS.search(tag.attributes.get(name, ""))
            ]
        told += [page.at(line, value) for line, value in _strings(page.tree) if _is_sentence(value)]
    return told


def _is_specimen(page: Template, inside: tuple[object, ...]) -> bool:
    return page.path == SPECIMENS and any(
        getattr(tag, "name", "") == "bdi" or getattr(tag, "attributes", {}).get("dir") == "auto" for tag in inside
    )


def _is_sentence(value: str) -> bool:
    return bool(SENTENCE.search(value)) and value not in NOT_WORDS


def _strings(tree: nodes.Node) -> Iterator[tuple[int, str]]:
    """Every string in an expression that is not given to gettext."""
    if isinstance(tree, nodes.Call) and isinstance(tree.node, nodes.Name) and tree.node.name in GETTEXT:
        return
    if isinstance(tree, nodes.Const) and isinstance(tree.value, str):
        yield tree.lineno, tree.value
    for child in tree.iter_child_nodes():
        yield from _strings(child)


#: Calls whose words are shown to people. What they are given must come from gettext or be marked for it.
SPEAKING = {
    "flash", "Suggestion", "NavEntry", "Need", "Invalid", "NotFound", "Forbidden", "Conflict", "TooMany", "Unavailable",
    "SignedOut", "ValidationError", "InputRequired", "DataRequired", "Length", "Regexp", "EqualTo", "NumberRange", "Optional",
}  # fmt: skip
#: Their arguments that are names rather than words.
NAMES = {("NavEntry", 0), ("Regexp", 0)}


def loose_strings(sources: Iterable[Module]) -> list[str]:
    """Every plain string that Python gives to a person: a flash, a refusal, a label, a validator's message."""
    told = []
    for source in sources:
        for node in source.walk(ast.Call):
            assert isinstance(node, ast.Call)
            name = name_of(node).rpartition(".")[2]
            if name in SPEAKING or name.endswith("Field"):
                given = [arg for place, arg in enumerate(node.args) if (name, place) not in NAMES]
                given += [
                    keyword.value
                    for keyword in node.keywords
                    if keyword.arg in (None, "message", "label", "description")
                ]
                told += [source.at(node, text) for arg in given for text in _plain(arg) if LETTERS.search(text)]
            elif name == "render_template":
                given = [
                    keyword.value for keyword in node.keywords if keyword.arg in ("title", "text", "label", "message")
                ]
                told += [source.at(node, text) for arg in given for text in _plain(arg)]
    return told


def _plain(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield ast.unparse(node)
    elif isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _plain(child)


#: A string literal of a script, or a comment, which is passed over.
JS = re.compile(r"""//[^\n]*|/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`""", re.DOTALL)
CLASSES = re.compile(r"^[a-z_-]+(?: [a-z]+(?:__|--)[a-z-]+)+$")
#: What browsers call keys, what the library calls an ending, and an error that only programs read.
JS_NAMES = {"Shift", "Enter", "Escape", "Tab", "io server disconnect", "not connected"}


def loose_script(script: str) -> list[str]:
    """Every string in a script that reads like words to a person. Their place is the page's `<template data-words>`."""
    told = []
    for match in JS.finditer(script):
        text = next((group for group in match.groups() if group is not None), "")
        plain = re.sub(r"\$\{[^}]*\}", "", text)
        if SENTENCE.search(plain) and plain not in JS_NAMES and not CLASSES.match(plain):
            told.append(text)
    return told


def test_every_word_in_a_template_comes_from_a_catalogue() -> None:
    assert loose_words(templates()) == []


def test_every_word_that_python_shows_to_people_comes_from_a_catalogue() -> None:
    assert loose_strings(modules()) == []


def test_no_script_holds_words_of_its_own() -> None:
    assert [
        f"{path}: {text}" for path, script in texts("app/static/src", ".js").items() for text in loose_script(script)
    ] == []


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Hello</p>",
        "<p>{{ name }} wrote</p>",
        '<input placeholder="Your name">',
        '<nav aria-label="Main">x</nav>',
        '<input type="submit" value="Send">',
        '{{ button("Save") }}',
        '{{ notice("it is done") }}',
        "<p>سلام</p>",
        '{% if a %}<p title="Two words">{% endif %}',
    ],
)
def test_the_law_finds_words_in_a_template(planted: str) -> None:
    assert loose_words([template("app/templates/planted.html", planted)])


@pytest.mark.parametrize(
    "planted",
    [
        'flash("Done")',
        'raise Invalid("No")',
        'raise Invalid(f"{name} is no good")',
        'StringField("Name")',
        'Length(max=3, message="Too long")',
        'render_template("a.html", title="Home")',
        'flash("Done" if a else gettext("Not done"))',
    ],
)
def test_the_law_finds_words_in_python(planted: str) -> None:
    assert loose_strings([module("app/chat/views.py", planted)])


@pytest.mark.parametrize("planted", ['a.textContent = "Not sent";', "say(`Sent ${n} of them`)", "x('Offline')"])
def test_the_law_finds_words_in_a_script(planted: str) -> None:
    assert loose_script(planted)
