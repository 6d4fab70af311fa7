"""The two tables of the keys database."""

import math
from datetime import date
from enum import StrEnum

from sqlalchemy import Date, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import KeysBase, State, new_public_id


class Purpose(StrEnum):
    """What a data key seals, which decides how long an opened copy may stay in memory."""

    PERSON = "person"
    ROOM_EPOCH = "room-epoch"
    RECORD = "record"
    INDEX = "index"

    @property
    def cache_seconds(self) -> float:
        """For how long another process may still open what was shredded here. Zero: never."""
        return {Purpose.PERSON: 15.0, Purpose.ROOM_EPOCH: 15.0, Purpose.RECORD: 0.0, Purpose.INDEX: math.inf}[self]


class DataKey(KeysBase):
    """One data key, wrapped by a master key. Deleting the row shreds whatever the key sealed."""

    __tablename__ = "data_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_public_id)
    purpose: Mapped[Purpose] = mapped_column(State(Purpose))
    name: Mapped[str | None] = mapped_column(String(64), unique=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    master: Mapped[int] = mapped_column(Integer, index=True)
    made_on: Mapped[date] = mapped_column(Date)


class MasterInUse(KeysBase):
    """The one row that says which master wraps new keys. Whoever makes a key holds this row still while doing it."""

    __tablename__ = "master_in_use"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer)
