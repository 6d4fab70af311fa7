"""No page asks the databases more often because there is more to show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from app.chat import actions as chat
from app.chat.models import Room
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor, system
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.web.context import DemoSeen
from app.profiles.actions import blocks, companions, lists, people
from app.profiles.actions.listing import set_listed
from app.profiles.queries import connections
from app.profiles.queries.companions import Part
from tests.factories import Factory

#: The statements of each page, in the data database and in the keys database, with nothing in memory. Lower is welcome;
#: a higher number needs a reason in the commit that raises it.
PAGES = {
    "/": (13, 1),  # what waits for one, a statement for each feature that has something to say
    "/rooms": (3, 1),  # the third for who is named where
    "/rooms/conversations": (3, 1),
    "/rooms/search": (3, 1),
    # What hangs on its messages (five), what was typed or brought and not sent (three), whom one keeps away, topics, pins.
    "/rooms/{room}": (15, 3),
    "/rooms/{room}?before=1000": (15, 3),
    "/rooms/{room}/about": (7, 2),
    "/rooms/{room}/topics": (4, 1),
    "/rooms/{room}/pins": (5, 1),
    "/me": (1, 1),
    "/me/profile": (18, 3),  # lists and companions by name, for saying who sees what
    "/me/profile/about": (18, 3),
    "/me/profile/view-as": (14, 3),
    "/me/profile/listed": (2, 1),
    "/directory": (9, 3),  # five of them to read twenty cards, however many are in it
    "/me/sessions": (2, 1),
    "/notices": (3, 1),
    "/me/notices": (2, 1),
    "/people/invitations": (3, 1),
    "/me/standing": (7, 1),
    "/me/doors": (4, 1),
    "/me/vouching": (4, 1),
    "/me/reports": (2, 1),
    "/me/names": (2, 1),
    "/me/travel": (4, 1),
    "/me/private-names": (2, 1),
    "/me/trusted": (4, 1),
    "/me/lock": (2, 1),
    "/me/drafts": (2, 1),
    "/me/looked": (4, 1),
    "/me/data": (2, 1),
    "/me/people": (8, 3),
    "/me/lists": (9, 3),
    "/me/blocks": (3, 2),
    "/people": (2, 1),
    "/proposals": (4, 1),
    "/record": (4, 1),
    "/moderation/log": (3, 1),
}
#: What somebody sees for the first time costs more than what they see again, here and in a room.
AT_FIRST = ("/directory",)
BUSY = 5


@contextmanager
def counted(house: House) -> Iterator[dict[str, list[str]]]:
    """What is asked of each database meanwhile."""
    asked: dict[str, list[str]] = {"data": [], "keys": []}
    engines = {"data": house.databases.data, "keys": house.databases.keys}

    def listener(name: str) -> Callable[..., None]:
        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                asked[name].append(statement)

        return note

    notes = {name: listener(name) for name in engines}
    for name, engine in engines.items():
        event.listen(engine, "before_cursor_execute", notes[name])
    try:
        yield asked
    finally:
        for name, engine in engines.items():
            event.remove(engine, "before_cursor_execute", notes[name])


@pytest.fixture
def reader(make: Factory) -> str:
    return make.token(roles=(Role.MEMBER, Role.ADMINISTRATOR))


def ask(app: Flask, house: House, token: str, address: str) -> tuple[int, int]:
    """How many statements one page costs in each database, with no key in memory."""
    client = app.test_client()
    client.set_cookie("sanad", token)
    house.vault._opened.clear()
    with counted(house) as asked:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(asked["data"]), len(asked["keys"])


def test_no_page_costs_more_when_there_is_five_times_as_much(
    app: Flask, house: House, make: Factory, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoSeen, "LOOK_AGAIN_SECONDS", 1e9)  # or a slow machine would look twice
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for times in (1, BUSY):
        room = busy_room(make, reader, times)
        for page in PAGES:
            address = page.format(room=room.public_id)
            if times == 1 or page in AT_FIRST or address != page:
                ask(app, house, reader, address)  # reads what is read once, such as whether there is a demo
            found.setdefault(times, {})[page] = ask(app, house, reader, address)
    assert found[BUSY] == found[1], "a page asks once for each thing that it shows"
    assert found[1] == PAGES


def surrounded(make: Factory, reader: Actor, others: list[Actor]) -> None:
    """Requests that wait, people, mentors, a list and blocks, one of each for each of these."""
    with work.scope(make.house):
        kept = lists.make(reader, name=f"List {len(others)} of {reader.name}")
        for actor in (reader, *others):
            set_listed(actor, listed=True)
        for other in others:
            people.ask(other, reader.public_id, note="Good evening")
            people.accept(reader, connections.between(reader, other.person_id)[0])
            companions.ask(other, reader.person_id, part=Part.MENTOR)
            lists.put_on(reader, kept, other.person_id)
            asking, away = make.person(), make.person()
            set_listed(asking, listed=True)
            people.ask(asking, reader.public_id, note="Good evening")
            blocks.block(reader, away.person_id)


def busy_room(make: Factory, token: str, times: int) -> Room:
    """A room with other people's words in it, and as many other rooms, sessions and invitations."""
    reader = make.actor(token)
    others = [make.person() for _ in range(times)]
    room = make.room(reader, *others)
    with work.scope(make.house):
        weeks = [now() - timedelta(weeks=week) for week in range(times, 0, -1)]
        chat.import_messages(system("test"), room, [(others[0].person_id, "Long ago", moment) for moment in weeks])
    for number in range(3 * times):
        make.message(others[number % times], room, f"Line {number}")
    surrounded(make, reader, others)
    for other in others:
        make.room(reader, other)
        make.another_session(reader)
        make.invitation(Role.CASEWORKER)
    return room
