"""People, what they are here, their sessions and the invitations that let them in."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, Date, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.access import Permission, Role
from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class Standing(StrEnum):
    """Whether a person may act at all. Measures of moderators come with the membership feature."""

    ACTIVE = "active"
    CLOSED = "closed"


class Device(StrEnum):
    """How coarsely a session's device is remembered: enough to recognise one's own, too little to find anyone."""

    PHONE = "phone"
    COMPUTER = "computer"
    OTHER = "other"


class InvitationState(States):
    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"

    @classmethod
    def steps(cls) -> "dict[InvitationState, frozenset[InvitationState]]":
        return {cls.OPEN: frozenset({cls.USED, cls.WITHDRAWN})}


class Cause(StrEnum):
    """Why something is withheld from a person."""

    PROBATION = "probation"
    MEASURE = "measure"
    BRANCH = "branch"
    TRAVEL = "travel"
    FREEZE = "freeze"


class Space(StrEnum):
    """Where somebody may go by a name of its own, which others cannot link to the one that they have elsewhere."""

    ROOMS = "rooms"
    OPPORTUNITIES = "opportunities"
    TESTIMONIES = "testimonies"


class Person(Row, Base):
    """A login. Name and passphrase hash are sealed with the person's own key; the name is found by its index."""

    __tablename__ = "person"

    key_id: Mapped[str] = mapped_column(String(16))
    name_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    passphrase: Mapped[bytes] = mapped_column(LargeBinary)
    standing: Mapped[Standing] = mapped_column(State(Standing), default=Standing.ACTIVE)
    language: Mapped[str | None] = mapped_column(String(8))
    data_mode: Mapped[str | None] = mapped_column(String(8))
    joined_on: Mapped[date] = mapped_column(Date)
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    #: Minutes without a request after which a screen of theirs is locked; 0 when it only locks by hand; None without one.
    locks_after: Mapped[int | None] = mapped_column(Integer)

    roles: Mapped[list["PersonRole"]] = relationship(back_populates="person", cascade="all, delete-orphan")


class PersonRole(Base):
    """One role of one person."""

    __tablename__ = "person_role"
    __table_args__ = (UniqueConstraint("person_id", "role"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(State(Role))

    person: Mapped[Person] = relationship(back_populates="roles")


class Restriction(Base):
    """One permission that is withheld from one person until a moment, or until it is lifted.

    `ref` is the public id of what caused it: a probation, a measure, a freeze. That one knows the reason.
    """

    __tablename__ = "restriction"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    withheld: Mapped[Permission] = mapped_column(State(Permission))
    cause: Mapped[Cause] = mapped_column(State(Cause))
    ref: Mapped[str] = mapped_column(String(16), index=True)
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcTime)


class LoginSession(Row, Base):
    """A signed-in browser. Only the hash of its token is stored, so a copied database opens no session."""

    __tablename__ = "login_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    device: Mapped[Device] = mapped_column(State(Device))
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    #: When a second factor was given in this session: without one the rights of staff do not work.
    factor_at: Mapped[datetime | None] = mapped_column(UtcTime)
    #: When a passphrase or a second factor was last given in it: what is dangerous asks for it anew.
    proved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    #: Since when its screen is locked: nothing opens until the short code is given.
    locked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    #: How often a wrong code was given since then. Counted before it is looked at, so that five are five.
    wrong_codes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class SpaceName(Row, Base):
    """The name of one person in one space. `public_id` is who they are there: it is not the one of their profile."""

    __tablename__ = "space_name"
    __table_args__ = (UniqueConstraint("person_id", "space"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    space: Mapped[Space] = mapped_column(State(Space))
    #: None once it was given up: the row then only remembers that a name was chosen a short time ago.
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    #: Sealed with the person's own key.
    name: Mapped[bytes | None] = mapped_column(LargeBinary)
    chosen_on: Mapped[date] = mapped_column(Date)


class SpentName(Base):
    """A name that was somebody's in a space and is kept free for a while, so that nobody speaks as them. Not whose."""

    __tablename__ = "spent_name"

    name_index: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    until: Mapped[date] = mapped_column(Date)


class Look(Row, Base):
    """One time that staff read something of a person's, and why. Written in the transaction that reads it."""

    __tablename__ = "look"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: The session in which it was, no foreign key: for the hour in which the reader need not say again what for.
    session_id: Mapped[int | None] = mapped_column(RowId)
    #: By which role they could: that may be taken from them later, and what they read stays read.
    role: Mapped[Role] = mapped_column(State(Role))
    at: Mapped[datetime] = mapped_column(UtcTime)
    #: What was read, by the name under which the feature registered it, such as "profile".
    what: Mapped[str] = mapped_column(String(32))
    #: The purpose in the reader's words, sealed with the key of the person who was looked at.
    purpose: Mapped[bytes] = mapped_column(LargeBinary)


class Invitation(Row, Base):
    """A code that lets one person make a login. The code is shown once and never stored; nor who made it, and for whom."""

    __tablename__ = "invitation"

    code_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    code_hint: Mapped[str] = mapped_column(String(4))
    role: Mapped[Role] = mapped_column(State(Role))
    state: Mapped[InvitationState] = mapped_column(State(InvitationState), default=InvitationState.OPEN)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
