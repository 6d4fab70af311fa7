"""What people bring as files: looked at, made anew, and kept sealed on the disk.

`cleaned` makes a picture anew from its pixels. `write` seals it and writes it before any transaction, `keep` keeps it inside
an action, `open` reads it, `remove` takes it away. Whoever may see a file is the business of the feature that keeps it.
"""

from app.kernel.files.models import FileKind, KeptFile
from app.kernel.files.pictures import MOST_BYTES, Picture, Shape, cleaned, kind_of
from app.kernel.files.store import Written, discard, folder, keep, open, remove, sweep, write  # noqa: A004  # as files.open
from app.kernel.jobs import Task

__all__ = [
    "HOURLY",
    "MOST_BYTES",
    "TASKS",
    "FileKind",
    "KeptFile",
    "Picture",
    "Shape",
    "Written",
    "cleaned",
    "discard",
    "folder",
    "keep",
    "kind_of",
    "open",
    "remove",
    "sweep",
    "write",
]

TASKS: dict[str, Task] = {"files.sweep": sweep}
HOURLY = ("files.sweep",)
