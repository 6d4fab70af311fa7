"""What pages cost the server: CPU milliseconds of each, in one process, and with --profile where they go.

    python -m bench.page_cost [PAGE...] [--profile PAGE]

Somebody in a room with many messages reads the first ones; the others are read by people of the demo.

One process with the engine of wsgi.py answers them through the whole application, without a network. CPU time is counted,
and the cheapest round of many: other programs on the machine add to a round but never take anything from it.
"""

# ruff: noqa: E402  # the engine patches the process before anything else is imported
import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
import eventlet

eventlet.monkey_patch()

import argparse
import cProfile
import functools
import json
import pstats
import tempfile
import time
from collections.abc import Callable
from typing import Any

import eventlet.tpool
from sqlalchemy import select

from bench.measure import MESSAGES
from bench.servers import FOREIGN, flask

ROUNDS, TIMES = 15, 10
#: Somebody in a room with many messages; and of the demo, by name: a member, a moderator and a vetter.
IN_ROOM, MEMBER, MODERATOR, VETTER = "", "نور", "هالة", "Dima"
#: Whose page the member reads: one of their people.
KNOWN = "سلمى"
PAGES = {
    "home": (IN_ROOM, "/"),
    "rooms": (IN_ROOM, "/rooms"),
    "room": (IN_ROOM, "/rooms/{room}"),
    "about": (IN_ROOM, "/rooms/{room}/about"),
    "directory": (IN_ROOM, "/directory"),
    "notices": (IN_ROOM, "/notices"),
    "profile": (IN_ROOM, "/me/profile"),
    "people": (IN_ROOM, "/me/people"),
    "standing": (IN_ROOM, "/me/standing"),
    "m-home": (MEMBER, "/"),
    "m-me": (MEMBER, "/me"),
    "m-profile": (MEMBER, "/me/profile"),
    "m-view-as": (MEMBER, "/me/profile/view-as"),
    "m-member": (MEMBER, "/members/{member}"),
    "m-directory": (MEMBER, "/directory"),
    "m-search": (MEMBER, "/directory?q=Arabic"),
    "m-people": (MEMBER, "/me/people"),
    "m-lists": (MEMBER, "/me/lists"),
    "m-blocks": (MEMBER, "/me/blocks"),
    "m-standing": (MEMBER, "/me/standing"),
    "m-doors": (MEMBER, "/me/doors"),
    "m-vouching": (MEMBER, "/me/vouching"),
    "m-reports": (MEMBER, "/me/reports"),
    "m-notices": (MEMBER, "/notices"),
    "m-notified": (MEMBER, "/me/notices"),
    "m-sessions": (MEMBER, "/me/sessions"),
    "m-names": (MEMBER, "/me/names"),
    "m-travel": (MEMBER, "/me/travel"),
    "m-trusted": (MEMBER, "/me/trusted"),
    "m-lock": (MEMBER, "/me/lock"),
    "m-drafts": (MEMBER, "/me/drafts"),
    "m-looked": (MEMBER, "/me/looked"),
    "m-data": (MEMBER, "/me/data"),
    "queue": (MODERATOR, "/queue"),
    "item": (MODERATOR, "/queue/{item}"),
    "all-people": (MODERATOR, "/people"),
    "proposals": (MODERATOR, "/proposals"),
    "v-queue": (VETTER, "/queue"),
    "v-file": (VETTER, "/applications/{application}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page_cost", description="CPU per page.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="these alone")
    parser.add_argument("--profile", choices=PAGES, help="this one, and where the time goes")
    asked = parser.parse_args()
    profiled: str | None = asked.profile
    wanted = [profiled] if profiled else asked.pages or list(PAGES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        os.environ.clear()
        os.environ.update(kept | {"APP_ENV": "development", "LIMITS": "off"})
        opened: dict[bool, Callable[[str, str], None]] = {}
        for name in wanted:
            who, address = PAGES[name]
            if (who == IN_ROOM) not in opened:
                instance = f"{folder}/{'room' if who == IN_ROOM else 'demo'}"
                opened[who == IN_ROOM] = _room(instance) if who == IN_ROOM else _demo(instance)
            read = functools.partial(opened[who == IN_ROOM], who)
            print(f"{name:10} {_cheapest(read, address):6.2f} ms of CPU", flush=True)
            if profiled:
                with cProfile.Profile(time.process_time) as found:
                    _cheapest(read, address)
                pstats.Stats(found).sort_stats("cumtime").print_stats(110)


def _room(instance: str) -> Callable[[str, str], None]:
    """A call that reads a page as somebody in a room with many messages."""
    os.environ["SANAD_INSTANCE"] = instance
    flask(dict(os.environ), "instance")
    seed = json.loads(flask(dict(os.environ), "bench-seed", "--people", "2", "--messages", str(MESSAGES)))
    return _reader(_app(), {IN_ROOM: seed["cookies"][0]}, {"room": seed["room"]})


def _demo(instance: str) -> Callable[[str, str], None]:
    """A call that reads a page as one of the people of the demo."""
    from app.identity import actions  # noqa: PLC0415  # settings are read as they are imported
    from app.identity.demo import inhabitants  # noqa: PLC0415
    from app.identity.models import Device, Person  # noqa: PLC0415
    from app.kernel import work  # noqa: PLC0415
    from app.kernel.sessions import session_cookie  # noqa: PLC0415
    from app.membership.models import Application, ApplicationState  # noqa: PLC0415
    from app.moderation.models import ItemState, QueueItem  # noqa: PLC0415
    from app.moderation.policy import REPORTS  # noqa: PLC0415

    os.environ["SANAD_INSTANCE"] = instance
    for command in ("instance", "demo"):
        flask(dict(os.environ), command)
    app = _app()
    house = app.extensions["house"]
    cookie = session_cookie(house.settings.tls)
    with work.scope(house) as opened, opened.writing():
        rows = {one.name: number for number, one in inhabitants().items()}
        tokens = {
            name: actions.begin_session(rows[name], device=Device.COMPUTER, second_factor=True)
            for name in (MEMBER, MODERATOR, VETTER)
        }
        claimed = (QueueItem.kind == REPORTS, QueueItem.state == ItemState.CLAIMED)
        mine = QueueItem.claimed_by_id == rows[MODERATOR]
        reviewed = Application.state == ApplicationState.IN_REVIEW
        ask = opened.session.scalars
        filled = {
            "member": ask(select(Person.public_id).where(Person.id == rows[KNOWN])).one(),
            "item": ask(select(QueueItem.public_id).where(*claimed, mine)).one(),
            "application": ask(select(Application.public_id).where(reviewed).limit(1)).one(),
        }
    return _reader(app, {name: f"{cookie}={token}" for name, token in tokens.items()}, filled)


def _app() -> Any:
    from app import create_app  # noqa: PLC0415  # settings are read as it is imported
    from config import read_settings  # noqa: PLC0415

    return create_app(read_settings(), offload=eventlet.tpool.execute)


def _reader(app: Any, cookies: dict[str, str], filled: dict[str, str]) -> Callable[[str, str], None]:
    client = app.test_client(use_cookies=False)

    def read(who: str, address: str) -> None:
        answer = client.get(address.format(**filled), headers={"Cookie": cookies[who]})
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status}")
        answer.get_data()

    return read


def _cheapest(read: Callable[[str], None], address: str) -> float:
    """CPU milliseconds of one reading."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(TIMES):
            read(address)
        best = min(best, (time.process_time() - before) / TIMES)
    return best * 1e3


if __name__ == "__main__":
    main()
