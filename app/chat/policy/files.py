"""Files: who brings them into which rooms."""

from datetime import datetime

from app.chat.policy.rooms import Circumstances, why_not_writing
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.errors import N_

#: Files that one message can have.
MOST_FILES = 4
#: For how long a file waits for the message that it is to be sent with (hours).
WAITS_HOURS = 24

NO_FILES_YET = N_("Files cannot be sent by you at present. Your standing, under Me, says why and until when.")
NOT_ACCEPTED = N_("Files can be sent here once the other has accepted.")


def why_no_files(actor: Actor, here: Circumstances, moment: datetime, *, accepted: bool) -> str | None:
    """Why the actor cannot bring a file into a room at this moment, as a message id; None when they can.

    What holds for writing and for links holds for files: whoever is in probation sends neither, and in a conversation of
    two nobody does before it is `accepted`.
    """
    why = why_not_writing(actor, here, moment)
    if why is not None:
        return why
    if not actor.holds(Permission.LINKS_SEND):
        return NO_FILES_YET
    return None if accepted else NOT_ACCEPTED
