"""Budgets: how often something may be done, by account, by target and by network tag.

One counting place for pages, events and commands. With Redis every process shares the counts; while Redis does not
answer each process counts for itself, so that people are still served and floods still stopped.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.kernel.errors import TooMany

log = logging.getLogger(__name__)

#: For how long a Redis that failed is left alone (seconds).
RETRY_SHARED_SECONDS = 5.0
#: How often counts that are over are looked for (seconds).
LOOK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A named allowance such as `Budget("sign-in", "10 per minute; 50 per hour")`."""

    name: str
    rates: str

    def items(self) -> list[RateLimitItem]:
        return parse_many(self.rates)


class Counts(MemoryStorage):
    """Counts in the memory of this process.

    The library starts a thread for looking through all of them, up to a hundred times a second, and waits for it to run:
    under the engine whoever counts would stand aside meanwhile, with the connection that they hold, until there is none
    left for the thousand who come back after a restart.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.Lock()
        self._next_look = 0.0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return how many there are until these are over in `expiry` seconds."""
        with self._turn:
            if time.monotonic() > self._next_look:
                self._forget_what_is_over()
            count = self.get(key) + amount
            self.storage[key] = count
            if count == amount:
                self.expirations[key] = time.time() + expiry
        return count

    def _forget_what_is_over(self) -> None:
        self._next_look = time.monotonic() + LOOK_SECONDS
        for key in list(self.expirations):
            self.get(key)  # takes it away where it is over


class Budgets:
    """Spends from budgets and refuses when one is used up."""

    def __init__(self, redis_url: str | None, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._local = FixedWindowRateLimiter(Counts())
        self._redis_url = redis_url
        self._shared: FixedWindowRateLimiter | None = None
        self._shared_again = 0.0
        self._items: dict[str, list[RateLimitItem]] = {}

    def spend(self, budget: Budget, *whose: str, cost: int = 1) -> None:
        """Take one, or as much as it costs, from the budget of `whose` (an account, a target, a network tag).

        Raises TooMany with `retry_after` in seconds when nothing is left.
        """
        if not self._enabled:
            return
        items = self._items.get(budget.name) or self._items.setdefault(budget.name, budget.items())
        for item in items:
            left = self._hit(item, cost, budget.name, *whose)
            if left is not None:
                raise TooMany(retry_after=left)

    def _hit(self, item: RateLimitItem, cost: int, *key: str) -> int | None:
        """None when there was room, otherwise the whole seconds until there is."""
        for limiter in self._limiters():
            try:
                if limiter.hit(item, *key, cost=cost):
                    return None
                left = math.ceil(limiter.get_window_stats(item, *key).reset_time - time.time())
                if left > item.get_expiry() + 1:
                    # The clock was set back meanwhile: what was used up then would be kept from them until that time.
                    limiter.clear(item, *key)
                    limiter.hit(item, *key, cost=cost)
                    return None
                return max(1, left)
            except Exception as error:
                if limiter is self._local:
                    raise
                log.warning("shared limits do not answer (%s); counting in this process", type(error).__name__)
                self._shared_again = time.monotonic() + RETRY_SHARED_SECONDS
        return None

    def _limiters(self) -> list[FixedWindowRateLimiter]:
        if self._redis_url is None or time.monotonic() < self._shared_again:
            return [self._local]
        if self._shared is None:
            storage: Storage = storage_from_string(
                self._redis_url, socket_timeout=1, socket_connect_timeout=1, key_prefix="sanad-limits"
            )  # type: ignore[assignment]  # a redis:// address never makes the asynchronous half of the return type
            self._shared = FixedWindowRateLimiter(storage)
        return [self._shared, self._local]
