"""Law 8: no physical direction in CSS. What is written for one direction is wrong in the other."""

import re

import pytest

from tests.house.sources import texts

SIDE = r"(?:left|right)"
PHYSICAL = re.compile(
    rf"""
    (?<![\w-])(?:
        (?:margin|padding|border|scroll-margin|scroll-padding)-{SIDE}[\w-]*\s*:   # margin-left, border-right-color
      | border-(?:top|bottom)-{SIDE}-radius\s*:
      | {SIDE}\s*:                                                               # left: 0
      | (?:text-align|float|clear|justify-\w+|caption-side)\s*:\s*{SIDE}\b
      | (?:background-position|object-position|transform-origin|perspective-origin)\s*:[^;]*\b{SIDE}\b
      | to\s+{SIDE}\b                                                            # gradients
      | (?:margin|padding|inset|border-radius|border-width|border-color|border-style)\s*:\s*
        (?!([^\s;]+)\s+[^\s;]+\s+[^\s;]+\s+\1\s*[;!])[^\s;(]+\s+[^\s;(]+\s+[^\s;(]+\s+[^\s;(]+\s*[;!]  # 1px 2px 3px 4px
      | translateX\s*\(
      | translate\s*\(\s*[^0)]
    )""",
    re.VERBOSE,
)
FOUR = re.compile(r"(?:margin|padding|inset|border-width|border-color|border-style)\s*:")


def physical_directions(css: str) -> list[str]:
    """Every declaration that means a side of the screen. A line may keep one by saying why in a comment `dir: ...` on it."""
    found = []
    plain = re.sub(r"/\*(?!\s*dir:).*?\*/", lambda comment: "\n" * comment.group().count("\n"), css, flags=re.DOTALL)
    for number, line in enumerate(plain.splitlines(), 1):
        if "/* dir:" in line:
            continue
        match = PHYSICAL.search(line)
        if match and not (FOUR.match(match.group()) and _mirrors(match.group())):
            found.append(f"{number} {match.group().strip()}")
    return found


def _mirrors(declaration: str) -> bool:
    """Whether a four-value shorthand is the same in both directions: its second value equals its fourth."""
    values = declaration.partition(":")[2].strip(" ;!").split()
    return len(values) == 4 and values[1] == values[3]


def test_no_stylesheet_has_a_left_or_a_right() -> None:
    found = [f"{path}:{place}" for path, css in texts("app/static/src", ".css").items() for place in physical_directions(css)]
    assert found == []


def test_no_script_moves_anything_to_a_side_or_writes_a_style() -> None:
    sides = re.compile(r"\.style\b|cssText|(?:offset|client|scroll)Left\b|['\"](?:left|right)['\"]\s*[:\]]")
    found = [path for path, script in texts("app/static/src", ".js").items() if sides.search(script)]
    assert found == []


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-left: 1px;",
        "  padding-right: 1px;",
        "border-left: 1px solid;",
        "left: 0;",
        "text-align: right;",
        "float: left;",
        "border-top-left-radius: 2px;",
        "background: linear-gradient(to right, red, blue);",
        "margin: 1px 2px 3px 4px;",
        "transform: translateX(3px);",
        "transform: translate(3px, 0);",
        "background-position: right center;",
    ],
)
def test_the_law_finds_a_side(declaration: str) -> None:
    assert physical_directions(declaration)


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-inline-start: 1px;",
        "inset-inline-end: 0;",
        "text-align: start;",
        "margin: 1px 2px 3px 2px;",
        "margin: 0 auto;",
        "padding: 1px 2px 3px;",
        "/* margin-left: old */",
        "transform: translateX(3px); /* dir: the same movement in both, see the comment above */",
    ],
)
def test_the_law_lets_the_inline_axis_be(declaration: str) -> None:
    assert physical_directions(declaration) == []
