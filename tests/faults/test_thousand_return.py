"""A thousand browsers come back in the same second after a restart, while people write and look at pages."""

import resource
import threading
from contextlib import closing

import pytest

from app.chat import actions, queries
from app.kernel import work
from config import Settings
from tests.conftest import missing
from tests.factories import Factory
from tests.faults.chatter import Sent, begin, check_whole, gather, settle, wait_for_more
from tests.faults.herd import Herd
from tests.faults.pages import Pages
from tests.faults.stopwatch import Stopwatch
from tests.server import Server

pytestmark = pytest.mark.faults
#: Ten tabs of each session, nearly as many as one may have.
BROWSERS, PEOPLE = 1000, 100
#: Messages that are said while everybody is away.
MISSED = 40
#: Seconds until the last of them has caught up, and until a page is there meanwhile.
BOUND, PAGE_BOUND = 10.0, 5.0


class Watching:
    """Somebody who opens a room's page again and again, and how long it took at most (seconds)."""

    def __init__(self, server: Server, token: str, room: str) -> None:
        self.slowest, self.seen = 0.0, 0
        self.problem: BaseException | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(server, token, room), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=60)
        if self.problem:
            raise self.problem

    def _watch(self, server: Server, token: str, room: str) -> None:
        try:
            with Pages(server, token) as pages:
                while not self._stopping.wait(0.1):
                    watch = Stopwatch(server)
                    assert pages.get(f"/rooms/{room}").status_code == 200
                    self.slowest = max(self.slowest, watch.seconds())
                    self.seen += 1
        except BaseException as problem:
            self.problem = problem


def test_a_thousand_browsers_that_come_back_at_once_have_caught_up_within_ten_seconds(
    sqlite_settings: Settings,
) -> None:
    server = Server(sqlite_settings.instance)
    make = server.factory()
    room, chatters = gather(server, make, 4, pause=0.6)
    tokens = [make.token() for _ in range(PEOPLE)]
    enter(make, tokens, room.public_id)
    start(server)
    with closing(Herd(server, room.public_id, tokens * (BROWSERS // PEOPLE))) as herd:
        herd.come()
        herd.run(herd.has_caught_up, 60)
        server.kill()
        meanwhile = {f"meanwhile-{number:03d}": Sent(f"Said meanwhile {number}") for number in range(MISSED)}
        for token, (client_id, said) in zip(tokens, meanwhile.items(), strict=False):
            make.message(make.actor(token), room, said.body, client_id)
        start(server)
        begin(chatters)
        watching = Watching(server, tokens[0], room.public_id)
        watch = Stopwatch(server)
        herd.come()
        coming = watch.seconds()
        herd.run(herd.has_caught_up, 60)
        took = watch.seconds()
        wait_for_more(chatters, 4)
        watching.finish()
        settle(chatters)
        herd.run(lambda: herd.has_heard(chatters[0].last), 60)
        assert herd.lost == 0, "nobody was turned away"
        assert check_whole(make, room, chatters, meanwhile) > MISSED
        assert all(one.heard == chatters[0].heard_ids for one in herd.browsers), "each message once, in order"
    assert coming < 1
    assert took < BOUND, f"it took {took:.1f} s"
    assert watching.seen > 0
    assert watching.slowest < PAGE_BOUND, f"a page took {watching.slowest:.1f} s"
    server.stop()
    make.house.close()


def enter(make: Factory, tokens: list[str], room: str) -> None:
    for token in tokens:
        actor = make.actor(token)
        with work.scope(make.house):
            actions.join_room(actor, queries.get_room(actor, room))


def start(server: Server) -> None:
    """Start the server and let it, as well as us, have a file open for each browser."""
    server.start()
    assert server.process is not None
    wanted = 2 * BROWSERS
    for process in (0, server.process.pid):
        now, most = resource.prlimit(process, resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < wanted:
            missing(f"a limit of {wanted} open files")
        if now != resource.RLIM_INFINITY and now < wanted:
            resource.prlimit(process, resource.RLIMIT_NOFILE, (wanted, most))
