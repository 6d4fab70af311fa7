"""`make run`: instance and demo the first time, two programs that live and end together."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.setup.conftest import Clone
from tools.children import Child
from tools.progress import say

PATIENCE = 15.0  # seconds


def start(clone: Clone, port: int, **variables: str) -> tuple["subprocess.Popen[str]", list[str]]:
    """Start `make run` and return it with what it said until it was ready."""
    process = clone.start(["make", "run"], PYTHON=sys.executable, PORT=str(port), **variables)
    said: list[str] = []
    assert process.stdout is not None
    watchdog = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    for line in process.stdout:
        said.append(line.rstrip("\n"))
        if line.startswith("Ctrl-C"):
            break
    watchdog.cancel()
    return process, said


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def both_ended(clone: Clone) -> bool:
    return not lives(clone.pid("web")) and not lives(clone.pid("worker"))


def test_the_first_run_makes_instance_and_demo_and_the_second_starts_at_once(furnished: Clone, port: int) -> None:
    process, said = start(furnished, port)
    assert f"Sanad is ready: http://127.0.0.1:{port}" in said
    assert "Rami, caseworker" in said
    until((furnished.path / "worker.pid").exists)
    process.terminate()
    process.wait(PATIENCE)
    until(lambda: both_ended(furnished))
    assert furnished.calls() == [
        "uv sync --frozen --quiet --no-group dev",
        "assets",
        "flask instance",
        "flask demo",
        "flask demo --sign-ins",
        "flask worker",
    ]
    process, said = start(furnished, port)
    assert said[0].startswith("[1/1] Web and worker … ")
    assert "Rami, caseworker" in said
    os.killpg(process.pid, signal.SIGINT)
    process.wait(PATIENCE)
    until(lambda: both_ended(furnished))
    assert furnished.calls() in (["flask worker"], [])


def test_an_instance_that_somebody_made_gets_no_demo(furnished: Clone, port: int) -> None:
    key = furnished.path / "instance" / "secrets" / "master.key"
    key.parent.mkdir(parents=True)
    key.write_text("{}")
    key.chmod(0o600)
    _, said = start(furnished, port)
    assert "Rami, caseworker" not in said
    assert not any("demo" in call for call in furnished.calls())


def test_production_gets_no_demo(furnished: Clone, port: int) -> None:
    _, said = start(furnished, port, APP_ENV="production", ADDRESS="https://sanad.example.org")
    assert "Sanad is ready: https://sanad.example.org" in said
    assert not any("demo" in call for call in furnished.calls())


@pytest.mark.parametrize("victim", ["web", "worker"])
def test_when_one_dies_the_other_is_ended_and_the_dead_one_is_named(furnished: Clone, port: int, victim: str) -> None:
    process, _ = start(furnished, port)
    until((furnished.path / "worker.pid").exists)
    os.kill(furnished.pid(victim), signal.SIGKILL)
    rest, _ = process.communicate(timeout=PATIENCE)
    assert f"sanad: {victim} ended by itself (killed by SIGKILL), so everything was stopped" in rest.splitlines()
    assert process.returncode == 2
    assert both_ended(furnished)


def test_a_worker_that_fails_is_named_with_its_reason(furnished: Clone, port: int) -> None:
    process = furnished.start(["make", "run"], PYTHON=sys.executable, PORT=str(port), WORKER_FAILS="1")
    said, _ = process.communicate(timeout=PATIENCE)
    assert "sanad: worker ended by itself (exit code 1: RuntimeError: the queue is gone), so everything" in said


def test_a_server_that_refuses_to_start_is_quoted_in_one_line(furnished: Clone, port: int) -> None:
    (furnished.path / "wsgi.py").write_text("print('sanad: the data are of a newer version')\nraise SystemExit(2)")
    done = furnished.tools("run", PORT=str(port))
    assert done.returncode == 2
    assert done.stderr == (
        "sanad: web ended by itself (exit code 2: the data are of a newer version), so everything was stopped\n"
    )


def test_nothing_is_left_behind_when_the_runner_itself_is_killed(furnished: Clone, port: int) -> None:
    runner = furnished.start([sys.executable, "-m", "tools", "run"], PORT=str(port))
    until((furnished.path / "worker.pid").exists)
    until((furnished.path / "web.pid").exists)
    runner.kill()
    until(lambda: both_ended(furnished))


def test_a_reader_that_has_left_is_no_reason_to_stop() -> None:
    # make run | head: what is said afterwards is lost, and the children are still ended one after the other.
    reading, writing = os.pipe()
    os.close(reading)
    gone = os.fdopen(writing, "w")
    say("words", gone)
    with contextlib.suppress(BrokenPipeError):
        gone.close()


def test_a_child_that_will_not_end_is_killed_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    ended: queue.SimpleQueue[Child] = queue.SimpleQueue()
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    child = Child("worker", [sys.executable, "-c", deaf], ended.put)
    until(lambda: child.last_line == "deaf")
    child.ask_to_end()
    child.see_it_end(0.2)
    assert ended.get(timeout=PATIENCE) is child
    assert capsys.readouterr().out == "worker did not end within 0.2 s and was killed.\n"
