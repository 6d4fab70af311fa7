"""Reads people's Markdown, a small part of CommonMark, and draws it as plain HTML or as bare words."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.kernel.text.links import count_hints, may_hold_links, read_address, without_links

_DEEPEST = 20  # levels; below that markdown-it drops text without a word, so such texts are shown as typed
# More than anyone writes: 400, or one in forty characters. Nested and unclosed marks cost quadratic time.
_MOST_MARKS, _SPARSE = 400, 40
_MARK = re.compile(r"[\\`*_<\[\t]")
_MARKS = re.compile(r"[\\`*_<>\[\]#]|^[ \t]*(?:[-+]|\d{1,9}[.)])", re.MULTILINE)
_LINE_MARK = re.compile(r"[-+#>~]|\d{1,9}[.)]")
_EMPTY_LINES = re.compile(r"\n{2,}")


class _Reader(MarkdownIt):
    """What is typed is what is seen: no entities, no HTML, no reference links, and only safe addresses."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": _DEEPEST})
        self.disable(["entity", "html_inline", "html_block", "reference", "lheading", "hr"])

    def validateLink(self, url: str) -> bool:  # noqa: N802 - these three are markdown-it's names
        return read_address(url) is not None

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


_reader = _Reader()


def is_prose(text: str) -> bool:
    """Say whether clean `text` holds neither Markdown nor addresses: `prose` draws just what `draw` would."""
    if _MARK.search(text) or may_hold_links(text):
        return False
    return not any(
        line and (line[0].isspace() or line[-1].isspace() or _LINE_MARK.match(line)) for line in text.split("\n")
    )


def prose(text: str) -> str:
    """Return `text` as typed: empty lines part paragraphs, other line ends are kept."""
    inside = _escaped(text.strip("\n"))
    if "\n" not in inside:
        return f"<p>{inside}</p>" if inside else ""
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in _EMPTY_LINES.split(inside))


def draw(text: str) -> str | None:
    """Return clean Markdown `text` as HTML, bare addresses still bare; None when it is too knotted."""
    tokens = _tokens(text)
    return None if tokens is None else "".join(_drawn(tokens))


def words(text: str) -> str:
    """Return the words of clean Markdown `text` without its marks, blocks parted by newlines."""
    tokens = _tokens(text)
    return text if tokens is None else "\n".join(_spoken(token) for token in tokens if token.content)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _tokens(text: str) -> list[Token] | None:
    if len(_MARKS.findall(text)) + 2 * count_hints(text) > max(_MOST_MARKS, len(text) // _SPARSE):
        return None
    tokens = _reader.parse(text)
    return None if any(token.level >= _DEEPEST - 1 for token in tokens) else tokens


def _spoken(block: Token) -> str:
    if block.type != "inline":
        return block.content
    breaks = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(breaks.get(token.type, token.content) for token in block.children or ())


def _drawn(tokens: Sequence[Token]) -> Iterator[str]:
    silent: list[bool] = []  # for each open paragraph, whether its list item already stands for it
    for place, token in enumerate(tokens):
        match token.type:
            case "paragraph_open":
                silent.append(place > 0 and tokens[place - 1].type == "list_item_open")
                yield "" if silent[-1] else "<p>"
            case "paragraph_close":
                yield "" if silent.pop() else "</p>"
            case "heading_open":
                yield "<p><strong>"
            case "heading_close":
                yield "</strong></p>"
            case "inline":
                yield from (_INLINE[child.type](child) for child in token.children or ())
            case "fence" | "code_block":
                yield f"<pre><code>{_escaped(token.content.removesuffix(chr(10)))}</code></pre>"
            case _ if token.nesting == 1:
                start = token.attrGet("start")
                numbered = "" if start is None else f' start="{int(start)}"'
                yield f'<{token.tag} dir="{_direction(tokens, place)}"{numbered}>'
            case _:
                yield f"</{token.tag}>"


_INLINE: dict[str, Callable[[Token], str]] = {
    "text": lambda token: _escaped(token.content),
    "code_inline": lambda token: f"<code>{_escaped(token.content)}</code>",
    "image": lambda token: _escaped(token.content),
    "softbreak": lambda _: "<br>",
    "hardbreak": lambda _: "<br>",
    "em_open": lambda _: "<em>",
    "em_close": lambda _: "</em>",
    "strong_open": lambda _: "<strong>",
    "strong_close": lambda _: "</strong>",
    "link_open": lambda token: f'<a href="{html.escape(str(token.attrGet("href")))}">',
    "link_close": lambda _: "</a>",
}


def _direction(tokens: Sequence[Token], opening: int) -> str:
    """Return "rtl" or "ltr" by the first strong letter inside a list or quotation, "auto" when it has none.

    A browser that meets dir=auto passes over children that have a direction of their own, and would put every
    list and quotation on the left. Only an element that holds its text directly can be left to the browser.
    """
    if tokens[opening].type == "list_item_open" and tokens[opening + 1].type == "paragraph_open":
        return "auto"
    for token in tokens[opening + 1 :]:
        if token.level <= tokens[opening].level:
            break
        for child in token.children or ():
            for letter in without_links(child.content):
                strong = unicodedata.bidirectional(letter)
                if strong in ("R", "AL"):
                    return "rtl"
                if strong == "L" and child.type != "code_inline":
                    return "ltr"
    return "auto"
