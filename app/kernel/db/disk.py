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
#: What it costs to hand one to a thread and to hear back (seconds).
HANDING_OVER = 0.00025
#: So many quick ones are believed, and at most as many more are kept in mind.
BELIEVED = 100
#: Whoever stood still for so long (seconds) asks for more of them before they believe again.
TOO_LONG, MORE = 0.05, 8


class Disk:
    """How quick commits are at present.

    One that is not quick takes back as many quick ones as could have been handed over meanwhile. So a disk that is slow once in
    a hundred times is waited for in place, since all others together gain more, and one that is slow more often is not.
    """

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._quick_ones, self._believed = 0.0, BELIEVED

    @property
    def is_quick(self) -> bool:
        return self._quick_ones >= self._believed

    def run(self, job: Callable[..., Any], *args: Any) -> Any:
        """What the job returns. Raises what it raises."""
        return self._timed(job, *args) if self.is_quick else self._offload(self._timed, job, *args)

    def _timed(self, job: Callable[..., Any], *args: Any) -> Any:
        in_place, begun = self.is_quick, time.perf_counter()
        try:
            return job(*args)
        finally:
            self._note(time.perf_counter() - begun, in_place=in_place)

    def _note(self, took: float, *, in_place: bool) -> None:
        if took < QUICK:
            self._quick_ones = min(self._quick_ones + 1, self._believed + BELIEVED)
        else:
            self._quick_ones = max(self._quick_ones - took / HANDING_OVER, 0.0)
        if in_place and took > TOO_LONG:
            self._believed *= MORE
