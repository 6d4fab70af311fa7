"""Who belongs to whom: reporters to what they reported, vouchers to whom they brought in."""

from sqlalchemy import Select, select

from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.moderation import registry
from app.moderation.models import QueueItem, Report


def index_of(person_public_id: str) -> bytes:
    """The keyed index by which a reporter finds their reports, and by which they are kept away from handling them."""
    return work.house().vault.blind_index("reporter", person_public_id)


def did_bring_in(actor: Actor, person_id: int) -> bool:
    """Whether this person came in through the actor, who then decides on nothing in their favour."""
    return registry.did_bring_in(actor.public_id, person_id)


def is_reporter_in(actor: Actor, item_public_id: str) -> bool:
    """Whether the actor made one of the reports of this item."""
    return work.session().scalar(*_reported_in(item_public_id, index_of(actor.public_id))) is not None


@built_once
def _reported_in(item: str, index: bytes) -> Select[int]:
    mine = select(Report.id).join(QueueItem, QueueItem.id == Report.item_id)
    return mine.where(QueueItem.public_id == item, Report.reporter_index == index).limit(1)
