"""Synapse, the Matrix server, from an environment of its own and over a PostgreSQL database that is dropped at the end."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import secrets
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from bench.peers.peer import Missing, Peer, filled, said
from bench.servers import ROOT, Server, free_port, running

HOME = Path(os.environ.get("BENCH_SYNAPSE", ROOT / ".cache" / "synapse"))
INSTALL = "python3 -m venv .cache/synapse && .cache/synapse/bin/pip install -r bench/peers/synapse.txt"
#: The server of the tests, as for the rest of bench.
POSTGRES = make_url(os.environ.get("TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432"))
#: Quiet: a line for each request would be work that the others do not do.
LOGGING = {"version": 1, "root": {"level": "CRITICAL"}}
#: Seconds for one request while people are let in.
PATIENCE = 60.0
#: How many sign up at the same time.
AT_ONCE = 8


@contextmanager
def synapse(people: int) -> Iterator[Server]:
    """Synapse with so many people in one room; their access tokens stand where others have cookies."""
    program = HOME / "bin" / "python"
    if not program.exists():
        raise Missing(f"Synapse: {INSTALL}")
    port, secret = free_port(), secrets.token_hex(16)
    with _database() as database, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder, "log.yaml").write_text(json.dumps(LOGGING))
        settings = Path(folder, "synapse.yaml")
        settings.write_text(
            filled(
                "synapse.yaml",
                FOLDER=folder,
                SIGNING_KEY=base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
                SECRET=secret,
                DATABASE_HOST=database.host or "127.0.0.1",
                DATABASE_PORT=str(database.port or 5432),
                DATABASE_USER=database.username or "postgres",
                DATABASE_PASSWORD=database.password or "",
                DATABASE_NAME=database.database or "",
                PORT=str(port),
            )
        )
        command = [str(program), "-m", "synapse.app.homeserver", "--config-path", str(settings)]
        with running(command, dict(os.environ), port) as process:
            room, tokens = _let_in(port, secret, people)
            _ask_database(database, "analyze")  # what PostgreSQL would do by itself a minute later
            yield Server("synapse", f"http://127.0.0.1:{port}", room, tokens, process, "bench.peers.matrix")


@contextmanager
def _database() -> Iterator[URL]:
    """An empty database, sorted by bytes as Synapse insists, dropped afterwards. Raises Missing without a PostgreSQL."""
    name = f"sanad_b_{uuid.uuid4().hex[:10]}_synapse"
    house = POSTGRES.set(database="postgres")
    try:
        _ask_database(house, f"create database {name} encoding 'UTF8' locale 'C' template template0")
    except OperationalError as problem:
        raise Missing(f"Synapse: PostgreSQL at {POSTGRES.host}:{POSTGRES.port or 5432} (TEST_POSTGRES)") from problem
    try:
        yield POSTGRES.set(database=name)
    finally:
        _ask_database(house, f"drop database if exists {name} with (force)")


def _ask_database(database: URL, statement: str) -> Any:
    """Run one statement; what it returns first, if anything."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            answer = connection.execute(text(statement))
            return answer.scalar() if answer.returns_rows else None
    finally:
        engine.dispose()


def _let_in(port: int, secret: str, people: int) -> tuple[str, list[str]]:
    """Sign everybody up, make a room of the first one's, have all join it: the room and the access tokens."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tokens = list(pool.map(lambda number: _sign_up(port, secret, f"p{number}"), range(people)))
    made = _ask(port, "POST", "/_matrix/client/v3/createRoom", {"preset": "public_chat"}, tokens[0])
    room = str(made["room_id"])
    for token in tokens[1:]:
        _ask(port, "POST", f"/_matrix/client/v3/rooms/{room}/join", {}, token)
    return room, tokens


def _sign_up(port: int, secret: str, name: str) -> str:
    """Register by the shared secret; returns an access token."""
    path = "/_synapse/admin/v1/register"
    nonce = _ask(port, "GET", path)["nonce"]
    seal = hmac.new(secret.encode(), "\0".join([nonce, name, name, "notadmin"]).encode(), hashlib.sha1)
    who = {"nonce": nonce, "username": name, "password": name, "admin": False, "mac": seal.hexdigest()}
    return str(_ask(port, "POST", path, who)["access_token"])


def _ask(port: int, method: str, path: str, words: dict[str, Any] | None = None, token: str = "") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request(method, path, None if words is None else json.dumps(words), headers)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"Synapse answered {answer.status} to {path}: {found}")
    return found


def versions() -> dict[str, str]:
    """Synapse's version, Twisted's, its Python's, and PostgreSQL's."""
    ask = (
        "import platform; from importlib.metadata import version;"
        "print(version('matrix-synapse'), version('twisted'), platform.python_version())"
    )
    own = said(str(HOME / "bin" / "python"), "-c", ask).split()
    database = str(_ask_database(POSTGRES.set(database="postgres"), "show server_version")).partition(" ")[0]
    names = ("synapse", "twisted of synapse", "python of synapse", "postgresql")
    return dict(zip(names, [*own, database], strict=True))


SYNAPSE = Peer(synapse, versions, INSTALL)
