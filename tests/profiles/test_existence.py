"""Whoever is not there for somebody looks like nobody: the same status, the same page, the same work, the same time."""

import re
import statistics
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.kernel.actor import Actor
from app.kernel.limits import Budgets
from app.profiles.models import Audience, Field
from app.profiles.values import Value
from tests.house.matrix import MISSING, form_token
from tests.house.test_queries import counted
from tests.profiles.circle import Circle
from tests.profiles.scene import Scene

TURKEY: Value = {"country": "TR", "region": ""}
#: Every address about somebody, and what is sent there.
ADDRESSES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/members/{}", {}),
    ("GET", "/members/{}/photo", {}),
    ("GET", "/members/{}/ask", {}),
    ("POST", "/members/{}/ask", {"note": "Good evening"}),
    ("GET", "/members/{}/mentor", {}),
    ("POST", "/members/{}/mentor", {"part": "mentor"}),
    ("GET", "/members/{}/block", {}),
    ("POST", "/members/{}/block", {"sure": "yes"}),
    ("GET", "/report/profile/{}", {}),
    ("POST", "/report/profile/{}", {"category": "other", "body": "Somebody"}),
)
TRIES, TIMES_SLOWER = 30, 3.0


class Absences:
    """A viewer, and for each way of not being there somebody who is not there for them."""

    def __init__(self, scene: Scene) -> None:
        self.circle = circle = Circle(scene)
        scene.house.budgets = Budgets(None, enabled=False)
        self.viewer = circle.person("Viewer")
        scene.keep(self.viewer, Field.PLACE, TURKEY)
        self.present = circle.person("Present")
        makers: dict[str, Callable[[Actor], None]] = {
            "blocks the viewer": lambda actor: circle.block(actor, self.viewer),
            "is blocked by the viewer": lambda actor: circle.block(self.viewer, actor),
            "both block": self._both_block,
            "excludes the country": lambda actor: scene.exclude(actor, "TR"),
            "is suspended": circle.suspended,
            "is closed": circle.close,
        }
        self.people = {name: self._somebody(make) for name, make in makers.items()}
        self.people |= {
            "is not listed": self._unlisted(),
            "hides every field": self._hiding(),
            "has no profile": scene.person(),
        }
        self.ids = {"is missing": MISSING, **{name: actor.public_id for name, actor in self.people.items()}}

    def _somebody(self, make: Callable[[Actor], None]) -> Actor:
        actor = self.circle.person()
        self.circle.scene.keep(actor, Field.ABOUT, "I was here", Audience.MEMBERS)
        make(actor)
        return actor

    def _both_block(self, actor: Actor) -> None:
        self.circle.block(actor, self.viewer)
        self.circle.block(self.viewer, actor)

    def _unlisted(self) -> Actor:
        actor = self.circle.scene.person()
        self.circle.profile(actor)
        return actor

    def _hiding(self) -> Actor:
        actor, friend = self.circle.connected()
        family = self.circle.list_with(actor, friend)
        scene = self.circle.scene
        for field, audience in ((Field.ABOUT, Audience.ONLY_ME), (Field.STUDIES, Audience.COMPANIONS)):
            scene.keep(actor, field, "Botany", audience)
        scene.keep(actor, Field.SKILLS, ["Carpentry"], Audience.CHOSEN, [family])
        scene.keep(actor, Field.OFFERS, ["Rides"], Audience.CASEWORKERS)
        scene.profile_of(actor)
        self.circle.unlist(actor)
        return actor


@pytest.fixture
def absent(pages: Scene) -> Absences:
    return Absences(pages)


def alike(page: str) -> str:
    """A page without the secret of its forms, which differs in every answer."""
    return re.sub(r'<input[^>]*name="csrf_token"[^>]*>|nonce="[^"]*"', "", page)


def asked(client: FlaskClient, id: str, method: str, address: str, form: dict[str, str]) -> tuple[int, str, object]:
    """Status, page and headers, without what differs in every answer and without the id itself."""
    sent = {**form, "csrf_token": form_token(client)} if method == "POST" else None
    answer = client.open(address.format(id), method=method, data=sent, buffered=True)
    page = alike(answer.get_data(as_text=True))
    headers = {name: value for name, value in answer.headers if name not in ("Date", "Set-Cookie", "Content-Length")}
    headers["Content-Security-Policy"] = re.sub(r"nonce-[\w-]+", "", headers.get("Content-Security-Policy", ""))
    return answer.status_code, page.replace(id, "ID"), headers


def test_whoever_is_not_there_is_answered_like_nobody_on_every_address(absent: Absences) -> None:
    client = absent.circle.scene.client(absent.viewer)
    for method, address, form in ADDRESSES:
        nobody = asked(client, MISSING, method, address, form)
        assert nobody[0] == 404
        for name, id in absent.ids.items():
            assert asked(client, id, method, address, form) == nobody, f"{method} {address}: {name}"


def test_somebody_who_is_there_is_answered_otherwise(absent: Absences) -> None:
    """Or the others could be alike for any reason."""
    client = absent.circle.scene.client(absent.viewer)
    statuses = {
        address: client.get(address.format(absent.present.public_id)).status_code for _, address, _ in ADDRESSES
    }
    assert {address for address, status in statuses.items() if status == 404} == {"/members/{}/photo"}


def test_whoever_is_not_there_costs_the_same_statements_as_nobody(absent: Absences) -> None:
    client, house = absent.circle.scene.client(absent.viewer), absent.circle.scene.house
    for address in (one[1] for one in ADDRESSES if one[0] == "GET"):
        client.get(address.format(MISSING))  # the first time reads what is read once
        found: dict[str, dict[str, list[str]]] = {}
        for name, id in absent.ids.items():
            house.vault._opened.clear()
            with counted(house) as statements:
                client.get(address.format(id))
            found[name] = statements
        for name, statements in found.items():
            assert statements == found["is missing"], f"{address}: {name}"


def test_whoever_is_not_there_takes_as_long_as_nobody(absent: Absences) -> None:
    """Asked in turn, so that a slow moment of the machine meets all of them; the middle one of many counts."""
    client = absent.circle.scene.client(absent.viewer)
    taken: dict[str, list[float]] = {name: [] for name in absent.ids}
    for _ in range(TRIES):
        for name, id in absent.ids.items():
            began = time.perf_counter()
            client.get(f"/members/{id}")
            taken[name].append(time.perf_counter() - began)
    middle = {name: statistics.median(times) for name, times in taken.items()}
    nobody = middle.pop("is missing")
    assert all(nobody / TIMES_SLOWER < one < nobody * TIMES_SLOWER for one in middle.values()), middle


def test_whoever_is_not_there_is_in_none_of_the_viewers_pages(absent: Absences) -> None:
    client = absent.circle.scene.client(absent.viewer)
    seen = "".join(client.get(address).text for address in ("/", "/directory", "/me/people", "/me/lists"))
    assert absent.present.public_id in seen
    for name, actor in absent.people.items():
        assert actor.public_id not in seen, name
        assert f">{actor.name}<" not in seen, name


def test_somebody_one_knew_who_now_keeps_one_away_is_gone_like_one_who_left(pages: Scene) -> None:
    """From people, lists, mentors and requests alike."""
    seen = []
    for end in ("block", "close"):
        circle = Circle(pages)
        pages.house.budgets = Budgets(None, enabled=False)
        left, friend, asked_in_vain = circle.person(), circle.person(), circle.person()
        circle.connect(left, friend)
        circle.mentoring(left, friend)
        public_id = circle.list_with(left, friend)
        circle.ask(left, asked_in_vain)
        for other in (friend, asked_in_vain):
            if end == "block":
                circle.block(other, left)
            else:
                circle.close(other)
        client = pages.client(left)
        drawn = [client.get(address) for address in ("/me/people", "/me/lists", f"/me/lists/{public_id}")]
        told = [alike(page.text) for page in drawn]
        seen.append([page.replace(public_id, "ID").replace(left.name, "ME") for page in told])
    assert seen[0] == seen[1]
