"""Instances and servers that are to be different from those of other tests."""

import atexit
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Template
from tests.server import ROOT, Process, Server


def copied(template: Template, folder: Path) -> Path:
    """The folder of a fresh instance, for what lasts longer than one test or lies elsewhere."""
    return shutil.copytree(template.folder, folder / "instance")


@dataclass
class OwnProgram(Server):
    """A server that is started as a program of its own, from nothing."""

    program: tuple[str, ...] = ("wsgi.py",)

    def _launch(self, path: Path) -> Process:
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *self.program], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        atexit.register(process.kill)  # a test that fails leaves it
        return process
