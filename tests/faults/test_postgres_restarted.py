"""PostgreSQL crashes, stays away for a moment and is restarted under load: nothing acknowledged is lost or doubled."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config import read_settings
from tests.conftest import MEMORY, environment, make_instance_at, missing
from tests.faults.chatter import begin, check_whole, gather, settle, wait_for_more
from tests.server import Server, free_port, wait_for

pytestmark = pytest.mark.faults


@dataclass
class OwnPostgres:
    """A cluster of this test's own, which it may stop. PostgreSQL refuses to run as root: there it is somebody else."""

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)

    def make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        # What a crash of the program must not lose is with the system then; only a power cut needs the disk itself.
        settings = f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
        with (self.folder / "postgresql.conf").open("a") as file:
            file.write(settings)
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"))

    def stop(self, how: str) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", how)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str) -> None:
        address = self.url("postgres").replace("+psycopg", "")
        subprocess.run([self.programs / "psql", "-q", address, "-c", statement], check=True, capture_output=True)

    def _run(self, program: str, *words: str) -> None:
        somebody = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*somebody, str(self.programs / program), "-D", str(self.folder), *words]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        missing("PostgreSQL's initdb and pg_ctl under /usr/lib/postgresql")
    # Not in the folder of the test, into which nobody else may look.
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    cluster = OwnPostgres(programs[-1], folder)
    cluster.make()
    yield cluster
    cluster.stop("immediate")
    shutil.rmtree(folder)


def test_nothing_acknowledged_is_lost_or_doubled_when_postgresql_crashes_and_is_restarted(
    own_postgres: OwnPostgres, tmp_path: Path
) -> None:
    urls = {"DATABASE_URL": own_postgres.url("data"), "KEYS_URL": own_postgres.url("keys")}
    for name in ("data", "keys"):
        own_postgres.sql(f"create database {name}")
    make_instance_at(read_settings(environment(tmp_path, **urls)))
    server = Server(tmp_path, {"LIMITS": "off", **urls})
    make = server.factory()
    room, chatters = gather(server, make, 6)
    server.start()
    begin(chatters)
    wait_for_more(chatters, 60)

    own_postgres.stop("immediate")
    wait_for(
        lambda: all(chatter.refused["unavailable"] for chatter in chatters), seconds=30, what="everybody to be told so"
    )
    with server.browser(chatters[0].token) as browser:
        address = f"http://127.0.0.1:{server.port}"
        assert browser.get(f"{address}/healthz").status_code == 200
        assert browser.get(f"{address}/readyz").status_code == 503
        shown = browser.get(f"{address}/rooms/{room.public_id}")
        assert shown.status_code == 503
        assert "could not be saved" in shown.text or "لم" in shown.text
    own_postgres.start()
    wait_for_more(chatters, 60)

    own_postgres.stop("fast")
    own_postgres.start()
    wait_for_more(chatters, 60)
    settle(chatters)
    check_whole(make, room, chatters)
    server.stop()
    make.house.close()
