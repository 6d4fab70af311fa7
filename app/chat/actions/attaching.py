"""Files in rooms: brought, made anew, sent with a message, and taken away with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, func, select, update

from app.chat import queries
from app.chat.models import Attachment, AttachmentKind, Membership, RoomMember
from app.chat.policy.files import MOST_FILES, WAITS_HOURS
from app.chat.queries import attachments
from app.kernel import files, work
from app.kernel.actor import Actor, Kind, ensure
from app.kernel.db import new_public_id, now
from app.kernel.errors import N_, Forbidden, Invalid, NotFound
from app.kernel.limits import Budget
from app.kernel.work import action

ATTACHMENT = cast("Table", Attachment.__table__)
#: What a phone shows well and a slow network carries: half a minute on a 2G line at the most.
SHAPE = files.Shape(side=1600, square=False, most_bytes=300 * 1024)
BRINGING = Budget("file", "20 per hour; 60 per day")
#: In kilobytes as they came.
WEIGHT = Budget("file-kilobytes", f"{40 * 1024} per day")
ENOUGH = N_("Four files can go with one message. Send these first, or take one away.")
KINDS = {
    files.FileKind.JPEG: AttachmentKind.PICTURE,
    files.FileKind.PDF: AttachmentKind.DOCUMENT,
    files.FileKind.OGG: AttachmentKind.SOUND,
}


def bring_file(actor: Actor, room: queries.Here, brought: bytes, *, described: str = "") -> None:
    """Make a file anew and keep it for the actor's next message in this room. Nobody else sees it before.

    Raises NotFound, Forbidden in words where files are not sent, Invalid in words for what is not taken, TooMany,
    Unavailable.
    """
    if room.membership is not Membership.IN:
        raise NotFound
    why = attachments.why_not_bringing(actor, room, now())
    if why is not None:
        raise Forbidden(why)
    if len(attachments.waiting(actor, room)) >= MOST_FILES:
        raise Invalid(ENOUGH)
    files.refuse_unknown(brought)
    work.house().budgets.spend(BRINGING, actor.public_id)
    work.house().budgets.spend(WEIGHT, actor.public_id, cost=1 + len(brought) // 1024)
    work.release()
    made = files.made_anew(brought, SHAPE)
    _keep_file(actor, room, files.write(made.plain, made.kind), made, described)


@action
def _keep_file(actor: Actor, room: queries.Here, written: files.Written, made: files.Made, described: str) -> None:
    session, public_id = work.session(), new_public_id()
    # Making it took a while: whoever was taken out meanwhile leaves nothing behind.
    inside = select(RoomMember.id).where(
        RoomMember.room_id == room.id, RoomMember.person_id == actor.person_id, RoomMember.state == Membership.IN
    )
    if session.scalar(inside.with_for_update()) is None:
        raise NotFound
    waiting = select(func.count()).where(_waiting_of(actor.person_id), Attachment.room_id == room.id)
    if session.scalars(waiting).one() >= MOST_FILES:
        raise Invalid(ENOUGH)
    files.keep(written)
    place = attachments.described_place(public_id)
    session.add(
        Attachment(
            public_id=public_id,
            room_id=room.id,
            author_id=actor.person_id,
            kind=KINDS[made.kind],
            file=written.public_id,
            size=len(made.plain),
            width=made.width,
            height=made.height,
            length=made.length,
            described=work.house().vault.seal(written.key_id, place, described.encode()) if described else None,
            brought_at=now(),
        )
    )
    session.flush()


@action
def take_file_back(actor: Actor, room: queries.RoomRef, public_id: str) -> None:
    """Take away a file that was not sent yet: its key is shredded once that is committed. Raises NotFound."""
    one = attachments.get_waiting(actor, room, public_id)
    _drop(Attachment.id == one.id, Attachment.seq.is_(None))


def claim(actor: Actor, room: queries.Here, seq: int, chosen: Sequence[queries.File]) -> None:
    """Give files that wait to the message that is being stored, in its transaction.

    Of two messages that want the same file one gets it, and for the other FilesGone is raised.
    """
    mine = update(ATTACHMENT).where(
        ATTACHMENT.c.public_id.in_([one.id for one in chosen]),
        ATTACHMENT.c.room_id == room.id,
        ATTACHMENT.c.author_id == actor.person_id,
        ATTACHMENT.c.seq.is_(None),
    )
    if work.connection().execute(mine.values(seq=seq, described=None)).rowcount < len(chosen):
        raise attachments.FilesGone


def drop_files(room_id: int, seq: int) -> None:
    """Take away the files of a message whose words are gone. For use inside an action."""
    _drop(Attachment.room_id == room_id, Attachment.seq == seq)


def drop_files_until(room_id: int, seq: int) -> None:
    """The same for all messages of a room up to this number."""
    _drop(Attachment.room_id == room_id, Attachment.seq <= seq)


def drop_files_of_room(room_id: int) -> None:
    """Take away all files of a room that is gone, those that wait too. For use inside an action."""
    _drop(Attachment.room_id == room_id)


def discard_files_of(person_id: int, *, sent: bool) -> list[str]:
    """Take away what somebody who is erased has not sent, or all their files, and give the keys to be shredded."""
    theirs = Attachment.author_id == person_id if sent else _waiting_of(person_id)
    return files.discard(*work.session().scalars(delete(Attachment).where(theirs).returning(Attachment.file)))


@action
def forget_unsent(actor: Actor, *, at: datetime | None = None) -> int:
    """The hourly task: files that waited for a day go. Returns how many."""
    ensure(actor.kind is Kind.SYSTEM)
    before = (at or now()) - timedelta(hours=WAITS_HOURS)
    return _drop(Attachment.seq.is_(None), Attachment.brought_at < before)


def _waiting_of(person_id: int) -> ColumnElement[bool]:
    return (Attachment.author_id == person_id) & Attachment.seq.is_(None)


def _drop(*which: ColumnElement[bool]) -> int:
    gone = work.session().scalars(delete(Attachment).where(*which).returning(Attachment.file)).all()
    if gone:
        files.remove(*gone)
    return len(gone)
