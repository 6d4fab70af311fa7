"""Rows that two may want to add at the same moment, of which there must be one."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from app.kernel import work
from app.kernel.db import Base


def insert_once(model: type[Base], **values: Any) -> None:
    """Add a row unless an equal one is there. Whoever comes second waits for the first, and then finds theirs."""
    session = work.session()
    insert = postgres_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(insert(model).values(**values).on_conflict_do_nothing())
