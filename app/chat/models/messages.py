"""Messages, the epochs whose keys seal them, and what hangs on a message."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class MessageState(States):
    """What became of a message. Only hidden words come back; those of the last three are gone from the database."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    #: By a moderator or a host.
    REMOVED = "removed"
    #: By whoever wrote it.
    WITHDRAWN = "withdrawn"
    #: After the time that whoever wrote it had set for their own words.
    EXPIRED = "expired"

    @classmethod
    def steps(cls) -> "dict[MessageState, frozenset[MessageState]]":
        return {
            cls.SHOWN: frozenset({cls.HIDDEN, cls.REMOVED, cls.WITHDRAWN, cls.EXPIRED}),
            cls.HIDDEN: frozenset({cls.SHOWN, cls.REMOVED, cls.WITHDRAWN, cls.EXPIRED}),
        }


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
    #: Where the room keeps messages for longer now: what was said when these were written. None while nothing else was.
    keep_days: Mapped[int | None] = mapped_column(Integer)


class Message(Base):
    """A message. Time, text and what belongs to it are sealed together; in the clear are order, author, day of its epoch."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("room_id", "seq"),
        UniqueConstraint("room_id", "author_id", "client_id"),
        # No index more that every message pays for: each costs a page of the write-ahead log (docs/performance).
        # These hold only the few messages that they are about.
        Index(
            "ix_message_room_id_topic_id_seq",
            "room_id",
            "topic_id",
            "seq",
            sqlite_where=text("topic_id IS NOT NULL"),
            postgresql_where=text("topic_id IS NOT NULL"),
        ),
        Index(
            "ix_message_expires_on",
            "expires_on",
            sqlite_where=text("expires_on IS NOT NULL"),
            postgresql_where=text("expires_on IS NOT NULL"),
        ),
        # Unread counts leave out what is not shown any more.
        Index(
            "ix_message_room_id_seq_state",
            "room_id",
            "seq",
            sqlite_where=text("state <> 'shown'"),
            postgresql_where=text("state <> 'shown'"),
        ),
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
    #: The number of the message that this one answers, in the same room.
    reply_to: Mapped[int | None] = mapped_column(BigInteger)
    #: No foreign key, for the same reason as the epoch's.
    topic_id: Mapped[int | None] = mapped_column(RowId)
    #: How often it was changed; the earlier texts are in `Version`.
    edits: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    #: The day from which the words are gone, where the author wants them gone before the room does.
    expires_on: Mapped[date | None] = mapped_column(Date)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: Fingerprints of its words under the epoch's key, eight bytes each, for the search (queries/terms.py).
    terms: Mapped[bytes] = mapped_column(LargeBinary, default=b"", server_default=text("''"))


class Version(Base):
    """What a message said before it was changed, sealed with its epoch's key. Moderators read it with a report."""

    __tablename__ = "message_version"
    __table_args__ = (UniqueConstraint("message_id", "number"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    #: The first text has 0.
    number: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ReactionKind(StrEnum):
    """Five things that people say to each other without writing. They are said by somebody, and never counted."""

    WITH_YOU = "with-you"
    THANK_YOU = "thank-you"
    I_RELATE = "i-relate"
    HELPFUL = "helpful"
    THINKING_OF_YOU = "thinking-of-you"


class Reaction(Base):
    """One person's reaction to one message."""

    __tablename__ = "message_reaction"
    __table_args__ = (UniqueConstraint("room_id", "seq", "person_id", "kind"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ReactionKind] = mapped_column(State(ReactionKind))


class Mention(Base):
    """One person who is named in one message."""

    __tablename__ = "message_mention"
    __table_args__ = (
        UniqueConstraint("person_id", "room_id", "seq"),
        Index("ix_message_mention_room_id_seq", "room_id", "seq"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger)


class Pin(Base):
    """A message that the hosts of a room keep at hand."""

    __tablename__ = "message_pin"
    __table_args__ = (UniqueConstraint("room_id", "seq"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger)
    pinned_on: Mapped[date] = mapped_column(Date)


class AttachmentKind(StrEnum):
    """What an attachment is, once it was made anew here."""

    PICTURE = "picture"
    DOCUMENT = "document"
    SOUND = "sound"


class Attachment(Row, Base):
    """A file that belongs to a message, or waits for one: `seq` is None until it is sent. What it is called is not kept."""

    __tablename__ = "message_attachment"
    __table_args__ = (Index("ix_message_attachment_room_id_seq", "room_id", "seq"),)

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[AttachmentKind] = mapped_column(State(AttachmentKind))
    #: The public id of the file in the kernel's store, which has a key of its own.
    file: Mapped[str] = mapped_column(String(16))
    #: Bytes as they are sent to whoever opens it.
    size: Mapped[int] = mapped_column(Integer)
    #: Dots of a picture, 0 for others.
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    #: Seconds of sound, or pages of a document; 0 for pictures.
    length: Mapped[int] = mapped_column(Integer, default=0)
    #: What it shows or says, for whoever does not see or hear it: sealed with the key of the file until the message is sent,
    #: and from then on with the message.
    described: Mapped[bytes | None] = mapped_column(LargeBinary)
    brought_at: Mapped[datetime] = mapped_column(UtcTime)


class Posting(Base):
    """One word of one message, as a fingerprint under its epoch's key. Gone with the epoch."""

    __tablename__ = "message_term"
    __table_args__ = ({"sqlite_with_rowid": False},)

    epoch_id: Mapped[int] = mapped_column(RowId, primary_key=True)
    #: The eight bytes of the fingerprint, as a number.
    term: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class PrivateNames(Base):
    """Names and words that somebody wants to be warned of before they send them, sealed with their own key."""

    __tablename__ = "private_names"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
