"""A worker that is killed while it erases somebody: run as a program, with the point at which it dies."""

import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import replace

from app import create_app
from app.kernel import erasures
from app.kernel.actor import Actor
from app.kernel.feature import Feature, OwnData
from app.kernel.house import House
from config import read_settings


def die(*_args: object, **_details: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(part: OwnData) -> OwnData:
    """The same part, which dies once it has erased what it holds."""

    def erase(actor: Actor, person_id: int) -> Iterable[str]:
        list(part.erase(actor, person_id))
        die()
        return ()

    return replace(part, erase=erase)


def main(point: str) -> None:
    house: House = create_app(read_settings()).extensions["house"]
    if point.startswith("in "):
        features = [
            replace(one, own_data=[deadly(part) for part in one.own_data]) if point == f"in {one.name}" else one
            for one in house.features
        ]
        house.features = tuple[Feature, ...](features)
    elif point == "after the commit":
        # Of the jobs that are due now there is only the erasure: the sweep ends with it, and what it enqueued waits.
        house.queue.sweep()
        die()
    elif point == "before the keys are shredded":
        house.vault.shred = die  # type: ignore[method-assign,assignment]
    elif point == "before the ledger is written":
        erasures.write = die  # type: ignore[assignment]
    while house.queue.sweep():
        pass
    sys.exit(3)  # it should have died


if __name__ == "__main__":
    main(sys.argv[1])
