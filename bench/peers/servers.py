"""The peers, each in processes of its own on a temporary folder, ended with the run."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench.servers import BARE_ROOM, ROOT, Server, free_port, running

HERE = Path(__file__).parent
XMPP_ROOM = "bench@rooms.localhost"


class Missing(Exception):
    """A peer that is not installed here, with the words that say how to."""


@contextmanager
def node(_people: int) -> Iterator[Server]:
    """Socket.IO on Node, bare."""
    program = Path(sys.executable).with_name("node")
    command = str(program) if program.exists() else shutil.which("node")
    if command is None or not (ROOT / "node_modules" / "socket.io").is_dir():
        raise Missing("Node's socket.io: npm install")
    port = free_port()
    with running([command, str(HERE / "node_server.cjs"), str(port)], dict(os.environ), port) as process:
        yield Server("node", f"http://127.0.0.1:{port}", BARE_ROOM, [], process)


@contextmanager
def prosody(people: int) -> Iterator[Server]:
    """Prosody with a room and its archive."""
    command = shutil.which("prosody")
    if command is None:
        raise Missing("Prosody: apt-get install --no-install-recommends prosody")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        accounts = Path(folder, "data", "localhost", "accounts")
        accounts.mkdir(parents=True)
        for number in range(people):
            (accounts / f"p{number}.dat").write_text(f'return {{ ["password"] = "p{number}"; }};\n')
        settings = Path(folder, "prosody.cfg.lua")
        settings.write_text(_filled("prosody.cfg.lua", PORT=str(port), FOLDER=folder))
        with running([command, "--config", str(settings), "-F"], dict(os.environ), port) as process:
            yield Server("prosody", f"xmpp://127.0.0.1:{port}", XMPP_ROOM, [], process, "bench.peers.xmpp")


@contextmanager
def ejabberd(_people: int) -> Iterator[Server]:
    """ejabberd with a room and its archive, on an Erlang that does not wait in circles: that would count as work."""
    erlang, program = shutil.which("erl"), _ejabberd_folder()
    if erlang is None or program is None:
        raise Missing("ejabberd: apt-get install --no-install-recommends ejabberd")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = Path(folder, "ejabberd.yml")
        settings.write_text(_filled("ejabberd.yml", PORT=str(port)))
        environ = os.environ | {
            "EJABBERD_CONFIG_PATH": str(settings),
            "EJABBERD_LOG_PATH": str(Path(folder, "ejabberd.log")),
            "ERL_LIBS": str(program.parent),
            "HOME": folder,
        }
        idle = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "+K", "true"]
        command = [erlang, *idle, "-noinput", "-mnesia", "dir", f'"{folder}/mnesia"', "-s", "ejabberd"]
        with running(command, environ, port) as process:
            yield Server("ejabberd", f"xmpp://127.0.0.1:{port}", XMPP_ROOM, [], process, "bench.peers.xmpp")


def _ejabberd_folder() -> Path | None:
    found = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin/ejabberd.app"))
    return found[-1].parents[1] if found else None


def _filled(name: str, **values: str) -> str:
    words = (HERE / name).read_text()
    for place, value in values.items():
        words = words.replace(place, value)
    return words


#: Every peer by its name: a function of how many people come.
PEERS: dict[str, Callable[[int], AbstractContextManager[Server]]] = {
    "node": node,
    "prosody": prosody,
    "ejabberd": ejabberd,
}
