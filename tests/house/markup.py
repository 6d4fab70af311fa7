"""Templates as the laws read them: Jinja's own tree, and the HTML with a mark where an expression stood."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from tests.house.sources import texts

#: Stands in the HTML where the template has an expression. Not a letter, so it is never mistaken for words.
HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
_jinja = Environment(autoescape=True)


@dataclass(frozen=True)
class Tag:
    line: int
    name: str
    attributes: dict[str, str]


@dataclass(frozen=True)
class Words:
    """A piece of text between tags; `inside` are the open tags around it, outermost first."""

    line: int
    text: str
    inside: tuple[Tag, ...]


@dataclass
class Template:
    """One template: `tree` for what Jinja does, `tags` and `words` for what the browser gets."""

    path: str
    source: str
    tree: nodes.Template
    tags: list[Tag] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def at(self, line: int, what: str = "") -> str:
        return f"{self.path}:{line} {what}".rstrip()


def template(path: str, source: str) -> Template:
    """A template from its text, for showing that a law finds what it is there for."""
    made = Template(path, source, _jinja.parse(source))
    _Reader(made).feed(_without_jinja(source))
    return made


@cache
def templates() -> tuple[Template, ...]:
    """Every template of the app."""
    return tuple(template(path, text) for path, text in texts("app/templates", ".html").items())


def _without_jinja(source: str) -> str:
    """The HTML alone. Lines keep their numbers; expressions leave a mark, statements and comments nothing."""
    kept: list[str] = []
    for _line, token, value in _jinja.lex(source):
        if token == "data":
            kept.append(value)
        else:
            kept.append((HOLE if token == "variable_begin" else "") + "\n" * value.count("\n"))
    return "".join(kept)


class _Reader(HTMLParser):
    """Gathers tags and words. Conditions may open a tag in one branch and close it in another, so nesting is by name."""

    EMPTY = frozenset({"meta", "link", "input", "br", "img", "hr", "source"})

    def __init__(self, into: Template) -> None:
        super().__init__(convert_charrefs=True)
        self._into = into
        self._open: list[Tag] = []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        tag = Tag(self.getpos()[0], name, {key: value or "" for key, value in attributes})
        self._into.tags.append(tag)
        if name not in self.EMPTY:
            self._open.append(tag)

    def handle_endtag(self, name: str) -> None:
        while any(tag.name == name for tag in self._open) and self._open.pop().name != name:
            pass

    def handle_data(self, text: str) -> None:
        self._into.words.append(Words(self.getpos()[0], text, tuple(self._open)))


def names_in(tree: nodes.Node) -> Iterator[tuple[int, str]]:
    """Every name and attribute that an expression reads, with its line."""
    for name in tree.find_all(nodes.Name):
        yield name.lineno, name.name
    for attribute in tree.find_all(nodes.Getattr):
        yield attribute.lineno, attribute.attr
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.arg, nodes.Const) and isinstance(item.arg.value, str):
            yield item.lineno, item.arg.value
