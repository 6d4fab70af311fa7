"""People who only want to talk while something goes on around them, and how long they have to wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.chat.models import Room
from tests.factories import Factory
from tests.faults.line import Line
from tests.faults.stopwatch import Stopwatch
from tests.server import Server, wait_for

#: Seconds in which a message is with the others, or a page is there, whatever else goes on.
BOUND = 2.0
#: Seconds between two messages: slower than the budget of so many people.
PAUSE = 0.1
PEOPLE = 6


class Bystanders:
    """Write in turn, hear each other and open the room's page, again and again."""

    def __init__(self, server: Server, make: Factory) -> None:
        self.server = server
        self.tokens = [make.token() for _ in range(PEOPLE)]
        self.room: Room = make.room(*(make.actor(token) for token in self.tokens))
        self.heard: list[int] = []
        self.rounds = 0
        self.slowest = 0.0
        self.problem: BaseException | None = None
        self._stopping = threading.Event()
        self._lines = [Line(server, token) for token in self.tokens]
        self._lines[0].hear = lambda event, content: self.heard.append(content["seq"])
        for line in self._lines:
            assert line.call("room.open", {"room": self.room.public_id, "since": None})["ok"]
        self._browser = server.browser(self.tokens[0])
        self._round(0)  # whatever is made at the first time is made
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    @contextmanager
    def unharmed(self, rounds: int = 4) -> Iterator[None]:
        """While the block lasts, and at least for so many messages and pages, nobody waits longer than BOUND."""
        self.slowest, before = 0.0, self.rounds
        yield
        wait_for(lambda: self.problem or self.rounds >= before + rounds, seconds=60, what="the bystanders")
        if self.problem:
            raise self.problem
        assert self.slowest < BOUND, f"somebody waited {self.slowest:.1f} s"

    def leave(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=20)
        for line in self._lines:
            line.close()
        self._browser.close()
        if self.problem:
            raise self.problem
        assert self.heard == list(range(1, len(self.heard) + 1)), "each message once, in order"

    def _live(self) -> None:
        try:
            number = 1
            while not self._stopping.wait(PAUSE):
                self._round(number)
                number += 1
        except BaseException as problem:
            self.problem = problem

    def _round(self, number: int) -> None:
        writer, listener = self._lines[1 + number % (PEOPLE - 1)], self._lines[0]
        watch = Stopwatch(self.server)
        sent = {"room": self.room.public_id, "client_id": f"bystander-{number:06d}", "body": "مساء الخير"}
        asked = writer.tell("room.post", sent)
        count = len(self.heard)
        listener.read_until(lambda: len(self.heard) > count, seconds=30)
        answer = writer.answer_to(asked, seconds=30)
        assert answer["ok"], answer
        self.slowest = max(self.slowest, watch.seconds())
        watch = Stopwatch(self.server)
        page = self._browser.get(f"http://127.0.0.1:{self.server.port}/rooms/{self.room.public_id}", timeout=30)
        assert page.status_code == 200, page.status_code
        self.slowest = max(self.slowest, watch.seconds())
        self.rounds += 1
