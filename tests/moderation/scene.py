"""People and things for tests of moderation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.kernel import work
from app.kernel.access import Role
from app.kernel.actor import Actor
from app.kernel.house import House
from app.moderation import actions
from app.moderation.models import Category, Measure, MeasureKind, QueueItem, Report
from app.notifications.models import Notice
from tests.at_once import outcomes
from tests.factories import Factory

MODERATOR, ADMINISTRATOR = (Role.MODERATOR,), (Role.ADMINISTRATOR,)


@dataclass
class Scene:
    """One house with moderators in it, and verbs in a unit of work of their own."""

    house: House
    make: Factory

    def moderator(self) -> Actor:
        return self.make.person(roles=MODERATOR)

    def administrator(self) -> Actor:
        return self.make.person(roles=ADMINISTRATOR)

    def report(self, by: Actor, about: Actor, category: Category = Category.HARASSMENT) -> Report:
        with work.scope(self.house):
            return actions.report(by, "person", about.public_id, category=category, says="He insults me", hopes="Peace")

    def item(self, kind: str = "report") -> QueueItem:
        """The newest item of a kind."""
        with work.scope(self.house) as opened:
            found = select(QueueItem).where(QueueItem.kind == kind).order_by(QueueItem.id.desc()).limit(1)
            return opened.session.scalars(found).one()

    def claim(self, actor: Actor, item: QueueItem) -> QueueItem:
        with work.scope(self.house) as opened:
            return actions.claim(actor, opened.session.get_one(QueueItem, item.id))

    def measure(self, by: Actor, about: Actor, kind: MeasureKind = MeasureKind.PAUSE_POSTING, days: int = 7) -> Measure:
        with work.scope(self.house):
            return actions.take(
                by, about.person_id, kind, category=Category.HARASSMENT, reason="Insults in the evening room", days=days
            )

    def told(self, who: Actor) -> list[str]:
        """What somebody was told of, by kind."""
        with work.scope(self.house) as opened:
            mine = select(Notice.kind).where(Notice.person_id == who.person_id).order_by(Notice.id)
            return list(opened.session.scalars(mine))

    def at_once(self, verbs: Sequence[Callable[[], object]]) -> list[str]:
        """What each of these came to, done at the same moment."""
        return outcomes(self.house, verbs)
