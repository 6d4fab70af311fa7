"""Budgets: enough for a person, too little for a flood, with Redis and without."""

import socket
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from app.kernel import limits
from app.kernel.errors import TooMany
from app.kernel.limits import Budget, Budgets
from config import Unsafe, read_settings
from tests.server import wait_for

THREE = Budget("test-three", "3 per hour")
NOUR, LINA = "person-nour", "person-lina"


@pytest.fixture(params=["alone", "shared"])
def budgets(request: pytest.FixtureRequest) -> Budgets:
    return Budgets(None if request.param == "alone" else request.getfixturevalue("redis_url"))


def left(budgets: Budgets, budget: Budget, *whose: str, at_most: int = 50) -> int:
    """How often it can still be spent; it is used up afterwards."""
    for times in range(at_most):
        try:
            budgets.spend(budget, *whose)
        except TooMany:
            return times
    return at_most


def test_a_used_up_budget_says_when_there_is_room_again(budgets: Budgets) -> None:
    assert left(budgets, THREE, NOUR) == 3
    with pytest.raises(TooMany) as refused:
        budgets.spend(THREE, NOUR)
    assert refused.value.retry_after is not None
    assert 1 <= refused.value.retry_after <= 3600


def test_people_do_not_spend_from_each_other(budgets: Budgets) -> None:
    assert left(budgets, THREE, NOUR) == 3
    assert left(budgets, THREE, LINA) == 3
    assert left(budgets, Budget("test-other", "3 per hour"), NOUR) == 3
    assert left(budgets, THREE, NOUR, LINA) == 3, "the same person towards somebody is yet another budget"


def test_there_is_room_again_when_it_was_said(budgets: Budgets) -> None:
    short = Budget("test-short", "2 per 1 second")
    with pytest.raises(TooMany) as refused:  # noqa: PT012  # the first two may fall into two seconds
        for _ in range(5):
            budgets.spend(short, NOUR)
    assert refused.value.retry_after == 1
    wait_for(lambda: left(budgets, short, NOUR) > 0, what="room in the budget")


def test_the_tightest_of_several_rates_counts(budgets: Budgets) -> None:
    both = Budget("test-both", "2 per hour; 5 per day")
    assert left(budgets, both, NOUR) == 2
    long_first = Budget("test-long", "50 per hour; 4 per day")
    assert left(budgets, long_first, NOUR) == 4


def test_twenty_at_once_get_no_more_than_there_is(budgets: Budgets) -> None:
    ten = Budget("test-ten", "10 per hour")
    ready = threading.Barrier(20)

    def spend(_number: int) -> bool:
        ready.wait()
        try:
            budgets.spend(ten, NOUR)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(spend, range(20))).count(True) == 10


def test_processes_share_what_redis_counts(redis_url: str) -> None:
    here, there = Budgets(redis_url), Budgets(redis_url)
    here.spend(THREE, NOUR)
    there.spend(THREE, NOUR)
    assert left(here, THREE, NOUR) == 1
    assert left(there, THREE, NOUR) == 0


def test_while_redis_is_down_each_process_counts_and_then_they_share_again(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY_SHARED_SECONDS", 0.2)
    with Cable(redis_url) as cable:
        here, there = Budgets(cable.url), Budgets(redis_url)
        here.spend(THREE, NOUR)
        cable.cut()
        assert left(here, THREE, NOUR) == 3, "people are still served, and floods still stopped"
        assert left(here, THREE, LINA) == 3
        cable.mend()
        there.spend(THREE, NOUR)
        wait_for(lambda: time.monotonic() > here._shared_again, what="Redis to be asked again")
        assert left(here, THREE, NOUR) == 1, "two of three were counted in Redis"
        assert left(there, THREE, NOUR) == 0


def test_nobody_waits_twice_for_a_redis_that_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        budgets = Budgets(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        budgets.spend(THREE, NOUR)
        first = time.monotonic() - began
        assert left(budgets, THREE, NOUR) == 2
        assert first < 3
        assert time.monotonic() - began - first < 0.5


def test_limits_are_switched_off_for_measuring_only() -> None:
    assert left(Budgets(None, enabled=False), THREE, NOUR) == 50
    production = {"APP_ENV": "production", "ADDRESS": "https://sanad.example", "LIMITS": "off"}
    with pytest.raises(Unsafe, match="LIMITS=off"):
        read_settings(production)
    assert read_settings({**production, "LIMITS": "on"}).limits
    assert not read_settings({"APP_ENV": "test", "LIMITS": "off"}).limits


class Cable:
    """A line to Redis that can be cut and mended."""

    def __init__(self, redis_url: str) -> None:
        parts = urlsplit(redis_url)
        self._far = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self._server: socketserver.ThreadingTCPServer | None = None
        self._ends: list[socket.socket] = []
        self._port = 0
        self.mend()
        self.url = f"redis://127.0.0.1:{self._port}{parts.path}"

    def __enter__(self) -> "Cable":
        return self

    def __exit__(self, *_problem: object) -> None:
        self.cut()

    def mend(self) -> None:
        """Let connections through."""
        cable = self

        class Line(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                far = socket.create_connection(cable._far)
                cable._ends += [self.request, far]
                back = threading.Thread(target=_pump, args=(far, self.request))
                back.start()
                _pump(self.request, far)
                back.join()
                far.close()

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", self._port), Line)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        if self._server is not None:
            self._server.shutdown()
            for end in self._ends:
                _end(end)
            self._server.server_close()
        self._server, self._ends = None, []


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
    except OSError:
        pass
    for end in (source, sink):
        _end(end)


def _end(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is over already
