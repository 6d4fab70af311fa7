"""A person with a bad network: sends one message after another, and after every break goes on where they were."""

import threading
from dataclasses import dataclass, field
from typing import Any

import socketio
from socketio.exceptions import SocketIOError

from tests.server import Server


@dataclass
class Chatter:
    """Writes numbered messages until told to stop, retries under the same id, and reads by sequence."""

    server: Server
    token: str
    room: str
    name: str
    acknowledged: dict[str, int] = field(default_factory=dict)
    heard: list[int] = field(default_factory=list)
    heard_ids: list[str] = field(default_factory=list)
    last: int = 0
    count: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    problem: BaseException | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._live, daemon=True, name=self.name)
        self._thread.start()

    def finish(self) -> None:
        """Stop writing, wait for what is under way, and read to the end."""
        self.stopping.set()
        assert self._thread is not None
        self._thread.join(timeout=60)
        assert not self._thread.is_alive(), f"{self.name} is stuck"
        if self.problem:
            raise self.problem

    def _live(self) -> None:
        try:
            waiting: str | None = None
            client: socketio.Client | None = None
            while waiting or not self.stopping.is_set():
                try:
                    client = client if client and client.connected else self._connect()
                    if waiting is None:
                        self.count += 1
                        waiting = f"{self.name}-{self.count:06d}"
                    sent = {"room": self.room, "client_id": waiting, "body": f"{waiting} يمضي"}
                    answer = client.call("room.post", sent, timeout=5)
                    assert answer["ok"], answer
                    self.acknowledged[waiting] = answer["message"]["seq"]
                    waiting = None
                    self._catch_up(client)
                except (SocketIOError, OSError):
                    self._drop(client)
                    client = None
                    self.stopping.wait(0.05)
            client = client if client and client.connected else self._connect()
            self._catch_up(client, force=True)
            self._drop(client)
        except BaseException as problem:
            self.problem = problem

    def _connect(self) -> socketio.Client:
        client = self.server.socket(self.token)
        client.on("room.message", self._hear)
        answer = client.call("room.open", {"room": self.room, "since": self.last}, timeout=5)
        assert answer["ok"], answer
        self._apply(answer["messages"])
        if answer["more"]:
            self._catch_up(client, force=True)
        return client

    def _drop(self, client: socketio.Client | None) -> None:
        if client is not None:
            try:
                client.disconnect()
            except (SocketIOError, OSError):
                pass

    def _hear(self, message: dict[str, Any]) -> None:
        self._apply([message])

    def _catch_up(self, client: socketio.Client, *, force: bool = False) -> None:
        more = force or self._behind
        while more:
            answer = client.call("room.since", {"room": self.room, "since": self.last}, timeout=5)
            assert answer["ok"], answer
            self._apply(answer["messages"])
            more = answer["more"]

    _behind: bool = False

    def _apply(self, messages: list[dict[str, Any]]) -> None:
        """Take what comes next, drop what is known, and notice a gap: just what the browser's sequence does."""
        with self._lock:
            for message in sorted(messages, key=lambda message: int(message["seq"])):
                if message["seq"] == self.last + 1:
                    self.last += 1
                    self.heard.append(message["seq"])
                    self.heard_ids.append(message["client_id"])
                    self._behind = False
                elif message["seq"] > self.last + 1:
                    self._behind = True
