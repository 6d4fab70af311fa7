"""Rooms and conversations, who is in them and as what, their topics, and whose writing is paused there."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.identity.models import Space
from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class RoomKind(StrEnum):
    """What a room is for, and with that who finds it and who writes in it."""

    #: Members come in by themselves; newcomers too where `for_newcomers` says so.
    OPEN = "open"
    #: Only those who were invited know of it.
    INVITED = "invited"
    #: Found like an open one. Written in while it is on and a host is there; emptied when it is over.
    CIRCLE = "circle"
    #: Found like an open one. Its hosts write, the others read.
    BROADCAST = "broadcast"
    #: Two people, of whom one asked the other.
    DIRECT = "direct"
    #: A few people, each of whom was asked.
    GROUP = "group"


#: Conversations of a few. Staff never read in them, and nobody finds them.
PRIVATE = frozenset({RoomKind.DIRECT, RoomKind.GROUP})


class RoomState(States):
    """Whether a room is written in. A circle is planned, then on (open), then ended and emptied; it may be planned again."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    ENDED = "ended"

    @classmethod
    def steps(cls) -> "dict[RoomState, frozenset[RoomState]]":
        return {
            cls.PLANNED: frozenset({cls.OPEN, cls.ENDED}),
            cls.OPEN: frozenset({cls.CLOSED, cls.ENDED}),
            cls.CLOSED: frozenset({cls.OPEN, cls.ENDED}),
            cls.ENDED: frozenset({cls.PLANNED}),
        }


class Membership(States):
    """How somebody is in a room. DECLINED is kept for a while, so that they are not asked again at once."""

    ASKED = "asked"
    IN = "in"
    DECLINED = "declined"

    @classmethod
    def steps(cls) -> "dict[Membership, frozenset[Membership]]":
        return {
            cls.ASKED: frozenset({cls.IN, cls.DECLINED}),
            # Whoever leaves a conversation of two stays known as the one with whom it was.
            cls.IN: frozenset({cls.DECLINED}),
            cls.DECLINED: frozenset({cls.ASKED, cls.IN}),
        }


class RoomRole(StrEnum):
    """What somebody may do in a room: hosts keep it in order and choose its settings."""

    MEMBER = "member"
    HOST = "host"


class Room(Row, Base):
    """A room. `address` is where its messages are published: new whenever somebody leaves, and never told to anyone."""

    __tablename__ = "room"

    kind: Mapped[RoomKind] = mapped_column(State(RoomKind), default=RoomKind.OPEN)
    state: Mapped[RoomState] = mapped_column(State(RoomState), default=RoomState.OPEN, server_default="open")
    #: The names by which people are known in it: those of rooms; in a conversation, those by which the two met.
    #: None is said, and not left out: with what it would be by default people would be known by other names.
    space: Mapped[Space | None] = mapped_column(
        State(Space).evaluates_none(), default=Space.ROOMS, server_default="rooms"
    )
    name_ar: Mapped[str] = mapped_column(String(80), default="")
    name_en: Mapped[str] = mapped_column(String(80), default="")
    about_ar: Mapped[str] = mapped_column(String(400), default="")
    about_en: Mapped[str] = mapped_column(String(400), default="")
    #: Seals what belongs to the room as such: a group's name, the names of topics. Made when first needed.
    key_id: Mapped[str | None] = mapped_column(String(16))
    #: The name of a group, sealed.
    title: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Of two people who may have one conversation at a time, a fingerprint under a key. None in every other room.
    pair: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    address: Mapped[str] = mapped_column(String(32))
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    #: The first number whose words may still be there: counts begin here.
    first_seq: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")
    #: Up to here the search index holds what was written; what is later is read one by one (docs/decisions).
    indexed_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    keep_days: Mapped[int] = mapped_column(Integer, default=90)
    #: Seconds between two messages of one person; 0 for none.
    slow_seconds: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    members: Mapped[int] = mapped_column(Integer, default=0)
    for_newcomers: Mapped[bool] = mapped_column(Boolean, default=False)
    #: When a circle is to begin, and when it is over at the latest.
    begins_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    #: When a host was last seen in a circle that is on, to the minute. Shown to nobody; see `policy.is_attended`.
    attended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RoomMember(Base):
    """One person in one room, or asked into it, and how far they have read."""

    __tablename__ = "room_member"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    state: Mapped[Membership] = mapped_column(State(Membership), default=Membership.IN, server_default="in")
    role: Mapped[RoomRole] = mapped_column(State(RoomRole), default=RoomRole.MEMBER, server_default="member")
    read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    #: While they keep messages unread from where they said: how many of their own stand behind that. Otherwise None.
    own_unread: Mapped[int | None] = mapped_column(Integer)
    joined_on: Mapped[date] = mapped_column(Date)
    #: Whoever asked them in, while they are asked.
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: Until then the room does not ask for attention: no count on Home, no notice but of a mention.
    muted_until: Mapped[datetime | None] = mapped_column(UtcTime)
    favourite: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    #: Their own words in this room go after so many days; None where the room's own time is enough.
    keep_days: Mapped[int | None] = mapped_column(Integer)
    #: When they last wrote, noted only while the room is slow.
    wrote_at: Mapped[datetime | None] = mapped_column(UtcTime)
    #: As in `Pause`, which outlives leaving and coming back.
    paused_until: Mapped[datetime | None] = mapped_column(UtcTime)


class Pause(Base):
    """Somebody may not write in one room until a moment. The reason is sealed with their own key, for them to read."""

    __tablename__ = "room_pause"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    until: Mapped[datetime] = mapped_column(UtcTime)
    reason: Mapped[bytes] = mapped_column(LargeBinary)


class PutOut(Base):
    """Somebody was put out of one room and does not come back until they are let in. The reason is sealed as a pause's is."""

    __tablename__ = "room_put_out"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    put_out_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[bytes] = mapped_column(LargeBinary)


class TopicState(States):
    OPEN = "open"
    CLOSED = "closed"

    @classmethod
    def steps(cls) -> "dict[TopicState, frozenset[TopicState]]":
        return {cls.OPEN: frozenset({cls.CLOSED}), cls.CLOSED: frozenset({cls.OPEN})}


class Topic(Row, Base):
    """A subject within a room, under which messages may stand. Its name is sealed with the room's key."""

    __tablename__ = "room_topic"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), index=True)
    state: Mapped[TopicState] = mapped_column(State(TopicState), default=TopicState.OPEN)
    name: Mapped[bytes] = mapped_column(LargeBinary)
