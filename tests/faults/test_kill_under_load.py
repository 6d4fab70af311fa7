"""kill -9 in the middle of a conversation: what was acknowledged is stored once and reaches everybody once, in order."""

import pytest

from config import Settings
from tests.faults.chatter import begin, check_whole, gather, settle, wait_for_more, wait_until_back
from tests.server import Server

pytestmark = pytest.mark.faults
PEOPLE, KILLS, BETWEEN = 8, 20, 25


def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed_twenty_times(
    sqlite_settings: Settings,
) -> None:
    server = Server(sqlite_settings.instance, {"LIMITS": "off"})
    make = server.factory()
    room, chatters = gather(server, make, PEOPLE)
    server.start()
    begin(chatters)
    for kills in range(KILLS):
        wait_until_back(chatters, kills)
        wait_for_more(chatters, BETWEEN)
        server.kill()
        server.start()
    settle(chatters)
    server.stop()
    assert check_whole(make, room, chatters) >= KILLS * BETWEEN
    assert all(chatter.breaks >= KILLS for chatter in chatters)
    make.house.close()
