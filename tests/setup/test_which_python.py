"""Which Python the environment is made of: the chosen one, else the system's own where it serves, else python3."""

import re
from pathlib import Path

import pytest

from tests.setup.conftest import Clone


def stand_in(path: Path, *, serves: bool) -> str:
    """A Python that says of itself only whether it is new enough and has what makes environments."""
    path.write_text(f"#!/bin/sh\nexit {int(not serves)}\n")
    path.chmod(0o755)
    return str(path)


def taken(clone: Clone, **variables: str) -> str:
    done = clone.execute(["make", "-n", "set-up-for-tests"], **variables)
    (python,) = re.findall(r'^exec "(.*)" -m tools', done.stdout, re.MULTILINE)
    return str(python)


def test_the_systems_own_python_is_taken_for_a_new_environment(clone: Clone) -> None:
    own = stand_in(clone.path / "own", serves=True)
    assert taken(clone, SYSTEM_PYTHON=own) == own


@pytest.mark.parametrize("own", ["none", "too old"])
def test_where_that_does_not_serve_it_is_python3(clone: Clone, own: str) -> None:
    if own == "too old":
        stand_in(clone.path / own, serves=False)
    assert taken(clone, SYSTEM_PYTHON=str(clone.path / own)) == "python3"


def test_an_environment_that_is_there_goes_on_with_its_own(furnished: Clone) -> None:
    assert taken(furnished, SYSTEM_PYTHON=stand_in(furnished.path / "own", serves=True)) == ".venv/bin/python"


def test_whoever_chooses_one_gets_it(furnished: Clone) -> None:
    chosen = stand_in(furnished.path / "chosen", serves=True)
    assert taken(furnished, PYTHON=chosen, SYSTEM_PYTHON=stand_in(furnished.path / "own", serves=True)) == chosen
