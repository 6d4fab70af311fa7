"""How rooms grow: `python -m bench.rooms` compares a room with 1,000 messages with one of 1,000,000 among 500 others.

Two instances of their own on SQLite and the same on PostgreSQL, filled in bulk with sealed words and fingerprints as the
actions make them. Whoever looks is in twenty rooms in both; a second one is in all 500. A fixed mix is asked in turns of
both sizes, as whole pages through the program and as reads alone; written to results/rooms.json.

A thousand messages have none of a word that a million have many times, and to show twenty costs more than to show none. So
both rooms have the same few messages that are looked for, spread over all their weeks; how many hits each search showed in
each room stands beside its times. Searches that show more in the large room are a part of their own ("unlike").
"""

import argparse
import gc
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert

from app.chat import queries
from app.chat.models import Epoch, Membership, Room, RoomKind, RoomMember, RoomRole
from app.chat.queries import search, terms
from app.chat.queries.search import Search
from app.identity import actions as identity
from app.identity.keeper import Sessions
from app.identity.models import Device
from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.db import Base, KeysBase, new_public_id, now
from app.kernel.house import House
from app.kernel.limits import Budget
from app.kernel.sessions import PLAIN_COOKIE
from app.kernel.vault import Purpose
from bench.directory import databases, p95, settle
from bench.report import surroundings

RESULTS = Path(__file__).parent / "results" / "rooms.json"
ROUNDS = 60
#: So much slower the large room may be.
ALLOWED = 1.5
#: Messages of the room that is looked at, and how many other rooms there are with OTHER_MESSAGES each.
SIZES = {"small": (1_000, 19), "large": (1_000_000, 500)}
OTHER_MESSAGES = 20
MY_ROOMS = 20
UNREAD = 120
WEEKS = 13
BATCH = 20_000
WORDS = [f"kelime{number}x" for number in range(4_000)]
WEIGHTS = list(accumulate(1 / (rank + 4) for rank in range(len(WORDS))))
#: Messages of the room that is looked at, whatever its size, that one of its people wrote in these words.
ALIKE = 24
SELDOM = ("nadiren", "birlikte")
ALIKE_WORDS = " ".join((*SELDOM, *(WORDS[rank] for rank in (1, 2, 3, 4, 5, 60, 90))))
MESSAGES = (
    "insert into message (public_id, room_id, epoch_id, author_id, seq, client_id, state, edits, sealed, terms)"
    " values (?, ?, ?, ?, ?, ?, 'shown', 0, ?, ?)"
)
TERMS = "insert into message_term (epoch_id, term, seq) values (?, ?, ?)"


@dataclass
class World:
    """An instance, whoever looks at it, and the room that they look at."""

    app: Flask
    token: str
    everywhere: str
    room: str
    client: FlaskClient

    @property
    def house(self) -> House:
        house: House = self.app.extensions["house"]
        return house

    def actor(self, token: str) -> Actor:
        return Sessions().recognise(token)


# --- filling ------------------------------------------------------------------------------------------------------------


def fill(house: House, messages: int, others: int) -> tuple[str, str, str]:
    """One room of so many messages and so many small ones. Returns the tokens of who looks, and the room's public id."""
    lot = random.Random(messages)
    with work.scope(house) as opened, opened.writing():
        people = [identity.add_person(name, "!", roles=(Role.MEMBER,)).id for name in ("Nour", "Lina", "Sami", "Hala")]
        tokens = [identity.begin_session(person, device=Device.COMPUTER) for person in people[:2]]
        raw: Any = opened.connection.connection.driver_connection
        raw.execute("pragma cache_size = -400000")
        house.vault.reserve_keys(Purpose.ROOM_EPOCH, WEEKS * (others + 1))
        rooms = []
        for number in range(others + 1):
            made = _fill_room(raw, lot, people, *((OTHER_MESSAGES, 0) if number else (messages, ALIKE)))
            rooms.append(made)
            inside = people if number < MY_ROOMS else people[1:]
            rows = [_member(made.id, person, made.last_seq) for person in inside]
            opened.session.execute(insert(RoomMember), rows)
        raw.execute("analyze")
    return tokens[0], tokens[1], rooms[0].public_id


def _member(room: int, person: int, last_seq: int) -> dict[str, Any]:
    read = max(0, last_seq - UNREAD)
    return {
        "room_id": room,
        "person_id": person,
        "state": Membership.IN,
        "role": RoomRole.MEMBER,
        "read_seq": read,
        "joined_on": now().date(),
        "favourite": False,
    }


def _fill_room(raw: Any, lot: random.Random, people: list[int], messages: int, alike: int) -> Room:
    """A room that nobody finds, written in over WEEKS weeks, all of it in the index but the last hundred."""
    every = messages // alike if alike else messages + 1
    session, vault = work.session(), work.house().vault
    indexed = max(0, messages - 100)
    room = Room(
        kind=RoomKind.INVITED,
        public_id=new_public_id(),
        name_ar="غرفة",
        name_en="Room",
        address=new_public_id(),
        last_seq=messages,
        indexed_seq=indexed,
        members=4,
    )
    session.add(room)
    session.flush()
    weeks = min(WEEKS, messages)
    begin = now() - timedelta(days=7 * weeks)
    for week in range(weeks):
        key_id = vault.create_key(Purpose.ROOM_EPOCH)
        first = begin.date() + timedelta(days=7 * week + 1)
        epoch = Epoch(
            room_id=room.id, number=week + 1, key_id=key_id, began_on=first, last_on=first + timedelta(days=6)
        )
        session.add(epoch)
        session.flush()
        span = range(messages * week // weeks + 1, messages * (week + 1) // weeks + 1)
        found: list[tuple[int, int, int]] = []
        for start in range(span.start, span.stop, BATCH):
            rows = []
            for seq in range(start, min(start + BATCH, span.stop)):
                author = people[seq % 3 + 1] if seq % every else people[2]
                words = " ".join(lot.choices(WORDS, cum_weights=WEIGHTS, k=8)) if seq % every else ALIKE_WORDS
                at = datetime.combine(first, begin.timetz()) + timedelta(days=6 * (seq - span.start) / len(span))
                content, public_id = queries.Content(words, at), new_public_id()
                sealed = vault.seal(key_id, queries.sealed_place(public_id), queries.packed(content))
                made = terms.terms_of(key_id, author, content)
                rows.append((public_id, room.id, epoch.id, author, seq, public_id, sealed, made))
                if seq <= indexed:
                    found += [(epoch.id, term, seq) for term in terms.numbers(made)]
            raw.executemany(MESSAGES, rows)
        found.sort()
        raw.executemany(TERMS, found)
    return room


def copy(source: House, target: House) -> None:
    """Every row in another database, through COPY, and its indexes made anew when all are in."""
    for one, other, base in (
        (source.databases.data, target.databases.data, Base),
        (source.databases.keys, target.databases.keys, KeysBase),
    ):
        with one.connect() as reading, other.connect() as writing:
            raw: Any = writing.connection.driver_connection
            stored: Any = reading.connection.driver_connection
            raw.execute("set session_replication_role = replica")  # what is copied refers to what is copied
            raw.execute("set maintenance_work_mem = '512MB'")
            for table in reversed(base.metadata.sorted_tables):
                raw.execute(f'delete from "{table.name}"')
            if base is Base:
                raw.execute("alter table message_term drop constraint pk_message_term")
            for table in base.metadata.sorted_tables:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                rows = stored.execute(f'select {names} from "{table.name}"')
                with raw.cursor() as cursor, cursor.copy(f'copy "{table.name}" ({names}) from stdin') as lines:
                    for row in rows:
                        lines.write_row(row)
                if table.name != "data_key" and "id" in table.columns:
                    sequence = f"pg_get_serial_sequence('\"{table.name}\"', 'id')"
                    raw.execute(f'select setval({sequence}, max(id)) from "{table.name}" where {sequence} is not null')
            if base is Base:
                raw.execute("alter table message_term add constraint pk_message_term primary key (epoch_id, term, seq)")
            raw.commit()
            raw.autocommit = True
            raw.execute("vacuum analyze")


# --- measuring ----------------------------------------------------------------------------------------------------------


def pages(messages: int) -> dict[str, str]:
    """The addresses of a room's pages, and of the list."""
    middle = messages // 2
    return {
        "the room, at its newest": "/rooms/{room}",
        "older, from the middle": f"/rooms/{{room}}?before={middle}",
        "newer, from the middle": f"/rooms/{{room}}?after={middle}",
        "around the middle": f"/rooms/{{room}}?around={middle}",
        "the oldest": "/rooms/{room}?after=0",
        "the list of rooms": "/rooms",
        "Home": "/",
    }


def reads(messages: int) -> dict[str, Callable[[Actor, str], object]]:
    """Reads alone, each of an actor and the public id of a room."""
    day = now().date() - timedelta(days=40)

    def finding(**asked: Any) -> Callable[[Actor, str], object]:
        return lambda actor, room: search.search(actor, Search(room=room, **asked))

    def anywhere(**asked: Any) -> Callable[[Actor, str], object]:
        return lambda actor, _room: search.search(actor, Search(**asked))

    return {
        "since, catching up": lambda actor, room: queries.since(
            actor, queries.get_here(actor, room), after=messages - 90
        ),
        "what is unread, all rooms": lambda actor, _room: queries.unread_total(actor),
        "a day in the room": lambda actor, room: queries.first_on(queries.get_room(actor, room), day),
        "search: a rare word": finding(words=SELDOM[0]),
        "search: a common word": finding(words=WORDS[0]),
        "search: two words": finding(words=f"{WORDS[2]} {SELDOM[1]}"),
        "search: two common words": finding(words=f"{WORDS[0]} {WORDS[1]}"),
        "search: three common words": finding(words=f"{WORDS[3]} {WORDS[4]} {WORDS[5]}"),
        "search: a person": finding(person="Sami"),
        "search: a person and a word": finding(person="Sami", words=WORDS[60]),
        "search: nobody": finding(person="No such name"),
        "search: a word in some days": finding(words=WORDS[0], first=day, last=day + timedelta(days=9)),
        "search: a day": finding(first=day, last=day),
        "search: a word that nobody wrote": finding(words="unspoken"),
        "search, all rooms: a rare word": anywhere(words=SELDOM[0]),
        "search, all rooms: a common word": anywhere(words=WORDS[0]),
        "search, all rooms: two words": anywhere(words=f"{WORDS[1]} {WORDS[90]}"),
        "unlike: a word that the small room has hardly": finding(words=WORDS[3900]),
        "unlike: two words that it has hardly": finding(words=f"{WORDS[2]} {WORDS[700]}"),
        "unlike: a word that no small room has, all": anywhere(words=WORDS[3800]),
    }


def timed_page(world: World, address: str) -> float:
    before = time.perf_counter()
    answer = world.client.get(address.format(room=world.room))
    taken = time.perf_counter() - before
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return taken * 1000


def timed_read(world: World, token: str, read: Callable[[Actor, str], object]) -> float:
    with work.scope(world.house):
        actor = world.actor(token)
        before = time.perf_counter()
        read(actor, world.room)
        return (time.perf_counter() - before) * 1000


def statements(world: World, ask: Callable[[], object]) -> int:
    """How many statements something costs in both databases, with no key in memory."""
    counted = [0]

    def note(*_rest: object) -> None:
        counted[0] += 1

    engines = (world.house.databases.data, world.house.databases.keys)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    world.house.vault._opened.clear()
    ask()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return counted[0]


Taken = dict[str, dict[str, list[float]]]
Counts = dict[str, dict[str, int]]


def measure(worlds: dict[str, World], sizes: dict[str, int]) -> dict[str, Any]:
    """Every page and every read, each in one size and then in the other; which of them first takes turns."""
    like_the_server()
    shown: Taken = {}
    read: Taken = {}
    everywhere: dict[str, list[float]] = {}
    for turn in range(ROUNDS + 2):
        if turn == 2:  # the first ones load and cache
            for taken in (shown, read, everywhere):
                taken.clear()
        in_turns = list(worlds.items())[:: 1 if turn % 2 else -1]
        for name in pages(1):
            for size, world in in_turns:
                one = timed_page(world, pages(sizes[size])[name])
                shown.setdefault(name, {}).setdefault(size, []).append(one)
        for name in reads(1):
            for size, world in in_turns:
                one = timed_read(world, world.token, reads(sizes[size])[name])
                read.setdefault(name, {}).setdefault(size, []).append(one)
            if "all rooms" in name:
                one = timed_read(worlds["large"], worlds["large"].everywhere, reads(sizes["large"])[name])
                everywhere.setdefault(name, []).append(one)
    return _summary(worlds, sizes, shown, read, everywhere)


def _summary(
    worlds: dict[str, World], sizes: dict[str, int], shown: Taken, read: Taken, everywhere: dict[str, list[float]]
) -> dict[str, Any]:
    asked: Counts = {}
    for size, world in worlds.items():
        for name, count in _counts(world, sizes[size]).items():
            asked.setdefault(name, {})[size] = count
    hits = {name: {size: _hits(world, sizes[size], name) for size, world in worlds.items()} for name in read}
    alike = {name: taken for name, taken in read.items() if not name.startswith("unlike")}
    return {
        "page": _lines(shown, asked, {}),
        "read": _lines(alike, asked, hits),
        "unlike": _lines({name: taken for name, taken in read.items() if name not in alike}, asked, hits),
        "in_all_500_rooms_p95_ms": {name: round(p95(one), 2) for name, one in everywhere.items()},
        "p95": {"page": _whole(shown), "read": _whole(alike)},
    }


def like_the_server() -> None:
    """What was made so far is not looked through for garbage, as in wsgi.py: here it would be one room's time or the other's."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _hits(world: World, messages: int, name: str) -> int | None:
    """How many hits a search showed; None for another read."""
    with work.scope(world.house):
        found = reads(messages)[name](world.actor(world.token), world.room)
    return len(found.hits) if isinstance(found, search.Found) else None


def _counts(world: World, messages: int) -> dict[str, int]:
    counts = {}
    for name, address in pages(messages).items():
        counts[name] = statements(world, partial(timed_page, world, address))
    for name, read in reads(messages).items():
        counts[name] = statements(world, partial(timed_read, world, world.token, read))
    return counts


def _lines(by: Taken, asked: Counts, hits: dict[str, dict[str, int | None]]) -> dict[str, Any]:
    lines = {}
    for name, sizes in by.items():
        worst = {size: p95(taken) for size, taken in sizes.items()}
        middle = {size: sorted(taken)[len(taken) // 2] for size, taken in sizes.items()}
        lines[name] = {
            **{f"p95_{size}_ms": round(one, 2) for size, one in worst.items()},
            "ratio": round(worst["large"] / worst["small"], 2),
            "ratio_of_medians": round(middle["large"] / middle["small"], 2),
            "statements": asked[name],
        }
        if None not in hits.get(name, {"": None}).values():
            lines[name]["hits"] = hits[name]
    return lines


def _whole(by: Taken) -> dict[str, float]:
    worst = {size: p95([one for sizes in by.values() for one in sizes[size]]) for size in ("small", "large")}
    return {
        **{f"{size}_ms": round(one, 2) for size, one in worst.items()},
        "ratio": round(worst["large"] / worst["small"], 2),
    }


def _print(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name}: p95 in ms, a room of {SIZES['small'][0]:,} messages and one of {SIZES['large'][0]:,}", flush=True)
    for part in ("page", "read", "unlike"):
        for asked, one in found[part].items():
            counts = one["statements"]
            hits = one.get("hits")
            print(
                f"  {asked:45} {one['p95_small_ms']:8.2f} {one['p95_large_ms']:8.2f}  x {one['ratio']:5.2f}"
                f" (medians x {one['ratio_of_medians']:.2f})   {counts['small']}, {counts['large']} statements"
                + (f", {hits['small']}, {hits['large']} hits" if hits else "")
            )
        if part not in found["p95"]:
            continue
        whole = found["p95"][part]
        print(f"  all of them: {whole['small_ms']} {whole['large_ms']}  x {whole['ratio']} (allowed {ALLOWED})")
    for asked, worst in found["in_all_500_rooms_p95_ms"].items():
        print(f"  in all rooms: {asked:34} {worst:8.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=SIZES["large"][0], help="messages of the large room")
    arguments.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = arguments.parse_args()
    SIZES["large"] = (chosen.messages, SIZES["large"][1])
    result: dict[str, Any] = {**surroundings(), "sizes": SIZES, "allowed": ALLOWED}
    search.SEARCHING = Budget("search", "1000000 per second")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, databases() as small, databases() as large:
        worlds: dict[str, dict[str, World]] = {"sqlite": {}, "postgresql": {}}
        for size, urls in (("small", small), ("large", large)):
            began = time.monotonic()
            app = settle(Path(folder) / size)
            token, everywhere, room = fill(app.extensions["house"], *SIZES[size])
            worlds["sqlite"][size] = _world(app, token, everywhere, room)
            filled = time.monotonic()
            print(f"{size}: {SIZES[size][0]:,} messages, SQLite {filled - began:.0f} s", flush=True)
            if chosen.only == "sqlite":
                continue
            shutil.copytree(
                Path(folder) / size, Path(folder) / f"{size}-pg", ignore=shutil.ignore_patterns("*.db*", "*.sqlite*")
            )
            other = settle(Path(folder) / f"{size}-pg", DATABASE_URL=urls[0], KEYS_URL=urls[1])
            copy(app.extensions["house"], other.extensions["house"])
            worlds["postgresql"][size] = _world(other, token, everywhere, room)
            print(f"{size}: PostgreSQL {time.monotonic() - filled:.0f} s", flush=True)
        for name, pair in worlds.items():
            if pair and chosen.only in (None, name):
                result[name] = measure(pair, {size: SIZES[size][0] for size in pair})
                _print(name, result[name])
            for world in pair.values():
                world.house.close()
    if chosen.messages == 1_000_000 and chosen.only is None:
        RESULTS.write_text(json.dumps(result, indent=2) + "\n")


def _world(app: Flask, token: str, everywhere: str, room: str) -> World:
    client = app.test_client()
    client.set_cookie(PLAIN_COOKIE, token)
    return World(app, token, everywhere, room, client)


if __name__ == "__main__":
    main()
