"""Where one writes, while something is still on its way: nothing that was typed is lost, and nothing comes back."""

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from app.chat import policy
from app.kernel import work
from app.safety.queries import drafts
from tests.browser.conftest import Visits
from tests.browser.in_a_room import ANSWER, BROKEN_NETWORK, EVENT, Scene
from tests.server import Server, wait_for


@pytest.fixture
def scene(site: Server, open_page: Visits) -> Scene:
    return Scene(site, site.factory(), open_page)


def test_nothing_can_be_typed_into_a_text_that_is_being_looked_at(scene: Scene) -> None:
    """The script that looks for what gives somebody away is slow to come, and the network goes meanwhile."""
    page = scene.visit(scene.lina_token, "en", 360, expected=BROKEN_NETWORK)
    asked: list[Route] = []

    def keep_waiting(route: Route) -> None:
        asked.append(route)

    page.route("**/acting*", keep_waiting)
    page.goto(f"/rooms/{scene.room.public_id}")
    field = page.locator("#body")
    field.fill("the first words")

    def is_asked_for() -> bool:
        page.wait_for_timeout(50)  # only here does the library carry what is asked for
        return bool(asked)

    wait_for(is_asked_for, what="the script to be asked for")
    page.get_by_role("button", name="Send").click()
    expect(field).not_to_be_editable()
    page.context.set_offline(True)
    expect(page.locator("[data-connection]")).to_contain_text("You are offline.")
    # After some seconds the server alone is to look: on a slow machine they may be over.
    assert page.evaluate("!!document.querySelector('.message--pending') || document.querySelector('#body').readOnly")
    asked[0].abort()
    expect(page.locator(".message--pending")).to_contain_text("the first words")
    expect(field).to_be_editable()
    expect(field).to_have_value("")


def test_a_text_that_is_sent_before_its_draft_is_known_to_be_kept_takes_it_along(scene: Scene) -> None:
    held: list[str] = []
    page = scene.visit(scene.lina_token, "en", 360)
    sockets: list[WebSocketRoute] = []

    def connect(page_side: WebSocketRoute) -> None:
        server_side, drafted = page_side.connect_to_server(), set()
        sockets.append(page_side)

        def from_page(frame: str | bytes) -> None:
            event = EVENT.match(str(frame))
            if event and event[2] == "room.draft":
                drafted.add(event[1])
            server_side.send(frame)

        def from_server(frame: str | bytes) -> None:
            answer = ANSWER.match(str(frame))
            if answer and answer[1] in drafted:
                held.append(str(frame))
            else:
                page_side.send(frame)

        page_side.on_message(from_page)
        server_side.on_message(from_server)

    def kept() -> str:
        page.wait_for_timeout(50)  # only here does the library carry frames
        with work.scope(scene.make.house):
            return drafts.words_at(scene.lina, policy.draft_place(scene.room.public_id))

    page.route_web_socket("**/socket.io/**", connect)
    page.goto(f"/rooms/{scene.room.public_id}")
    page.fill("#body", "A heron at the window")
    wait_for(lambda: kept() == "A heron at the window" and held, what="the draft to be kept")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message[data-seq]")).to_contain_text("A heron at the window")
    wait_for(lambda: not kept(), what="the draft to be forgotten")
    sockets[-1].send(held[0])
    page.wait_for_timeout(200)  # for what must not happen
    expect(page.locator("[data-composer] [name=draft]")).to_have_value("")
