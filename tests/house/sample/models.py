"""A letter, which one person writes and sends or withdraws. Its table is made by the tests, not by migrations."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kernel.db import Row, State
from app.kernel.house import House
from app.kernel.states import States


class LetterBase(DeclarativeBase):
    """Metadata of its own, so that the comparison of models and migrations does not see it."""

    metadata = MetaData()


class LetterState(States):
    DRAFT = "draft"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"

    @classmethod
    def steps(cls) -> "dict[LetterState, frozenset[LetterState]]":
        return {cls.DRAFT: frozenset({cls.SENT, cls.WITHDRAWN}), cls.SENT: frozenset({cls.ANSWERED})}


class Letter(Row, LetterBase):
    """Somebody's letter. Only its writer sees it."""

    __tablename__ = "sample_letter"

    writer_id: Mapped[int] = mapped_column(Integer, index=True)
    words: Mapped[str] = mapped_column(String(200))
    state: Mapped[LetterState] = mapped_column(State(LetterState), default=LetterState.DRAFT)
    decided_by: Mapped[str | None] = mapped_column(String(40))


@contextmanager
def letter_tables(house: House) -> Iterator[None]:
    """Have the sample's table in the instance of a test for as long as that lasts."""
    engine = house.databases.for_migrations()["data"]
    LetterBase.metadata.create_all(engine)
    try:
        yield
    finally:
        LetterBase.metadata.drop_all(engine)
