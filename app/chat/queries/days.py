"""Finding a day in a room, whose messages' times the database does not know."""

from datetime import date, timedelta

from sqlalchemy import Select, select

from app.chat.models import Epoch, Room
from app.chat.queries import terms
from app.chat.queries.walking import HIGHEST, Arm, first_and_last
from app.kernel import work
from app.kernel.built import built_once

#: Weeks that are looked through from the day on: after a silence the next one in which something was written.
WEEKS = 3


def first_on(room: Room, day: date) -> int | None:
    """The number of the first message of a day in a room, or of the next day that has one; None where there is none.

    Two statements and one for the keys, however much is in the room. For a room that a scope gave.
    """
    weeks = work.connection().execute(*_later(room.id, day, WEEKS)).all()
    vault = work.house().vault
    vault.prefetch(week.key_id for week in weeks)
    arms: list[Arm] = []
    for week in weeks:
        begin = max(day, week.began_on)
        days = [begin + timedelta(days=more) for more in range((week.last_on - begin).days + 1)]
        arms += [
            Arm(rank, week.id, room.id, -1, HIGHEST, room.indexed_seq, term)
            for rank, term in enumerate(terms.of_days(week.key_id, days), start=len(arms))
        ]
    if not arms:
        return None
    found = sorted((rank, first) for rank, first, _last in first_and_last(arms) if first is not None)
    return found[0][1] if found else None


@built_once
def _later(room: int, day: date, most: int) -> Select[int, str, date, date]:
    """The first weeks of a room that have this day or one after it."""
    columns = select(Epoch.id, Epoch.key_id, Epoch.began_on, Epoch.last_on)
    later = columns.where(Epoch.room_id == room, Epoch.last_on >= day)
    return later.order_by(Epoch.last_on, Epoch.id).limit(most)
