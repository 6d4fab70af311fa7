"""Files that are kept sealed on the disk: which there are, and with which key each is sealed."""

from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Row, State


class FileKind(StrEnum):
    """What a file is, once it was made anew here. Nothing is kept as it came."""

    JPEG = "jpeg"
    PDF = "pdf"
    OGG = "ogg"

    @property
    def mimetype(self) -> str:
        return {FileKind.JPEG: "image/jpeg", FileKind.PDF: "application/pdf", FileKind.OGG: "audio/ogg"}[self]


class KeptFile(Row, Base):
    """One file. Its public id is its name on the disk; whose it is and what for is known to the feature that keeps it."""

    __tablename__ = "kept_file"

    #: Of this file alone: to shred it is to take the file out of every copy of the disk.
    key_id: Mapped[str] = mapped_column(String(16))
    kind: Mapped[FileKind] = mapped_column(State(FileKind))
