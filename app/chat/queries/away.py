"""Of whom somebody wants to read nothing: whom they keep away, as far as that person is known in a room."""

from sqlalchemy import Select, and_, func, or_

from app.chat.queries.here import RoomRef
from app.identity.models import Person, Space, SpaceName
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.built import built_once
from app.profiles.models import Block
from app.profiles.policy import shows_people, visible_blocks


def kept_away(actor: Actor, room: RoomRef) -> frozenset[str]:
    """Public ids, in this room, of those whom the actor keeps away under the name that they have there.

    Who was blocked by their usual name and has another one here is not among them, nor the other way round: what is
    folded would say whose name that is. Nobody while the actor travels, when their blocks look empty.
    """
    if not shows_people(actor):
        return frozenset()
    return frozenset(work.session().scalars(*_kept_away(actor, room.space)))


@built_once
def _kept_away(actor: Actor, space: Space | None) -> Select[str]:
    own = (SpaceName.person_id == Person.id) & (SpaceName.space == space) & SpaceName.name.is_not(None)
    met = or_(
        and_(Block.space == space, SpaceName.id.is_not(None)), and_(Block.space.is_(None), SpaceName.id.is_(None))
    )
    return (
        visible_blocks(actor)
        .join(Person, Person.id == Block.blocked_id)
        .outerjoin(SpaceName, own)
        .where(met)
        .with_only_columns(func.coalesce(SpaceName.public_id, Person.public_id))
    )
