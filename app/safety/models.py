"""Journeys, what is hidden on them, the code of the screen lock, trusted people and what they froze, kept drafts."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class JourneyState(States):
    """A journey is under way until its moment comes or the chosen peers agree that it is over."""

    UNDER_WAY = "under-way"
    OVER = "over"

    @classmethod
    def steps(cls) -> "dict[JourneyState, frozenset[JourneyState]]":
        return {cls.UNDER_WAY: frozenset({cls.OVER})}


class FreezeState(States):
    """What becomes of an account that a trusted person froze: two moderators give it back, or it stays."""

    FROZEN = "frozen"
    GIVEN_BACK = "given-back"

    @classmethod
    def steps(cls) -> "dict[FreezeState, frozenset[FreezeState]]":
        return {cls.FROZEN: frozenset({cls.GIVEN_BACK})}


class Hidden(Base):
    """One thing that one person hides while travelling. Chosen beforehand; changes nothing until then."""

    __tablename__ = "hidden"
    __table_args__ = (UniqueConstraint("person_id", "kind", "ref"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str] = mapped_column(String(32))


class Journey(Row, Base):
    """Travel mode, from when it was begun until its moment, or until two chosen peers agree."""

    __tablename__ = "journey"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    state: Mapped[JourneyState] = mapped_column(State(JourneyState), default=JourneyState.UNDER_WAY)
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime | None] = mapped_column(UtcTime)


class JourneyPeer(Base):
    """One of the peers who together may end a journey, and when they agreed to."""

    __tablename__ = "journey_peer"
    __table_args__ = (UniqueConstraint("journey_id", "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journey.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class LockCode(Base):
    """The short code of one person's screen lock: its Argon2 hash, sealed with their key."""

    __tablename__ = "lock_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class TrustedPerson(Base):
    """Somebody who may freeze the account of the person who chose them."""

    __tablename__ = "trusted_person"
    __table_args__ = (UniqueConstraint("person_id", "trusted_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    trusted_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class Freeze(Row, Base):
    """An account that a trusted person froze, until two moderators give it back."""

    __tablename__ = "freeze"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    state: Mapped[FreezeState] = mapped_column(State(FreezeState), default=FreezeState.FROZEN)
    at: Mapped[datetime] = mapped_column(UtcTime)
    key_id: Mapped[str] = mapped_column(String(16))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    #: What the person whose account it is has to say about it.
    said: Mapped[bytes | None] = mapped_column(LargeBinary)


class Draft(Base):
    """What somebody had typed and not sent, by the place where they typed it; sealed with their key."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("person_id", "place"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime] = mapped_column(UtcTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
