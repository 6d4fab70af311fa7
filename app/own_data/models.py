"""Archives that people asked for, and erasures with their week of thinking it over."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class ArchiveState(States):
    """An archive is asked for, made by a job, fetched while it lasts, and then taken away."""

    ASKED = "asked"
    READY = "ready"
    FAILED = "failed"
    OVER = "over"

    @classmethod
    def steps(cls) -> "dict[ArchiveState, frozenset[ArchiveState]]":
        return {
            cls.ASKED: frozenset({cls.READY, cls.FAILED, cls.OVER}),
            cls.READY: frozenset({cls.OVER}),
            cls.FAILED: frozenset({cls.OVER}),
        }


class ErasureState(States):
    """An erasure waits for a week, in which it may be called off, and is then done for good."""

    WAITING = "waiting"
    CALLED_OFF = "called-off"
    DONE = "done"

    @classmethod
    def steps(cls) -> "dict[ErasureState, frozenset[ErasureState]]":
        return {cls.WAITING: frozenset({cls.CALLED_OFF, cls.DONE})}


class Archive(Row, Base):
    """What one person asked to take away. Only they hold the key that opens it; here is the public half alone."""

    __tablename__ = "archive"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    state: Mapped[ArchiveState] = mapped_column(State(ArchiveState), default=ArchiveState.ASKED)
    #: An age recipient (age1...), see https://age-encryption.org/v1
    recipient: Mapped[str] = mapped_column(String(80))
    done: Mapped[int] = mapped_column(Integer, default=0)
    parts: Mapped[int] = mapped_column(Integer, default=0)
    size: Mapped[int | None] = mapped_column(Integer)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)


class Erasure(Row, Base):
    """Somebody's wish to be erased. The row outlives them: it holds nothing of them but a number and days."""

    __tablename__ = "erasure"

    #: No foreign key: the person's row may go.
    person_id: Mapped[int] = mapped_column(RowId, index=True)
    person_public_id: Mapped[str] = mapped_column(String(16))
    state: Mapped[ErasureState] = mapped_column(State(ErasureState), default=ErasureState.WAITING)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
