"""The result as a file for programs and as a table for people."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "latest.json"
PACKAGES = (
    "flask",
    "flask-socketio",
    "python-socketio",
    "python-engineio",
    "eventlet",
    "greenlet",
    "sqlalchemy",
    "orjson",
)


def surroundings() -> dict[str, Any]:
    """When, where and with what it was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}"},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def write(result: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")


def table(result: dict[str, Any]) -> str:
    """The same figures in columns."""
    rows: list[tuple[object, ...]] = [("", "full", "bare", "ratio")]
    for receivers, found in result["fanout"].items():
        figures = (f"{found['full_per_cpu_s']:,}", f"{found['bare_per_cpu_s']:,}", f"{found['ratio']:.2f}")
        rows.append((f"deliveries per CPU second, {receivers} receivers", *figures))
    for name, words in (("latency_ms", "send to receive, ms"), ("round_trip_ms", "idle round trip, ms")):
        for part in ("p50", "p95", "p99"):
            full, bare = result[name][part], result[name]["bare"][part]
            rows.append((f"{words}, {part}", full, bare, f"{full / bare:.2f}"))
    rows.append(("wait for the disk in each of these, ms, p50", result["disk_ms"]["p50"], "", ""))
    full, bare = result["idle_kb_per_socket"], result["idle_kb_per_socket_bare"]
    rows.append(("KB per idle socket", full, bare, f"{full / bare:.2f}" if bare else ""))
    bare = result["pages_cpu_ms"]["bare"]
    for name in ("home", "rooms", "room"):
        full = result["pages_cpu_ms"][name]
        rows.append((f"CPU per page, ms: {name}", full, bare, f"{full / bare:.2f}" if bare else ""))
    widths = [max(len(str(row[column])) for row in rows) for column in range(4)]
    lines = []
    for row in rows:
        first, *rest = (str(cell) for cell in row)
        lines.append(
            "  ".join([first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))])
        )
    return "\n".join(lines)


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=RESULTS.parents[2], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
