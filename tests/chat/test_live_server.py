"""Rooms over a real server and real sockets."""

from tests.server import Server, wait_for


def test_what_one_person_writes_reaches_another_at_once(server: Server) -> None:
    make = server.factory()
    nour, lina = make.token("نور", language="ar"), make.token("Lina")
    room = make.room(make.actor(nour), make.actor(lina))
    heard: list[dict[str, object]] = []
    reader, writer = server.socket(nour), server.socket(lina)
    reader.on("room.message", heard.append)
    assert reader.call("room.open", {"room": room.public_id, "since": None})["ok"]
    sent = {"room": room.public_id, "client_id": "first-message", "body": "Good evening, نور"}
    answer = writer.call("room.post", sent)
    assert answer["ok"], answer
    wait_for(lambda: heard, what="the message")
    assert heard[0] == answer["message"]
    assert writer.call("room.post", sent) == answer
    reader.disconnect()
    writer.disconnect()
