"""Whom a message names: `@` and the name that somebody has in the room."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from app.chat.models import Membership, RoomMember
from app.chat.queries.here import RoomRef
from app.identity import queries as identity
from app.identity.models import Person, SpaceName
from app.kernel import work
from app.kernel.actor import Actor
from app.kernel.text import LONGEST_NAME
from app.profiles.policy import blocked

#: People whom one message may name. More would be a way to call a whole room together.
MOST_NAMED = 5
#: Names have so many words at most for this to find them.
LONGEST_WORDS = 4
_AT = re.compile(r"(?<![\w@])@(?=\w)")


def candidates(body: str) -> list[str]:
    """What may be a name behind each `@`, the longest first, in the order of the text."""
    found = []
    for at in _AT.finditer(body):
        line = body[at.end() : at.end() + LONGEST_NAME].split("\n", 1)[0]
        words = line.split(" ")[:LONGEST_WORDS]
        found += [" ".join(words[:length]) for length in range(len(words), 0, -1)]
    return [bare for one in found if (bare := one.rstrip(".,:;!?،؛؟…)»\"'"))][: MOST_NAMED * LONGEST_WORDS * 2]


def named_in(actor: Actor, room: RoomRef, body: str) -> Sequence[tuple[int, str]]:
    """Row number and public id here of those whom a text names, of those whom the actor meets in the room.

    Two queries, however many people are in it: names are found by their fingerprints.
    """
    wanted = {identity.name_index(one) for one in candidates(body)}
    if not wanted:
        return ()
    own = (SpaceName.person_id == Person.id) & (SpaceName.space == room.space) & SpaceName.name.is_not(None)
    query = (
        select(Person.id, Person.public_id, SpaceName.public_id)
        .join(RoomMember, RoomMember.person_id == Person.id)
        .outerjoin(SpaceName, own)
        .where(
            RoomMember.room_id == room.id,
            RoomMember.state == Membership.IN,
            Person.id != actor.id,
            # By the usual name only who has no other one here: it would say whose that is.
            SpaceName.name_index.in_(wanted) | (SpaceName.id.is_(None) & Person.name_index.in_(wanted)),
            ~blocked(Person.id, actor.person_id),
        )
        .order_by(Person.id)
        .limit(MOST_NAMED)
    )
    return [(person, alias or public_id) for person, public_id, alias in work.session().execute(query)]
