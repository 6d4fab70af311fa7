"""How the moderators' pages grow: `python -m bench.queue` compares a small network with a large one, in one run.

The small one has 100 people and 20 open items, the large one 10,000 and 2,000, each on a fresh SQLite instance. The pages are
asked in turns through the program itself, without a network in between; written to results/queue.json.
"""

import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.chat.cli import measuring_name
from app.identity import actions as identity
from app.identity.models import Device
from app.kernel import work
from app.kernel.access import Role, granted
from app.kernel.actor import Actor, Kind
from app.kernel.cli import make_instance
from app.kernel.house import House
from app.kernel.limits import Budgets
from app.kernel.sessions import PLAIN_COOKIE
from app.kernel.vault import Purpose
from app.moderation import actions as moderation
from app.moderation.models import Category, MeasureKind
from bench.report import surroundings
from config import read_settings

RESULTS = Path(__file__).parent / "results" / "queue.json"
SIZES = {"small": (100, 20), "large": (10_000, 2_000)}
PAGES = ("/queue", "/queue?page=2", "/queue?kind=report&priority=late", "/people", "/people/{person}", "/proposals")
ROUNDS = 15


def settle(folder: str, people: int, items: int) -> tuple[Flask, str, dict[str, str]]:
    """A network with so many people and so many open reports. Returns app, a moderator's token, and what to fill in."""
    settings = read_settings({"APP_ENV": "test", "SANAD_INSTANCE": folder, "ASYNC_ENGINE": "threading"})
    bare = create_app(settings, needs_key=False)
    make_instance(bare)
    bare.extensions["house"].close()
    app = create_app(replace(settings, limits=False))
    house: House = app.extensions["house"]
    house.budgets = Budgets(None, enabled=False)
    with work.scope(house) as opened, opened.writing():
        house.vault.reserve_keys(Purpose.PERSON, people + 3 * items)
        names = [f"{measuring_name(number % 2744)} {number}" for number in range(people)]
        everybody = [identity.add_person(name, "!", roles=(Role.MEMBER,)) for name in names]
        moderator = identity.add_person("Moderator", "!", roles=(Role.MODERATOR,))
        token = identity.begin_session(moderator.id, device=Device.COMPUTER, second_factor=True)
        judge = Actor(Kind.PERSON, moderator.public_id, id=moderator.id, permissions=granted([Role.MODERATOR]))
        for number in range(items):
            about, by = everybody[number % people], everybody[(number + 1) % people]
            reporter = Actor(Kind.PERSON, by.public_id, id=by.id, permissions=granted([Role.MEMBER]))
            if number < people // 2:
                moderation.report(
                    reporter, "person", about.public_id, category=Category.HARASSMENT, says="Insults", hopes="Peace"
                )
            else:
                moderation.open_item("probation", f"probation-{number}", person_id=about.id)
            if number % 20 == 0 and number < people:
                moderation.take(judge, about.id, MeasureKind.LIMIT, category=Category.OTHER, reason="Measured", days=30)
    return app, token, {"person": everybody[0].public_id}


def seconds(client: FlaskClient, path: str) -> float:
    before = time.process_time()
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return time.process_time() - before


def main() -> None:
    found: dict[str, dict[str, list[float]]] = {page: {name: [] for name in SIZES} for page in PAGES}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        networks = {}
        for name, (people, items) in SIZES.items():
            began = time.monotonic()
            app, token, filled = settle(f"{folder}/{name}", people, items)
            client = app.test_client()
            client.set_cookie(PLAIN_COOKIE, token)
            networks[name] = (client, filled)
            print(f"{name}: {people} people, {items} items, settled in {time.monotonic() - began:.0f} s", flush=True)
        for turn in range(ROUNDS + 2):
            for page in PAGES:
                for name in list(networks)[:: 1 if turn % 2 else -1]:
                    client, filled = networks[name]
                    taken = seconds(client, page.format(**filled))
                    if turn >= 2:  # the first ones load and cache
                        found[page][name].append(taken * 1000)
    result = {
        **surroundings(),
        "sizes": SIZES,
        "pages": {
            page: {
                **{name: round(statistics.median(values), 2) for name, values in taken.items()},
                "ratio": round(statistics.median(taken["large"]) / statistics.median(taken["small"]), 2),
            }
            for page, taken in found.items()
        },
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    for page, taken in result["pages"].items():
        print(f"{page:40} {taken['small']:8.2f} ms {taken['large']:8.2f} ms   x {taken['ratio']}")


if __name__ == "__main__":
    main()
