"""kill -9 in the middle of a conversation: what was acknowledged is stored once and reaches everybody once, in order."""

import pytest
from sqlalchemy import select

from app.chat.models import Message
from app.kernel import work
from config import Settings
from tests.faults.chatter import Chatter
from tests.server import Server, wait_for

PEOPLE = 20
KILLS = 5
BETWEEN = 60


@pytest.mark.faults
@pytest.mark.usefixtures("forgetful_clients")
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the client library forgets sockets that died
def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed_five_times(
    sqlite_settings: Settings,
) -> None:
    server = Server(sqlite_settings.instance, {"LIMITS": "off"})
    make = server.factory()
    tokens = [make.token() for _ in range(PEOPLE)]
    room = make.room(*(make.actor(token) for token in tokens))
    server.start()
    chatters = [Chatter(server, token, room.public_id, f"p{number:02d}") for number, token in enumerate(tokens)]
    for chatter in chatters:
        chatter.start()
    for _ in range(KILLS):
        before = _acknowledged(chatters)
        wait_for(lambda goal=before + BETWEEN: _acknowledged(chatters) >= goal or _problem(chatters), seconds=60)  # type: ignore[misc]
        server.kill()
        server.start()
    for chatter in chatters:
        chatter.stopping.set()
    for chatter in chatters:
        chatter.finish()
    # Everybody has stopped writing; whoever finished first now reads what came after.
    for chatter in chatters:
        chatter.stopping.set()
        chatter.start()
    for chatter in chatters:
        chatter.finish()
    with work.scope(make.house) as opened:
        stored = list(opened.session.execute(select(Message.seq, Message.client_id).order_by(Message.seq)))
    server.stop()

    assert [row.seq for row in stored] == list(range(1, len(stored) + 1))
    ids = [row.client_id for row in stored]
    assert len(ids) == len(set(ids))
    for chatter in chatters:
        assert len(chatter.acknowledged) >= KILLS
        assert {client_id: ids[seq - 1] for client_id, seq in chatter.acknowledged.items()} == {
            client_id: client_id for client_id in chatter.acknowledged
        }
        assert chatter.heard == list(range(1, len(stored) + 1))
        assert chatter.heard_ids == ids


def _acknowledged(chatters: list[Chatter]) -> int:
    return sum(len(chatter.acknowledged) for chatter in chatters)


def _problem(chatters: list[Chatter]) -> bool:
    for chatter in chatters:
        if chatter.problem:
            raise chatter.problem
    return False
