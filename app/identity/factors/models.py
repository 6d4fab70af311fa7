"""What a person has besides a passphrase, and what is kept for some minutes while they sign in."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, RowId, State, UtcTime


class Passkey(Row, Base):
    """A key that a person's device or security key keeps. Found by a fingerprint, sealed with the person's own key."""

    __tablename__ = "passkey"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    credential_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    made_on: Mapped[date] = mapped_column(Date)
    last_used_on: Mapped[date | None] = mapped_column(Date)


class OneTimeCode(Row, Base):
    """The secret that a person's authenticator app shares with us. Until it is confirmed it counts for nothing."""

    __tablename__ = "one_time_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    #: The half minute, counted from 1970, of the last code that was used: no code works twice.
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    confirmed_on: Mapped[date | None] = mapped_column(Date)


class RecoveryCode(Base):
    """One of the codes on a person's paper. Only its fingerprint is stored."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    code_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    used_on: Mapped[date | None] = mapped_column(Date)


class ResetCode(Base):
    """A code that two moderators gave somebody whom they know. Gone once it is used."""

    __tablename__ = "reset_code"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    code_index: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


class HalfSignIn(Base):
    """A browser in which the passphrase was right, and the second step is awaited. It is nobody's session yet."""

    __tablename__ = "half_sign_in"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class Ceremony(StrEnum):
    """What a device is asked to sign a challenge for."""

    ADD = "add"
    SECOND_STEP = "second-step"
    ALONE = "alone"
    PROVE = "prove"


class PasskeyChallenge(Base):
    """A challenge that a device is to sign, once, for one purpose. Of it only the hash is stored."""

    __tablename__ = "passkey_challenge"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    ceremony: Mapped[Ceremony] = mapped_column(State(Ceremony))
    #: Whose it is; nobody's where it is not known yet who signs in.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
