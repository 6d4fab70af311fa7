"""What somebody reads who cannot start yet: one line that says how to mend it, exit code 2, never a traceback."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.setup.conftest import ROOT, Clone
from tools import machine

# As another account, for whom files of ours are closed. Everything is imported before the change.
AS_A_STRANGER = """
import os, sys
from tools.command import run_command
if os.geteuid() == 0:
    os.seteuid(65534)
sys.exit(run_command([sys.argv[1]]))
"""


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that was said; fails unless there is exactly one, with exit code 2."""
    assert done.returncode == 2, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("sanad: ")
    assert "Traceback" not in done.stdout
    return lines[0]


def make_key(clone: Clone, mode: int, words: str = "{}") -> Path:
    key = clone.path / "instance" / "secrets" / "master.key"
    key.parent.mkdir(parents=True)
    key.write_text(words)
    key.chmod(mode)
    return key


def test_a_taken_port_is_named_with_a_free_one(clone: Clone) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(clone.tools("run", PORT=str(port)))
    assert f"port {port} on 127.0.0.1 is taken" in line
    proposed = int(line.split("PORT=")[1].split()[0])
    assert proposed != port
    socket.create_server(("127.0.0.1", proposed)).close()


def test_a_port_that_is_no_number_is_refused(clone: Clone) -> None:
    assert "PORT must be a number" in refusal(clone.tools("run", PORT="eighty"))


def test_an_address_of_another_machine_is_refused(clone: Clone) -> None:
    assert "192.0.2.1 is no address of this machine" in refusal(clone.tools("run", HOST="192.0.2.1"))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused_before_anything_else(clone: Clone, mode: int, port: int) -> None:
    key = make_key(clone, mode)
    done = clone.tools("run", PORT=str(port))
    assert f"chmod 600 '{key}'" in refusal(done)
    assert done.stdout == ""
    assert not (clone.path / ".venv").exists()


def test_a_damaged_key_is_refused(clone: Clone, port: int) -> None:
    make_key(clone, 0o600, "not a key")
    assert "is damaged" in refusal(clone.tools("run", PORT=str(port)))


def test_a_key_that_we_cannot_read_is_refused(clone: Clone, port: int) -> None:
    make_key(clone, 0o600 if os.geteuid() == 0 else 0)
    done = clone.execute([sys.executable, "-c", AS_A_STRANGER, "run"], PORT=str(port))
    assert "master.key" in refusal(done)


def test_a_folder_that_we_may_not_write_is_refused(clone: Clone) -> None:
    clone.path.chmod(0o555)
    done = clone.execute([sys.executable, "-c", AS_A_STRANGER, "set-up"])
    clone.path.chmod(0o755)
    assert "permission denied" in refusal(done)


def test_a_full_disk_is_refused(clone: Clone) -> None:
    workshop = clone.path / ".cache" / "set-up"
    workshop.mkdir(parents=True)
    (workshop / "trial.log").symlink_to("/dev/full")
    trial = """
import sys
from tools import bootstrap, command
command.COMMANDS["run"] = lambda: len(bootstrap.run_quietly("Trial", ["echo", "words"]))
sys.exit(command.run_command(["run"]))
"""
    assert "the disk is full" in refusal(clone.execute([sys.executable, "-c", trial]))


def test_an_old_python_is_told_which_one_is_needed(clone: Clone, tmp_path: Path) -> None:
    # A real interpreter that believes itself to be 3.9: the check is the first thing that it meets.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 9, 18, 'final', 0)\n")
    line = refusal(clone.tools("run", PYTHONPATH=str(tmp_path)))
    assert "this is Python 3.9.18, and 3.11 or newer is needed" in line


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_what_an_old_python_meets_can_be_read_by_it(name: str) -> None:
    ast.parse((ROOT / "tools" / name).read_text(), feature_version=(3, 7))


def test_a_python_without_venv_is_told_what_to_install(clone: Clone, tmp_path: Path) -> None:
    # As on Debian without python3-venv, where this module is the one that is absent.
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('ensurepip')\n")
    assert "apt install python3-venv" in refusal(clone.tools("set-up", PYTHONPATH=str(tmp_path)))


def test_a_python_that_is_not_there_is_named(clone: Clone) -> None:
    done = clone.execute(["make", "run"], PYTHON="/no/such/python")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("sanad: there is no /no/such/python here")


def test_a_machine_without_a_browser_is_told_before_the_tests_begin(clone: Clone, tmp_path: Path) -> None:
    line = refusal(clone.tools("set-up-for-tests", PATH=str(tmp_path)))
    assert "chromium or chromium-headless-shell is not installed, and the browser tests need it" in line


@pytest.mark.parametrize("installed", [["chromium"], ["chromium", "chromium-headless-shell"]])
def test_the_headless_shell_is_taken_where_there_is_one_and_the_browser_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: list[str]
) -> None:
    for name in installed:
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.browser() == str(tmp_path / installed[-1])


def test_a_failed_step_says_why_in_one_line_and_where_the_rest_is(furnished: Clone) -> None:
    (furnished.path / "tools" / "build_assets.py").write_text("raise SystemExit('page.css: line 3: what is this')")
    line = refusal(furnished.tools("set-up"))
    assert "page.css: line 3: what is this" in line
    assert ".cache/set-up/scripts-styles-and-fonts.log" in line
