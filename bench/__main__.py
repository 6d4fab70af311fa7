"""Measure everything, print a table, write results/latest.json. Usage: python -m bench [--quick]"""

import argparse
import signal
import sys
import time
from types import FrameType
from typing import Any

from bench import measure, report

#: The whole run ends by then, finished or not (seconds).
LONGEST = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Sanad beside a bare Flask-SocketIO server.")
    parser.add_argument("--quick", action="store_true", help="short rounds: to see that it works, not to be quoted")
    quick: bool = parser.parse_args().quick
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, _stopped)
    signal.alarm(LONGEST)
    rounds, seconds = (2, 1.0) if quick else (6, 2.5)
    result: dict[str, Any] = report.surroundings()
    result["fanout"] = {}
    for receivers in (100, 500):
        say(f"fan-out to {receivers} receivers")
        result["fanout"][str(receivers)] = measure.fanout(receivers, rounds, seconds)
    say("latency with 100 receivers at 20 messages a second")
    result |= measure.latency(100, per_second=20, rounds=rounds // 2, seconds=seconds * 3)
    result["disk_ms"] = measure.disk(20 if quick else 60, seconds=0.05)
    say("memory of 500 idle sockets")
    result |= measure.idle_memory(500)
    say("CPU per page")
    result["pages_cpu_ms"] = measure.pages(requests=20 if quick else 100, rounds=rounds // 2)
    signal.alarm(0)
    report.write(result)
    print(f"\n{report.table(result)}\n\nwritten to {report.RESULTS}")


def say(words: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {words}", flush=True)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"not finished after {LONGEST} seconds")


def _stopped(_number: int, _frame: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    main()
