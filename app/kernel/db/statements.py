"""Statements that the two kinds of database write differently."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import DeclarativeBase, Session


def insert_once(session: Session, model: type[DeclarativeBase]) -> Any:
    """An INSERT, still without values, that leaves alone a row which is there already.

    Of two at once the second waits for the first, and then finds theirs. Both databases have it, under two names.
    """
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    return insert(model).on_conflict_do_nothing()


def hold(session: Session, what: str) -> None:
    """Keep whoever holds the same thing waiting until this transaction is over. On SQLite one writes at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


def do_not_wait(session: Session, milliseconds: int) -> None:
    """Give up what is asked next when somebody else holds its row for longer, for work that is tried again anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.set_config("lock_timeout", f"{milliseconds}ms", True)))
