"""The worker process: runs each job that Huey names, sweeps for those that it does not, and starts the hourly ones."""

import logging
import signal
import threading
import time
from types import FrameType

from app.kernel import files, work
from app.kernel.errors import trail
from app.kernel.house import House
from app.kernel.jobs import KERNEL_HOURLY, SWEEP_SECONDS, enqueue

log = logging.getLogger(__name__)

HOUR_SECONDS = 3600


def run_worker(house: House) -> None:
    """Run until SIGTERM or SIGINT; what is running then is finished first."""
    stopping = threading.Event()
    # Huey tells of each failed look at a queue that is down, with a traceback, several times a second: a full disk in a
    # night. The doctor says that Redis is down, and the sweep does the work meanwhile.
    logging.getLogger("huey").setLevel(logging.CRITICAL)
    consumer = house.queue.huey.create_consumer(workers=2, periodic=False, initial_delay=0.1, max_delay=1.0)

    def sweep() -> None:
        next_hourly, well = time.monotonic(), True
        while not stopping.wait(SWEEP_SECONDS):
            try:
                house.queue.sweep()
                if time.monotonic() >= next_hourly:
                    next_hourly = time.monotonic() + HOUR_SECONDS
                    start_hourly(house)
            except Exception as error:
                if well:  # said once, for the same reason as above
                    log.error("a sweep failed; the next one tries again\n%s", trail(error))
                well = False
            else:
                well = True

    sweeper = threading.Thread(target=sweep, name="sweep", daemon=True)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    consumer.start()
    # After the consumer, which sets handlers of its own that only its own loop would look at.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sweeper.start()
    stopping.wait()
    consumer.stop(graceful=True)
    sweeper.join(timeout=30)


@work.action
def _enqueue_hourly(names: tuple[str, ...]) -> None:
    for name in names:
        enqueue(name)


def start_hourly(house: House) -> None:
    """Enqueue what every feature wants to happen once an hour."""
    with work.scope(house):
        _enqueue_hourly(
            (*KERNEL_HOURLY, *files.HOURLY, *(name for feature in house.features for name in feature.hourly))
        )
