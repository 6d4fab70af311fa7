"""Law 1: who gets what, asked of every route and every socket event, is what people have reviewed."""

import difflib
import os

from config import Settings
from tests.house.matrix import REVIEWED, draw


def test_every_door_opens_for_those_for_whom_it_was_reviewed_to_open(sqlite_settings: Settings) -> None:
    drawn = draw(sqlite_settings)
    if os.environ.get("REVIEW") == "1":
        REVIEWED.write_text(drawn)
    changes = difflib.unified_diff(
        REVIEWED.read_text().splitlines(), drawn.splitlines(), "reviewed", "as it is now", lineterm="", n=0
    )
    assert not (told := "\n".join(changes)), (
        f"who may do what has changed:\n{told}\n"
        "If that is meant, draw the table anew and have the change reviewed: "
        "python -m tests.house.matrix > tests/house/matrix.txt"
    )
