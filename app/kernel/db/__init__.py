"""Engines, the declarative bases, column types and the SQLite write gate.

Two databases: `data`, and `keys` which holds wrapped data keys and nothing else (see vault). Nobody but work.py and the
vault opens a transaction that writes.
"""

from app.kernel.db.columns import Base, KeysBase, Row, RowId, State, UtcTime, new_public_id, now, this_day, this_moment
from app.kernel.db.disk import Offload
from app.kernel.db.engines import Databases, WriteGate, run_here
from app.kernel.db.statements import do_not_wait, hold, insert_once

__all__ = [
    "Base",
    "Databases",
    "KeysBase",
    "Offload",
    "Row",
    "RowId",
    "State",
    "UtcTime",
    "WriteGate",
    "do_not_wait",
    "hold",
    "insert_once",
    "new_public_id",
    "now",
    "run_here",
    "this_day",
    "this_moment",
]
