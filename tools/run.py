"""`make run`: set up what is missing, start web and worker, say where they are, end both together."""

import http.client
import queue
import signal
import time
from urllib.parse import urlsplit

from config import Settings, check_key_file, read_settings
from tools.address import refuse_taken_port
from tools.bootstrap import VENV_PYTHON, built_files, carry_out, packages_for_running
from tools.children import Child
from tools.instance import demo_sign_ins, instance_steps
from tools.progress import CannotStart, say, step

READY_WITHIN = 60.0  # seconds; a server that takes longer has something to tell

Stops = queue.SimpleQueue[Child | None]  # a child that has ended by itself, or None for a signal


def run() -> int:
    """Run until a signal comes or one of the two ends; return the exit code.

    Raises CannotStart or config.Unsafe, each with one line, when something must be mended first.
    """
    settings = read_settings()
    refuse_taken_port(settings)
    if settings.master_key_file.exists():
        check_key_file(settings.master_key_file)
    steps = [*packages_for_running(), *built_files(), *instance_steps(settings)]
    done = carry_out(steps, more=1)
    return _serve(settings, done + 1)


def _serve(settings: Settings, number: int) -> int:
    # Every reason to stop arrives here, from signal handlers and from the threads that read the children.
    stops: Stops = queue.SimpleQueue()
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, lambda _signal, _frame: stops.put(None))
    children: list[Child] = []
    try:
        with step(number, number, "Web and worker"):
            children.append(Child("web", [VENV_PYTHON, "wsgi.py"], stops.put))
            children.append(Child("worker", [VENV_PYTHON, "-m", "flask", "worker"], stops.put))
            ready = _wait_until_ready(settings, stops)
        if ready:
            _welcome(settings)
            for child in children:
                child.show_lines()
            _until_stopped(stops)
    finally:
        for child in children:
            child.ask_to_end()
        for child in children:
            child.see_it_end()
    say("Stopped.")
    return 0


def _until_stopped(stops: Stops, seconds: float | None = None) -> bool:
    """Wait for a reason to stop; return whether a signal came, or False after these seconds.

    Raises CannotStart, saying which and why, when a child has ended by itself.
    """
    try:
        ended = stops.get(timeout=seconds)
    except queue.Empty:
        return False
    if ended is None:
        return True
    if not ended.knows_why:
        ended.show_lines()
    raise CannotStart(f"{ended.name} ended by itself ({ended.why()}), so everything was stopped")


def _wait_until_ready(settings: Settings, stops: Stops) -> bool:
    """Return True once /readyz answers 200, False when a signal came first. Raises CannotStart after 60 s."""
    answer = "nothing"
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        if _until_stopped(stops, 0.05):
            return False
        status, answer = _ask_ready(settings)
        if status == http.client.OK:
            return True
    raise CannotStart(f"the server was not ready after {READY_WITHIN:.0f} s; /readyz answered {answer}")


def _ask_ready(settings: Settings) -> tuple[int, str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": urlsplit(settings.address).netloc})
        response = connection.getresponse()
        return response.status, f"{response.status} {response.read(500).decode('utf-8', 'replace').strip()}"
    except (OSError, http.client.HTTPException) as error:
        return 0, f"nothing ({error})"
    finally:
        connection.close()


def _welcome(settings: Settings) -> None:
    say(f"\nSanad is ready: {settings.address}")
    sign_ins = demo_sign_ins(settings)
    if sign_ins:
        say(f"\n{sign_ins}")
    say("\nCtrl-C stops it.")
