"""What people bring as files: looked at, made anew, and kept sealed on the disk.

`cleaned` makes a picture anew from its pixels, `made_anew` any file of those taken in rooms. `write` seals it and writes it
before any transaction, `keep` keeps it inside an action, `open` reads it, `remove` takes it away. Whoever may see a file is
the business of the feature that keeps it.
"""

from app.kernel.files.bringing import Made, made_anew, refuse_unknown
from app.kernel.files.making import MOST_BYTES
from app.kernel.files.models import FileKind, KeptFile
from app.kernel.files.pictures import Picture, Shape, cleaned, kind_of
from app.kernel.files.store import (
    Written,
    discard,
    folder,
    keep,
    keys_of,
    open,  # noqa: A004  # as files.open
    remove,
    sweep,
    write,
)
from app.kernel.jobs import Task

__all__ = [
    "HOURLY",
    "MOST_BYTES",
    "TASKS",
    "FileKind",
    "KeptFile",
    "Made",
    "Picture",
    "Shape",
    "Written",
    "cleaned",
    "discard",
    "folder",
    "keep",
    "keys_of",
    "kind_of",
    "made_anew",
    "open",
    "refuse_unknown",
    "remove",
    "sweep",
    "write",
]

TASKS: dict[str, Task] = {"files.sweep": sweep}
HOURLY = ("files.sweep",)
