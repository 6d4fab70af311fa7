"""Several people who do something at the same moment, each in a thread and a unit of work of their own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from app.kernel import work
from app.kernel.errors import Refusal
from app.kernel.house import House

#: How long one waits for the others at most (seconds).
PATIENCE = 60


def at_once(house: House, tries: Sequence[Callable[[], object]]) -> list[Refusal | None]:
    """Make every try at the same moment. Returns what each was told, None where it was done; raises what is no refusal."""
    together = threading.Barrier(len(tries))

    def attempt(one: Callable[[], object]) -> Refusal | None:
        with work.scope(house):
            together.wait(PATIENCE)
            try:
                one()
            except Refusal as refusal:
                return refusal
        return None

    with ThreadPoolExecutor(len(tries)) as pool:
        return list(pool.map(attempt, tries))


def outcomes(house: House, tries: Sequence[Callable[[], object]]) -> list[str]:
    """The same, as words: "done", or the code of the refusal."""
    return ["done" if told is None else told.code for told in at_once(house, tries)]
