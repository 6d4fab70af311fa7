"""A set-up does what is still to be done, and nothing else; where nothing is, it says so and is over."""

import sys

from tests.setup.conftest import Clone

NOTHING = "Set-up: nothing to do.\n"


def test_the_second_set_up_does_nothing(furnished: Clone) -> None:
    first = furnished.tools("set-up")
    assert first.returncode == 0, first
    assert [line.split(" … ")[0] for line in first.stdout.splitlines()] == [
        "[1/2] Python packages",
        "[2/2] Scripts, styles and fonts",
    ]
    assert furnished.calls() == ["uv sync --frozen --quiet --no-group dev", "assets"]
    second = furnished.tools("set-up")
    assert (second.stdout, second.stderr, second.returncode) == (NOTHING, "", 0)
    assert furnished.calls() == []


def test_only_what_changed_is_done_again(furnished: Clone) -> None:
    furnished.tools("set-up")
    furnished.calls()
    (furnished.path / "app" / "static" / "src" / "page.css").write_text("p {}")
    furnished.tools("set-up")
    assert furnished.calls() == ["assets"]
    with (furnished.path / "uv.lock").open("a") as lock:
        lock.write("\n")
    furnished.tools("set-up")
    assert furnished.calls() == ["uv sync --frozen --quiet --no-group dev"]


def test_built_files_that_vanished_are_built_again(furnished: Clone) -> None:
    furnished.tools("set-up")
    furnished.calls()
    (furnished.path / "app" / "static" / "dist" / "manifest.json").unlink()
    furnished.tools("set-up")
    assert furnished.calls() == ["assets"]


def test_what_the_tests_need_is_added_once_and_never_taken_away(furnished: Clone) -> None:
    furnished.tools("set-up")
    furnished.calls()
    furnished.tools("set-up-for-checks")
    assert furnished.calls() == ["uv sync --frozen --quiet"]
    assert furnished.tools("set-up").stdout == NOTHING
    assert furnished.tools("set-up-for-checks").stdout == NOTHING


def test_a_step_that_failed_is_done_again(furnished: Clone) -> None:
    builder = furnished.path / "tools" / "build_assets.py"
    works = builder.read_text()
    furnished.tools("set-up")
    builder.write_text("raise SystemExit(1)")
    assert furnished.tools("set-up").returncode == 2
    assert furnished.tools("set-up").returncode == 2
    builder.write_text(works)
    assert furnished.tools("set-up").returncode == 0


def test_an_environment_that_was_moved_is_not_trusted(furnished: Clone) -> None:
    furnished.tools("set-up")
    moved = Clone(furnished.path.rename(furnished.path.with_name("elsewhere")))
    asked = "from tools import bootstrap; print([s.title for s in bootstrap.packages_for_running() if s.needed()])"
    done = moved.execute([sys.executable, "-c", asked])
    assert done.stdout.strip() == "['Python environment', 'Python packages']"
