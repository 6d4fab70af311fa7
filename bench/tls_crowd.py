"""The load program for several rooms of equal size behind nginx: as crowd.py, over TLS, everybody in one of the rooms.

The job's `room` names all rooms, with a space between; the first people are in the first one, and so on.
"""

import ssl
from typing import Any

from bench.client import Client
from bench.crowd import Crowd, main

#: What the servers are called; the name of deploy/nginx.
HOST = "sanad.example.org"
#: People between two who post: neighbours are on different processes, and this goes around them as well as the rooms.
STEP = 13


class TlsClient(Client):
    """A client that asks for the servers by their name, over TLS, whatever address they have."""

    __slots__ = ("room",)

    def __init__(self, address: str, cookie: str, room: str) -> None:
        self.room = room
        super().__init__(address, cookie)

    def _upgrade(self, origin: str, host: str, cookie: str) -> None:
        self.sock = trusting().wrap_socket(self.sock, server_hostname=HOST)
        super()._upgrade(f"https://{HOST}", HOST, cookie)


def trusting() -> ssl.SSLContext:
    """A certificate made for the run proves nothing, and nothing is asked of it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class RoomsCrowd(Crowd):
    """Everybody in one of several rooms, read by one epoll loop."""

    def __init__(self, address: str, room: str, cookies: list[str], people: int) -> None:
        self.rooms = room.split()
        self.size = people // len(self.rooms)
        super().__init__(address, room, cookies, people)

    def connect(self, address: str, cookie: str, place: int) -> Client:
        return TlsClient(address, cookie, self.rooms[place // self.size])

    def room_of(self, person: Client) -> str:
        assert isinstance(person, TlsClient)
        return person.room

    def take(self, person: Any) -> bytes | None:
        try:
            return super().take(person)
        except ssl.SSLWantReadError:  # half a record: the next poll tells of the rest of it
            return None

    def posters(self, number: int) -> list[Client]:
        return self.people[::STEP][:number]

    @property
    def expected(self) -> int:
        return (self.posted - self.refused) * self.size


if __name__ == "__main__":
    main(RoomsCrowd)
