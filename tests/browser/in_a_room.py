"""A room with two members and browsers to look into it with; and a wire between page and server that misbehaves."""

import json
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from app.chat import actions as chat
from app.chat import queries
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.limits import Budgets
from tests.browser.conftest import Visits
from tests.factories import Factory
from tests.server import Server, wait_for

PHONE, DESK = 360, 1280  # pixels
#: What a browser says of a server or a network that is taken away from it.
BROKEN_NETWORK = ("WebSocket connection to", "net::ERR_")
EVENT = re.compile(r'42(\d+)\["([a-z.]+)"')
#: What a phone has at the edge of a town: 280 kbit/s, and 800 ms for every round trip.
SECOND_GENERATION = {
    "offline": False,
    "latency": 800,
    "downloadThroughput": 280_000 / 8,
    "uploadThroughput": 280_000 / 8,
}
ANSWER = re.compile(r"43(\d+)\[")


def slow_down(page: Page) -> None:
    """Give a page the network of that phone."""
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SECOND_GENERATION)


class Wire:
    """Stands between a page and the server's socket, and loses or changes what it is told to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._lost_answers = 0
        self._lost_broadcasts = 0
        self._echoes = 0
        self._refusals: list[dict[str, object]] = []
        #: While true, what is posted never reaches the server.
        self.swallows = False
        self._waiting: set[str] = set()

    def lose_answers(self, number: int) -> None:
        """Let the server store the next texts, but not say so."""
        self._lost_answers = number

    def lose_broadcasts(self, number: int) -> None:
        self._lost_broadcasts = number

    def echo_broadcasts(self, number: int) -> None:
        """Deliver the next messages twice."""
        self._echoes = number

    def refuse_next(self, code: str, text: str, **more: int) -> None:
        """Answer the next text in the server's place; the server never hears of it."""
        self._refusals.append({"ok": False, "error": {"code": code, "text": text, **more}})

    def posts(self) -> list[str]:
        """The client ids of all texts that left the page, in order."""
        return [client_id for frame in self.sent for client_id in re.findall(r'"client_id":"([^"]+)"', frame)]

    def connect(self, page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()

        def from_page(frame: str | bytes) -> None:
            assert isinstance(frame, str)
            self.sent.append(frame)
            event = EVENT.match(frame)
            if event and event[2] == "room.post":
                if self._refusals:
                    page_side.send(f"43{event[1]}[{json.dumps(self._refusals.pop(0))}]")
                    return
                if self.swallows:
                    return
                self._waiting.add(event[1])
            server_side.send(frame)

        def from_server(frame: str | bytes) -> None:
            assert isinstance(frame, str)
            answer = ANSWER.match(frame)
            if answer and answer[1] in self._waiting and self._lost_answers:
                self._lost_answers -= 1
            elif frame.startswith('42["room.message"') and self._lost_broadcasts:
                self._lost_broadcasts -= 1
            else:
                page_side.send(frame)
                if frame.startswith('42["room.message"') and self._echoes:
                    self._echoes -= 1
                    page_side.send(frame)

        page_side.on_message(from_page)
        server_side.on_message(from_server)


@dataclass
class Seat:
    """Somebody with the room open in a browser of their own."""

    context: BrowserContext
    page: Page

    def write(self, text: str) -> None:
        self.page.fill("#body", text)
        self.page.click("[data-send]")

    def texts(self) -> list[str]:
        """The words of every line, oldest first, stored or not."""
        return self.page.locator(".message__body").all_inner_texts()

    def sees(self, *texts: str, seconds: float = 30) -> None:
        """Wait until the newest lines are exactly these and nothing of one's own is on its way."""

        def shown() -> bool:
            self.page.wait_for_timeout(50)  # only here does the library carry frames; the condition decides
            return self.texts()[-len(texts) :] == list(texts) and self.page.locator("[data-client-id]").count() == 0

        try:
            wait_for(shown, seconds=seconds)
        except AssertionError:
            raise AssertionError(f"expected {texts}, shown are {self.texts()[-len(texts) - 3 :]}") from None

    def is_live(self) -> None:
        expect(self.page.locator("[data-until-live]")).to_be_hidden(timeout=30_000)
        expect(self.page.locator("[data-connection]")).to_be_hidden(timeout=30_000)

    def leaves(self) -> None:
        """Leave the room for good."""
        self.page.get_by_role("link", name="About this room").click()
        self.page.locator('form[action$="/leave"] button').click()
        self.page.wait_for_url("**/rooms")

    def looks_again(self) -> None:
        """Tell the page what a browser tells it when its window is looked at again."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def is_at_end(self) -> bool:
        return bool(
            self.page.evaluate(
                "document.querySelector('[data-messages]').getBoundingClientRect().bottom"
                " <= document.querySelector('.composer').getBoundingClientRect().top"
            )
        )

    def elements(self) -> int:
        return int(self.page.evaluate("document.getElementsByTagName('*').length"))


@dataclass
class Scene:
    """A room with two members on a running server, and browsers to look into it with."""

    site: Server
    make: Factory
    visit: Visits

    def __post_init__(self) -> None:
        self.nour_token, self.lina_token = self.make.token(language="ar"), self.make.token()
        self.nour, self.lina = self.make.actor(self.nour_token), self.make.actor(self.lina_token)
        self.room = self.make.room(self.nour, self.lina)

    def open(
        self, token: str, *, width: int = PHONE, language: str = "en", javascript: bool = True, wire: Wire | None = None
    ) -> Seat:
        """Open the room as somebody."""
        seat = self.approach(token, width=width, language=language, javascript=javascript, wire=wire)
        if javascript:
            seat.is_live()
        return seat

    def approach(
        self,
        token: str,
        *,
        width: int = PHONE,
        language: str = "en",
        javascript: bool = True,
        wire: Wire | None = None,
        clock: bool = False,
        **options: Any,
    ) -> Seat:
        """Load the room's page as somebody, whether or not its socket connects; with a `clock` that can be put forward."""
        page = self.visit(token, language, width, javascript, expected=BROKEN_NETWORK, **options)
        if clock:
            page.clock.install()
        if wire:
            page.route_web_socket("**/socket.io/**", wire.connect)
        page.goto(f"/rooms/{self.room.public_id}")
        return Seat(page.context, page)

    def has_read(self, actor: Actor, seq: int) -> None:
        with work.scope(self.make.house):
            chat.mark_read(actor, queries.get_room(actor, self.room.public_id), seq=seq)

    def fill(self, *bodies: str) -> None:
        """Put messages of Nour's into the room that nobody hears of, faster than a person may write."""
        budgets, self.make.house.budgets = self.make.house.budgets, Budgets(None, enabled=False)
        for body in bodies:
            self.make.message(self.nour, self.room, body)
        self.make.house.budgets = budgets

    def say(self, *bodies: str, by: Actor | None = None) -> None:
        """Somebody writes, without a browser but through the server, so that everyone hears it."""
        token = self.make.another_session(by or self.nour)
        socket = self.site.socket(token)
        for number, body in enumerate(bodies):
            sent = {"room": self.room.public_id, "client_id": f"said-{token[:8]}-{number}", "body": body}
            answer = socket.call("room.post", sent)
            assert answer["ok"], answer
        socket.disconnect()

    def bodies(self) -> list[str]:
        """The HTML of everything that the room holds, in order."""
        with work.scope(self.make.house):
            room = queries.get_room(self.lina, self.room.public_id)
            return [str(words.html) for words in queries.since(self.lina, room, after=0, limit=1000).words]

    def holds(self, *texts: str) -> None:
        """The room's newest messages are these, each once."""
        newest = [re.sub(r"<[^>]+>", "", body) for body in self.bodies()][-len(texts) :]
        assert newest == list(texts)
