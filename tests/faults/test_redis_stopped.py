"""Redis goes away under two processes, comes back and hangs: people write and read on, nothing is lost or doubled."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from app.identity import actions as identity
from app.kernel import work
from config import Settings
from tests.conftest import missing
from tests.faults.chatter import begin, check_whole, gather, settle, wait_for_more
from tests.faults.group import Across, Group, group
from tests.faults.line import Line
from tests.faults.stopwatch import Stopwatch
from tests.server import free_port, wait_for

pytestmark = pytest.mark.faults
#: Seconds that somebody waits at most while Redis hangs: one for each of the three things that ask it, and the work.
LONGEST = 5.0


@dataclass
class OwnRedis:
    """A Redis of this test's own, which it may stop."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        quietly = ["--save", "", "--appendonly", "no", "--logfile", str(self.folder / "redis.log")]
        self.process = subprocess.Popen(["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), *quietly])
        wait_for(self._answers, what="Redis to start")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
        self.process = None

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    if shutil.which("redis-server") is None:
        missing("redis-server")
    running = OwnRedis(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def pair(postgres_settings: Settings, own_redis: OwnRedis) -> Iterator[Group]:
    with group(postgres_settings, own_redis.url) as running:
        yield running


def test_people_write_and_read_on_while_redis_stops_comes_back_and_hangs(pair: Group, own_redis: OwnRedis) -> None:
    room, chatters = gather(pair.one, pair.make, 6, pause=0.3, patience=2 * LONGEST)
    for chatter in chatters[::2]:
        chatter.server = pair.two
    across = Across(pair)
    wait_for(across.is_heard, seconds=20, what="the processes to hear each other")
    begin(chatters)
    wait_for_more(chatters, 12)

    own_redis.stop()
    wait_for_more(chatters, 18)
    _pages_answer(pair, chatters[0].token, room.public_id)
    _sessions_end(pair)

    own_redis.start()
    wait_for(across.is_heard, seconds=20, what="the processes to find each other again")

    own_redis.signal(signal.SIGSTOP)
    wait_for_more(chatters, 12)
    _pages_answer(pair, chatters[0].token, room.public_id)
    own_redis.signal(signal.SIGCONT)
    wait_for(across.is_heard, seconds=20, what="the processes to find each other again")

    across.close()
    settle(chatters)
    assert max(max(chatter.took) for chatter in chatters) < LONGEST
    check_whole(pair.make, room, chatters)


def _pages_answer(pair: Group, token: str, room: str) -> None:
    for server in pair.servers:
        with server.browser(token) as browser:
            watch = Stopwatch(server)
            assert browser.get(f"http://127.0.0.1:{server.port}/rooms/{room}").status_code == 200
            assert watch.seconds() < LONGEST


def _sessions_end(pair: Group) -> None:
    """What ends a session is in the database: no process waits for another to tell it."""
    token = pair.make.token()
    told: list[str] = []
    line = Line(pair.two, token, hear=lambda event, _content: told.append(event))
    with work.scope(pair.make.house):
        identity.sign_out(pair.make.actor(token))
    watch = Stopwatch(pair.two)
    line.wait_for_end()
    assert watch.seconds() < 1.5
    assert told == ["session.ended"]
    line.close()
