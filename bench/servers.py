"""The two servers that are compared, each a process of its own, and the crowd that loads them."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
#: Seconds until a started server must answer.
PATIENCE = 30.0
#: As long as the real server's ids of rooms, so that frames are equally long.
BARE_ROOM = "r8Zk2mQx1TnLw5Yb"
#: Where there are two cores or more, the servers share one and the crowd has another.
SERVER_CORE, CROWD_CORE = 0, 1


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and who may enter which of its rooms."""

    name: str
    address: str
    room: str
    cookies: list[str]
    process: psutil.Process
    #: The load program that speaks as this server does.
    load: str = "bench.crowd"

    def cpu_seconds(self) -> float:
        """CPU time that the server and its children have used so far."""
        family = [self.process, *self.process.children(recursive=True)]
        return float(sum(sum(member.cpu_times()[:2]) for member in family))

    def memory_kb(self) -> float:
        """Resident memory, once it has stopped changing."""
        before = -1
        for _ in range(20):
            now = int(self.process.memory_info().rss)
            if now == before:
                break
            before = now
            time.sleep(0.2)
        return before / 1024


class CrowdProcess:
    """The load program, connected to one server."""

    def __init__(self, server: Server, people: int) -> None:
        """Start it and wait until everybody is in the room."""
        job = {"address": server.address, "room": server.room, "cookies": server.cookies, "people": people}
        self._process = subprocess.Popen(
            [sys.executable, "-m", server.load],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pin(self._process.pid, CROWD_CORE)
        self._ask(job)

    def order(self, what: str, **details: Any) -> dict[str, Any]:
        """Have the crowd do something (see crowd.py). Raises RuntimeError when anything was refused or lost."""
        answer = self._ask({"do": what, **details})
        if answer["refused"] or answer["missing"]:
            raise RuntimeError(f"{what}: {answer['refused']} posts refused, {answer['missing']} deliveries missing")
        return answer

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load program ended; its complaint is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def leave(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def crowd(server: Server, people: int) -> Iterator[CrowdProcess]:
    """A crowd in the server's room, gone at the end of the block."""
    process = CrowdProcess(server, people)
    try:
        yield process
    finally:
        process.leave()


@contextmanager
def bare_server() -> Iterator[Server]:
    """Flask-SocketIO that only emits."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "bench.bare_server", str(port)]
    with running(command, dict(os.environ), port) as process:
        yield Server("bare", f"http://127.0.0.1:{port}", BARE_ROOM, [], process)


@contextmanager
def full_server(people: int, messages: int = 0) -> Iterator[Server]:
    """The real thing on a fresh SQLite instance, with so many people signed in and so many messages in the room."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environ = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        environ |= {
            "SANAD_INSTANCE": folder,
            "APP_ENV": "development",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "LIMITS": "off",
        }
        flask(environ, "instance")
        seed = json.loads(flask(environ, "bench-seed", "--people", str(people), "--messages", str(messages)))
        with running([sys.executable, "wsgi.py"], environ, port) as process:
            yield Server("full", seed["address"], seed["room"], seed["cookies"], process)


#: Settings of whoever runs the bench must not decide what is measured.
FOREIGN = {"DATABASE_URL", "KEYS_URL", "REDIS_URL", "ADDRESS", "MASTER_KEY_FILE", "TRUSTED_HOSTS", "TRUSTED_PROXIES"}


def flask(environ: dict[str, str], *command: str) -> str:
    """Run a flask command and return its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", *command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"flask {command[0]} failed: {done.stderr.strip()[-2000:]}")
    return (done.stdout.strip().splitlines() or [""])[-1]


@contextmanager
def running(
    command: list[str], environ: dict[str, str], port: int, core: int | None = SERVER_CORE
) -> Iterator[psutil.Process]:
    """A server of its own, on one core or (None) on any, that answers on this port; ended with the block."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=complaints)
        try:
            if core is not None:
                pin(process.pid, core)
            deadline = time.monotonic() + PATIENCE
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    complaints.seek(0)
                    raise RuntimeError(f"{' '.join(command)} did not start:\n{complaints.read()[-2000:]}")
                time.sleep(0.05)
            yield psutil.Process(process.pid)
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where there are several and the system lets us."""
    if hasattr(os, "sched_setaffinity") and core in os.sched_getaffinity(0) and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(pid, {core})
