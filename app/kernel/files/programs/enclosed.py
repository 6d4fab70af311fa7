"""What every program here runs in: a process that can neither grow, nor go on, nor write a file. making.py begins it.

    python -I enclosed.py PROGRAM MEGABYTES SECONDS [what the program is told]

It knows no key and no other file. What somebody brought comes in on standard input; one line of JSON goes out, and then the
bytes that `made_anew` of the program returned. Whatever is wrong with a file ends this process and nothing else.
"""

import json
import resource
import runpy
import signal
import sys
from pathlib import Path

#: How many times longer a process may last than it may work.
PATIENCE = 2
#: Exit codes. A program refuses with an exception of its own that has one as `code`.
TOO_LARGE, BROKEN = 3, 4


def limit(memory: int, seconds: int) -> None:
    """Take away from this process what no file needs: memory beyond so many bytes, work beyond so many seconds, the disk."""
    signal.alarm(PATIENCE * seconds)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(program: str, told: list[str]) -> int:
    """Answer on standard output. Returns the exit code."""
    made_anew = runpy.run_path(str(Path(__file__).with_name(f"{program}.py")))["made_anew"]
    try:
        about, plain = made_anew(sys.stdin.buffer.read(), *told)
    except MemoryError:
        return TOO_LARGE
    except Exception as refusal:  # whatever a library says about a broken file, it is one
        return int(getattr(refusal, "code", BROKEN))
    sys.stdout.buffer.write(json.dumps({**about, "peak": most_memory()}).encode() + b"\n" + plain)
    return 0


def most_memory() -> int:
    """The most memory that this process has held (bytes). What `getrusage` says begins with that of whoever began us."""
    for line in Path("/proc/self/status").read_text().splitlines() if sys.platform == "linux" else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    limit(int(sys.argv[2]) * 1024 * 1024, int(sys.argv[3]))
    sys.exit(answer(sys.argv[1], sys.argv[4:]))
