"""The page of a refusal, which most answers in a crawl are: drawn where it may differ, and not thousands of times."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

from flask import g, render_template, request

from app.kernel.web import errors
from app.kernel.web.context import present_actor


def everywhere_and_for_everybody() -> tuple[object, ...]:
    """Draw a refusal for every door, and for everybody who asks."""
    return (request.method, request.endpoint), present_actor().id


@contextmanager
def drawn_once(what: Callable[[], tuple[object, ...]] = everywhere_and_for_everybody) -> Iterator[None]:
    """Draw what a refusal says once for each part of `what`, though not for all of them at once.

    Whatever decides about the answer runs as always: only the template is left out, when it was drawn with the same words
    for each of those parts before. Other words, which might tell something, are another page.
    """
    drawn: dict[object, str] = {}
    parts: set[tuple[object, ...]] = set()

    def draw_once(template: str, **words: object) -> str:
        said = (template, g.get("unproved") is None, repr(sorted(words.items())))
        here = {(said, place, part) for place, part in enumerate(what())}
        if not here <= parts:
            parts.update(here)
            drawn[said] = render_template(template, **words)
        return drawn[said]

    with mock.patch.object(errors, "render_template", draw_once):
        yield
