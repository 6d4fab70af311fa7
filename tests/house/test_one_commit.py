"""Law 3: one commit, then effects."""

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.chat.models import Message
from app.kernel.house import House
from tests.factories import Factory
from tests.house.sources import Module, calls, imports, module, modules

#: What only some places may call, and why it is theirs.
OWNERS = {
    "commit": {"app/kernel/work.py"},
    "rollback": {"app/kernel/work.py"},
    "begin": {"app/kernel/db/engines.py"},  # the keys transaction of the vault, a context that commits at its end
    "begin_nested": set[str](),
    "emit": {"app/kernel/live/gateway.py", "app/kernel/live/fanout.py"},
    "send_message": set[str](),
    "sendmail": {"app/kernel/mail.py"},
}
#: Libraries through which something leaves the program.
WAYS_OUT = {
    "huey": {"app/kernel/jobs.py"},
    "smtplib": {"app/kernel/mail.py"},
    "pywebpush": {"app/kernel/push.py"},
    "py_vapid": {"app/kernel/push.py"},
    "socketio": {"app/kernel/live/doorkeeper.py", "app/kernel/live/packets.py", "app/kernel/live/relay.py"},
    "flask_socketio": {"app/kernel/live/gateway.py"},
    "requests": set[str](),
    "urllib.request": set[str](),
    "http.client": {"app/kernel/push.py"},
}
#: Who may note an effect: verbs, and the kernel's two quick paths.
NOTING = {"publish": "actions.py", "enqueue": "actions.py", "after_commit": "actions.py"}


def stray_effects(sources: Iterable[Module]) -> list[str]:
    """Every commit, broadcast, mail or enqueueing outside its one place."""
    found = []
    for source in sources:
        for call, name in calls(source):
            last = name.rpartition(".")[2]
            if "." in name and last in OWNERS and source.path not in OWNERS[last]:
                found.append(source.at(call, name))
            if last in NOTING and not (source.path.startswith("app/kernel/") or source.file == NOTING[last]):
                found.append(source.at(call, f"{name} outside {NOTING[last]}"))
        for node, imported, _name in imports(source):
            for library, owners in WAYS_OUT.items():
                if (imported == library or imported.startswith(f"{library}.")) and source.path not in owners:
                    found.append(source.at(node, f"imports {library}"))
    return found


def test_only_the_unit_of_work_commits_and_only_the_gateway_emits() -> None:
    assert stray_effects(modules()) == []


@pytest.mark.parametrize(
    "line",
    [
        "session.commit()",
        "house.live.emit([])",
        "import smtplib",
        "from huey import Huey",
        "publish('a', 'b', {})",
    ],
)
def test_the_law_finds_a_stray_effect(line: str) -> None:
    assert stray_effects([module("app/chat/views.py", line)])


def test_what_is_told_to_a_room_can_already_be_read_by_others(
    house: House, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[int] = []

    def look(*_frame: Any) -> None:
        with house.databases.data.connect() as another:
            stored.append(another.scalar(select(func.count()).select_from(Message)) or 0)

    monkeypatch.setattr(house.live, "emit", look)
    member = make.person()
    room = make.room(member)
    make.message(member, room)
    assert stored == [1]
