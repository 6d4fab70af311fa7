"""Rooms, who is in them, the epochs whose keys seal the messages, and the messages."""

from datetime import date
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State
from app.kernel.states import States


class RoomKind(StrEnum):
    """Who may come in by themselves. Circles, invitations and newcomers' rooms come with later work on rooms."""

    OPEN = "open"


class MessageState(States):
    """What became of a message. The words of one that was removed are gone; hidden ones come back."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    REMOVED = "removed"

    @classmethod
    def steps(cls) -> "dict[MessageState, frozenset[MessageState]]":
        return {cls.SHOWN: frozenset({cls.HIDDEN, cls.REMOVED}), cls.HIDDEN: frozenset({cls.SHOWN, cls.REMOVED})}


class Room(Row, Base):
    """A room. `address` is where its messages are published: new whenever somebody leaves, and never told to anyone."""

    __tablename__ = "room"

    kind: Mapped[RoomKind] = mapped_column(State(RoomKind), default=RoomKind.OPEN)
    name_ar: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    about_ar: Mapped[str] = mapped_column(String(400), default="")
    about_en: Mapped[str] = mapped_column(String(400), default="")
    address: Mapped[str] = mapped_column(String(32))
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    keep_days: Mapped[int] = mapped_column(Integer, default=90)
    members: Mapped[int] = mapped_column(Integer, default=0)
    for_newcomers: Mapped[bool] = mapped_column(Boolean, default=False)


class RoomMember(Base):
    """One person in one room, and how far they have read."""

    __tablename__ = "room_member"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    joined_on: Mapped[date] = mapped_column(Date)


class Epoch(Base):
    """A stretch of a room's life sealed with one key. When its time is over the key is shredded and its messages go."""

    __tablename__ = "room_epoch"
    __table_args__ = (UniqueConstraint("room_id", "number"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    key_id: Mapped[str] = mapped_column(String(16))
    began_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date, index=True)


class Message(Base):
    """A message. Time and text are sealed together; what stays in the clear is order, author and day of its epoch."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("room_id", "seq"),
        UniqueConstraint("room_id", "author_id", "client_id"),
        # No index more: each costs every message a page of the write-ahead log (docs/performance).
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    #: No foreign key: taking an epoch away would look through all messages for it. `forget_old_epochs` removes both.
    epoch_id: Mapped[int] = mapped_column(RowId)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    seq: Mapped[int] = mapped_column(BigInteger)
    client_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[MessageState] = mapped_column(State(MessageState), default=MessageState.SHOWN, server_default="shown")
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
