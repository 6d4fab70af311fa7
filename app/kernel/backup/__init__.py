"""Backups: taken while the instance runs, sealed for somebody who is elsewhere, and restored with every erasure kept.

Three things in three places: data with its files, keys with the ledger of erasures, and the master key file, which no
command copies.
"""

from app.kernel.backup.restoring import Backup, restore
from app.kernel.backup.taking import LAST, Taken, take

__all__ = ["LAST", "Backup", "Taken", "restore", "take"]
