"""What happened to a person that they should know of, how they want to be told, and what is on its way to them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class Notice(Row, Base):
    """Something that a person should know of. It holds no words: they come from the registered kind, as does the address.

    `mailed` and `pushed` say that a message outside was made for it, or joined: each counts for one message at most.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_person_id_id", "person_id", "id"),
        # The same thing is not told twice while it is unread.
        Index(
            "uq_notice_unread",
            "person_id",
            "kind",
            "ref",
            unique=True,
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    ref: Mapped[str] = mapped_column(String(40), default="")
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    mailed: Mapped[bool] = mapped_column(Boolean, default=False)
    pushed: Mapped[bool] = mapped_column(Boolean, default=False)


class MailState(States):
    """What is known about a person's mail address. Nothing but the code goes to one that is not confirmed."""

    NONE = "none"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    BROKEN = "broken"

    @classmethod
    def steps(cls) -> "dict[MailState, frozenset[MailState]]":
        return {
            cls.NONE: frozenset({cls.UNCONFIRMED}),
            cls.UNCONFIRMED: frozenset({cls.UNCONFIRMED, cls.CONFIRMED, cls.BROKEN, cls.NONE}),
            cls.CONFIRMED: frozenset({cls.UNCONFIRMED, cls.BROKEN, cls.NONE}),
            cls.BROKEN: frozenset({cls.UNCONFIRMED, cls.NONE}),
        }


class NoticeSettings(Base):
    """How one person wants to be told. Address, code and hours are sealed with the person's own key.

    `tell_at` is the moment for which telling this person is already in the queue. Whoever makes messages for the person
    holds this row, so that two workers never make two for the same notices.
    """

    __tablename__ = "notice_settings"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    by_mail: Mapped[bool] = mapped_column(Boolean, default=False)
    by_push: Mapped[bool] = mapped_column(Boolean, default=False)
    once_a_day: Mapped[bool] = mapped_column(Boolean, default=False)
    hours: Mapped[bytes | None] = mapped_column(LargeBinary)
    mail_state: Mapped[MailState] = mapped_column(State(MailState), default=MailState.NONE)
    address: Mapped[bytes | None] = mapped_column(LargeBinary)
    code: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_number: Mapped[int] = mapped_column(Integer, default=0)
    code_tries: Mapped[int] = mapped_column(Integer, default=0)
    code_until: Mapped[datetime | None] = mapped_column(UtcTime)
    tell_at: Mapped[datetime | None] = mapped_column(UtcTime)


class PushSubscription(Row, Base):
    """A browser that asked to be told. Where it is reached and its keys are sealed together; found by its index."""

    __tablename__ = "push_subscription"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    endpoint_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    added_on: Mapped[date] = mapped_column(Date)


class Channel(StrEnum):
    """By which way a message leaves the house."""

    MAIL = "mail"
    PUSH = "push"
    #: The code that confirms an address.
    CODE = "code"


class DeliveryState(States):
    WAITING = "waiting"
    SENT = "sent"
    SET_ASIDE = "set-aside"

    @classmethod
    def steps(cls) -> "dict[DeliveryState, frozenset[DeliveryState]]":
        return {cls.WAITING: frozenset({cls.SENT, cls.SET_ASIDE})}


class Delivery(Row, Base):
    """One message to one person by one way, however many notices it is for. Its public id is that of the message.

    `bundle` is the row number of the first notice in it (or the number of the code), `target` that of the push
    subscription, 0 for mail: the same message cannot be made twice.
    """

    __tablename__ = "notice_delivery"
    __table_args__ = (UniqueConstraint("person_id", "channel", "target", "bundle"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(State(Channel))
    target: Mapped[int] = mapped_column(RowId, default=0)
    bundle: Mapped[int] = mapped_column(RowId)
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[DeliveryState] = mapped_column(State(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
