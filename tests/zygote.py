"""A process that has everything imported and is copied for each server or command that a test starts.

What `python wsgi.py` does before it serves, to import the program, takes longer than most tests. A copy of this process
goes on with what was asked for itself: it is a process of its own, with its own engine, environment and files, and dies
alone. There are two of these: `python -m tests.zygote engine` is patched for the engine, as servers are, and
`python -m tests.zygote plain` is not, as commands are.

Spoken to over its pipes, a line of JSON at a time: {"program", "environment", "folder", "out", "err"} is answered with the
number of the new process, {"asked": number} with how it ended (negative for a signal), or null. The program is what would
stand after `python` on a command line. It ends with whoever started it.
"""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import os
import sys

ENGINE = sys.argv[1] == "engine"
if ENGINE:
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

    import eventlet

    eventlet.monkey_patch()

    import eventlet.tpool
    import eventlet.wsgi

import gc
import json
import random
import runpy
import signal
from typing import Any

import flask.cli  # noqa: F401

import app  # noqa: F401  # all that a server or a command will need


def main() -> None:
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    with os.fdopen(0, "rb", closefd=False) as asked, os.fdopen(1, "wb", closefd=False) as answers:
        for line in asked:
            wanted = json.loads(line)
            if "asked" in wanted:
                answer = _ended(running, wanted["asked"])
            else:
                answer = os.fork()
                if answer == 0:
                    _become(wanted)
                running.add(answer)
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()
    for number in running:
        os.kill(number, signal.SIGKILL)


def _ended(running: set[int], number: int) -> int | None:
    found, status = os.waitpid(number, os.WNOHANG)
    if found == 0:
        return None
    running.discard(number)
    return os.waitstatus_to_exitcode(status)


def _become(wanted: dict[str, Any]) -> None:
    """Be `python PROGRAM` from here on."""
    code = 1
    try:
        for target, path in enumerate((os.devnull, wanted["out"], wanted["err"])):
            how = os.O_WRONLY | os.O_CREAT | os.O_APPEND if target else os.O_RDONLY
            os.dup2(os.open(path, how), target)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        if ENGINE:
            os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
        os.chdir(wanted["folder"])
        random.seed()
        gc.unfreeze()
        _run(wanted["program"])
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(program: list[str]) -> None:
    match program:
        case ["-m", module, *words]:
            sys.argv = [module, *words]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", words, *more]:
            sys.argv = ["-c", *more]
            exec(words, {"__name__": "__main__"})
        case [path, *words]:
            sys.argv = [path, *words]
            runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main()
