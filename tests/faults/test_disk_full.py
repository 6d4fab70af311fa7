"""The disk is full: writing is refused in words, reading goes on, nothing is half there, and it all mends by itself."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.chat.models import Epoch, Room
from app.kernel import work
from tests.conftest import Template
from tests.faults.chatter import Sent, begin, check_whole, gather, last_seen_long_ago, settle, wait_for_more
from tests.faults.line import Line
from tests.faults.pages import Pages
from tests.faults.places import copied
from tests.server import Server, wait_for

pytestmark = pytest.mark.faults
#: What is left of the disk, or how far a file may still be written (bytes).
LEFT = 400_000
DISK = 24 * 1024 * 1024
#: Messages that may still find room in a log that begins anew.
MOST_STORED = 300


@dataclass
class Place:
    """Where an instance is that can run out of room."""

    folder: Path
    #: Until only so many bytes are left.
    run_out: Callable[[Server, int], None]
    make_room: Callable[[Server], None]


@contextmanager
def small_disk(template: Template, folder: Path) -> Iterator[Place]:
    """A disk of its own, small enough to be filled."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nobody may mount a disk here: that files may not grow stands for it, in the other test")
    ballast = disk / "ballast"

    def fill(_server: Server, left: int) -> None:
        with ballast.open("ab") as file:
            while (more := shutil.disk_usage(disk).free - left) > 0:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), more)

    try:
        yield Place(copied(template, disk), fill, lambda _server: ballast.unlink())
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def short_files(template: Template, folder: Path) -> Iterator[Place]:
    """The server may write in no file beyond so many bytes: for systems where nobody may mount anything."""

    def limit(server: Server, size: int) -> None:
        assert server.process is not None
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    # The log has its whole length from the start, and is written from its beginning.
    yield Place(copied(template, folder), limit, lambda server: limit(server, resource.RLIM_INFINITY))


@pytest.mark.parametrize("kind", [small_disk, short_files])
def test_with_a_full_disk_writing_is_refused_reading_goes_on_and_nothing_is_half_there(
    kind: Callable[[Template, Path], AbstractContextManager[Place]],
    sqlite_template: Template,
    tmp_path: Path,
) -> None:
    with kind(sqlite_template, tmp_path) as place:
        server = Server(place.folder, {"LIMITS": "off"}, log=tmp_path / "server.log")
        make = server.factory()
        room, chatters = gather(server, make, 4, weight=2400)
        untouched = make.room(make.actor(chatters[0].token))
        server.start()
        begin(chatters)
        wait_for_more(chatters, 20)
        last_seen_long_ago(make)

        place.run_out(server, LEFT)
        wait_for(lambda: all(chatter.refused["unavailable"] for chatter in chatters), seconds=30, what="a full disk")
        place.run_out(server, 0)
        by_page = _reading_goes_on(server, chatters[0].token, room, untouched)

        place.make_room(server)
        wait_for_more(chatters, 20)
        settle(chatters)
        with work.scope(make.house) as opened:
            assert opened.session.scalar(select(func.count()).where(Epoch.room_id == untouched.id)) == 0
        check_whole(make, room, chatters, by_page)
        server.stop()
        make.house.close()


def _reading_goes_on(server: Server, token: str, room: Room, untouched: Room) -> dict[str, Sent]:
    """Returns what was still stored by the page: a log that begins anew in its own file has room for a while."""
    stored: dict[str, Sent] = {}
    body = ("ما كتبته باق " * 20).strip()
    with Pages(server, token) as pages:
        shown = pages.get(f"/rooms/{room.public_id}")
        assert shown.status_code == 200
        assert shown.text.count('class="message') >= 20
        assert pages.get("/rooms").status_code == 200
        # Not even the room's first message leaves something behind: no key, no week, no number.
        for place in (room, untouched):
            page = f"/rooms/{place.public_id}"
            answer = pages.post(f"{page}/messages", page, client_id="by-page-0000", body=body)
            while answer.status_code == 303 and place is room and len(stored) < MOST_STORED:
                stored[f"by-page-{len(stored):04}"] = Sent(body)
                answer = pages.post(f"{page}/messages", page, client_id=f"by-page-{len(stored):04}", body=body)
            assert answer.status_code == 503
            assert "ما كتبته باق ما كتبته باق" in answer.text, "it is still in the form"
            assert "could not be saved" in answer.text
    line = Line(server, token)
    read = line.call("room.since", {"room": room.public_id, "since": 0})
    assert read["ok"]
    assert len(read["messages"]) >= 20
    line.close()
    return stored
