"""What is wrong with an instance, and how to mend it. Each check says something useful when it fails."""

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time

import redis
from flask import Flask
from flask_alembic import Alembic
from sqlalchemy import text

from app.kernel import erasures
from app.kernel.backup.taking import taken_at
from app.kernel.db import now
from app.kernel.house import House
from app.kernel.jobs import JobState
from config import Unsafe, check_key_file

ENOUGH_DISK = 500 * 1024 * 1024
#: A clock that is off by more than this (seconds) breaks one-time codes and the limits of sessions.
CLOCK_SLACK = 30
#: A backup is taken each day; after this one day was missed.
BACKUP_HOURS = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the instance, whether it is well, and in words what is or what to do."""

    part: str
    well: bool
    words: str


def examine(app: Flask) -> list[Finding]:
    """Every check, in the order in which one would mend things. A check that crashes is a finding, not a crash."""
    house: House = app.extensions["house"]
    findings: list[Finding] = []
    checks: list[Callable[[Flask, House], Iterator[Finding]]] = [
        _key_file, _modes, _databases, _migrations, _keys, _erasures, _backup, _queue, _redis, _mail, _disk, _clock,
    ]  # fmt: skip
    for check in checks:
        try:
            findings.extend(check(app, house))
        except Exception as error:
            part = check.__name__.strip("_").replace("_", " ")
            findings.append(
                Finding(part, False, f"cannot be checked ({type(error).__name__}): mend what is above first")
            )
    return findings


def _key_file(_app: Flask, house: House) -> Iterator[Finding]:
    try:
        check_key_file(house.settings.master_key_file)
        yield Finding("key file", True, str(house.settings.master_key_file))
    except Unsafe as problem:
        yield Finding("key file", False, str(problem))


def _modes(_app: Flask, house: House) -> Iterator[Finding]:
    for folder in (house.settings.instance / "data", house.settings.instance / "keys"):
        if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            yield Finding("modes", False, f"others can look into {folder}: chmod 700 '{folder}'")
            return
    yield Finding("modes", True, "data and keys are closed to others")


def _databases(_app: Flask, house: House) -> Iterator[Finding]:
    for name, engine in (("data", house.databases.data), ("keys", house.databases.keys)):
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1"))
            yield Finding(f"{name} database", True, engine.dialect.name)
        except Exception as error:
            wish = "DATABASE_URL" if name == "data" else "KEYS_URL"
            yield Finding(f"{name} database", False, f"does not answer ({type(error).__name__}): check {wish}")


def _migrations(app: Flask, _house: House) -> Iterator[Finding]:
    alembic: Alembic = app.extensions["alembic"]
    with app.app_context():
        heads = {script.revision for script in alembic.heads()}
        for name, context in alembic.migration_contexts.items():
            well = set(context.get_current_heads()) == heads
            yield Finding(f"{name} tables", well, "up to date" if well else "out of date: run `flask instance`")


def _keys(_app: Flask, house: House) -> Iterator[Finding]:
    problems = house.vault.verify()
    if problems:
        words = f"{problems[0]} ({len(problems)} in all): restore the key file that belongs to them"
        yield Finding("keys", False, words)
    else:
        yield Finding("keys", True, f"{house.vault.count_keys()} open")


def _erasures(_app: Flask, house: House) -> Iterator[Finding]:
    if erasures.is_being_restored(house.settings.instance):
        yield Finding("erasures", False, "a restore has begun and is not over: run `flask restore` again")
        return
    try:
        yield Finding("erasures", True, f"{len(erasures.read(house))} in the ledger")
    except Unsafe as problem:
        yield Finding("erasures", False, str(problem))


def _backup(_app: Flask, house: House) -> Iterator[Finding]:
    if house.settings.backup_recipient is None:
        well = not house.settings.production
        yield Finding("backup", well, "none is taken" + ("" if well else ": set BACKUP_RECIPIENT, see `flask backup`"))
        return
    at = taken_at(house)
    if at is None:
        yield Finding("backup", False, "none was taken yet: `flask backup FOLDER`, each day by a timer")
        return
    hours = int((now() - at).total_seconds() // 3600)
    well = hours < BACKUP_HOURS
    yield Finding("backup", well, f"{hours} h ago" + ("" if well else ": look at the timer that runs `flask backup`"))


def _queue(_app: Flask, house: House) -> Iterator[Finding]:
    counts = house.queue.counts()
    aside = counts.get(JobState.SET_ASIDE, 0)
    waiting = counts.get(JobState.WAITING, 0)
    if aside:
        yield Finding(
            "queue", False, f"{aside} jobs failed too often: the worker's log says why; then `flask jobs retry`"
        )
    elif waiting > 1000:
        yield Finding("queue", False, f"{waiting} jobs wait: is the worker running? `flask worker`")
    else:
        yield Finding("queue", True, f"{waiting} waiting")


def _redis(_app: Flask, house: House) -> Iterator[Finding]:
    url = house.settings.redis_url
    if url is None:
        yield Finding("redis", True, "not used: one process, limits in memory")
        return
    try:
        redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2).ping()
        yield Finding("redis", True, "answers")
    except redis.RedisError as error:
        yield Finding("redis", False, f"does not answer ({type(error).__name__}): start it or check REDIS_URL")


def _mail(_app: Flask, house: House) -> Iterator[Finding]:
    if not house.mail.usable:
        yield Finding("mail", True, "not used: nothing here needs it")
        return
    try:
        house.mail.check()
        yield Finding("mail", True, "answers")
    except OSError as error:
        yield Finding("mail", False, f"does not answer ({type(error).__name__}): check SMTP_URL and the mail server")


def _disk(_app: Flask, house: House) -> Iterator[Finding]:
    folder: Path = house.settings.instance
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    well = free > ENOUGH_DISK
    yield Finding("disk", well, f"{free // 2**20} MB free" + ("" if well else ": make room, or writing stops"))


def _clock(_app: Flask, house: House) -> Iterator[Finding]:
    if house.settings.sqlite:
        yield Finding("clock", True, "one machine, one clock")
        return
    with house.databases.data.connect() as connection:
        theirs = float(connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())
    off = abs(theirs - time())
    well = off < CLOCK_SLACK
    yield Finding("clock", well, f"{off:.1f} s from the database's" + ("" if well else ": start a time service (NTP)"))
