"""From a fresh clone to something that can run: environment, packages, assets, catalogues.

Only the standard library is used here. Each step knows by a stamp whether it has anything to do, so a second
set-up takes milliseconds and needs no network. The instance (key, databases, demo) is in tools/instance.py.
"""

import fcntl
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools import stamps
from tools.progress import CannotStart, say, step

ROOT = Path(__file__).resolve().parent.parent
UV = "0.13.8"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
WORKSHOP = ROOT / ".cache" / "set-up"
TRANSLATIONS = ROOT / "app" / "translations"
STATIC = ROOT / "app" / "static"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: its title on the terminal, whether it is still to be done, and the doing."""

    title: str
    needed: Callable[[], bool]
    work: Callable[[], None]


def packages_for_running() -> list[Step]:
    """Return the steps that bring what the program needs to run and to build its assets."""
    return [
        Step("Python environment", _environment_needed, _make_environment),
        Step("Python packages", lambda: _packages_needed("run"), lambda: _install_packages("run")),
    ]


def packages_for_tests() -> list[Step]:
    """Return the same steps, with what lint, types and tests need besides."""
    return [
        Step("Python environment", _environment_needed, _make_environment),
        Step("Python packages", lambda: _packages_needed("dev"), lambda: _install_packages("dev")),
    ]


def built_files() -> list[Step]:
    """Return the steps that make what is served but not committed: assets and compiled catalogues."""
    return [
        Step("Scripts, styles and fonts", _assets_needed, _build_assets),
        Step("Translations", _catalogues_needed, _compile_catalogues),
    ]


def carry_out(steps: Sequence[Step], *, more: int = 0) -> int:
    """Do the steps that are needed, in order, and return how many those were.

    `more` steps will follow that the caller shows itself; they count in the total only. Raises CannotStart
    when one fails.
    """
    with _alone():
        needed = [one for one in steps if one.needed()]
        for number, one in enumerate(needed, 1):
            with step(number, len(needed) + more, one.title):
                one.work()
    return len(needed)


def environment(**added: str) -> dict[str, str]:
    """Return the variables for a command of the project: its own Python first, no foreign environment's."""
    # Without compiled files each start reads all packages anew, which takes two seconds more.
    foreign = {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "FLASK_APP", "UV_PYTHON"}
    env = {name: value for name, value in os.environ.items() if name not in foreign}
    env["PATH"] = os.pathsep.join([str(VENV / "bin"), env.get("PATH", os.defpath)])
    env["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    env["UV_PYTHON_DOWNLOADS"] = "never"
    return env | added


def run_quietly(title: str, command: Sequence[str | Path]) -> str:
    """Run a command of the set-up and return what it wrote, which also goes to a log that an error names.

    Raises CannotStart, with the command's last line, when it fails.
    """
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    log = WORKSHOP / f"{re.sub('[^a-z]+', '-', title.lower())}.log"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    written = done.stdout.decode("utf-8", "replace")
    log.write_text(written)
    if done.returncode:
        raise CannotStart(f"{title}: {_reason(written, done.returncode)} (all of it: {log.relative_to(ROOT)})")
    return written


def _reason(written: str, code: int) -> str:
    if "No space left on device" in written:
        return "the disk is full: free some space, then try again"
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else f"ended with code {code}"


@contextmanager
def _alone() -> Iterator[None]:
    """Let one set-up at a time work in this folder; a second one waits, and then finds it all done."""
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    with (WORKSHOP / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work in this folder; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# Python environment and packages


def _environment_needed() -> bool:
    # A folder that was moved or copied carries scripts with the old path in their first line: made anew.
    made_at = re.search(r"^command = .* -m venv (?:--\S+ )*(.+)$", stamps.read(VENV / "pyvenv.cfg"), re.MULTILINE)
    if made_at is None or Path(made_at.group(1)).resolve() != VENV.resolve():
        return True
    version = "{}.{}".format(*sys.version_info)
    if not (VENV / "lib" / f"python{version}" / "site-packages" / "pip").is_dir():
        return True
    if Path(sys.prefix).resolve() == VENV.resolve():
        return False
    return subprocess.run([VENV_PYTHON, "-c", ""], check=False).returncode != 0


def _make_environment() -> None:
    try:
        # Debian takes ensurepip out of its python3 package, and venv then fails half-way.
        for name in ("venv", "ensurepip"):
            importlib.import_module(name)
    except ImportError:
        raise CannotStart(
            "this Python has no venv module: apt install python3-venv (or your system's like), then try again"
        ) from None
    # Not sys.executable alone: that may belong to the very environment that is being replaced.
    python = getattr(sys, "_base_executable", sys.executable)
    run_quietly("Python environment", [python, "-m", "venv", "--clear", VENV])


def _packages_digest() -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return stamps.digest([ROOT / "uv.lock", ROOT / "pyproject.toml"], UV, version, str(VENV))


def _packages_needed(level: str) -> bool:
    # What the tests need contains what running needs, so that make run after make test takes nothing away.
    enough = {"run": ("run", "dev"), "dev": ("dev",)}[level]
    have, _, made_from = stamps.read(VENV / ".packages").partition(" ")
    return have not in enough or made_from != _packages_digest() or _environment_needed()


def _install_packages(level: str) -> None:
    made_from = _packages_digest()
    if not any(VENV.glob(f"lib/python*/site-packages/uv-{UV}.dist-info")):
        run_quietly(
            "Python packages",
            [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv=={UV}"],
        )
    # uv leaves itself and pip alone in an environment that venv made; everything else is exactly uv.lock.
    groups = ["--no-group", "dev"] if level == "run" else []
    run_quietly("Python packages", [VENV / "bin" / "uv", "sync", "--frozen", "--quiet", *groups])
    stamps.write(VENV / ".packages", f"{level} {made_from}")


# What is built


def _assets_digest() -> str:
    described = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / "tools" / "build_assets.py"]
    return stamps.digest([STATIC / "src", *described])


def _assets_needed() -> bool:
    if not (STATIC / "dist" / "manifest.json").is_file():
        return True
    return stamps.read(WORKSHOP / "assets") != _assets_digest()


def _build_assets() -> None:
    made_from = _assets_digest()
    run_quietly("Scripts, styles and fonts", [VENV_PYTHON, "-m", "tools.build_assets"])
    stamps.write(WORKSHOP / "assets", made_from)


def _catalogues() -> list[Path]:
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))


def _catalogues_needed() -> bool:
    sources = _catalogues()
    if not all(source.with_suffix(".mo").is_file() for source in sources):
        return True
    return bool(sources) and stamps.read(WORKSHOP / "catalogues") != stamps.digest(sources)


def _compile_catalogues() -> None:
    made_from = stamps.digest(_catalogues())
    run_quietly("Translations", [VENV_PYTHON, "-m", "babel.messages.frontend", "compile", "-d", TRANSLATIONS])
    stamps.write(WORKSHOP / "catalogues", made_from)
