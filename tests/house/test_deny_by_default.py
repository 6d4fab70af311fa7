"""Law 1: deny by default. A door that does not say who may enter keeps the whole app from starting."""

from collections.abc import Callable

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from app import create_app
from app.features import FEATURES
from app.kernel.access import GRANTS, STAFF, Permission, Role, Undeclared, granted
from app.kernel.actor import STRANGER, system
from app.kernel.feature import Feature
from app.kernel.live import Events, SocketEvent
from app.kernel.web import Door
from app.kernel.web.door import all_doors
from config import Settings
from tests.factories import Factory
from tests.house.sockets import socket


def view() -> str:
    return "inside"


class Both(MethodView):
    def get(self) -> str:
        return "inside"

    def post(self) -> str:
        return "inside"


def plain_blueprint() -> Feature:
    door = Blueprint("extra", __name__)
    door.route("/extra")(view)
    return Feature("extra", door=door)  # type: ignore[arg-type]  # the mistake is the point


def route_past_the_door() -> Feature:
    door = Door("extra", __name__)
    door.route("/extra")(view)
    return Feature("extra", door=door)


def rule_past_the_door() -> Feature:
    door = Door("extra", __name__)
    door.add_url_rule("/extra", "extra", view)
    return Feature("extra", door=door)


def one_more_method() -> Feature:
    door = Door("extra", __name__)
    door.page("/extra", access=Permission.OPEN)(view)
    door.add_url_rule("/extra", "view", view, methods=["POST"])
    return Feature("extra", door=door)


def class_of_methods() -> Feature:
    door = Door("extra", __name__)
    door.page("/other", access=Permission.OPEN)(view)
    door.add_url_rule("/extra", view_func=Both.as_view("view2"))
    return Feature("extra", door=door)


def folder_of_files() -> Feature:
    door = Door("extra", __name__)
    door.static_folder, door.static_url_path = "sample", "/files"
    return Feature("extra", door=door)


def door_in_a_door() -> Feature:
    door, inner = Door("extra", __name__), Door("inner", __name__)
    inner.page("/extra", access=Permission.OPEN)(view)
    door.register_blueprint(inner)
    return Feature("extra", door=door)


def no_access() -> Feature:
    door = Door("extra", __name__)
    door.page("/extra", access=None)(view)  # type: ignore[arg-type]  # the mistake is the point
    return Feature("extra", door=door)


def event_without_access() -> Feature:
    events = Events()
    events._events["extra"] = SocketEvent("extra", None, lambda *_: {}, by_hand=False)  # type: ignore[arg-type]  # the mistake is the point
    return Feature("extra", events=events)


@pytest.mark.parametrize(
    "mistake",
    [
        plain_blueprint,
        route_past_the_door,
        rule_past_the_door,
        one_more_method,
        class_of_methods,
        folder_of_files,
        door_in_a_door,
        no_access,
        event_without_access,
    ],
)
def test_the_app_does_not_start_with_a_door_that_declares_no_access(
    sqlite_settings: Settings, mistake: Callable[[], Feature]
) -> None:
    with pytest.raises(Undeclared, match="extra"):
        create_app(sqlite_settings, features=(*FEATURES, mistake()))


def test_the_app_starts_once_the_door_says_who_may_enter(sqlite_settings: Settings) -> None:
    door = Door("extra", __name__)
    door.page("/extra", access=Permission.OPEN, methods=("GET", "POST"))(view)
    app = create_app(sqlite_settings, features=(*FEATURES, Feature("extra", door=door)))
    assert app.test_client().get("/extra").get_data(as_text=True) == "inside"


@pytest.mark.parametrize("name", ["room.post", "connect", "disconnect", "*"])
def test_no_feature_answers_an_event_in_the_place_of_another_or_of_the_handshake(
    sqlite_settings: Settings, name: str
) -> None:
    events = Events()
    events.on(name, access=Permission.OPEN)(lambda *_: {})
    with pytest.raises(RuntimeError, match="is taken"):
        create_app(sqlite_settings, features=(*FEATURES, Feature("extra", events=events)))


def test_a_handler_put_on_the_socket_server_itself_keeps_the_app_from_starting(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.kernel.live import gateway

    def careless(self: gateway.Gateway, house: object, sessions: object, events: object) -> None:
        made(self, house, sessions, events)  # type: ignore[arg-type]  # passed through
        self.socketio.on("extra")(lambda *_: "inside")

    made = gateway.Gateway.__init__
    monkeypatch.setattr(gateway.Gateway, "__init__", careless)
    with pytest.raises(Undeclared, match="extra"):
        create_app(sqlite_settings)


def test_a_route_added_after_the_start_lets_nobody_in(sqlite_app: Flask) -> None:
    sqlite_app.add_url_rule("/late", "late", view)
    answer = sqlite_app.test_client().get("/late")
    assert answer.status_code >= 400
    assert b"inside" not in answer.data


@pytest.fixture
def guarded(sqlite_settings: Settings) -> Flask:
    door = Door("extra", __name__)
    door.page("/extra", access=Permission.INVITATIONS_MAKE, methods=("GET",))(view)
    return create_app(sqlite_settings, features=(*FEATURES, Feature("extra", door=door)))


def test_head_is_let_in_where_get_is_and_nowhere_else(guarded: Flask) -> None:
    client = guarded.test_client()
    for path in ("/extra", "/help"):
        asked, looked = client.get(path), client.head(path)
        assert (looked.status_code, looked.location) == (asked.status_code, asked.location)
        assert looked.data == b""
    assert client.head("/exit").status_code == 405


def test_no_route_answers_options(guarded: Flask) -> None:
    client = guarded.test_client()
    for path in ("/extra", "/help", "/exit", "/rooms"):
        assert client.options(path).status_code == 405, path


def test_an_event_is_answered_only_for_those_who_hold_its_permission(app: Flask, make: Factory) -> None:
    for role, outcome in ((Role.ADMINISTRATOR, {"ok": True, "count": 0}), (Role.MEMBER, None), (Role.EMPLOYER, None)):
        with socket(app, make.token(roles=(role,))) as client:
            answer = client.emit("letter.count", {}, callback=True)
        assert answer == outcome if outcome else answer["error"]["code"] == "not_found", role


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "{}.evil.example", "{}/", "{}0"])
def test_a_page_of_another_site_opens_no_socket(app: Flask, make: Factory, origin: str) -> None:
    ours = app.extensions["house"].settings.address
    with socket(app, make.token(), origin=origin.format(ours)) as client:
        assert not client.is_connected()
    with socket(app, make.token()) as client:
        assert client.is_connected()


def test_every_route_of_sanad_declares_a_permission(app: Flask) -> None:
    declared = app.extensions["declared_access"]
    assert set(all_doors(app)) <= set(declared)
    assert all(isinstance(declared[door], Permission) for door in all_doors(app))


def test_a_stranger_and_the_system_hold_nothing_but_what_is_open_to_all() -> None:
    assert STRANGER.permissions == system("test").permissions == {Permission.OPEN}


def test_every_role_is_granted_something_on_purpose() -> None:
    assert set(GRANTS) == set(Role)
    everybodys = {
        Permission.OPEN,
        Permission.STANDING_SEE,
        Permission.SIGNED_IN,
        Permission.UNLOCK,
        Permission.SETTINGS_CHANGE,
        Permission.HIDDEN_SEE,
        Permission.EXPORT,
        Permission.ERASE,
    }
    for role in Role:
        assert granted([role]) == everybodys | GRANTS[role]
        assert granted([role], withheld={Permission.SIGNED_IN}) == {Permission.OPEN, Permission.STANDING_SEE}
        assert (granted([role], second_factor=False) == granted([])) is (role in STAFF or not GRANTS[role])


def test_the_app_is_put_together_without_asking_a_database(sqlite_settings: Settings) -> None:
    import dataclasses

    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1"
    app = create_app(dataclasses.replace(sqlite_settings, database_url=f"{nowhere}/data", keys_url=f"{nowhere}/keys"))
    assert app.test_client().get("/healthz").status_code == 200
