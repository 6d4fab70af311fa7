"""A clone of the set-up in a folder of its own, with stand-ins for what would take minutes or the network."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Stand-ins. Each writes down that it was called; the server answers /readyz and the worker waits, as the real ones do.
UV = """#!/bin/sh
echo "uv $*" >> "{calls}"
"""
ASSETS = """
import pathlib
pathlib.Path("calls.txt").open("a").write("assets\\n")
pathlib.Path("app/static/dist").mkdir(parents=True, exist_ok=True)
pathlib.Path("app/static/dist/manifest.json").write_text("{}")
"""
FLASK = """
import json, os, pathlib, sys, time
import config
pathlib.Path("calls.txt").open("a").write("flask " + " ".join(sys.argv[1:]) + "\\n")
settings = config.read_settings()
match sys.argv[1:]:
    case ["instance"]:
        for name in (settings.master_key_file, settings.database_url[10:], settings.keys_url[10:]):
            path = pathlib.Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"secret": "A" * 43 + "=", "masters": {"1": "A" * 43 + "="}}))
            path.chmod(0o600)
    case ["demo", "--sign-ins"]:
        print("Rami, caseworker")
    case ["worker"]:
        pathlib.Path("worker.pid").write_text(str(os.getpid()))
        if os.environ.get("WORKER_FAILS"):
            raise RuntimeError("the queue is gone")
        time.sleep(60)
"""
WSGI = """
import http.server, os, pathlib
import config
settings = config.read_settings()
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *words):
        pass
pathlib.Path("web.pid").write_text(str(os.getpid()))
http.server.HTTPServer((settings.host, settings.port), Answer).serve_forever()
"""


@dataclass
class Clone:
    """A folder with this project's set-up in it, and the ways in which people use it."""

    path: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def tools(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m tools` and return how it ended."""
        return self.execute([sys.executable, "-m", "tools", *arguments], **variables)

    def execute(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.path,
            env=self._environment(variables),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def start(self, command: list[str], **variables: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own; the fixture ends it if the test does not."""
        process = subprocess.Popen(
            command,
            cwd=self.path,
            env=self._environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def calls(self) -> list[str]:
        """Return what the stand-ins were asked to do since the last time, in order."""
        book = self.path / "calls.txt"
        lines = book.read_text().splitlines() if book.exists() else []
        book.write_text("")
        return lines

    def pid(self, name: str) -> int:
        return int((self.path / f"{name}.pid").read_text())

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "LANG": "C.UTF-8", **variables}


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """A fresh clone, in a path with a space, in which nothing has been set up."""
    path = tmp_path / "a fresh clone"
    shutil.copytree(ROOT / "tools", path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "config.py", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, path / name)
    made = Clone(path)
    yield made
    for process in made.running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def furnished(clone: Clone) -> Clone:
    """A clone with an environment, and with stand-ins for uv, the asset builder, flask and the server."""
    venv = clone.path / ".venv"
    packages = venv / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    for folder in (venv / "bin", packages / "pip", packages / f"uv-{uv_version()}.dist-info", packages / "flask"):
        folder.mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(
        f"home = {Path(sys.base_exec_prefix) / 'bin'}\ninclude-system-site-packages = false\n"
        f"command = {sys.executable} -m venv {venv}\n"
    )
    (venv / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (venv / "bin" / "uv").write_text(UV.format(calls=clone.path / "calls.txt"))
    (venv / "bin" / "uv").chmod(0o755)
    (packages / "flask" / "__init__.py").touch()
    (packages / "flask" / "__main__.py").write_text(FLASK)
    (clone.path / "tools" / "build_assets.py").write_text(ASSETS)
    (clone.path / "app" / "static" / "src").mkdir(parents=True)
    (clone.path / "migrations").mkdir()
    (clone.path / "wsgi.py").write_text(WSGI)
    return clone


def uv_version() -> str:
    from tools.bootstrap import UV as version

    return version


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
