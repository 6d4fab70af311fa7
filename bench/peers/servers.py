"""The peers, each in processes of its own on a temporary folder, ended with the run."""

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.peer import HERE, Missing, Peer, filled, said
from bench.peers.synapse import SYNAPSE
from bench.servers import BARE_ROOM, ROOT, Server, free_port, running

XMPP_ROOM = "bench@rooms.localhost"
#: What a newcomer types.
NODE_INSTALL = "npm install"
PROSODY_INSTALL = "apt-get install --no-install-recommends prosody"
EJABBERD_INSTALL = "apt-get install --no-install-recommends ejabberd"


@contextmanager
def node(_people: int) -> Iterator[Server]:
    """Socket.IO on Node, bare."""
    command = _node_command()
    if command is None or not (ROOT / "node_modules" / "socket.io").is_dir():
        raise Missing(f"Node's socket.io: {NODE_INSTALL}")
    port = free_port()
    with running([command, str(HERE / "node_server.cjs"), str(port)], dict(os.environ), port) as process:
        yield Server("node", f"http://127.0.0.1:{port}", BARE_ROOM, [], process)


def _node_command() -> str | None:
    """Node's own program. What is called `node` may only start it, and to end that would leave the server running."""
    beside = Path(sys.executable).with_name("node")
    program = str(beside) if beside.exists() else shutil.which("node")
    return said(program, "-p", "process.execPath") or None if program else None


def _node_versions() -> dict[str, str]:
    package = json.loads((ROOT / "node_modules" / "socket.io" / "package.json").read_text())
    return {"node": said(_node_command() or "node", "--version").removeprefix("v"), "socket.io": package["version"]}


@contextmanager
def prosody(people: int) -> Iterator[Server]:
    """Prosody with a room and its archive."""
    command = shutil.which("prosody")
    if command is None:
        raise Missing(f"Prosody: {PROSODY_INSTALL}")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        accounts = Path(folder, "data", "localhost", "accounts")
        accounts.mkdir(parents=True)
        for number in range(people):
            (accounts / f"p{number}.dat").write_text(f'return {{ ["password"] = "p{number}"; }};\n')
        settings = Path(folder, "prosody.cfg.lua")
        settings.write_text(filled("prosody.cfg.lua", PORT=str(port), FOLDER=folder))
        with running([command, "--config", str(settings), "-F"], dict(os.environ), port) as process:
            yield Server("prosody", f"xmpp://127.0.0.1:{port}", XMPP_ROOM, [], process, "bench.peers.xmpp")


def _prosody_versions() -> dict[str, str]:
    stated = re.search(r"^Prosody ([0-9][\w.]*)", said("prosodyctl", "about"), re.MULTILINE)
    return {"prosody": stated[1] if stated else "unknown"}


@contextmanager
def ejabberd(_people: int) -> Iterator[Server]:
    """ejabberd with a room and its archive, on an Erlang that does not wait in circles: that would count as work."""
    erlang, program = shutil.which("erl"), _ejabberd_folder()
    if erlang is None or program is None:
        raise Missing(f"ejabberd: {EJABBERD_INSTALL}")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = Path(folder, "ejabberd.yml")
        settings.write_text(filled("ejabberd.yml", PORT=str(port)))
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


def _ejabberd_versions() -> dict[str, str]:
    folder = _ejabberd_folder()
    release = said("erl", "-noinput", "-eval", "io:put_chars(erlang:system_info(otp_release)), halt().")
    return {"ejabberd": folder.name.removeprefix("ejabberd-") if folder else "unknown", "erlang": release}


#: Every peer by its name.
PEERS: dict[str, Peer] = {
    "node": Peer(node, _node_versions, NODE_INSTALL),
    "prosody": Peer(prosody, _prosody_versions, PROSODY_INSTALL),
    "ejabberd": Peer(ejabberd, _ejabberd_versions, EJABBERD_INSTALL),
    "synapse": SYNAPSE,
}
