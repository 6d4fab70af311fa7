"""A clock that jumps: Python imports this before anything else where this folder stands on its path.

SIGUSR1 moves what the process takes for the time a day on, SIGUSR2 a day back. What measures durations goes on evenly, as
it does when somebody sets a real clock.
"""

import datetime
import signal
import time
from typing import Any

DAY = datetime.timedelta(days=1)
REAL, REAL_TIME = datetime.datetime, time.time
#: By how many days.
moved = [0]


class _Kind(type):
    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, REAL)


class MovedDatetime(datetime.datetime, metaclass=_Kind):
    """The class as everybody imports it: only `now` is another one."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return REAL.now(tz) + DAY * moved[0]


def move(number: int, _frame: object) -> None:
    moved[0] += 1 if number == signal.SIGUSR1 else -1


datetime.datetime = MovedDatetime  # type: ignore[misc]  # that is the trick
time.time = lambda: REAL_TIME() + DAY.total_seconds() * moved[0]
signal.signal(signal.SIGUSR1, move)
signal.signal(signal.SIGUSR2, move)
