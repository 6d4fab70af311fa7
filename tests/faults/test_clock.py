"""The clock of a running server is set a day on, two days back and right again."""

import signal
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from app.chat.models import Message, Room
from app.kernel import work
from config import Settings
from tests.factories import PASSPHRASE, Factory
from tests.faults.line import Gone, Line
from tests.faults.pages import Pages
from tests.faults.places import OwnProgram
from tests.server import ROOT, Server, wait_for

pytestmark = pytest.mark.faults
SLOW = 5


def test_a_clock_that_jumps_loses_no_message_no_order_and_keeps_nobody_out(sqlite_settings: Settings) -> None:
    server = OwnProgram(sqlite_settings.instance, {"PYTHONPATH": str(ROOT / "tests" / "faults" / "programs" / "clock")})
    make = server.factory()
    nour, lina = make.token("Nour Sabah"), make.token("Lina Sabah")
    room, slow = (make.room(make.actor(nour), make.actor(lina)) for _ in range(2))
    slow_down(make, slow)
    server.start()
    line = Line(server, nour)
    for number in range(14):
        assert post(line, room, number)["ok"]

    jump(server, signal.SIGUSR1)
    # Her session has been idle for a day, as far as anybody can know: what she writes is refused, and she may sign in.
    with suppress(Gone):  # the server looks for itself, too, and may have been faster
        assert post(line, room, 14)["error"]["code"] == "signed_out"
    line.wait_for_end()
    line.close()
    with Pages(server) as pages:
        signed_in = pages.post("/sign-in", "/sign-in", name="Nour Sabah", passphrase=PASSPHRASE)
        assert signed_in.status_code == 303, signed_in.text
        line = Line(server, str(pages.browser.cookies["sanad"]))
    for number in range(14, 28):
        assert post(line, room, number)["ok"]
    assert post(line, slow, 100)["ok"]

    jump(server, signal.SIGUSR2)
    jump(server, signal.SIGUSR2)
    # What was used up of her budgets and of the slow room's pause lies in a future that will not come so soon.
    for number in range(28, 42):
        assert post(line, room, number)["ok"]
    answer = post(line, slow, 101)
    assert answer["ok"] or answer["error"]["retry_after"] <= SLOW

    jump(server, signal.SIGUSR1)
    for number in range(42, 46):
        assert post(line, room, number)["ok"]
    line.close()
    # Whose session nobody ended finds it as it was.
    with Pages(server, lina) as pages:
        shown = pages.get(f"/rooms/{room.public_id}")
        assert shown.status_code == 200
        bodies = [shown.text.index(f"Number {number:03d}") for number in range(46)]
        assert bodies == sorted(bodies), "in the order in which they were written, whatever their times say"
    back = Line(server, lina)
    read = back.call("room.open", {"room": room.public_id, "since": 0})
    assert [message["client_id"] for message in read["messages"]] == [f"message-{number:03d}" for number in range(46)]
    back.close()
    with work.scope(make.house) as opened:
        stored = opened.session.scalars(
            select(Message.seq).where(Message.room_id == room.id).order_by(Message.seq)
        ).all()
    assert stored == list(range(1, 47))
    server.stop()
    make.house.close()


def slow_down(make: Factory, room: Room) -> None:
    databases = make.house.databases
    with databases.data.connect() as connection:
        databases.begin_writing(connection)
        connection.execute(update(Room).where(Room.id == room.id).values(slow_seconds=SLOW))
        connection.commit()
        databases.end_writing(connection)


def post(line: Line, room: Room, number: int) -> dict[str, Any]:
    sent = {"room": room.public_id, "client_id": f"message-{number:03d}", "body": f"Number {number:03d}"}
    answer: dict[str, Any] = line.call("room.post", sent)
    return answer


def jump(server: Server, way: signal.Signals) -> None:
    """Set the server's clock, and wait until the answers say so."""
    before = its_time(server)
    assert server.process is not None
    server.process.send_signal(way)
    wait_for(lambda: abs((its_time(server) - before).total_seconds()) > 80_000, what="the clock to be another one")


def its_time(server: Server) -> datetime:
    with Pages(server) as pages:
        return parsedate_to_datetime(pages.get("/healthz").headers["Date"])
