"""Four processes over PostgreSQL and Redis: what ends a session ends it everywhere, and one that dies is no loss."""

import pytest

from app.chat import actions as chat
from app.chat import queries as rooms
from app.identity import actions as identity
from app.kernel import work
from config import Settings
from tests.faults.chatter import begin, check_whole, gather, settle, wait_for_more
from tests.faults.group import group
from tests.faults.line import Gone, Line
from tests.faults.stopwatch import Stopwatch
from tests.server import wait_for

pytestmark = pytest.mark.faults
#: Seconds until nobody hears anything any more who may not: one, and what the test itself needs.
AT_ONCE = 1.5


def test_four_processes_end_sessions_within_a_second_and_one_that_is_killed_is_no_loss(
    postgres_settings: Settings, redis_url: str
) -> None:
    with group(postgres_settings, redis_url, 4, LIMITS="off") as four:
        room, chatters = gather(four.one, four.make, 8)
        for place, chatter in enumerate(chatters):
            chatter.server = four.servers[place % 4]
        begin(chatters)
        wait_for_more(chatters, 60)

        # One session on each process, of somebody who signs out everywhere.
        token = four.make.token()
        actor = four.make.actor(token)
        with work.scope(four.make.house):
            chat.join_room(actor, rooms.get_room(actor, room.public_id))
        told: list[str] = []
        lines = [Line(server, token, hear=lambda event, _content: told.append(event)) for server in four.servers]
        for line in lines:
            assert line.call("room.open", {"room": room.public_id, "since": None})["ok"]
        wait_for_more(chatters, 10)
        with work.scope(four.make.house):
            identity.sign_out(actor)
        watches = [Stopwatch(server) for server in four.servers]
        for line, watch in zip(lines, watches, strict=True):
            line.wait_for_end()
            assert watch.seconds() < AT_ONCE
            line.close()
        assert told.count("session.ended") == 4

        four.two.kill()
        for chatter in chatters[1::4]:  # nginx would do this: whoever was there goes to another one
            chatter.server = four.one
        wait_for_more(chatters, 60)
        four.two.start()
        back = Line(four.two, chatters[1].token)
        heard: list[str] = []
        back.hear = lambda event, _content: heard.append(event)
        assert back.call("room.open", {"room": room.public_id, "since": None})["ok"]
        wait_for(lambda: _hears(back, heard), what="the one that came back to hear the others")
        back.close()
        settle(chatters)
        check_whole(four.make, room, chatters)


def _hears(line: Line, heard: list[str]) -> bool:
    try:
        line.read_until(lambda: "room.message" in heard, seconds=0.5)
    except Gone:
        assert not line.ended
        return False
    return True
