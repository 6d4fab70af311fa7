"""Somebody who travels asks every address with every id there is, and finds nothing of what they hide.

So does whoever holds their phone and has them sign in. A canary is a word that exists nowhere else.
"""

import itertools
from typing import Any

import pytest

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.limits import Budgets
from app.moderation import actions as moderation
from app.moderation.models import Category
from app.safety.actions import drafts
from tests.house.refusals import drawn_once
from tests.house.sockets import socket
from tests.house.test_newcomer_crawl import Looked, every_address, every_id, what_was_asked
from tests.safety.scene import Scene

CANARIES = {
    "name of the room": "Quartzite corner",
    "words of another": "The kestrel nests behind the mill",
    "words of one's own": "A brass compass under the bridge",
    "draft": "seven lanterns for the ferryman",
    "report of a message": "ninepins at the umbrella stand",
}


def found_by(scene: Scene, actor: Actor, ids: list[str]) -> dict[str, set[str]]:
    """For each canary that this browser gets hold of, where."""
    client, found = scene.client(actor), dict[str, set[str]]()
    looked = Looked(CANARIES)

    def look(place: str, sent: str) -> None:
        for name in looked.into(sent):
            found.setdefault(name, set()).add(place)

    with drawn_once(what_was_asked):
        for _rule, _id, address in every_address(scene.app, ids, pairs=True):
            answer = client.get(address, buffered=True, follow_redirects=True)
            look(address, answer.get_data(as_text=True))
            look(address, str(answer.headers))
    with socket(scene.app, scene.tokens[actor.person_id]) as live:
        for event, one in itertools.product(scene.house.live.declared, ids):
            payload: dict[str, Any] = {"room": one, "since": 0, "seq": 1, "body": "", "client_id": ""}
            look(event, str(live.emit(event, payload, callback=True)) + str(live.get_received()))
    return found


@pytest.fixture
def nour(pages: Scene) -> Actor:
    """Somebody with something in a room of theirs, and another room that stays."""
    pages.house.budgets = Budgets(None, enabled=False)
    nour, other = pages.person(), pages.person()
    room = pages.make.room(nour, other, name=CANARIES["name of the room"])
    pages.make.room(nour, name="Bread and rain")
    message = pages.make.message(other, room, CANARIES["words of another"])
    pages.make.message(nour, room, CANARIES["words of one's own"])
    with work.scope(pages.house):
        drafts.keep(nour, f"room:{room.public_id}", CANARIES["draft"])
        ref, says = f"{room.public_id}.{message.seq}", CANARIES["report of a message"]
        moderation.report(nour, "message", ref, category=Category.HARASSMENT, says=says, hopes="")
    pages.hide(nour, room)
    return nour


def test_whoever_travels_finds_nothing_of_what_they_hide_at_any_address(pages: Scene, nour: Actor) -> None:
    nour = pages.travel(nour)
    assert found_by(pages, nour, every_id(pages.house)) == {}


def test_the_crawl_finds_all_of_it_before_the_journey(pages: Scene, nour: Actor) -> None:
    """Or it would prove nothing."""
    assert set(found_by(pages, nour, every_id(pages.house))) == set(CANARIES)
