"""The real server beside the bare one and beside other chat servers, in turns. Usage: python -m bench.peers [--quick]

Writes results/peers.json. A peer that is not installed, or that loses what was posted, is named, and the rest goes on.
"""

import argparse
import json
import signal
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from bench import report
from bench.__main__ import say
from bench.measure import BODY, IN_FLIGHT, MESSAGES, percentiles
from bench.peers.peer import Missing
from bench.peers.servers import PEERS
from bench.servers import CrowdProcess, Server, bare_server, crowd, full_server

RESULTS = Path(__file__).parents[1] / "results" / "peers.json"
#: What the peers are measured for: fan-out to so many, and the pace of a busy room.
RECEIVERS = (100, 500)
PER_SECOND = 20
#: A server keeps up when everything has arrived so many seconds after the last post. One that does not is asked for less.
KEEPS_UP = 1.0
SLOWER = (10, 5, 2, 1)
#: The whole run ends by then, finished or not (seconds).
LONGEST = 1800
#: Those without which there is nothing to compare.
OURS = {"full", "bare"}

Crowds = list[tuple[Server, CrowdProcess]]


def main() -> None:
    asked = _asked()
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, _stopped)
    signal.alarm(LONGEST)
    rounds, seconds = (2, 1.0) if asked.quick else (6, 2.5)
    names = asked.only if asked.only is not None else list(PEERS)
    result: dict[str, Any] = report.surroundings() | {"quick": asked.quick, "missing": {}, "fanout": {}}
    for receivers in RECEIVERS:
        with ExitStack() as stack:
            missing: dict[str, str] = {}
            result["missing"][str(receivers)] = missing
            crowds = _crowds(stack, receivers, names, missing, result["versions"])
            say(f"fan-out to {receivers} receivers")
            result["fanout"][str(receivers)] = _fanout(crowds, rounds, seconds, missing)
            if receivers == RECEIVERS[0]:
                say(f"latency with {receivers} receivers at {PER_SECOND} messages a second")
                result["latency_ms"] = _latency(crowds, 2, seconds * 2, missing)
    signal.alarm(0)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    _print(result)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers",
        description=f"Sanad beside other chat servers: deliveries per CPU second and milliseconds, into {RESULTS.name}.",
        epilog="The peers, and how to install them:\n"
        + "\n".join(f"  {name:9} {peer.install}" for name, peer in PEERS.items())
        + "\nWhat is not installed is named, and the rest goes on.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="short rounds: to see that it works, not to be quoted")
    parser.add_argument("--only", nargs="*", choices=PEERS, metavar="PEER", help=f"only these of {', '.join(PEERS)}")
    return parser.parse_args()


def _crowds(
    stack: ExitStack, people: int, names: list[str], missing: dict[str, str], versions: dict[str, str]
) -> Crowds:
    """Every server that can be had, with so many people in its room."""
    wanted: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        "full": lambda: full_server(people, MESSAGES),
        "bare": bare_server,
        **{name: lambda name=name: PEERS[name].start(people) for name in names},  # type: ignore[misc]  # the name of this turn
    }
    crowds = []
    for name, start in wanted.items():
        begun = time.monotonic()
        try:
            server = stack.enter_context(start())
            crowds.append((server, stack.enter_context(crowd(server, people))))
        except (Missing, RuntimeError, OSError) as problem:
            _without(name, problem, missing)
            continue
        if name in PEERS:
            versions |= PEERS[name].versions()
        say(f"{people} people with {name} after {time.monotonic() - begun:.0f} s")
    return crowds


def _without(name: str, problem: Exception, missing: dict[str, str]) -> None:
    """Go on without a peer, saying why. Raises what happened where it is one of ours."""
    if name in OURS:
        raise problem
    missing[name] = str(problem) if isinstance(problem, Missing) else f"failed: {problem}"
    say(f"without {name}: {missing[name]}")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an order, and how many seconds of the server's CPU and of the clock it took."""

    counts: dict[str, Any]
    cpu_seconds: float
    seconds: float


def _order(turn: int, crowds: Crowds, missing: dict[str, str], **order: Any) -> dict[str, Done]:
    """Each crowd does the same, one after the other. Whoever fails is taken from the crowds."""
    found = {}
    for server, people in crowds[:: 1 if turn % 2 else -1]:
        begun = time.monotonic()
        try:
            before = server.cpu_seconds()
            counts = people.order(**order)
            found[server.name] = Done(counts, server.cpu_seconds() - before, time.monotonic() - begun)
        except (RuntimeError, OSError, psutil.Error) as problem:
            _without(server.name, problem, missing)
            crowds.remove((server, people))
    return found


def _fanout(crowds: Crowds, rounds: int, seconds: float, missing: dict[str, str]) -> dict[str, Any]:
    """Deliveries per second of CPU of each server's whole family of processes."""
    found: dict[str, list[float]] = {server.name: [] for server, _crowd in crowds}
    for turn in range(-1, rounds):  # the first is not counted
        long = 1.0 if turn < 0 else seconds
        done = _order(turn, crowds, missing, what="flood", seconds=long, in_flight=IN_FLIGHT, body=BODY)
        for name, figures in done.items():
            if turn >= 0:
                found[name].append(figures.counts["delivered"] / figures.cpu_seconds)
    full = statistics.median(found["full"])
    return {
        name: {
            "per_cpu_s": round(statistics.median(values)),
            "spread": [round(min(values)), round(max(values))],
            "full_is_times": round(full / statistics.median(values), 2),
        }
        for name, values in found.items()
        if values
    }


def _latency(crowds: Crowds, rounds: int, seconds: float, missing: dict[str, str]) -> dict[str, Any]:
    """Milliseconds from sending to each receiver's reading, at a steady rate.

    For whoever does not keep up, the same at the fastest of the slower rates at which they do.
    """
    found = _paced(crowds, rounds, seconds, missing, PER_SECOND)
    for rate in SLOWER:
        slow = {name for name, figures in found.items() if not _keeps_up(figures)} - missing.keys()
        behind = [(server, people) for server, people in crowds if server.name in slow]
        for name, figures in _paced(behind, 1, seconds, missing, rate).items():
            found[name]["slower"] = figures
    return found


def _keeps_up(figures: dict[str, Any]) -> bool:
    """Whether the last thing that was measured of a server was a rate that it can bear."""
    return bool(figures.get("slower", figures)["keeps_up"])


def _paced(crowds: Crowds, rounds: int, seconds: float, missing: dict[str, str], rate: int) -> dict[str, Any]:
    taken: dict[str, list[float]] = {server.name: [] for server, _crowd in crowds}
    late = dict.fromkeys(taken, 0.0)
    for turn in range(rounds):
        done = _order(turn, crowds, missing, what="pace", seconds=seconds, per_second=rate, body=BODY)
        for name, figures in done.items():
            taken[name] += figures.counts["taken_ms"]
            # The last post is sent one interval before the end.
            late[name] = max(late[name], figures.seconds - seconds + 1 / rate)
    return {
        name: {**percentiles(values), "per_second": rate, "keeps_up": late[name] <= KEEPS_UP}
        for name, values in taken.items()
        if values
    }


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
        print(f"  {name:9} {_line(figures)}")
        if "slower" in figures:
            print(f"  {'':9} {_line(figures['slower'])} at {figures['slower']['per_second']} messages a second")
    print()
    for receivers, missing in result["missing"].items():
        for name, problem in missing.items():
            print(f"{receivers} receivers without {name}: {problem}")
    print(f"written to {RESULTS}")


def _line(figures: dict[str, Any]) -> str:
    words = f"p50 {figures['p50']}   p95 {figures['p95']}   p99 {figures['p99']}"
    return words if figures["keeps_up"] else f"{words}   does not keep up"


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"not finished after {LONGEST} seconds")


def _stopped(_number: int, _frame: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    main()
