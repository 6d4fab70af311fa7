"""Copies of a database in use, and the way back: SQLite's own backup, or pg_dump and pg_restore."""

import os
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from config import Unsafe

#: What pg_dump and pg_restore say is told in one line of at most so many letters.
LONGEST = 300


def copy_database(url: str, target: Path) -> None:
    """Write a copy of what is committed now. Others read and write on meanwhile. Raises Unsafe."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        _copy_sqlite(Path(parsed.database or ""), target)
    else:
        _postgres(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], parsed)


def is_empty(url: str) -> bool:
    """Whether there is no database here yet. Makes none. Raises Unsafe."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        return not Path(parsed.database or "").exists()
    asked = "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    return (
        _postgres(["psql", "--no-psqlrc", "--tuples-only", "--no-align", f"--command={asked}"], parsed).strip() == "0"
    )


def put_back(url: str, source: Path, *, anew: bool) -> None:
    """Make a database of a copy. `anew` removes what a restore left that was killed. Raises Unsafe."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        path = Path(parsed.database or "")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        source.chmod(0o600)
        source.replace(path)
        return
    clean = ["--clean", "--if-exists"] if anew else []
    restore = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", *clean]
    _postgres([*restore, f"--dbname={parsed.database}", str(source)], parsed)


def _copy_sqlite(path: Path, target: Path) -> None:
    if not path.exists():
        raise Unsafe(f"there is no database at {path}: run `flask instance`")
    target.touch(mode=0o600)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()


def _postgres(command: list[str], url: URL) -> str:
    """Run one of PostgreSQL's own programs. The passphrase goes by the environment, which others cannot list."""
    told = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
    }
    environ = {**os.environ, **{name: value for name, value in told.items() if value}}
    try:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  # our own
    except FileNotFoundError:
        raise Unsafe(f"{command[0]} is missing: install PostgreSQL's client programs") from None
    if done.returncode:
        first = (done.stderr.strip() or "no words").splitlines()[0]
        raise Unsafe(f"{command[0]} failed: {first[:LONGEST]}")
    return done.stdout
