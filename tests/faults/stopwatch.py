"""How long something took, on a machine that others use too."""

import time
from pathlib import Path

from tests.server import Server


class Stopwatch:
    """Counts from when it is made, without the time in which the server wanted a processor and had none.

    That is other people's load. Where the system does not tell, every second counts.
    """

    def __init__(self, server: Server) -> None:
        process = server.process  # none while the server is away
        self._schedule = Path(f"/proc/{process.pid if process else 0}/schedstat")
        self._waited = self._without_processor()
        self._began = time.monotonic()

    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._began - max(0.0, self._without_processor() - self._waited)

    def _without_processor(self) -> float:
        try:
            return int(self._schedule.read_text().split()[1]) / 1e9
        except OSError:
            return 0.0
