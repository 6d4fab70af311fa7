"""One person's strange message takes no time from the others."""

import itertools
import time
from collections.abc import Callable

import pytest

from app.kernel.text import clean_line, clean_text, fold, plain, render
from app.kernel.text.cleaning import clean_text as cleaned
from app.kernel.text.render import render_markdown

UNITS = [
    "[", "]", "[](", "![", "[a](", "[[]", "([", "(", ")", "((((a", "*", "**a ", "*a ", "***a** b* ", "_a ",
    "a_", "`a``b", "``a`",
    "<", "<!--", "<http://", "\\[", "> ", "\n> ", "- ", "\n- ", "1. ", "\n1. ", "- > ", "# ", "\n# ",
    "\n    a", "```\n", "~~~\n",
    "\n", "a\n", "=\n", "\t", "&amp;", '"', "'", "\u0301\u0316", "https://", "https://a.co ",
    "https://x.org/(", "https://a.b/)",
    "[a](https://x.org) ", "<https://x.org>", "https://موقع.com ", "www.", "a.", "a-", "a.com ", "a@a.",
    "://",
]  # fmt: skip
HOSTILE = [*UNITS, *(one + other for one, other in itertools.pairwise(UNITS))]


def seconds(work: Callable[[], object]) -> float:
    """Return the least of three processor times, so that a busy machine is not blamed on the message."""
    spent = []
    for _ in range(3):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_message_is_rendered_within_fifty_milliseconds(unit: str) -> None:
    message = (unit * 4000)[:4000]
    assert seconds(lambda: render(message)) < 0.05
    assert seconds(lambda: render_markdown(cleaned(message))) < 0.05
    assert seconds(lambda: plain(message, 80)) < 0.05


@pytest.mark.parametrize("work", [clean_text, clean_line, fold])
def test_a_tower_of_marks_is_cleaned_within_fifty_milliseconds(work: Callable[[str], str]) -> None:
    assert seconds(lambda: work("a" + "\u0316\u0301" * 2000)) < 0.05


def test_an_everyday_message_costs_far_less_than_a_millisecond() -> None:
    message = "مرحبا يا أصدقاء، هل يعرف أحدكم طبيباً جيداً في غازي عنتاب؟"
    assert seconds(lambda: [render(message) for _ in range(100)]) < 100 * 0.0001
