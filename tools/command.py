"""The commands behind the make targets; here their errors become one line and an exit code."""

import argparse
import errno
import signal
import sys
from collections.abc import Callable, Sequence

from config import Unsafe
from tools.bootstrap import Step, built_files, carry_out, packages_for_running, packages_for_tests
from tools.machine import check_machine_for_tests
from tools.progress import CannotStart, say
from tools.run import run

MUST_BE_MENDED = 2
INTERRUPTED = 130


def run_command(arguments: Sequence[str]) -> int:
    """Run the named command and return its exit code: 2 for what the person at the terminal must mend."""
    parser = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    command = COMMANDS[parser.parse_args(arguments).command]
    # An ordinary kill ends a set-up as Ctrl-C does: the step's own program with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return command()
    except (CannotStart, Unsafe) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(_in_words(error))
    except KeyboardInterrupt:
        say("\nStopped.", sys.stderr)
        return INTERRUPTED


def set_up() -> int:
    """Bring what the program's own commands need: packages, assets, catalogues."""
    _carry_out_or_say([*packages_for_running(), *built_files()])
    return 0


def set_up_for_checks() -> int:
    """Bring what lint, types and import contracts need: packages only."""
    _carry_out_or_say(packages_for_tests())
    return 0


def set_up_for_tests() -> int:
    """Bring what the tests need, and refuse where the machine itself lacks something."""
    check_machine_for_tests()
    _carry_out_or_say([*packages_for_tests(), *built_files()])
    return 0


COMMANDS: dict[str, Callable[[], int]] = {
    "run": run,
    "set-up": set_up,
    "set-up-for-checks": set_up_for_checks,
    "set-up-for-tests": set_up_for_tests,
}


def _carry_out_or_say(steps: Sequence[Step]) -> None:
    if not carry_out(steps):
        say("Set-up: nothing to do.")


def _refuse(line: str) -> int:
    say(f"sanad: {line}", sys.stderr)
    return MUST_BE_MENDED


def _in_words(error: OSError) -> str:
    where = f" at {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{where}: free some space, then try again"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"permission denied{where}: give this account that folder, or set SANAD_INSTANCE to another"
    if error.errno == errno.EROFS:
        return f"this disk can only be read{where}: work in a folder that can be written"
    return f"{error.strerror or error}{where}"
