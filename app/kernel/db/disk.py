"""Where a commit waits for the disk: in place while that is quick, in a thread while it is not.

To hand a commit to a thread and to hear back from it costs as much as a quick disk takes to answer, twice over. On a slow one
everybody would stand still meanwhile. Which of both a machine has is not asked of whoever set it up, and it changes: a backup
that is being written makes a quick disk slow. So each commit is timed.
"""

import time
from collections.abc import Callable
from typing import Any

Offload = Callable[..., Any]

#: A commit that takes so long stands in nobody's way (seconds).
QUICK = 0.002
#: So many quick ones in a row are believed. A disk that is slow once in a hundred times is seldom waited for in place.
BELIEVED = 100
#: Whoever stood still for so long (seconds) asks for more of them before they believe again.
TOO_LONG, MORE = 0.05, 8


class Disk:
    """How quick commits are at present."""

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._quick_in_a_row, self._believed = 0, BELIEVED

    @property
    def is_quick(self) -> bool:
        return self._quick_in_a_row >= self._believed

    def run(self, job: Callable[..., Any], *args: Any) -> Any:
        """What the job returns. Raises what it raises."""
        return self._timed(job, *args) if self.is_quick else self._offload(self._timed, job, *args)

    def _timed(self, job: Callable[..., Any], *args: Any) -> Any:
        in_place, begun = self.is_quick, time.perf_counter()
        try:
            return job(*args)
        finally:
            took = time.perf_counter() - begun
            self._quick_in_a_row = self._quick_in_a_row + 1 if took < QUICK else 0
            if in_place and took > TOO_LONG:
                self._believed *= MORE
