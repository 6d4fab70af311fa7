"""The one door from people's text to HTML. Whatever road a text takes, nh3 is its last wall."""

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


def render(source: str) -> Markup:
    """Return people's Markdown as safe HTML.

    Paragraphs, emphasis, lists, quotations, code and line breaks; headings become strong paragraphs, images
    their description, HTML is shown as typed. Every block has a direction, every link is isolated and leads
    through the leaving page.
    """
    text = clean_text(source)
    if is_prose(text):
        return _walled(prose(text))
    return render_markdown(text)


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
