"""Group commit: callers who wait at the same time are served together, in one transaction.

A durable commit costs far more than what it stores. The first caller in a line serves everybody who has come by the
time it is ready; whoever comes meanwhile waits, and one of them serves the next group. A caller who is alone is served at
once. Only where many were served a moment ago does the next group wait for as many to come again, and not for long: a busy
line would otherwise serve one, then all who came meanwhile, then one.
"""

import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.kernel import work
from app.kernel.errors import Unavailable

A = TypeVar("A")
R = TypeVar("R")

#: Callers served in one transaction at most.
MOST = 32
#: A group waits this long at most for others to come, where one was served so lately (seconds).
LONGEST_WAIT, LATELY = 0.004, 0.01


@dataclass(eq=False, slots=True)
class _Call(Generic[A, R]):
    asked: A
    given: R | None = None
    error: BaseException | None = None
    done: bool = False
    #: Of a caller who waits: taken until they are woken. An event would cost several times as much.
    turn: Any = None
    woken: bool = False

    def queue_up(self) -> None:
        self.turn = threading.Lock()
        self.turn.acquire()

    def wait(self) -> None:
        self.turn.acquire()

    def wake(self) -> None:
        if self.turn is not None and not self.woken:
            self.woken = True
            self.turn.release()


class _Line(Generic[A, R]):
    """Callers of one verb in one house, in the order in which they came. `waiting` excludes those being served."""

    def __init__(self, verb: Callable[[Sequence[A]], Iterable[R]]) -> None:
        self._verb = verb
        self._lock = threading.Lock()
        self.waiting: deque[_Call[A, R]] = deque()
        self._served = False
        #: How many come together at present, and when the last group was served (monotonic seconds).
        self._usual, self._ended = 1, 0.0
        #: How many have to wait for the next group to begin at once; set when there are.
        self._wanted = 0
        self._enough = threading.Event()

    def serve(self, asked: A) -> R:
        """What the verb returns for this. Raises what it raises for this alone."""
        call: _Call[A, R] = _Call(asked)
        with self._lock:
            waits, self._served = self._served, True
            if waits:
                call.queue_up()
                self.waiting.append(call)
                if len(self.waiting) == self._wanted:
                    self._enough.set()
        if call.turn is not None:
            work.current().pause()  # whoever serves the group needs one connection, not one for each who waits
            try:
                call.wait()
            except BaseException:
                self._leave(call)
                raise
        if not call.done:
            self._serve_group(call)
        if call.error is not None:
            raise call.error
        return call.given  # type: ignore[return-value]  # done without an error

    def _serve_group(self, first: _Call[A, R]) -> None:
        group = [first]
        try:
            self._let_others_come()
            with self._lock:
                while self.waiting and len(group) < MOST:
                    group.append(self.waiting.popleft())
            self._carry_out(group)
            if isinstance(first.error, Unavailable):
                group += self._refuse_all(first.error)
            self._usual, self._ended = max(len(group), self._usual - 1), time.monotonic()
        finally:
            for call in group:
                if not call.done:  # this caller was ended in the middle
                    call.error, call.done = Unavailable(), True
                call.wake()
            self._hand_on()

    def _let_others_come(self) -> None:
        if time.monotonic() > self._ended + LATELY:
            return
        time.sleep(0)  # whoever is about to ask may join
        if self._usual == 1:
            return
        with self._lock:
            self._wanted = self._usual - 1
            if len(self.waiting) >= self._wanted:
                return
            self._enough.clear()
        self._enough.wait(LONGEST_WAIT)

    def _refuse_all(self, error: Unavailable) -> list[_Call[A, R]]:
        """Refuse whoever waits: they would wait as long once more, in vain, one group after the other."""
        with self._lock:
            refused = list(self.waiting)
            self.waiting.clear()
        for call in refused:
            call.error, call.done = error, True
        return refused

    def _hand_on(self) -> None:
        with self._lock:
            self._served = bool(self.waiting)
            if self.waiting:
                self.waiting.popleft().wake()

    def _leave(self, call: _Call[A, R]) -> None:
        """Take a caller who was ended while waiting out of the line; the turn it may just have been given goes on."""
        with self._lock:
            waiting = call in self.waiting
            if waiting:
                self.waiting.remove(call)
        if not waiting and not call.done and call.woken:
            self._hand_on()

    def _carry_out(self, group: Sequence[_Call[A, R]]) -> None:
        try:
            results = list(self._verb([call.asked for call in group]))
        except Exception as error:
            if len(group) > 1 and not isinstance(error, Unavailable):
                for call in group:  # one of them is to blame: each is answered for itself
                    self._carry_out([call])
                return
            for call in group:
                call.error, call.done = error, True
        else:
            for call, result in zip(group, results, strict=True):
                call.given, call.done = result, True


class Lines:
    """The lines of one house, one for each verb that is called together."""

    def __init__(self) -> None:
        self._lines: dict[Callable[..., Any], _Line[Any, Any]] = {}

    def of(self, verb: Callable[..., Any]) -> _Line[Any, Any]:
        return self._lines.get(verb) or self._lines.setdefault(verb, _Line(verb))


def together(verb: Callable[[Sequence[A]], Iterable[R]]) -> Callable[[A], R]:
    """Make an action that takes many, in order, into a verb that takes one.

    Many callers at once share its transaction, which is not theirs: inside another action it joins that one instead.
    When a group fails, each of its callers is tried alone, so that what goes wrong for one is told to that one only.
    """

    @functools.wraps(verb)
    def one(asked: A) -> R:
        here = work.current()
        if here.may_write:
            (result,) = verb([asked])
            return result
        answer: R = here.house.lines.of(verb).serve(asked)
        return answer

    return one
