"""Profiles, the audience of each field, lists, connections, mentoring pairs, blocks, and what the directory finds."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
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

from app.identity.models import Space
from app.kernel.db import Base, Row, RowId, State, UtcTime
from app.kernel.states import States


class Field(StrEnum):
    """What a profile may hold besides the chosen name. Nothing about detention is asked, and no field for it exists."""

    PRONOUN = "pronoun"
    PLACE = "place"
    LANGUAGES = "languages"
    OFFERS = "offers"
    SEEKS = "seeks"
    SKILLS = "skills"
    STUDIES = "studies"
    ABOUT = "about"
    PHOTO = "photo"


class Audience(StrEnum):
    """Who sees a field, from the fewest to the most."""

    ONLY_ME = "only-me"
    CASEWORKERS = "caseworkers"
    COMPANIONS = "companions"
    CHOSEN = "chosen"
    MEMBERS = "members"


class ConnectionState(States):
    """How it stands between two people, of whom one asked the other."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"

    @classmethod
    def steps(cls) -> "dict[ConnectionState, frozenset[ConnectionState]]":
        return {
            cls.ASKED: frozenset({cls.ACCEPTED, cls.DECLINED, cls.WITHDRAWN}),
            cls.ACCEPTED: frozenset({cls.ENDED}),
        }


class Profile(Row, Base):
    """What there is of one person for others to find. Fields are sealed with the profile's own key."""

    __tablename__ = "profile"
    #: A page of the directory without any filter is read in its order and no further.
    __table_args__ = (Index("ix_profile_listed_honey_position", "listed", "honey", "position"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    key_id: Mapped[str] = mapped_column(String(16))
    #: In the directory, by their own choice.
    listed: Mapped[bool] = mapped_column(Boolean, default=False)
    #: Where it stands in the directory: drawn by lot, so that the order says nothing.
    position: Mapped[int] = mapped_column(BigInteger)
    #: Nobody's: shown only to somebody who reads far more profiles than people do.
    honey: Mapped[bool] = mapped_column(Boolean, default=False)


class ProfileField(Base):
    """One field of one profile, sealed, and who sees it."""

    __tablename__ = "profile_field"
    __table_args__ = (UniqueConstraint("person_id", "field"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    field: Mapped[Field] = mapped_column(State(Field))
    audience: Mapped[Audience] = mapped_column(State(Audience))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class PeopleList(Row, Base):
    """A list of people that its owner named, as an audience. Nobody is told that they are on one."""

    __tablename__ = "people_list"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[bytes] = mapped_column(LargeBinary)


class ListEntry(Base):
    """One person on one list."""

    __tablename__ = "list_entry"
    __table_args__ = (UniqueConstraint("list_id", "person_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("people_list.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)


class FieldList(Base):
    """One list that sees one field, while the field's audience is CHOSEN."""

    __tablename__ = "field_list"
    __table_args__ = (UniqueConstraint("field_id", "list_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("profile_field.id", ondelete="CASCADE"))
    list_id: Mapped[int] = mapped_column(ForeignKey("people_list.id", ondelete="CASCADE"), index=True)


class Exclusion(Base):
    """A country whose members see nothing of one profile. Stored as a fingerprint under a key."""

    __tablename__ = "exclusion"
    __table_args__ = (UniqueConstraint("person_id", "country_index"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    country_index: Mapped[bytes] = mapped_column(LargeBinary(32))
    #: The country, sealed with the key of the profile, for its owner.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Connection(Row, Base):
    """Two people of whom one asked the other. `pair` is there while it is asked or accepted: one at a time.

    Until `waits_until` whoever asked sees it wait: whether it was declined, they are not told. It is None once they took
    it back or it was accepted.
    """

    __tablename__ = "connection"

    pair: Mapped[str | None] = mapped_column(String(48), unique=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    asked_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    state: Mapped[ConnectionState] = mapped_column(State(ConnectionState), default=ConnectionState.ASKED)
    key_id: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_on: Mapped[date] = mapped_column(Date)
    waits_until: Mapped[date | None] = mapped_column(Date)


class Companionship(Row, Base):
    """A mentor and their mentee, both of whom said so. `pair` and `waits_until` are as those of Connection."""

    __tablename__ = "companionship"

    pair: Mapped[str | None] = mapped_column(String(48), unique=True)
    mentor_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    mentee_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    state: Mapped[ConnectionState] = mapped_column(State(ConnectionState), default=ConnectionState.ASKED)
    since: Mapped[date] = mapped_column(Date)
    waits_until: Mapped[date | None] = mapped_column(Date)


class Block(Row, Base):
    """One person keeps another away. `space` is where they met by a name of that space; None where by the usual one.

    Met by the usual name, it holds both ways. Met in a space, the blocked one loses sight of whoever blocked them, who
    goes on seeing the other elsewhere: what vanished there would say who is behind the name in the space.
    """

    __tablename__ = "block"
    __table_args__ = (
        UniqueConstraint("person_id", "blocked_id", "space"),
        # For a database two empty spaces are not the same.
        Index(
            "uq_block_usual",
            "person_id",
            "blocked_id",
            unique=True,
            sqlite_where=text("space IS NULL"),
            postgresql_where=text("space IS NULL"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    blocked_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    space: Mapped[Space | None] = mapped_column(State(Space))
    since: Mapped[date] = mapped_column(Date)


class Term(Base):
    """A word of one field by which the directory finds it, as a fingerprint under a key.

    A term says nothing of who may be led by it: that is the audience of its field, asked in the same statement.
    """

    __tablename__ = "profile_term"
    __table_args__ = (
        UniqueConstraint("person_id", "field", "term"),
        Index("ix_profile_term_term_shown_position", "term", "shown", "position"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    field: Mapped[Field] = mapped_column(State(Field))
    term: Mapped[bytes] = mapped_column(LargeBinary(16))
    #: Whether the field is for members, as far as they are not kept away. What is for a few is asked of those few alone, so
    #: that a search never passes by what it may not find: it would take the longer for it.
    shown: Mapped[bool] = mapped_column(Boolean)
    #: That of the profile, so that a common word is read in the order of the directory and no further than a page.
    position: Mapped[int] = mapped_column(BigInteger)


class Sweep(Row, Base):
    """How many different profiles one person asked for on one day. Of whom is forgotten when the day is over."""

    __tablename__ = "sweep"
    __table_args__ = (UniqueConstraint("person_id", "day"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    #: Different profiles and pages of the directory that were asked for, shown or not, as app/profiles/actions/sweeps counts.
    asked: Mapped[int] = mapped_column(Integer, default=0)
    #: Fingerprints, eight bytes each, under a key, of what was shown and of what was asked for too soon: so that to look
    #: again costs nothing, and to ask again is not counted again. Emptied after the day.
    shown: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    refused: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    #: From when one more is shown, for whoever asks for more than people do.
    next_at: Mapped[datetime | None] = mapped_column(UtcTime)
    #: Moderators were told; from then on invented profiles are among the others.
    alarmed: Mapped[bool] = mapped_column(Boolean, default=False)
    #: How many invented profiles were opened.
    honey: Mapped[int] = mapped_column(Integer, default=0)
    #: A moderator looked and saw nothing in it.
    settled: Mapped[bool] = mapped_column(Boolean, default=False)
