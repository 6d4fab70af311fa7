"""A process that has everything imported and is copied for each server that a test starts.

What `python wsgi.py` does before it serves, to import the program, takes longer than most tests. A copy of this process
goes on with `wsgi.py` itself: it is a process of its own, with its own engine, environment and files, and dies alone.

Spoken to over its pipes, a line of JSON at a time: {"environment", "folder", "log"} is answered with the number of the new
process, {"asked": number} with how it ended (negative for a signal), or null. It ends with whoever started it.
"""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"

import eventlet

eventlet.monkey_patch()

import gc
import json
import random
import runpy
import signal
import sys
from typing import Any

import eventlet.tpool
import eventlet.wsgi

import app  # noqa: F401  # all that wsgi.py will need


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
                    _serve(wanted)
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


def _serve(wanted: dict[str, Any]) -> None:
    """Be `python wsgi.py` from here on."""
    code = 1
    try:
        log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        empty = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((empty, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(wanted["environment"], PSYCOPG_WAIT_FUNC="wait_selector")
        os.chdir(wanted["folder"])
        random.seed()
        sys.argv = ["wsgi.py"]
        gc.unfreeze()
        runpy.run_path("wsgi.py", run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
