"""A person with a bad network: sends one message after another, and after every break goes on where they were."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import select, update

from app.chat import queries
from app.chat.models import Mention, Message, Room
from app.identity.models import LoginSession
from app.kernel import work
from app.kernel.db import now
from app.notifications.models import Notice
from tests.factories import Factory
from tests.faults.line import Gone, Line
from tests.faults.stopwatch import Stopwatch
from tests.server import Server, wait_for

#: Refusals that pass by themselves: a browser tries the same again.
PASSING = {"unavailable", "too_many"}
#: Letters of names: none of them looks like another.
LETTERS = "abdefghkpstxyz"
#: Seconds between two tries.
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Sent:
    """What somebody wanted to say."""

    body: str
    note: str = ""
    reply_to: int | None = None
    named: str = ""


@dataclass
class Chatter:
    """Writes messages until told to stop, retries under the same id, and reads by sequence, as the browser does.

    Some messages answer another one, some name somebody, some have a content note. `weight` is how
    long they are.
    """

    server: Server
    token: str
    room: str
    name: str
    port: int = 0
    others: Sequence[str] = ()
    weight: int = 0
    pause: float = 0
    #: How long an answer is waited for, and what is done then: as when the connection is lost (seconds).
    patience: float = 5
    sent: dict[str, Sent] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    heard: list[int] = field(default_factory=list)
    heard_ids: list[str] = field(default_factory=list)
    #: How long each answer took (seconds), and how often the connection was lost.
    took: list[float] = field(default_factory=list)
    breaks: int = 0
    last: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    problem: BaseException | None = None
    _behind: bool = False
    _line: Line | None = None
    _thread: threading.Thread | None = None

    @property
    def is_connected(self) -> bool:
        return self._line is not None

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
        waiting: str | None = None
        try:
            while waiting or not self.stopping.is_set():
                waiting = waiting or self._write()
                if self._try(waiting):
                    waiting = None
                    self.stopping.wait(self.pause)
            while not self._read_to_the_end():
                pass
        except BaseException as problem:
            self.problem = problem
        finally:
            self._drop()

    def _write(self) -> str:
        number = len(self.sent) + 1
        client_id = f"{self.name}-{number:06d}"
        named = self.others[number % len(self.others)] if self.others and number % 5 == 2 else ""
        self.sent[client_id] = Sent(
            body=f"{client_id} يمضي" + (f" @{named}" if named else "") + " " + "&" * self.weight,
            note="عن الطريق" if number % 3 == 0 else "",
            reply_to=self.last or None if number % 4 == 0 else None,
            named=named,
        )
        return client_id

    def _try(self, client_id: str) -> bool:
        """Send it once. Returns whether it is stored."""
        said = self.sent[client_id]
        payload = {"room": self.room, "client_id": client_id, "body": said.body, "note": said.note}
        if said.reply_to:
            payload["reply_to"] = str(said.reply_to)
        try:
            line = self._connected()
            watch = Stopwatch(self.server)
            answer = line.call("room.post", payload, self.patience)
            self.took.append(watch.seconds())
            if answer["ok"]:
                self.acknowledged[client_id] = answer["message"]["seq"]
                self._catch_up(line)
                return True
            self.refused[answer["error"]["code"]] += 1
            assert answer["error"]["code"] in PASSING, answer
        except Gone:
            self._drop()
        # Not the stopping: whoever stops still sends what is under way.
        time.sleep(PAUSE)
        return False

    def _read_to_the_end(self) -> bool:
        try:
            self._catch_up(self._connected(), force=True)
        except Gone:
            self._drop()
            time.sleep(PAUSE)
            return False
        return True

    def _connected(self) -> Line:
        if self._line is None:
            self._line = line = Line(self.server, self.token, port=self.port, hear=self._hear)
            answer = line.call("room.open", {"room": self.room, "since": self.last}, self.patience)
            self._listen(answer)
            if answer["more"]:
                self._catch_up(line, force=True)
        return self._line

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
            self.breaks += 1
        self._line = None

    def _hear(self, event: str, content: dict[str, Any]) -> None:
        if event == "room.message" and content["room"] == self.room:
            self._apply([content])

    def _catch_up(self, line: Line, *, force: bool = False) -> None:
        more = force or self._behind
        while more:
            answer = line.call("room.since", {"room": self.room, "since": self.last}, self.patience)
            self._listen(answer)
            more = answer["more"]

    def _listen(self, answer: dict[str, Any]) -> None:
        if not answer["ok"]:
            code = answer["error"]["code"]
            assert code in PASSING, answer
            raise Gone(code)
        self._apply(answer["messages"])

    def _apply(self, messages: list[dict[str, Any]]) -> None:
        """Take what comes next, drop what is known, and notice a gap: just what the browser's sequence does."""
        for message in sorted(messages, key=lambda message: int(message["seq"])):
            if message["seq"] == self.last + 1:
                self.last += 1
                self.heard.append(message["seq"])
                self.heard_ids.append(message["client_id"])
                self._behind = False
            elif message["seq"] > self.last + 1:
                self._behind = True


def gather(server: Server, make: Factory, number: int, **more: Any) -> tuple[Room, list[Chatter]]:
    """So many people in one room, who have not begun yet."""
    names = [f"Chatter {LETTERS[place // len(LETTERS)]}{LETTERS[place % len(LETTERS)]}" for place in range(number)]
    tokens = [make.token(name) for name in names]
    room = make.room(*(make.actor(token) for token in tokens))
    people = [
        Chatter(server, token, room.public_id, f"p{place:02d}", others=names[:place] + names[place + 1 :], **more)
        for place, token in enumerate(tokens)
    ]
    return room, people


def last_seen_long_ago(make: Factory) -> None:
    """Whoever comes now was here some minutes ago, so that being here again would be noted."""
    databases = make.house.databases
    with databases.data.connect() as connection:
        databases.begin_writing(connection)
        connection.execute(update(LoginSession).values(last_seen_at=now() - timedelta(minutes=5)))
        connection.commit()
        databases.end_writing(connection)


def begin(chatters: Iterable[Chatter]) -> None:
    for chatter in chatters:
        chatter.start()


def wait_for_more(chatters: Sequence[Chatter], number: int, seconds: float = 60) -> None:
    """Wait until so many more messages are acknowledged."""
    goal = _acknowledged(chatters) + number
    wait_for(lambda: _acknowledged(chatters) >= goal or _problem(chatters), seconds=seconds, what=f"{number} messages")


def wait_until_back(chatters: Sequence[Chatter], breaks: int) -> None:
    """Wait until everybody has noticed so many breaks and is connected again."""

    def back() -> bool:
        return all(chatter.breaks >= breaks and chatter.is_connected for chatter in chatters) or _problem(chatters)

    wait_for(back, seconds=60, what="everybody to be back")


def settle(chatters: Sequence[Chatter]) -> None:
    """Everybody finishes what is under way; then everybody reads to the end."""
    for chatter in chatters:
        chatter.stopping.set()
    for chatter in chatters:
        chatter.finish()
    for chatter in chatters:  # whoever finished first now reads what came after
        chatter.start()
    for chatter in chatters:
        chatter.finish()


def check_whole(
    make: Factory, room: Room, chatters: Sequence[Chatter], others: Mapping[str, Sent] = MappingProxyType({})
) -> int:
    """What was acknowledged is stored once, reached everybody once and in order, and nothing is half there.

    `others` is what somebody else said. Returns how many messages are stored.
    """
    reader = make.actor(chatters[0].token)
    with work.scope(make.house) as opened:
        rows = opened.session.execute(
            select(Message.seq, Message.client_id, Message.reply_to)
            .where(Message.room_id == room.id)
            .order_by(Message.seq)
        ).all()
        here = queries.get_here(reader, room.public_id)
        words = queries.since(reader, here, after=0, limit=1_000_000).words
        contents = queries.contents_of(list(opened.session.scalars(select(Message).where(Message.room_id == room.id))))
        named = opened.session.execute(select(Mention.seq).where(Mention.room_id == room.id)).scalars().all()
        noticed = opened.session.execute(select(Notice.person_id).where(Notice.ref == room.public_id)).all()
    ids = [row.client_id for row in rows]
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert here.last_seq == len(rows), "no number was taken for nothing"
    assert len(ids) == len(set(ids))
    sent = {**others, **{client_id: said for chatter in chatters for client_id, said in chatter.sent.items()}}
    for row, seen in zip(rows, words, strict=True):
        said = sent[row.client_id]
        assert (seen.seq, seen.note, row.reply_to) == (row.seq, said.note, said.reply_to)
    assert Counter(content.body for content in contents.values()) == Counter(sent[one].body for one in ids)
    assert Counter(named) == Counter(row.seq for row in rows if sent[row.client_id].named)
    assert len(noticed) == len({sent[one].named for one in ids} - {""})
    for chatter in chatters:
        assert {client_id: ids[seq - 1] for client_id, seq in chatter.acknowledged.items()} == {
            client_id: client_id for client_id in chatter.acknowledged
        }
        assert chatter.heard == list(range(1, len(rows) + 1))
        assert chatter.heard_ids == ids
    return len(rows)


def _acknowledged(chatters: Iterable[Chatter]) -> int:
    return sum(len(chatter.acknowledged) for chatter in chatters)


def _problem(chatters: Iterable[Chatter]) -> bool:
    for chatter in chatters:
        if chatter.problem:
            raise chatter.problem
    return False
