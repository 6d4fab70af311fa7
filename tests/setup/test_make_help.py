"""`make help` is the list of everything that make can do here."""

import re
import subprocess

from tests.setup.conftest import ROOT

INNER = {"python", "set-up-for-tests"}  # what others begin with


def test_help_lists_every_target_with_words() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)) - INNER
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^make ([a-z-]+) +(\S.*)$", said, re.MULTILINE))
    assert set(listed) == targets
    assert {"run", "test", "check", "bench", "lint", "types", "contracts"} <= targets


def test_no_target_is_mistaken_for_a_file() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split())  # type: ignore[union-attr]
    assert phony == set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
