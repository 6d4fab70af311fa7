"""Who sees notices, and when somebody may be told of them outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from blinker import Signal
from sqlalchemy import ColumnElement, Select, false, select

from app.kernel import work
from app.kernel.access import Permission
from app.kernel.actor import Actor
from app.kernel.feature import NoticeKind
from app.notifications.models import Notice, PushSubscription

#: Not urgent: one message in this time at most by each way, however much happens.
PAUSE = timedelta(hours=1)
#: When the one message of a day goes, where no hours were chosen (hour of the day).
DAILY_HOUR = 9
#: Sent with a person's row number as sender: a condition on notices that are not theirs to see at present, or None.
left_out = Signal()
#: Devices of one person that may be told.
DEVICES = 5


def kinds() -> dict[str, NoticeKind]:
    """Every kind of notice that a feature registered, by its name."""
    return {kind.name: kind for feature in work.house().features for kind in feature.notices}


def visible_notices(actor: Actor) -> Select[Notice]:
    """A person's own notices, of kinds that are known.

    Somebody suspended reads those that are urgent: that is how they hear why. The others are about what is closed to them.
    """
    if actor.id is None or not actor.holds(Permission.STANDING_SEE):
        return select(Notice).where(false())
    whole = actor.holds(Permission.SIGNED_IN)
    known = [name for name, kind in kinds().items() if (whole or kind.urgent) and actor.holds(kind.access)]
    return select(Notice).where(Notice.person_id == actor.id, Notice.kind.in_(known), *present(actor.id))


def present(person_id: int) -> list[ColumnElement[bool]]:
    """Conditions on the notices of a person that leave out what is hidden from them at present."""
    answers = (answer for _receiver, answer in left_out.send(person_id))
    return [~condition for condition in answers if condition is not None]


def visible_subscriptions(actor: Actor) -> Select[PushSubscription]:
    """A person's own devices."""
    if actor.id is None or not actor.holds(Permission.SIGNED_IN):
        return select(PushSubscription).where(false())
    return select(PushSubscription).where(PushSubscription.person_id == actor.id)


def can_choose(actor: Actor) -> bool:
    """Whether the actor may choose how they are told."""
    return actor.holds(Permission.SETTINGS_CHANGE)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of the day in which somebody wants to be told, `first` to `last`, both of a clock in `zone`.

    `first` after `last` goes over midnight; the same twice is the whole day.
    """

    first: int = 0
    last: int = 0
    zone: str = "UTC"

    @property
    def any_time(self) -> bool:
        return self.first == self.last

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def hold(self, moment: datetime) -> bool:
        """Whether a moment lies within these hours. They begin with `first` and end before `last`."""
        hour = moment.astimezone(self.clock).hour
        if self.any_time:
            return True
        if self.first < self.last:
            return self.first <= hour < self.last
        return hour >= self.first or hour < self.last

    def next_within(self, moment: datetime) -> datetime:
        """This moment, or the next one at which the hours begin."""
        return moment if self.hold(moment) else self.next_at(self.first, moment)

    def next_at(self, hour: int, after: datetime) -> datetime:
        """The first moment after `after` at which a clock there shows this full hour."""
        day = after.astimezone(self.clock).date()
        while True:
            found = datetime.combine(day, time(hour), tzinfo=self.clock).astimezone(after.tzinfo)
            if found > after:
                return found
            day += timedelta(days=1)


def when(
    kinds_waiting: Sequence[tuple[bool, datetime]],
    hours: Hours,
    *,
    once_a_day: bool,
    last: datetime | None,
    moment: datetime,
) -> datetime | None:
    """When to send a message for what waits, each given as (whether it is urgent, since when). None: nothing waits.

    `last` is when the latest message went the same way. What is due answers `moment` itself.
    """
    if not kinds_waiting:
        return None
    if any(urgent for urgent, _made in kinds_waiting):
        return moment
    if once_a_day:
        hour = DAILY_HOUR if hours.any_time else hours.first
        oldest = min(made for _urgent, made in kinds_waiting)
        return max(moment, hours.next_at(hour, oldest))
    return hours.next_within(max(moment, last + PAUSE) if last else moment)
