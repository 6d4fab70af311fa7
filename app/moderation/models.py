"""What moderators work on: queue, reports, measures, appeals, acts of two persons, notes, and their own limits."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, State, UtcTime
from app.kernel.signals import Words
from app.kernel.states import States


class Category(StrEnum):
    """What a report or a measure is about."""

    SAFETY = "safety"
    HARASSMENT = "harassment"
    SCAM = "scam"
    OTHER = "other"


class ItemState(States):
    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"

    @classmethod
    def steps(cls) -> "dict[ItemState, frozenset[ItemState]]":
        return {cls.OPEN: frozenset({cls.CLAIMED, cls.CLOSED}), cls.CLAIMED: frozenset({cls.OPEN, cls.CLOSED})}


class ReportState(States):
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @classmethod
    def steps(cls) -> "dict[ReportState, frozenset[ReportState]]":
        return {cls.OPEN: frozenset({cls.CLOSED, cls.WITHDRAWN})}


class Outcome(StrEnum):
    """How a report ended, as its reporters hear it. Never which measure: that is between us and the other person."""

    ACTED = "acted"
    NOTHING = "nothing"


class MeasureKind(StrEnum):
    NOTICE = "notice"
    PAUSE_POSTING = "pause-posting"
    LIMIT = "limit"
    SUSPEND = "suspend"
    REMOVE = "remove"


class MeasureState(States):
    ACTIVE = "active"
    OVER = "over"
    LIFTED = "lifted"
    FINAL = "final"

    @classmethod
    def steps(cls) -> "dict[MeasureState, frozenset[MeasureState]]":
        return {cls.ACTIVE: frozenset({cls.OVER, cls.LIFTED, cls.FINAL})}


class AppealState(States):
    OPEN = "open"
    GRANTED = "granted"
    DENIED = "denied"

    @classmethod
    def steps(cls) -> "dict[AppealState, frozenset[AppealState]]":
        return {cls.OPEN: frozenset({cls.GRANTED, cls.DENIED})}


class ProposalState(States):
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @classmethod
    def steps(cls) -> "dict[ProposalState, frozenset[ProposalState]]":
        return {cls.OPEN: frozenset({cls.DONE, cls.DECLINED, cls.WITHDRAWN, cls.EXPIRED})}


class QueueItem(Row, Base):
    """One thing that waits for a decision. `ref` is the opaque id of that thing in the feature that knows it."""

    __tablename__ = "queue_item"
    __table_args__ = (
        #: Of one thing there is at most one open item, so that nobody works on what somebody else works on.
        Index(
            "uq_queue_item_open",
            "kind",
            "ref",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("ix_queue_item_order", "state", "safety", "due_at"),
    )

    kind: Mapped[str] = mapped_column(String(32))
    ref: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    safety: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[ItemState] = mapped_column(State(ItemState), default=ItemState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: A claim ends with the session in which it was made, so that whoever leaves leaves nothing locked.
    claimed_session_id: Mapped[int | None] = mapped_column(ForeignKey("login_session.id", ondelete="SET NULL"))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)


class Report(Row, Base):
    """One member's report. Who made it is found by a keyed index and otherwise sealed with what they said."""

    __tablename__ = "report"
    __table_args__ = (UniqueConstraint("item_id", "reporter_index"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("queue_item.id", ondelete="CASCADE"), index=True)
    reporter_index: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    category: Mapped[Category] = mapped_column(State(Category))
    state: Mapped[ReportState] = mapped_column(State(ReportState), default=ReportState.OPEN)
    outcome: Mapped[Outcome | None] = mapped_column(State(Outcome))
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Measure(Row, Base):
    """What a moderator did to someone, why, and what became of it. The permissions that it withholds are Restrictions."""

    __tablename__ = "measure"
    __table_args__ = (
        Index(
            "uq_measure_active",
            "person_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[MeasureKind] = mapped_column(State(MeasureKind))
    category: Mapped[Category] = mapped_column(State(Category))
    state: Mapped[MeasureState] = mapped_column(State(MeasureState), default=MeasureState.ACTIVE, index=True)
    words: Mapped[Words] = mapped_column(State(Words), default=Words.KEEP)
    key_id: Mapped[str] = mapped_column(String(16))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    lift_reason: Mapped[bytes | None] = mapped_column(LargeBinary)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("queue_item.id", ondelete="SET NULL"))
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Appeal(Row, Base):
    """The one appeal against a measure, with its answer. What was written meanwhile are its exchanges."""

    __tablename__ = "appeal"

    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id", ondelete="CASCADE"), unique=True)
    state: Mapped[AppealState] = mapped_column(State(AppealState), default=AppealState.OPEN)
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class Exchange(Row, Base):
    """A few words between staff and a reporter, or staff and an appellant. Sealed with the key of what they belong to."""

    __tablename__ = "exchange"

    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    appeal_id: Mapped[int | None] = mapped_column(ForeignKey("appeal.id", ondelete="CASCADE"), index=True)
    from_staff: Mapped[bool] = mapped_column(Boolean)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(UtcTime)


class Proposal(Row, Base):
    """An act that one person proposed and another one carries out, or does not."""

    __tablename__ = "proposal"
    __table_args__ = (
        Index(
            "uq_proposal_open",
            "act",
            "ref",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    act: Mapped[str] = mapped_column(String(48))
    ref: Mapped[str] = mapped_column(String(32))
    state: Mapped[ProposalState] = mapped_column(State(ProposalState), default=ProposalState.OPEN, index=True)
    key_id: Mapped[str] = mapped_column(String(16))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    details: Mapped[bytes] = mapped_column(LargeBinary)
    proposer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    decider_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Note(Row, Base):
    """What one moderator leaves for the others about a person. Never shown to the person."""

    __tablename__ = "moderation_note"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    key_id: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(UtcTime)


class Emergency(Row, Base):
    """An hour in which one administrator could act alone, and why. Everybody on the staff was told."""

    __tablename__ = "emergency"

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    key_id: Mapped[str] = mapped_column(String(16))
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)


class Care(Row, Base):
    """How much one moderator wants to take on in a day, and how much it was today. For nobody but them."""

    __tablename__ = "moderator_care"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    daily_limit: Mapped[int] = mapped_column(Integer)
    counted_on: Mapped[date] = mapped_column(Date)
    opened: Mapped[int] = mapped_column(Integer)
