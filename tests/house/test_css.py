"""Law 8: no physical direction in CSS. What is written for one direction is wrong in the other."""

import re

import pytest

from tests.house.sources import texts

SIDE = r"(?:left|right)"
PHYSICAL = re.compile(
    rf"""
    (?<![\w-])(?:
        (?:margin|padding|border|scroll-margin|scroll-padding)-{SIDE}[\w-]*\s*:  # margin-left, border-right-color
      | border-(?:top|bottom)-{SIDE}-radius\s*:
      | {SIDE}\s*:
      | (?:text-align|float|clear|justify-\w+|caption-side)\s*:\s*{SIDE}\b
      | (?:background-position|object-position|transform-origin|perspective-origin)\s*:[^;]*\b{SIDE}\b
      | to\s+{SIDE}\b  # gradients
      | translateX\s*\(
      | translate\s*\(\s*[^0)]
    )""",
    re.VERBOSE,
)
#: Shorthands that name the four sides one after the other, or the four corners.
SIDES = re.compile(r"(?<![\w-])(?:margin|padding|inset|border-(?:width|color|style))\s*:\s*([^;]+)")
CORNERS = re.compile(r"(?<![\w-])border-radius\s*:\s*([^;]+)")
VALUE = re.compile(r"[^\s(]*\([^)]*\)|[^\s(]+")


def physical_directions(css: str) -> list[str]:
    """Every declaration that means a side of the screen. A line keeps one by saying why: `/* dir: ... */`."""
    found = []
    plain = re.sub(r"/\*(?!\s*dir:).*?\*/", lambda comment: "\n" * comment.group().count("\n"), css, flags=re.DOTALL)
    for number, line in enumerate(plain.splitlines(), 1):
        if "/* dir:" not in line and (PHYSICAL.search(line) or _names_sides(line)):
            found.append(f"{number} {line.strip()}")
    return found


def _names_sides(line: str) -> bool:
    """Whether a shorthand gives one side another value than its opposite, or one corner another than the next."""
    sides, corners = SIDES.search(line), CORNERS.search(line)
    if sides:
        values = VALUE.findall(sides.group(1))
        return len(values) == 4 and values[1] != values[3]
    return corners is not None and len(set(VALUE.findall(corners.group(1)))) > 1


def test_no_stylesheet_has_a_left_or_a_right() -> None:
    found = [
        f"{path}:{place}" for path, css in texts("app/static/src", ".css").items() for place in physical_directions(css)
    ]
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
        "border-radius: 2px 0;",
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
        "margin: 0 calc(1px + 2px) 0 calc(1px + 2px);",
        "border-radius: 2px;",
        "padding: 1px 2px 3px;",
        "/* margin-left: old */",
        "transform: translateX(3px); /* dir: the same movement in both, see the comment above */",
    ],
)
def test_the_law_lets_the_inline_axis_be(declaration: str) -> None:
    assert physical_directions(declaration) == []
