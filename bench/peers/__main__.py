"""The real server beside the bare one and beside other chat servers, in turns. Usage: python -m bench.peers [--quick]

Writes results/peers.json. A peer that is not installed is named, and the rest goes on.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from bench import report
from bench.__main__ import say
from bench.measure import BODY, IN_FLIGHT, MESSAGES, percentiles
from bench.peers.servers import PEERS, Missing
from bench.servers import CrowdProcess, Server, bare_server, crowd, full_server

RESULTS = Path(__file__).parents[1] / "results" / "peers.json"
#: What the peers are measured for: fan-out to so many, and the pace of a busy room.
RECEIVERS = (100, 500)
PER_SECOND = 20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Sanad beside other chat servers.")
    parser.add_argument("--quick", action="store_true", help="short rounds: to see that it works, not to be quoted")
    parser.add_argument("--only", nargs="*", choices=PEERS, help="these peers only")
    asked = parser.parse_args()
    rounds, seconds = (2, 1.0) if asked.quick else (6, 2.5)
    names = asked.only if asked.only is not None else list(PEERS)
    result: dict[str, Any] = report.surroundings() | {"missing": {}, "fanout": {}}
    for receivers in RECEIVERS:
        with ExitStack() as stack:
            servers = _servers(stack, receivers, names, result["missing"])
            crowds = _crowds(stack, servers, receivers)
            say(f"fan-out to {receivers} receivers")
            result["fanout"][str(receivers)] = _fanout(crowds, rounds, seconds)
            if receivers == RECEIVERS[0]:
                say(f"latency with {receivers} receivers at {PER_SECOND} messages a second")
                result["latency_ms"] = _latency(crowds, rounds=2, seconds=seconds * 2)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    _print(result)


def _servers(stack: ExitStack, people: int, names: list[str], missing: dict[str, str]) -> list[Server]:
    wanted: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        "full": lambda: full_server(people, MESSAGES),
        "bare": bare_server,
        **{name: lambda name=name: PEERS[name](people) for name in names},  # type: ignore[misc]  # the name of this turn
    }
    servers = []
    for name, start in wanted.items():
        try:
            servers.append(stack.enter_context(start()))
        except (Missing, RuntimeError) as problem:
            if name in {"full", "bare"}:
                raise
            missing[name] = str(problem)
            say(f"without {name}: {problem}")
    return servers


def _crowds(stack: ExitStack, servers: list[Server], people: int) -> list[tuple[Server, CrowdProcess]]:
    crowds = []
    for server in reversed(servers):  # those whose joining takes longest come first
        begun = time.monotonic()
        crowds.append((server, stack.enter_context(crowd(server, people))))
        say(f"{people} people with {server.name} after {time.monotonic() - begun:.0f} s")
    return crowds[::-1]


def _fanout(crowds: list[tuple[Server, CrowdProcess]], rounds: int, seconds: float) -> dict[str, Any]:
    """Deliveries per second of CPU of each server's whole family of processes."""
    found: dict[str, list[float]] = {server.name: [] for server, _crowd in crowds}
    for turn in range(-1, rounds):  # the first is not counted
        for server, people in crowds[:: 1 if turn % 2 else -1]:
            before = server.cpu_seconds()
            done = people.order("flood", seconds=1.0 if turn < 0 else seconds, in_flight=IN_FLIGHT, body=BODY)
            if turn >= 0:
                found[server.name].append(done["delivered"] / (server.cpu_seconds() - before))
    full = statistics.median(found["full"])
    return {
        name: {
            "per_cpu_s": round(statistics.median(values)),
            "spread": [round(min(values)), round(max(values))],
            "full_is_times": round(full / statistics.median(values), 2),
        }
        for name, values in found.items()
    }


def _latency(crowds: list[tuple[Server, CrowdProcess]], rounds: int, seconds: float) -> dict[str, Any]:
    """Milliseconds from sending to each receiver's reading, at a steady rate."""
    taken: dict[str, list[float]] = {server.name: [] for server, _crowd in crowds}
    for turn in range(rounds):
        for server, people in crowds[:: 1 if turn % 2 else -1]:
            done = people.order("pace", seconds=seconds, per_second=PER_SECOND, body=BODY)
            taken[server.name] += done["taken_ms"]
    return {name: percentiles(values) for name, values in taken.items()}


def _print(result: dict[str, Any]) -> None:
    for receivers, found in result["fanout"].items():
        print(f"\ndeliveries per CPU second, {receivers} receivers")
        for name, figures in found.items():
            low, high = figures["spread"]
            print(
                f"  {name:9} {figures['per_cpu_s']:>9,}   ({low:,} to {high:,})   full is {figures['full_is_times']} times"
            )
    print("\nsend to receive at 20 messages a second, 100 receivers, ms")
    for name, figures in result["latency_ms"].items():
        print(f"  {name:9} p50 {figures['p50']}   p95 {figures['p95']}   p99 {figures['p99']}")
    print(f"\nwritten to {RESULTS}")


if __name__ == "__main__":
    main()
