"""What is measured, and how. Each function returns plain numbers; the two servers are measured in turns (A B B A)."""

import http.client
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from bench.servers import CrowdProcess, Server, bare_server, crowd, full_server

#: About what people write: one line.
BODY = "I found a lawyer who helps with papers, and she answers on Sundays."
#: How many posts wait for their acknowledgement at any time in a flood.
IN_FLIGHT = 8
#: Bytes that a message adds to the log.
PAGES = 5 * 4096
#: Messages in the room before anything is measured: enough for more than one page of it.
MESSAGES = 200


def fanout(receivers: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Deliveries per second of server CPU while a room is flooded: median of all rounds, and the spread."""
    found: dict[str, list[float]] = {"bare": [], "full": []}
    with ExitStack() as stack:
        bare = stack.enter_context(bare_server())
        full = stack.enter_context(full_server(receivers, MESSAGES))
        crowds = {server.name: stack.enter_context(crowd(server, receivers)) for server in (bare, full)}
        for server in (bare, full):
            _flood(server, crowds[server.name], 1.0)
        for server in turns(bare, full, rounds):
            found[server.name].append(_flood(server, crowds[server.name], seconds))
    middle = {name: statistics.median(values) for name, values in found.items()}
    return {
        "ratio": round(middle["full"] / middle["bare"], 2),
        "full_per_cpu_s": round(middle["full"]),
        "bare_per_cpu_s": round(middle["bare"]),
        "full_spread": [round(min(found["full"])), round(max(found["full"]))],
        "bare_spread": [round(min(found["bare"])), round(max(found["bare"]))],
        "rounds": rounds,
    }


def _flood(server: Server, people: CrowdProcess, seconds: float) -> float:
    before = server.cpu_seconds()
    done = people.order("flood", seconds=seconds, in_flight=IN_FLIGHT, body=BODY)
    return float(done["delivered"] / (server.cpu_seconds() - before))


def latency(receivers: int, per_second: float, rounds: int, seconds: float) -> dict[str, Any]:
    """Milliseconds from sending to each receiver's reading at a steady rate, and of an idle round trip (post to ack)."""
    taken: dict[str, list[float]] = {"bare": [], "full": []}
    trips: dict[str, list[float]] = {"bare": [], "full": []}
    with ExitStack() as stack:
        bare = stack.enter_context(bare_server())
        full = stack.enter_context(full_server(receivers, MESSAGES))
        for server in (bare, full):
            with crowd(server, 2) as pair:
                pair.order("turn", times=50, body=BODY)
                trips[server.name] += pair.order("turn", times=300, body=BODY)["taken_ms"]
        crowds = {server.name: stack.enter_context(crowd(server, receivers)) for server in (bare, full)}
        for server in turns(bare, full, rounds):
            done = crowds[server.name].order("pace", seconds=seconds, per_second=per_second, body=BODY)
            taken[server.name] += done["taken_ms"]
    return {
        "latency_ms": {**percentiles(taken["full"]), "bare": percentiles(taken["bare"])},
        "round_trip_ms": {**percentiles(trips["full"]), "bare": percentiles(trips["bare"])},
    }


def disk(writes: int, seconds: float) -> dict[str, float]:
    """Milliseconds for which a disk that rests in between keeps whoever writes five pages waiting: a part of each latency.

    Five are what a message adds to the log of SQLite. Nothing of the bare server's waits for a disk.
    """
    taken = []
    with tempfile.TemporaryFile() as log:
        log.write(bytes(writes * PAGES))
        log.flush()
        os.fsync(log.fileno())
        for place in range(writes):
            time.sleep(seconds)
            os.pwrite(log.fileno(), os.urandom(PAGES), place * PAGES)
            before = time.perf_counter()
            os.fdatasync(log.fileno())
            taken.append((time.perf_counter() - before) * 1000)
    return percentiles(taken)


def idle_memory(sockets: int) -> dict[str, Any]:
    """KB of resident memory for each connection that is open, signed in, in a room, and silent."""
    found = {}
    with ExitStack() as stack:
        for server in (stack.enter_context(bare_server()), stack.enter_context(full_server(sockets))):
            # What the first few connections load and cache is not a cost of each.
            with crowd(server, 20):
                pass
            before = server.memory_kb()
            with crowd(server, sockets):
                found[server.name] = round((server.memory_kb() - before) / sockets, 1)
    return {"idle_kb_per_socket": found["full"], "idle_kb_per_socket_bare": found["bare"]}


def pages(requests: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of server CPU for each page, read over one kept connection."""
    with bare_server() as bare, full_server(2, MESSAGES) as full:
        paths = {
            "bare": (bare, "/"),
            "home": (full, "/"),
            "rooms": (full, "/rooms"),
            "room": (full, f"/rooms/{full.room}"),
        }
        found: dict[str, list[float]] = {name: [] for name in paths}
        for server, path in paths.values():
            _read_page(server, path, 20)
        for turn in range(rounds):
            for name, (server, path) in list(paths.items())[:: 1 if turn % 2 else -1]:
                before = server.cpu_seconds()
                _read_page(server, path, requests)
                found[name].append((server.cpu_seconds() - before) / requests * 1000)
    return {name: round(statistics.median(values), 2) for name, values in found.items()}


def _read_page(server: Server, path: str, times: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=30)
    headers = {"Cookie": server.cookies[0]} if server.cookies else {}
    for _ in range(times):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()


def turns(one: Server, other: Server, rounds: int) -> Iterator[Server]:
    """A B B A A B ...: whatever changes on the machine meanwhile changes for both."""
    for turn in range(rounds):
        yield from (one, other) if turn % 2 == 0 else (other, one)


def percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "p99": round(cuts[98], 2)}
