"""What a post costs the server without the fan-out: CPU microseconds, alone and in groups.

    python -m bench.post_cost [--profile]

One process with the engine of wsgi.py calls the socket door as the library would, for people whose sockets are made up.
CPU time of the whole process is counted, threads included, and the cheapest round of many: other programs on the machine
add to a round but never take anything from it.
"""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
import eventlet

eventlet.monkey_patch()

import argparse
import cProfile
import json
import pstats
import tempfile
import time
from collections.abc import Callable
from typing import Any

import eventlet.tpool

from bench.measure import BODY
from bench.servers import FOREIGN, flask

PEOPLE = 32
ROUNDS, POSTS = 40, 64


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.post_cost", description="CPU per post, without fan-out.")
    parser.add_argument("--profile", action="store_true", help="also where the time goes, for groups of eight")
    profile: bool = parser.parse_args().profile
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        os.environ.clear()
        os.environ.update(kept | {"SANAD_INSTANCE": folder, "APP_ENV": "development", "LIMITS": "off"})
        flask(dict(os.environ), "instance")
        post = _poster(json.loads(flask(dict(os.environ), "bench-seed", "--people", str(PEOPLE))))
        for together in (1, 8, 32):
            print(f"{together:3} at a time: {_cheapest(post, together):6.0f} microseconds of CPU each", flush=True)
        if profile:
            with cProfile.Profile(time.process_time) as found:
                _cheapest(post, 8)
            pstats.Stats(found).sort_stats("tottime").print_stats(60)


def _poster(seed: dict[str, Any]) -> Callable[[int], None]:
    """A call that posts as one of the people and returns when it is acknowledged."""
    from app import create_app  # noqa: PLC0415  # settings are read as it is imported
    from config import read_settings  # noqa: PLC0415

    app = create_app(read_settings(), offload=eventlet.tpool.execute)
    server = app.extensions["socketio"].server
    doors = server.handlers["/"]
    number = 0
    for who, cookie in enumerate(seed["cookies"]):
        doors["connect"](f"sid-{who}", {"HTTP_ORIGIN": seed["address"], "HTTP_COOKIE": cookie})

    def post(who: int) -> None:
        nonlocal number
        number += 1
        answer = doors["room.post"](
            f"sid-{who}", {"room": seed["room"], "client_id": f"bench-cost-{number}", "body": BODY}
        )
        if not answer["ok"]:
            raise RuntimeError(f"refused: {answer}")

    return post


def _cheapest(post: Callable[[int], None], together: int) -> float:
    """CPU microseconds of one post while so many are always in flight."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.process_time()
        pool = [eventlet.spawn(_several, post, who, POSTS // together) for who in range(together)]
        for one in pool:
            one.wait()
        best = min(best, (time.process_time() - before) / (POSTS // together * together))
    return best * 1e6


def _several(post: Callable[[int], None], who: int, times: int) -> None:
    for _ in range(times):
        post(who)


if __name__ == "__main__":
    main()
