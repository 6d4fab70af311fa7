"""How the directory grows: `python -m bench.directory` compares 1,000 members with 100,000, on SQLite and on PostgreSQL.

Four instances of their own, filled in bulk with sealed fields and fingerprints as the actions make them. A fixed mix of
searches is asked in turns of both sizes, once as whole pages through the program and once as the search alone; written to
results/directory.json. PostgreSQL is the one of the tests (TEST_POSTGRES); its databases are dropped at the end.
"""

import json
import os
import random
import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event, insert, text

from app import create_app
from app.chat.cli import measuring_name
from app.identity import actions as identity
from app.identity import queries as people
from app.identity.keeper import Sessions
from app.identity.models import Device, Person, Standing
from app.kernel import work
from app.kernel.access import Role
from app.kernel.cli import make_instance
from app.kernel.db import Base, KeysBase, new_public_id, now
from app.kernel.house import House
from app.kernel.limits import Budgets
from app.kernel.sessions import PLAIN_COOKIE
from app.kernel.vault import Purpose
from app.profiles import sealing, values
from app.profiles.actions import directory as indexing
from app.profiles.actions import listing, sweeps
from app.profiles.actions.editing import set_field
from app.profiles.models import (
    Audience,
    Block,
    Companionship,
    Connection,
    ConnectionState,
    Field,
    Profile,
    ProfileField,
)
from app.profiles.queries import directory, viewing
from app.profiles.queries.directory import Search
from app.profiles.queries.terms import terms_of
from app.profiles.values import Value
from bench.report import surroundings
from config import read_settings

RESULTS = Path(__file__).parent / "results" / "directory.json"
POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432")
SIZES = {"small": 1_000, "large": 100_000}
ROUNDS = 12
#: So much slower the large one may be.
ALLOWED = 1.5
BATCH = 2_500
#: Made when everything is in: in the order by lot each row would go to another page of them.
INDEXES = (
    "ix_profile_term_term_shown_position on profile_term (term, shown, position)",
    "ix_profile_listed_honey_position on profile (listed, honey, position)",
)
TERMS = "insert into profile_term (person_id, field, term, shown, position) values (?, ?, ?, ?, ?)"

LANGUAGES = (("ar",), ("ar", "en"), ("ar", "en"), ("ar", "de"), ("ar", "tr"), ("ku", "ar"), ("en",))
COUNTRIES = ("SY",) * 6 + ("TR",) * 4 + ("DE",) * 5 + ("LB", "LB", "JO", "IQ", "NL", "SE", "FR", "CA", "EG")
#: Words as they are used: few often, many seldom.
WORDS = [f"word{number}" for number in range(3_000)]
WEIGHTS = list(accumulate(1 / (rank + 8) for rank in range(len(WORDS))))
AUDIENCES = (Audience.MEMBERS,) * 12 + (Audience.ONLY_ME,) * 4 + (Audience.COMPANIONS,) * 2 + (Audience.CHOSEN,) * 2


@dataclass(frozen=True)
class Asked:
    """One search of the mix: what is typed, and how far into the directory."""

    name: str
    typed: dict[str, str]
    after: float = 0.0

    @property
    def position(self) -> int:
        return int(self.after * 2**62) if self.after else -1

    @property
    def address(self) -> str:
        more = {"after": str(self.position)} if self.after else {}
        return f"/directory?{urlencode({**self.typed, **more})}"

    @property
    def search(self) -> Search:
        typed = dict(self.typed)
        return Search(
            words=typed.get("q", ""),
            language=typed.get("language", ""),
            skill=typed.get("skill", ""),
            offer=typed.get("offer", ""),
            country=typed.get("country", ""),
        )


MIX = (
    Asked("everybody", {}),
    Asked("everybody, far in", {}, 0.8),
    Asked("a language of most", {"language": "ar"}),
    Asked("a language of most, far in", {"language": "ar"}, 0.7),
    Asked("a country", {"country": "DE"}),
    Asked("a language and a country", {"language": "tr", "country": "DE"}),
    Asked("a frequent skill", {"skill": "word0"}),
    Asked("a seldom skill", {"skill": "word2500"}),
    Asked("a skill, a language and a country", {"skill": "word3", "language": "ar", "country": "SY"}),
    Asked("an offer", {"offer": "word12"}),
    Asked("a frequent word", {"q": "word1"}),
    Asked("two frequent words", {"q": "word0 word2"}),
    Asked("a frequent and a seldom word", {"q": "word0 word900"}),
    Asked("two seldom words", {"q": "word1500 word1600"}),
    Asked("the name of a country", {"q": "Almanya"}),
    Asked("a word that nobody has", {"q": "nobody"}),
    Asked("a word that almost everybody hides", {"q": "unspoken"}),
    Asked("a hidden and a frequent word", {"q": "unspoken word0"}),
)


def invented(lot: random.Random) -> Iterator[tuple[Field, Value, Audience]]:
    """The fields of one member, and who sees each."""
    phrases = lot.choices(WORDS, cum_weights=WEIGHTS, k=7)
    yield Field.LANGUAGES, list(lot.choice(LANGUAGES)), lot.choice(AUDIENCES)
    yield Field.PLACE, {"country": lot.choice(COUNTRIES), "region": ""}, lot.choice(AUDIENCES)
    yield Field.SKILLS, [f"{phrases[0]} {phrases[1]}", phrases[2]], lot.choice(AUDIENCES)
    yield Field.OFFERS, [f"{phrases[3]} {phrases[4]}"], lot.choice(AUDIENCES)
    if lot.random() < 0.3:
        # A word of which nearly all who have it show it to their companions alone.
        hidden = Audience.MEMBERS if lot.random() < 0.01 else Audience.COMPANIONS
        yield Field.SEEKS, ["unspoken"], hidden
    if lot.random() < 0.4:
        yield Field.ABOUT, " ".join(lot.choices(WORDS, cum_weights=WEIGHTS, k=12)), lot.choice(AUDIENCES)


@cache
def _found_by(field: Field, part: str) -> frozenset[bytes]:
    value: Value = part if field is Field.ABOUT else {"country": part} if field is Field.PLACE else [part]
    return terms_of(field, value)


def found_by(field: Field, value: Value) -> set[bytes]:
    """As `terms_of`, which it asks once for each part."""
    if isinstance(value, dict):
        return set(_found_by(field, value["country"]))
    parts = value.split() if isinstance(value, str) else value
    return {term for part in parts for term in _found_by(field, part)}


# --- instances ----------------------------------------------------------------------------------------------------------


def settle(folder: Path, **more: str) -> Flask:
    """A made instance without limits."""
    settings = read_settings({"APP_ENV": "test", "SANAD_INSTANCE": str(folder), "ASYNC_ENGINE": "threading", **more})
    bare = create_app(settings, needs_key=False)
    make_instance(bare)
    bare.extensions["house"].close()
    app = create_app(replace(settings, limits=False))
    app.extensions["house"].budgets = Budgets(None, enabled=False)
    return app


def fill(house: House, size: int) -> None:
    """So many members in bulk, straight into the tables of a SQLite instance."""
    lot = random.Random(size)
    _found_by.cache_clear()  # the fingerprints of another instance are made with another key
    with work.scope(house) as opened, opened.writing():
        raw: Any = opened.connection.connection.driver_connection
        raw.execute("pragma cache_size = -400000")
        for index in INDEXES:
            raw.execute(f"drop index {index.partition(' ')[0]}")
        for start in range(0, size, BATCH):
            _fill_some(house, lot, start, min(start + BATCH, size))
        for index in INDEXES:
            raw.execute(f"create index {index}")


def _fill_some(house: House, lot: random.Random, start: int, end: int) -> None:
    vault, session, today = house.vault, work.session(), now().date()
    vault.reserve_keys(Purpose.PERSON, 2 * (end - start))
    rows: dict[Any, list[dict[str, Any]]] = {Person: [], Profile: [], ProfileField: []}
    terms: list[tuple[int, str, bytes, bool, int]] = []
    for number in range(start + 1, end + 1):
        public_id, profile, name = new_public_id(), new_public_id(), f"{measuring_name(number % 2744)} {number}"
        key, own = vault.create_key(Purpose.PERSON), vault.create_key(Purpose.PERSON)
        position = lot.getrandbits(62)
        rows[Person].append(
            {
                "id": number,
                "public_id": public_id,
                "key_id": key,
                "name_index": number.to_bytes(32),
                "name": vault.seal(key, people.name_place(public_id), name.encode()),
                "passphrase": b"",
                "standing": Standing.ACTIVE,
                "joined_on": today,
                "demo": False,
            }
        )
        rows[Profile].append(
            {
                "person_id": number,
                "public_id": profile,
                "key_id": own,
                "listed": True,
                "honey": False,
                "position": position,
            }
        )
        for field, value, audience in invented(lot):
            sealed = vault.seal(own, sealing.field_place(profile, field), values.dump(value))
            rows[ProfileField].append({"person_id": number, "field": field, "audience": audience, "sealed": sealed})
            if audience not in indexing.NOT_FOUND_BY:
                shown = audience is Audience.MEMBERS
                terms += [(number, field.value, term, shown, position) for term in found_by(field, value)]
    for model, batch in rows.items():
        session.connection().execute(insert(model), batch)
    raw: Any = session.connection().connection.driver_connection
    raw.executemany(TERMS, terms)


def copy(source: House, target: House) -> None:
    """The same people in another database: every row of the one, through COPY."""
    pairs = (
        (source.databases.data, target.databases.data, Base),
        (source.databases.keys, target.databases.keys, KeysBase),
    )
    for one, other, base in pairs:
        with one.connect() as reading, other.connect() as writing:
            raw: Any = writing.connection.driver_connection
            stored: Any = reading.connection.driver_connection
            tables = base.metadata.sorted_tables
            raw.execute("set session_replication_role = replica")  # what is copied refers to what is copied
            for table in reversed(tables):
                raw.execute(f'delete from "{table.name}"')
            for index in INDEXES if base is Base else ():
                raw.execute(f"drop index {index.partition(' ')[0]}")
            for table in tables:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                # As they are stored: PostgreSQL reads their words for days, moments and yes or no by itself.
                rows = stored.execute(f'select {names} from "{table.name}"')
                with raw.cursor() as cursor, cursor.copy(f'copy "{table.name}" ({names}) from stdin') as lines:
                    for row in rows:
                        lines.write_row(row)
                if table.name != "data_key" and "id" in table.columns:
                    sequence = f"pg_get_serial_sequence('\"{table.name}\"', 'id')"
                    raw.execute(f'select setval({sequence}, max(id)) from "{table.name}" where {sequence} is not null')
            for index in INDEXES if base is Base else ():
                raw.execute(f"create index {index}")
            raw.commit()
            raw.autocommit = True
            raw.execute("vacuum analyze")


def looking(house: House) -> str:
    """Somebody who looks: with a country, people whom they keep away, a mentor, and a place on lists. Returns a token."""
    with work.scope(house) as opened, opened.writing():
        person = identity.add_person("Looking", "!", roles=(Role.MEMBER,))
        token = identity.begin_session(person.id, device=Device.COMPUTER)
    with work.scope(house):
        me = Sessions().recognise(token)
        set_field(me, Field.PLACE, value={"country": "NL", "region": ""}, audience=Audience.ONLY_ME)
        listing.set_listed(me, listed=True)
    mine, day, accepted = me.person_id, now().date(), ConnectionState.ACCEPTED
    with work.scope(house) as opened, opened.writing():
        for other in range(1, 9):
            opened.session.add(Block(person_id=mine, blocked_id=other * 7, since=day))
            opened.session.add(Connection(asker_id=mine, asked_id=other * 5, state=accepted, asked_on=day))
        opened.session.add(Companionship(mentor_id=3, mentee_id=mine, asked_by_id=mine, state=accepted, since=day))
    return token


@contextmanager
def databases() -> Iterator[list[str]]:
    """Two empty PostgreSQL databases, dropped afterwards."""
    admin = create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT")
    names = [f"sanad_b_{uuid.uuid4().hex[:10]}_{part}" for part in ("data", "keys")]
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f'create database "{name}"'))
    try:
        yield [f"{POSTGRES}/{name}" for name in names]
    finally:
        with admin.connect() as connection:
            for name in names:
                connection.execute(text(f'drop database if exists "{name}" with (force)'))
        admin.dispose()


# --- measuring ----------------------------------------------------------------------------------------------------------


def page(client: FlaskClient, asked: Asked) -> float:
    """Milliseconds of a whole page."""
    before = time.perf_counter()
    answer = client.get(asked.address)
    taken = time.perf_counter() - before
    if answer.status_code != 200:
        raise RuntimeError(f"{asked.address} answered {answer.status_code}")
    return taken * 1000


def search(house: House, token: str, asked: Asked) -> float:
    """Milliseconds of the search alone."""
    with work.scope(house):
        viewer = viewing.viewer_of(Sessions().recognise(token))
        before = time.perf_counter()
        directory.search(viewer, asked.search, asked.position)
        return (time.perf_counter() - before) * 1000


def statements(app: Flask, client: FlaskClient) -> dict[str, int]:
    """How many statements each page of the mix costs in both databases."""
    house: House = app.extensions["house"]
    counted = [0]

    def note(*_rest: object) -> None:
        counted[0] += 1

    for engine in (house.databases.data, house.databases.keys):
        event.listen(engine, "before_cursor_execute", note)
    found = {}
    for asked in MIX:
        client.get(asked.address)
        house.vault._opened.clear()
        counted[0] = 0
        client.get(asked.address)
        found[asked.name] = counted[0]
    for engine in (house.databases.data, house.databases.keys):
        event.remove(engine, "before_cursor_execute", note)
    return found


def p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def measure(apps: dict[str, tuple[Flask, str]]) -> dict[str, Any]:
    """Both sizes in turns: every search of the mix as a page and alone."""
    clients = {}
    for size, (app, token) in apps.items():
        clients[size] = app.test_client()
        clients[size].set_cookie(PLAIN_COOKIE, token)
    pages: dict[str, dict[str, list[float]]] = {size: {asked.name: [] for asked in MIX} for size in apps}
    alone: dict[str, dict[str, list[float]]] = {size: {asked.name: [] for asked in MIX} for size in apps}
    for turn in range(ROUNDS + 2):
        for asked in MIX:
            for size in list(apps)[:: 1 if turn % 2 else -1]:
                app, token = apps[size]
                shown, found = page(clients[size], asked), search(app.extensions["house"], token, asked)
                if turn >= 2:  # the first ones load and cache
                    pages[size][asked.name].append(shown)
                    alone[size][asked.name].append(found)
    asked_for = {size: statements(apps[size][0], clients[size]) for size in apps}
    return {
        "page": _summary(pages),
        "search": _summary(alone),
        "statements": asked_for["large"],
        # Fewer where nobody was found. How many people there are makes no difference.
        "most_statements": {size: max(found.values()) for size, found in asked_for.items()},
        "searches": {
            asked.name: {
                part: {size: round(statistics.median(taken[size][asked.name]), 2) for size in apps}
                for part, taken in (("page", pages), ("search", alone))
            }
            for asked in MIX
        },
    }


def _summary(taken: dict[str, dict[str, list[float]]]) -> dict[str, float]:
    worst = {size: p95([one for each in by.values() for one in each]) for size, by in taken.items()}
    return {
        **{f"p95_{size}_ms": round(value, 2) for size, value in worst.items()},
        "ratio": round(worst["large"] / worst["small"], 2),
    }


def main() -> None:
    sweeps.NORMAL = sweeps.ALARM = 10**9  # it is the searches that are measured
    result: dict[str, Any] = {**surroundings(), "sizes": SIZES, "allowed": ALLOWED}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, databases() as small, databases() as large:
        sqlite, postgres = {}, {}
        for size, urls in (("small", small), ("large", large)):
            began = time.monotonic()
            app = settle(Path(folder) / size)
            fill(app.extensions["house"], SIZES[size])
            filled = time.monotonic()
            shutil.copytree(
                Path(folder) / size, Path(folder) / f"{size}-pg", ignore=shutil.ignore_patterns("*.db*", "*.sqlite*")
            )
            other = settle(Path(folder) / f"{size}-pg", DATABASE_URL=urls[0], KEYS_URL=urls[1])
            copy(app.extensions["house"], other.extensions["house"])
            sqlite[size] = (app, looking(app.extensions["house"]))
            postgres[size] = (other, looking(other.extensions["house"]))
            print(
                f"{size}: {SIZES[size]} members, SQLite {filled - began:.0f} s, PostgreSQL {time.monotonic() - filled:.0f} s",
                flush=True,
            )
        for name, apps in (("sqlite", sqlite), ("postgresql", postgres)):
            result[name] = measure(apps)
            _print(name, result[name])
        for app, _token in [*sqlite.values(), *postgres.values()]:
            app.extensions["house"].close()
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")


def _print(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name}")
    for asked, taken in found["searches"].items():
        page_, alone = taken["page"], taken["search"]
        print(
            f"  {asked:38} page {page_['small']:7.1f} {page_['large']:7.1f} ms   search {alone['small']:7.2f}"
            f" {alone['large']:7.2f} ms   {found['statements'][asked]} statements"
        )
    for part in ("page", "search"):
        one = found[part]
        print(f"  p95 {part:8} {one['p95_small_ms']:8.2f} ms {one['p95_large_ms']:8.2f} ms   x {one['ratio']}")
    print(f"  statements of the page that asks most: {found['most_statements']}")


if __name__ == "__main__":
    main()
