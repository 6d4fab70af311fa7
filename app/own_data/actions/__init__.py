"""Verbs of own data: the only writers of archives and erasures."""

from app.own_data.actions.archives import (
    ask_archive,
    begin_archive,
    forget_archives,
    note_progress,
    offer_archive,
    remove_archive,
    remove_old,
)
from app.own_data.actions.erasing import (
    ask_erasure,
    begin_due,
    call_off_erasure,
    close_for_good,
    erase,
    erase_again,
    erase_person,
    finish,
    remove_files,
)

__all__ = [
    "ask_archive",
    "ask_erasure",
    "begin_archive",
    "begin_due",
    "call_off_erasure",
    "close_for_good",
    "erase",
    "erase_again",
    "erase_person",
    "finish",
    "forget_archives",
    "note_progress",
    "offer_archive",
    "remove_archive",
    "remove_files",
    "remove_old",
]
