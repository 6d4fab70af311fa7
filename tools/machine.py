"""What the tests need from the machine and no Python package brings: a browser, two servers, a proxy."""

import os
import shutil
import socket

from tools.progress import CannotStart

# Where Debian keeps programs that are not on an ordinary account's PATH.
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")
# Either draws the same pages. The shell has no windows to keep, and takes a third of the time for it.
BROWSERS = ("chromium-headless-shell", "chromium")


def browser() -> str | None:
    """Where the browser for tests and pictures is, None where there is none."""
    return next(filter(None, map(_found, BROWSERS)), None)


def check_machine_for_tests() -> None:
    """Raise CannotStart, naming all that is missing and how to get it, unless the tests can run here."""
    missing = [
        *_missing_program(BROWSERS, "the browser tests"),
        *_missing_program(("nginx",), "the tests of two processes behind a proxy"),
        *_missing_server("PostgreSQL", 5432),
        *_missing_server("Redis", 6379),
    ]
    if missing:
        raise CannotStart(f"the tests cannot run here: {'; '.join(missing)}. On Debian, .ci/run installs all of it")


def _missing_program(names: tuple[str, ...], needed_by: str) -> list[str]:
    if any(map(_found, names)):
        return []
    return [f"{' or '.join(reversed(names))} is not installed, and {needed_by} need it"]


def _found(name: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return shutil.which(name, path=path)


def _missing_server(name: str, port: int) -> list[str]:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return [f"{name} does not answer on 127.0.0.1:{port}"]
    return []
