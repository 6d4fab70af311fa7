"""The write-ahead log of SQLite gets its room on the disk before it is needed.

A commit that makes the file longer has the file system write down how long it is now, and wait for that as well: a quarter
of the time that the commit of a lone message takes. The log is written from its beginning again and again, so that room
which was made once is enough.
"""

import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)

#: Pages that the log may have before it is written back, and what one takes there at most (bytes).
LOG_PAGES, PAGE = 4000, 4096
ROOM = LOG_PAGES * PAGE
#: On a disk with less than so many times the room left, what is left is for what people write.
ENOUGH = 8


def make_room(database: Path) -> None:
    """Make the log of this database as long as it may become. Nothing is stored: what was written for it is rolled back.

    Where that cannot be, because the disk is nearly full or somebody else is writing, all goes on as it is.
    """
    grown = database.with_name(f"{database.name}-wal")
    if not database.exists() or (grown.exists() and grown.stat().st_size >= ROOM):
        return
    if shutil.disk_usage(database.parent).free < ENOUGH * ROOM:
        return
    try:
        with closing(sqlite3.connect(database, isolation_level=None, timeout=1)) as raw:
            raw.execute("PRAGMA cache_size = 16")  # what does not fit into memory is written to the log at once
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("CREATE TABLE room_for_the_log (zeros BLOB)")
            raw.execute("INSERT INTO room_for_the_log VALUES (zeroblob(?))", (ROOM,))
            raw.execute("ROLLBACK")
            with grown.open("rb") as written:
                os.fsync(written.fileno())
    except (sqlite3.Error, OSError) as problem:
        log.warning("no room was made for the log (%s)", type(problem).__name__)
