"""What people send is held back, doubled, turned round and lost on its way: it is stored once, and everybody reads the same."""

import threading

import pytest

from config import Settings
from tests.faults.bad_network import BadNetwork
from tests.faults.chatter import begin, check_whole, gather, settle, wait_for_more
from tests.faults.line import Line
from tests.server import Server

pytestmark = pytest.mark.faults
SEED = 7


def test_what_is_doubled_late_or_lost_on_the_way_is_stored_once_and_read_in_one_order(
    sqlite_settings: Settings,
) -> None:
    server = Server(sqlite_settings.instance, {"LIMITS": "off"})
    make = server.factory()
    room, chatters = gather(server, make, 8, patience=2)
    server.start()
    network = BadNetwork(server.port, SEED)
    for chatter in chatters:
        chatter.port = network.port
    begin(chatters)
    wait_for_more(chatters, 200)
    network.good.set()
    settle(chatters)
    network.close()
    for what in ("doubled", "again later", "turned round", "lost before", "lost after", "broken in the middle"):
        assert network.did[what] > 0, "it was meant to be a bad network"
    assert sum(chatter.breaks for chatter in chatters) > 10
    check_whole(make, room, chatters)
    server.stop()
    make.house.close()


def test_the_same_message_from_many_connections_at_once_is_stored_once(server: Server) -> None:
    make = server.factory()
    token = make.token()
    room = make.room(make.actor(token)).public_id
    lines = [Line(server, token) for _ in range(6)]
    together = threading.Barrier(len(lines))
    answers: list[object] = []

    def send(line: Line) -> None:
        together.wait()
        answers.append(line.call("room.post", {"room": room, "client_id": "once-and-once", "body": "Once"}))

    threads = [threading.Thread(target=send, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [answers[0]] * len(lines)
    assert lines[0].call("room.since", {"room": room, "since": 0})["last"] == 1
    for line in lines:
        line.close()
    make.house.close()
