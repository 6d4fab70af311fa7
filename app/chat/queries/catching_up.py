"""What people missed, read once for all who ask for the same at the same time: after a restart that is everybody."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from app.chat.queries.here import Here
from app.chat.queries.reading import since
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.errors import NotFound


class Missed(NamedTuple):
    """Messages as they travel, and whether there are more behind them."""

    frames: Sequence[dict[str, Any]]
    more: bool


class Asked(NamedTuple):
    """Somebody who reads in a room and knows everything up to a number."""

    actor: Actor
    room: Here
    after: int


def missed(actor: Actor, room: Here, *, after: int) -> Missed:
    """What somebody who reads in a room missed after a number, oldest first. Raises NotFound for whoever does not.

    Others who come meanwhile wait for the same reading, which begins after all of them have asked; a message is the same
    for everybody in its room.
    """
    if not room.reads:
        raise NotFound
    asked = Asked(actor, room, after)
    if work.current().may_write:
        return next(_read_together([asked]))
    answer: Missed = work.house().lines.of(_read_together).serve(asked)
    return answer


def _read_together(everybody: Sequence[Asked]) -> Iterator[Missed]:
    read: dict[tuple[int, int], Missed] = {}
    for asked in everybody:
        gap = (asked.room.id, asked.after)
        if gap not in read:
            stretch = since(asked.actor, asked.room, after=asked.after)
            read[gap] = Missed([words.frame() for words in stretch.words], stretch.after)
        yield read[gap]
