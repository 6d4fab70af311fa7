"""`python -m tools COMMAND`: the door that every make target enters by.

This file stays readable for any Python 3 (tests/setup reads it as Python 3.7 would), so that an old one gets
a sentence instead of a syntax error. Whatever needs a newer Python is imported below the check.
"""

import sys

OLDEST = (3, 11)


def main() -> int:
    """Return the exit code: 2 when this Python is too old, else the command's own."""
    if sys.version_info[:2] < OLDEST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(
            "sanad: this is Python " + have + ", and 3.11 or newer is needed. "
            "Choose another: PYTHON=/path/to/python3.11 make run\n"
        )
        return 2
    from tools.command import run_command  # noqa: PLC0415  # an old Python could not even read it

    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
