"""The one door from people's text to HTML. Whatever road a text takes, nh3 is its last wall."""

import re
from collections.abc import Iterable
from html import escape
from typing import Final

import nh3
from markupsafe import Markup

from app.kernel.text.cleaning import clean_text
from app.kernel.text.links import REL, link_addresses, may_hold_links, through_leaving_page
from app.kernel.text.markdown import draw, is_prose, prose, words

_CONTAINERS = ("ul", "ol", "li", "blockquote")

_wall: Final = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "code", "pre", "a", *_CONTAINERS},
    clean_content_tags=set(),
    # An empty "*" refuses title and lang, which the sanitiser would otherwise let through on every tag.
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    tag_attribute_values={tag: {"dir": {"auto", "ltr", "rtl"}} for tag in _CONTAINERS},
    set_tag_attribute_values={"p": {"dir": "auto"}, "pre": {"dir": "ltr"}, "code": {"dir": "ltr"}},
    link_rel=REL,
    url_schemes={"http", "https"},
    url_relative="deny",
)


def render(source: str, named: Iterable[str] = ()) -> Markup:
    """Return people's Markdown as safe HTML.

    Paragraphs, emphasis, lists, quotations, code and line breaks; headings become strong paragraphs, images
    their description, HTML is shown as typed. Every block has a direction, every link is isolated and leads
    through the leaving page. So is every name in `named` that stands behind an @, so that it does not decide the
    direction of its line.
    """
    text = clean_text(source)
    drawn = _walled(prose(text)) if is_prose(text) else render_markdown(text)
    return _with_names(drawn, named) if named else drawn


def render_markdown(text: str) -> Markup:
    """Return clean Markdown as safe HTML by the long road, whatever it holds."""
    drawn = draw(text)
    if drawn is None:
        return _walled(prose(text))
    if "<a" in drawn or may_hold_links(text):
        drawn = link_addresses(drawn)
    return _walled(drawn)


def _walled(drawn: str) -> Markup:
    return Markup(through_leaving_page(_wall.clean(drawn)))  # noqa: S704 - the wall is what makes it safe


def _with_names(drawn: Markup, named: Iterable[str]) -> Markup:
    """The same with names isolated. What is marked stood there already: nothing but the tag around it is added."""
    names = sorted({escape(name, quote=False) for name in named if name}, key=len, reverse=True)
    if not names:
        return drawn
    at = re.compile(rf"<[^>]*>|(?<!\w)@(?:{'|'.join(map(re.escape, names))})(?!\w)")
    marked = at.sub(lambda found: found[0] if found[0][0] == "<" else f'<bdi class="named">{found[0]}</bdi>', drawn)
    return Markup(marked)  # noqa: S704 - what the wall let through, and a tag of ours


def has_link(source: str) -> bool:
    """Whether anything in it would become a link."""
    return "<a " in render(source)


def plain(source: str, limit: int) -> str:
    """Return at most `limit` characters of the text on one line without Markdown, ending in … when cut.

    It is text, not HTML: a template escapes it.
    """
    text = clean_text(source)
    line = " ".join((text if is_prose(text) else words(text)).split())
    if len(line) <= limit:
        return line
    cut = line[: max(limit - 1, 0)]
    # A word is cut only where it would otherwise take more than half of the room.
    whole = cut if line[len(cut)].isspace() else cut.rpartition(" ")[0]
    return (whole if len(whole) * 2 >= len(cut) else cut).rstrip() + "…" if limit > 0 else ""
