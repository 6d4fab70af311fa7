"""A real server as a subprocess, and a raw client for its sockets. Tests never patch their own process."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import requests
import socketio

from app import create_app
from app.kernel.house import House
from app.kernel.sessions import PLAIN_COOKIE
from config import read_settings
from tests.factories import Factory

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], T], *, seconds: float = 10, what: str = "it") -> T:
    """Ask until the answer is true. Raises AssertionError when the time is over: no test sleeps for a fixed time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


class Process(Protocol):
    """What is asked of the process of a server."""

    pid: int

    def poll(self) -> int | None: ...

    def send_signal(self, sig: int, /) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Zygote:
    """A process from which others are copied: see tests/zygote.py."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def ask(self, what: dict[str, Any]) -> Any:
        """One line there, one line back. Started when it is first asked."""
        with self._turn:
            zygote = self._process = self._process or self._started()
            assert zygote.stdin is not None
            assert zygote.stdout is not None
            zygote.stdin.write(json.dumps(what).encode() + b"\n")
            zygote.stdin.flush()
            answer = zygote.stdout.readline()
            if not answer:
                raise AssertionError(f"what processes are copied from has ended with {zygote.wait()}")
            return json.loads(answer)

    def end(self) -> None:
        """At the end of the run."""
        if self._process is not None:
            self._process.communicate(timeout=20)
            self._process = None

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.zygote", self._kind],
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )


SERVERS, COMMANDS = Zygote("engine"), Zygote("plain")


class Copied:
    """A process that a zygote made, with what is used here of `subprocess.Popen`."""

    def __init__(
        self, zygote: Zygote, program: Sequence[str], environment: dict[str, str], out: Path, err: Path
    ) -> None:
        self.returncode: int | None = None
        self._zygote = zygote
        files = {"folder": str(ROOT), "out": str(out), "err": str(err)}
        self.pid = zygote.ask({"program": program, "environment": environment, **files})

    def poll(self) -> int | None:
        """How it ended, None while it runs."""
        if self.returncode is None:
            self.returncode = self._zygote.ask({"asked": self.pid})
        return self.returncode

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, once it has. Raises AssertionError when the time (seconds) is over."""
        wait_for(lambda: self.poll() is not None, seconds=timeout or 60, what=f"process {self.pid} to end")
        assert self.returncode is not None
        return self.returncode


def run(*program: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run `python PROGRAM` to its end: ("-m", "flask", "doctor"), ("-c", "print(1)"). It has nothing to read from."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = Copied(COMMANDS, program, environment, out, err)
        try:
            code = process.wait(timeout=120)
        finally:
            process.send_signal(signal.SIGKILL)
        return subprocess.CompletedProcess(program, code, out.read_text(), err.read_text())


@dataclass
class Server:
    """`wsgi.py` over an instance folder, on a free port."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    log: Path | None = None
    process: Process | None = None

    @property
    def address(self) -> str:
        return self.more.get("ADDRESS", f"http://127.0.0.1:{self.port}")

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        return {
            **kept,
            "APP_ENV": "test",
            "SANAD_INSTANCE": str(self.folder),
            "PORT": str(self.port),
            "PYTHONWARNINGS": "ignore",
            **self.more,
        }

    def start(self) -> "Server":
        """Start and wait until it answers."""
        self.log = self.log or self.folder / "server.log"
        self.process = self._launch(self.log)
        wait_for(self._answers, seconds=30, what=f"the server to start, see {self.log}")
        return self

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        self._end(signal.SIGKILL)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a `flask` command on the same instance."""
        return run("-m", "flask", *words, environment=self.environment)

    def house(self) -> House:
        """A house of our own over the same instance, to make people in and to look into the database with."""
        app = create_app(read_settings({**self.environment, "ASYNC_ENGINE": "threading"}))
        found: House = app.extensions["house"]
        return found

    def factory(self) -> Factory:
        return Factory(self.house())

    def browser(self, token: str) -> requests.Session:
        """An HTTP client with somebody's session."""
        client = requests.Session()
        client.cookies.set(PLAIN_COOKIE, token, domain="127.0.0.1")
        return client

    def socket(self, token: str, **options: Any) -> socketio.Client:
        """A connected Socket.IO client with somebody's session."""
        client = socketio.Client(reconnection=False, websocket_extra_options={"origin": self.address}, **options)
        client.connect(
            f"http://127.0.0.1:{self.port}",
            headers={"Cookie": f"{PLAIN_COOKIE}={token}"},
            transports=["websocket"],
            wait_timeout=10,
        )
        return client

    def _launch(self, path: Path) -> Process:
        return Copied(SERVERS, ["wsgi.py"], self.environment, path, path)

    def _answers(self) -> bool:
        assert self.process is not None
        if (ended := self.process.poll()) is not None:
            raise AssertionError(f"the server ended with {ended}:\n{self.log and self.log.read_text()}")
        try:
            host = urlsplit(self.address).netloc
            answer = requests.get(f"http://127.0.0.1:{self.port}/healthz", headers={"Host": host}, timeout=2)
            return answer.status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
        self.process = None
