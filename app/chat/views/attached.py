"""What the composer shows of files: whether one can be brought, and those that wait for the next message."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.chat import queries
from app.chat.forms.attachments import BringForm
from app.chat.queries import attachments
from app.kernel import files
from app.kernel.actor import Actor
from app.kernel.db import now


@dataclass(frozen=True, slots=True)
class Attaching:
    """`form` is None where no file can be brought at present."""

    form: BringForm | None
    waiting: Sequence[queries.File]
    most: int = files.MOST_BYTES

    @property
    def ids(self) -> str:
        """As the form of the message names them (`PostForm.files`)."""
        return ",".join(one.id for one in self.waiting)


def attaching(actor: Actor, here: queries.Here, form: BringForm | None = None) -> Attaching:
    """The part of the composer that is about files. `form` is the one that was sent and refused."""
    if attachments.why_not_bringing(actor, here, now()) is not None:
        return Attaching(None, ())
    return Attaching(form or BringForm(formdata=None), attachments.waiting(actor, here))
