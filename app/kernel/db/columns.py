"""What tables are made of: the two declarative bases, column types, and ids."""

import secrets
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Date,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Tables of the data database."""

    metadata = MetaData(naming_convention=NAMING)


class KeysBase(DeclarativeBase):
    """Tables of the keys database."""

    metadata = MetaData(naming_convention=NAMING)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime. Stored naive in UTC where the database has no time zones."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is ambiguous: use now()")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        return _to_sqlite if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _from_sqlite if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


# The same in fewer steps, for moments are in nearly every row that an event reads.
def _to_sqlite(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone is ambiguous: use now()")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _from_sqlite(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(f"{stored}+00:00")


E = TypeVar("E", bound=StrEnum)


class State(TypeDecorator[E]):
    """A StrEnum stored by its value, so that a state reads the same in code, in SQL and in the audit record."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind
        self._members: dict[str | None, E | None] = {None: None, **{member.value: member for member in kind}}

    def result_processor(self, _dialect: Dialect, _coltype: object) -> Any:
        return self._members.__getitem__  # nothing else is in the column, or it is a defect

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.kind(value)


#: 64-bit keys on PostgreSQL; on SQLite only INTEGER PRIMARY KEY counts by itself.
RowId = BigInteger().with_variant(Integer, "sqlite")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def this_moment(*, ago: timedelta = timedelta()) -> BindParameter[datetime]:
    """The present moment in a statement, or the one so long ago: each time it is asked, not when it was built."""
    return bindparam(None, callable_=lambda: now() - ago, type_=UtcTime(), unique=True)


def this_day() -> BindParameter[date]:
    """The present day in a statement, in UTC: each time it is asked."""
    return bindparam(None, callable_=lambda: now().date(), type_=Date(), unique=True)


def new_public_id() -> str:
    """An opaque id for addresses and sealing contexts: 96 random bits, 16 URL-safe characters."""
    return secrets.token_urlsafe(12)


class Row:
    """Mixin: an internal number that never leaves the program, and an opaque public id that may."""

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_public_id)
