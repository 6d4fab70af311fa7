"""Files in rooms: those that wait for the actor's next message, and the one that somebody opens."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from app.chat import policy
from app.chat.models import Attachment, Message, MessageState, Room, RoomKind
from app.chat.policy.files import why_no_files
from app.chat.queries.conversations import Standing, talk_in
from app.chat.queries.hanging import File, file_shown
from app.chat.queries.here import Here, RoomRef
from app.chat.queries.opening import content_of
from app.chat.queries.reported import named_in
from app.kernel import files, work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.kernel.errors import N_, Invalid, NotFound
from app.kernel.feature import ReportedFile
from app.kernel.vault import Place, Shredded


class FilesGone(Invalid):
    """A file that was to be sent does not wait any more."""

    default = N_("A file that was to go with it is not here any more. Look at what is attached, and send it again.")


def why_not_bringing(actor: Actor, here: Here, moment: datetime) -> str | None:
    """Why the actor cannot bring a file into this room at present, as a message id; None when they can."""
    return why_no_files(actor, here, moment, accepted=_is_accepted(actor, here))


def waiting(actor: Actor, room: RoomRef) -> list[File]:
    """The actor's files that go with their next message in this room, in the order in which they came."""
    return _shown(work.session().scalars(*_waiting(actor, room.id)).all())


def chosen(actor: Actor, room: RoomRef, ids: Sequence[str]) -> list[File]:
    """Those of them that a message is to have. Raises FilesGone unless all of them wait."""
    kept = _shown(work.session().scalars(*_waiting(actor, room.id, list(ids))).all())
    if len(kept) < len(set(ids)):
        raise FilesGone
    return kept


def get_waiting(actor: Actor, room: RoomRef, public_id: str) -> Attachment:
    """One that waits, for the verb that takes it back. Raises NotFound."""
    found: Attachment | None = work.session().scalars(*_waiting(actor, room.id, [public_id])).one_or_none()
    if found is None:
        raise NotFound
    return found


def open_file(actor: Actor, room: RoomRef, public_id: str) -> tuple[bytes, files.FileKind]:
    """A file of a message that the actor reads now, or one of their own that waits. Raises NotFound."""
    file: str | None = work.session().scalar(*_file(actor, room.id, public_id))
    if file is None:
        file = get_waiting(actor, room, public_id).file
    return files.open(file)


def reported_files(ref: str) -> list[ReportedFile]:
    """The files of what a report is about, for the moderator who works on it."""
    return [
        ReportedFile(one.public_id, one.kind.value, one.size, one.length, _said_of(one, message))
        for one, message in _reported(ref)
    ]


def open_reported(ref: str, public_id: str) -> tuple[bytes, files.FileKind]:
    """One of them. Raises NotFound."""
    for one, _message in _reported(ref):
        if one.public_id == public_id:
            return files.open(one.file)
    raise NotFound


def _reported(ref: str) -> list[tuple[Attachment, Message]]:
    room, seqs = named_in(ref)
    wanted = (
        select(Attachment, Message)
        .join(Message, (Message.room_id == Attachment.room_id) & (Message.seq == Attachment.seq))
        .join(Room, Room.id == Message.room_id)
        .where(Room.public_id == room, Message.seq.in_(seqs))
    )
    return [(one, message) for one, message in work.session().execute(wanted.order_by(Attachment.id))]


def _said_of(one: Attachment, message: Message) -> str:
    try:
        return content_of(message).described.get(one.public_id, "")
    except Shredded:
        return ""


def sent_by(actor: Actor) -> dict[tuple[int, int], list[Attachment]]:
    """The actor's files that were sent, by room and number of their message, for taking them along."""
    found: dict[tuple[int, int], list[Attachment]] = {}
    mine = select(Attachment).where(Attachment.author_id == actor.person_id, Attachment.seq.is_not(None))
    for one in work.session().scalars(mine.order_by(Attachment.id)):
        assert one.seq is not None
        found.setdefault((one.room_id, one.seq), []).append(one)
    return found


def described_place(public_id: str) -> Place:
    return Place("message_attachment", public_id, "described")


@built_once
def _waiting(actor: Actor, room: int, ids: Collection[str] | None = None) -> Select[Attachment]:
    mine = (Attachment.author_id == actor.person_id) & Attachment.seq.is_(None)
    query = select(Attachment).where(mine, Attachment.room_id == room).order_by(Attachment.id)
    return query if ids is None else query.where(Attachment.public_id.in_(ids))


@built_once
def _file(actor: Actor, room: int, public_id: str) -> Select[str]:
    return (
        policy.visible_messages(actor)
        .join(Attachment, (Attachment.room_id == Message.room_id) & (Attachment.seq == Message.seq))
        .where(Message.room_id == room, Message.state == MessageState.SHOWN, Attachment.public_id == public_id)
        .with_only_columns(Attachment.file)
    )


def _shown(found: Sequence[Attachment]) -> list[File]:
    keys = files.keys_of([one.file for one in found if one.described])
    vault = work.house().vault
    said = {
        one.public_id: vault.open(keys[one.file], described_place(one.public_id), one.described).decode()
        for one in found
        if one.described and one.file in keys
    }
    return [file_shown(one, said) for one in found]


def _is_accepted(actor: Actor, here: Here) -> bool:
    """Whether both have agreed to talk, where this is a conversation of two."""
    return here.kind is not RoomKind.DIRECT or talk_in(actor, here).standing is Standing.ON
